"""Columns of django-i18nfield: texts in several languages, as the bridge's ``LocalizedText``.

Source: ``i18nfield.fields.I18nFieldMixin`` (``from_db_value`` makes a ``LazyI18nString`` of every value, NULL too),
``i18nfield.rest_framework.I18nField``.
"""

from __future__ import annotations

import ast

from segue.translate import language
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, literal, quote
from segue.translate.kinds import Const, DictOf, Kind, ListOf, Localized, Maybe, Payload, Scalar, TupleOf
from segue.translate.rules.registry import attribute, framework, function, method

MODULE = "segue_bridge.localized"
_SHOWS = "i18nfield.rest_framework.I18nField.to_representation"


def holds_localized(kind: Kind) -> bool:
    """Whether a value has such a text in it, which no renderer of the bridge writes."""
    if isinstance(kind, ListOf):
        return holds_localized(kind.item)
    if isinstance(kind, DictOf):
        return any(holds_localized(k) for _, k in kind.items) or (
            kind.value is not None and holds_localized(kind.value)
        )
    if isinstance(kind, TupleOf):
        return any(map(holds_localized, kind.items))
    return isinstance(kind, Localized) or (isinstance(kind, Maybe) and holds_localized(kind.kind))


def refuse_localized(frame: Frame, kind: Kind, construct: str, node: ast.AST) -> None:
    """Refuse a text in several languages where only plain values have a form."""
    if holds_localized(kind):
        raise frame.refuse(
            "localized-text", construct, "It is a text in several languages (django-i18nfield).", node
        )


def as_text(frame: Frame, value: Val, node: ast.AST) -> Val:
    """``str(value)``: in the language of the request. Raises ``Refused`` where that is not sure to be known."""
    ctx = frame.ctx
    why = language.problem(ctx)
    chosen = language.chosen_by_request(ctx.snapshot) and language.vary(ctx)
    if why or not (chosen or ctx.memo.get(language.ACTIVATED)):
        raise frame.refuse(
            "localized-text",
            ast.unparse(node)[:80],
            why or "Segue does not see the language of the request.",
            node,
        )
    assert value.node is not None
    made = quote(
        "{0}({1}, {2})", frame.imported(MODULE, "as_text"), value.node, default_language(frame, node)
    )
    return Val(Scalar("str"), made)


def default_language(frame: Frame, node: ast.AST) -> ast.expr:
    """``LANGUAGE_CODE``."""
    code = frame.ctx.snapshot.settings.values.get("LANGUAGE_CODE")
    if code is None or not isinstance(code.data, str):
        raise frame.refuse(
            "localized-text", "LANGUAGE_CODE", "Segue does not know the project's language.", node
        )
    return literal(code.data)


@method(Localized, "__str__")
def text_of(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``str(event.name)``."""
    return as_text(frame, owner, call.node)


@function("i18nfield.strings.LazyI18nString")
def made(frame: Frame, call: CallSite) -> Val | None:
    """``LazyI18nString("text")``, ``LazyI18nString({"en": "text"})``."""
    call.only("data", at_most=1)
    data = call.argument(0, "data")
    if data is None or data.node is None or not isinstance(data.kind, Const | Scalar | DictOf | Payload):
        return None
    return Val(Localized(), quote("{0}({1})", frame.imported(MODULE, "entered"), data.node))


def is_localized(frame: Frame, value: Val) -> Val:
    """``isinstance(value, LazyI18nString)``: not what code has put into a column before it is saved."""
    assert isinstance(value.kind, Localized)
    assert value.node is not None
    return Val(
        Scalar("bool"), quote("isinstance({0}, {1})", value.node, frame.imported(MODULE, "LocalizedText"))
    )


@attribute(Localized, "data")
def data(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val | None:
    """``value.data``: a text or the texts by language, as the column has it."""
    assert isinstance(owner.kind, Localized)
    if not owner.kind.present or owner.node is None:
        return None
    return Val(Scalar("Any"), ast.Attribute(owner.node, "data", ast.Load()))


@framework(_SHOWS)
def shown(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``I18nField.to_representation(value)``: the texts by language."""
    value = call.argument(0, "value")
    if value is None or not isinstance(value.kind, Localized) or value.node is None:
        return None
    made = quote(
        "{0}({1}, {2})", frame.imported(MODULE, "by_language"), value.node, default_language(frame, call.node)
    )
    return Val(Scalar("dict[str, Any]", True), made)


__all__ = ["MODULE", "as_text", "holds_localized", "is_localized", "refuse_localized"]
