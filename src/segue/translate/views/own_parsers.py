"""``parser_classes`` → what a ``Resource`` reads; parsers of the project with a ``media_type`` or a ``parse`` of their own.

Source: ``rest_framework.parsers``, ``Request._parse``, ``DefaultContentNegotiation.select_parser``.
"""

from __future__ import annotations

import ast
import textwrap

from segue.refusal import Refused
from segue.snapshot.model import Class
from segue.target.ir import Import
from segue.translate.functions.lift import app_of, find, lift
from segue.translate.interp.scope import CALL, Scope
from segue.translate.kinds import (
    Const,
    DictOf,
    Kind,
    LibraryObject,
    ListOf,
    Object,
    ParsingContext,
    Payload,
    Scalar,
)
from segue.translate.load.models import snake
from segue.translate.specialise.endpoint import Endpoint

_P = "rest_framework.parsers."
_BASES = {f"{_P}JSONParser": "json", f"{_P}FormParser": "form", f"{_P}MultiPartParser": "multipart"}
_SCOPE = Scope({**CALL.names, "encoding": "encoding"}, CALL.paths)
_STANDARD = ["'json'", "'form'", "'multipart'"]


def argument(endpoint: Endpoint) -> tuple[str, set[Import]]:
    """``parsers=(…)``, '' for DRF's three. Raises ``Refused``."""
    parts: list[str] = []
    imports: set[Import] = set()
    for item in endpoint.policy("parser_classes").items:
        if item.name in _BASES:
            parts.append(repr(_BASES[item.name]))
            continue
        known = endpoint.ctx.snapshot.classes.get(item.name)
        if known is None or item.name.startswith(_P):
            raise endpoint.refuse("parser", item.name, "This parser is not translated.")
        part, needed = _own(endpoint, known)
        parts.append(part)
        imports |= needed
    if parts == _STANDARD:
        return "", set()
    return f"parsers=({', '.join(parts)}{',' if len(parts) == 1 else ''})", imports


def _own(endpoint: Endpoint, known: Class) -> tuple[str, set[Import]]:
    base = next((word for cls, word in _BASES.items() if cls in known.mro), "")
    others = [
        m for m, d in known.methods.items() if not d.startswith("rest_framework.") and m.startswith("__")
    ]
    if others or any(m in known.methods for m in ("media_type", "strict", "get_filename", "renderer_class")):
        raise endpoint.refuse(
            "parser", known.name, "It is made or described by code of its own.", known.where
        )
    strict = known.attributes.get("strict")
    if strict is not None and not strict.defined_in.startswith("rest_framework."):
        raise endpoint.refuse(
            "parser", f"{known.name}.strict", "Only the setting is known.", strict.where or known.where
        )
    given = known.attributes.get("media_type")
    media = given.value.data if given is not None and given.value.kind == "const" else None
    if not isinstance(media, str):
        raise endpoint.refuse("parser", f"{known.name}.media_type", "Its value is not known.", known.where)
    dotted = known.methods.get("parse", "")
    imports = {Import("segue_bridge.http.parsers", "OwnParser")}
    if dotted.startswith("rest_framework."):
        if not base:
            raise endpoint.refuse(
                "parser", known.name, "DRF's own method of it is not translated.", known.where
            )
        return (repr(base) if media == _media(base) else f"OwnParser({media!r}, {base!r})"), imports
    try:
        if base == "multipart":
            raise endpoint.refuse("parser", dotted, "What it makes of files is not translated.", known.where)
        call, needed = _parse(endpoint, known, dotted)
    except Refused:
        left = Import("segue_bridge.http.parsers", "only_django")
        return f"OwnParser({media!r}, {base!r}, only_django)", {*imports, left}
    return (
        f"OwnParser({media!r}, {base!r}, lambda call, stream, media_type, encoding: {call})",
        imports | needed,
    )


def _parse(endpoint: Endpoint, known: Class, dotted: str) -> tuple[str, set[Import]]:
    ctx = endpoint.ctx
    found = find(ctx, dotted)
    definition = ast.parse(textwrap.dedent(found.source)).body[0]
    if not isinstance(definition, ast.FunctionDef) or definition.args.vararg or definition.args.kwarg:
        raise endpoint.refuse("parser", dotted, "Its parameters are not those of DRF's parse.", found.where)
    names = [a.arg for a in (*definition.args.posonlyargs, *definition.args.args)][1:]
    kinds: tuple[Kind, ...] = (LibraryObject(name="io.BytesIO()"), Scalar("str"), ParsingContext(endpoint))
    if len(names) != len(kinds):
        raise endpoint.refuse("parser", dotted, "Its parameters are not those of DRF's parse.", found.where)
    lifted = lift(
        ctx,
        found,
        self_kind=Object(known.name),
        arguments=dict(zip(names, kinds, strict=True)),
        module_kind="parsers",
        app=app_of(ctx, known),
        name=f"{snake(known.name.rpartition('.')[2])}_parse",
    )
    kind = lifted.returns
    plain = isinstance(kind, Const) or (isinstance(kind, Scalar) and not isinstance(kind, LibraryObject))
    if not plain and not isinstance(kind, ListOf | DictOf | Payload):
        raise endpoint.refuse("parser", dotted, "Segue does not see what it returns.", found.where)
    values = dict(zip(names, ("stream", "media_type", ""), strict=True))
    try:
        call = lifted.call(_SCOPE, *(values[one] for one in lifted.explicit))
    except KeyError:
        raise endpoint.refuse(
            "parser", dotted, "It needs something of the view, which is not known there.", found.where
        ) from None
    return call.removeprefix("await "), set(lifted.imports)


def _media(base: str) -> str:
    return {
        "json": "application/json",
        "form": "application/x-www-form-urlencoded",
        "multipart": "multipart/form-data",
    }[base]


__all__ = ["argument"]
