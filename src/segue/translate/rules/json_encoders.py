"""``json.dumps(value, cls=…)`` with Django's encoder, or one of the project's that writes plain values as Django's.

Source: ``django.core.serializers.json.DjangoJSONEncoder``.
"""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.join import widen
from segue.translate.interp.value import Val, quote
from segue.translate.kinds import Const, DictOf, Global, Kind, ListOf, Payload, Scalar
from segue.translate.views.own_encoder import DJANGO, plain

# What the bridge's encoder writes as Django's does.
_VALUES = frozenset(
    {
        "str", "int", "float", "bool", "datetime", "date", "time", "timedelta", "Decimal", "UUID", "Any", "object",
        "dict[str, Any]", "list[Any]", "list[str]", "list[int]",
    }
)  # fmt: skip
_OPTIONS = ("cls", "indent", "sort_keys", "ensure_ascii", "separators")


def encoded(frame: Frame, call: CallSite) -> Val:
    """The text. Raises ``Refused`` for other encoders and for what is no plain value."""
    call.only("obj", *_OPTIONS, at_most=1)
    value, encoder = call.argument(0, "obj"), call.kwargs["cls"]
    dotted = encoder.kind.ref.name if isinstance(encoder.kind, Global) else ""
    if dotted != DJANGO and not plain(frame.ctx.snapshot, dotted, DJANGO):
        why = "It writes values in a way of its own; Segue knows DjangoJSONEncoder and what only adds classes to it."
        raise frame.refuse("json-encoder", ast.unparse(call.node), why, call.node)
    options = {k: v for k, v in call.kwargs.items() if k not in ("cls", "obj")}
    if (
        value is None
        or value.node is None
        or not _is_plain(value.kind)
        or any(not isinstance(v.kind, Const) or v.node is None for v in options.values())
    ):
        raise frame.refuse(
            "json-encoder", ast.unparse(call.node), "Segue does not know what is written.", call.node
        )
    cls = frame.imported("segue_bridge.db.types", "DjangoJSONEncoder")
    made = quote(
        "{0}({1}, cls={2})", ast.Attribute(frame.module("json"), "dumps", ast.Load()), value.node, cls
    )
    assert isinstance(made, ast.Call)
    made.keywords += [ast.keyword(k, v.node) for k, v in options.items() if v.node is not None]
    return Val(Scalar("str"), made)


def _is_plain(kind: Kind) -> bool:
    if isinstance(kind, ListOf):
        return kind.type == "list" and _is_plain(kind.item)
    if isinstance(kind, DictOf):
        return all(_is_plain(k) for _, k in kind.items) and (kind.value is None or _is_plain(kind.value))
    found = widen(kind)
    if isinstance(found, Const):
        return found.value is None
    return isinstance(found, Payload) or (isinstance(found, Scalar) and found.type in _VALUES)


__all__ = ["encoded"]
