"""Values of the snapshot as values of the interpreter."""

from __future__ import annotations

import ast
import re

from segue.refusal import Refused
from segue.snapshot.model import GlobalRef, Value, Where
from segue.translate import language
from segue.translate.interp.frame import Frame
from segue.translate.interp.join import join, joined_keys, said_keys, widen
from segue.translate.interp.members import member
from segue.translate.interp.value import Val, const, literal, quote
from segue.translate.kinds import Const, DictOf, Global, Kind, ListOf, Scalar, Unknown

NO_PLACE = Where("", 0)
TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"


_FLAGS = {
    re.IGNORECASE: "IGNORECASE",
    re.MULTILINE: "MULTILINE",
    re.DOTALL: "DOTALL",
    re.VERBOSE: "VERBOSE",
    re.ASCII: "ASCII",
}


def _pattern(frame: Frame, value: Value, text: str) -> Val | None:
    """``re.compile(text, flags)``."""
    flags = sum(int(flag.data) for _, flag in value.pairs if isinstance(flag.data, int))
    named = [name for flag, name in _FLAGS.items() if flags & flag]
    if flags & ~int(re.UNICODE) & ~sum(int(flag) for flag in _FLAGS if flags & flag):
        return None
    made = [
        ast.Constant(text),
        *([ast.parse(" | ".join(f"re.{n}" for n in named), mode="eval").body] if named else []),
    ]
    compiled = ast.Attribute(frame.module("re"), "compile", ast.Load())
    return Val(Scalar("re.Pattern[str]"), ast.Call(compiled, made, []))


def value_of(frame: Frame, value: Value) -> Val | None:
    """``None`` when the value has no form in generated code."""
    match value.kind:
        case "const" if value.name and isinstance(value.data, str | int) and value.items:
            return const(member(value.data, value.name, str(value.items[0].data)))
        case "const" if value.data is None or isinstance(value.data, str | int | float | bool):
            return const(value.data)
        case "ref":
            return Val(Global(_ref(frame, value.name)))
        case "lazy" if isinstance(value.data, str):
            if not language.is_text(value):
                return const(value.data)
            return _text(frame, value)
        case "regex" if isinstance(value.data, str):
            return _pattern(frame, value, value.data)
        case "list" | "tuple" | "set":
            items = [value_of(frame, item) for item in value.items]
            if any(item is None for item in items):
                return None
            kinds = [item.kind for item in items if item is not None]
            if all(isinstance(k, Const) for k in kinds) and value.kind != "list":
                data = tuple(k.value for k in kinds if isinstance(k, Const))
                return Val(Const(data), literal(data))
            nodes = [item.node for item in items if item is not None and item.node is not None]
            if len(nodes) != len(items):
                refs = tuple(k for k in kinds)
                return Val(DictOf(tuple((str(i), k) for i, k in enumerate(refs)))) if False else None
            merged: Kind = Unknown("empty")
            for kind in kinds:
                merged = widen(kind) if isinstance(merged, Unknown) else join(merged, widen(kind))
            node: ast.expr = (
                ast.List(nodes, ast.Load()) if value.kind == "list" else ast.Tuple(nodes, ast.Load())
            )
            return Val(ListOf(merged, value.kind), node)
        case "dict":
            keys: list[ast.expr | None] = []
            values: list[ast.expr] = []
            known: list[tuple[str, Kind]] = []
            made_keys: list[Kind] = []
            for key, item in value.pairs:
                k, v = value_of(frame, key), value_of(frame, item)
                if k is None or v is None or k.node is None or v.node is None:
                    return None
                keys.append(k.node)
                made_keys.append(k.kind)
                values.append(v.node)
                known.append((str(k.kind.value) if isinstance(k.kind, Const) else "", widen(v.kind)))
            if all(isinstance(k.data, str) for k, _ in value.pairs):
                return Val(DictOf(tuple(known)), ast.Dict(keys, values))
            merged_value: Kind | None = None
            for _, kind in known:
                merged_value = kind if merged_value is None else join(merged_value, kind)
            key_kind: Kind | None = None
            for made_key in made_keys:
                key_kind = joined_keys(key_kind, widen(made_key))
            return Val(DictOf((), merged_value, said_keys(key_kind)), ast.Dict(keys, values))
        case "bytes" if isinstance(value.data, str):
            return Val(Scalar("bytes"), ast.Constant(bytes.fromhex(value.data)))
        case "decimal" if isinstance(value.data, str):
            return Val(
                Scalar("Decimal"),
                quote("{0}({1})", frame.imported("decimal", "Decimal"), literal(value.data)),
            )
        case "time" if isinstance(value.data, str):  # dates may be those of the moment of the import
            made = quote("{0}.fromisoformat({1})", frame.imported("datetime", "time"), literal(value.data))
            return Val(Scalar("time"), made)
        case "uuid" if isinstance(value.data, str):
            return Val(Scalar("UUID"), quote("{0}({1})", frame.imported("uuid", "UUID"), literal(value.data)))
        case "timedelta" if isinstance(value.data, str):
            seconds, rest = divmod(int(value.data), 1_000_000)  # the probe tells microseconds
            unit, count = ("microseconds", int(value.data)) if rest else ("seconds", seconds)
            return Val(
                Scalar("timedelta"),
                quote(f"{{0}}({unit}={{1}})", frame.imported("datetime", "timedelta"), literal(count)),
            )
        case "call" if value.name == TOKEN_GENERATOR:
            return Val(Global(GlobalRef("instance", value.name, value)))
        case "call":
            from segue.translate.rules.enumerations import member as of_enumeration

            return of_enumeration(frame, value)
        case _:
            return None


def _text(frame: Frame, value: Value) -> Val | None:
    """A lazy text where it is used: in the language of that moment."""
    if language.problem(frame.ctx) == language.IN_MIDDLEWARE:
        return None
    try:
        text, imports = language.lazy(frame.ctx, value, NO_PLACE, str(value.data))
    except Refused:
        return None
    frame.use(*imports)
    made = ast.parse(text, mode="eval").body
    if isinstance(made, ast.Call) and isinstance(made.func, ast.Name):
        # Shown at once, there is no need for a lazy one.
        plain = made.func.id.removesuffix("_lazy")
        return Val(Scalar("str"), ast.Call(frame.imported(language.BRIDGE, plain), made.args, []))
    return Val(Scalar("str"), quote("str({0})", made))


def _ref(frame: Frame, dotted: str) -> GlobalRef:
    for model in frame.ctx.snapshot.models.values():
        if model.cls == dotted:
            return GlobalRef("model", dotted)
    if dotted in frame.ctx.snapshot.classes:
        return GlobalRef("class", dotted)
    if dotted in frame.ctx.snapshot.functions:
        return GlobalRef("function", dotted)
    tail = dotted.rpartition(".")[2]
    return GlobalRef("class" if tail[:1].isupper() else "function", dotted)
