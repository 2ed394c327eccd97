"""Enumerations of the project that are nothing else (``class State(Enum)``): each is a class of ``app/<app>/enums.py`` with the same members.

``State(text)`` fails for what is no value of it with the same ``ValueError``; members are the same objects wherever they come from.
Those of texts and numbers (``class State(str, Enum)``, ``TextChoices``) are their values in the generated code and need no class.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from segue.snapshot.model import Class, Function, Value
from segue.target.ir import Decl, Import, Origin
from segue.translate.context import Context
from segue.translate.functions.finish import prunable
from segue.translate.functions.lift import app_of
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.join import join, widen
from segue.translate.interp.value import Val, quote
from segue.translate.kinds import Const, EnumMember, Kind, MemberValue, Scalar
from segue.translate.rules.registry import attribute, method

_ENUM = "enum.Enum"
_WRITTEN = ("kernel", "enumerations")
_BASES = {
    "enum.StrEnum": "StrEnum",
    "enum.IntEnum": "IntEnum",
    "builtins.str": "str, Enum",
    "builtins.int": "int, Enum",
}


def is_plain_enum(ctx: Context, name: str) -> bool:
    """Whether the class is an enumeration of constants, and no hook of Python's is its own."""
    known = ctx.snapshot.classes.get(name)
    if known is None or known.origin != "own" or known.mro[-1] != _ENUM or not _members(known):
        return False
    bases = [ctx.snapshot.classes.get(base) for base in known.mro[1:-1]]
    if not all(base is not None and base.origin == "own" for base in bases):
        return False
    own = [n for n, dotted in known.methods.items() if not dotted.startswith(f"{_ENUM}.")]
    named = any(n in known.attributes and known.attributes[n].defined_in != _ENUM for n in ("value", "name"))
    return not named and not any(n.startswith("_") or n in ("value", "name") for n in own)


def _members(known: Class) -> dict[str, Value]:
    """Members and their aliases by name; nothing where one has another value than a constant."""
    held = known.attributes.get("_member_map_")
    pairs = held.value.pairs if held is not None else ()
    found = {
        str(key.data): member.items[0]
        for key, member in pairs
        if member.kind == "call" and len(member.items) == 1
    }
    plain = all(v.kind == "const" and isinstance(v.data, str | int | float | bool) for v in found.values())
    return found if plain and len(found) == len(pairs) else {}


def member(frame: Frame, value: Value | None) -> Val | None:
    """``State.OPEN``, from what the probe saw; None for anything else."""
    if value is None or value.kind != "call" or not is_plain_enum(frame.ctx, value.name):
        return None
    known = frame.ctx.snapshot.classes[value.name]
    name = next((n for n, v in _members(known).items() if value.items == (v,)), None)
    cls = enumeration_class(frame, known) if name is not None else None
    if name is None or cls is None:
        return None
    return Val(EnumMember(known.name), ast.Attribute(cls, name, ast.Load()))


def construct_enum(frame: Frame, dotted: str, call: CallSite) -> Val | None:
    """``State("open")``: the member with that value, or a ``ValueError``."""
    if len(call.args) == 1 and not call.kwargs and not is_plain_enum(frame.ctx, dotted):
        return _of_value(frame, dotted, call.args[0], call.node)
    if not is_plain_enum(frame.ctx, dotted) or len(call.args) != 1 or call.kwargs:
        return None
    given = call.args[0]
    cls = enumeration_class(frame, frame.ctx.snapshot.classes[dotted])
    if cls is None or given.node is None or not isinstance(given.kind, Const | Scalar | EnumMember):
        return None
    return Val(EnumMember(dotted), ast.Call(cls, [given.node], []))


def _of_value(frame: Frame, dotted: str, given: Val, node: ast.AST) -> Val | None:
    """``Kind("short")`` of an enumeration of texts or numbers: its member is the text itself in generated code."""
    kind = _text_kind(frame.ctx, dotted)
    if kind is None or given.node is None or not isinstance(given.kind, Const | Scalar):
        return None
    if isinstance(given.kind, Const):
        wanted = given.kind.value
        found = _constant(frame, dotted, lambda _, value: bool(value.data == wanted))
        if found is None:
            raise frame.refuse(
                "unknown-call",
                ast.unparse(node) if isinstance(node, ast.expr) else dotted,
                "It has no such member.",
                node,
            )
        return found
    cls = enumeration_class(frame, frame.ctx.snapshot.classes[dotted])
    return (
        None
        if cls is None
        else Val(kind, ast.Attribute(ast.Call(cls, [given.node], []), "value", ast.Load()))
    )


def of_name(frame: Frame, dotted: str, key: Val) -> Val | None:
    """``Kind["SHORT"]``, ``Color[name]``: the member of that name, or a ``KeyError``; None for what is no such enumeration."""
    known = frame.ctx.snapshot.classes.get(dotted)
    kind: Kind | None = (
        EnumMember(dotted) if is_plain_enum(frame.ctx, dotted) else _text_kind(frame.ctx, dotted)
    )
    if known is None or kind is None or key.node is None or not isinstance(key.kind, Const | Scalar):
        return None
    if isinstance(key.kind, Const) and not isinstance(kind, EnumMember):
        wanted = key.kind.value
        return _constant(frame, dotted, lambda name, _: bool(name == wanted))
    cls = enumeration_class(frame, known)
    if cls is None:
        return None
    made: ast.expr = ast.Subscript(cls, key.node, ast.Load())
    return Val(kind, made if isinstance(kind, EnumMember) else ast.Attribute(made, "value", ast.Load()))


def _constant(frame: Frame, dotted: str, is_it: Callable[[str, Value], bool]) -> Val | None:
    from segue.translate.interp.constants import value_of

    held = frame.ctx.snapshot.classes[dotted].attributes["_member_map_"].value.pairs
    found = next((value for key, value in held if is_it(str(key.data), value)), None)
    return value_of(frame, found) if found is not None else None


def _text_kind(ctx: Context, dotted: str) -> Kind | None:
    """What members of an enumeration of texts or numbers are; None for all else, and where ``_missing_`` or ``__new__`` is the project's."""
    known = ctx.snapshot.classes.get(dotted)
    if known is None or "_member_map_" not in known.attributes or is_plain_enum(ctx, dotted):
        return None
    values = [value for _, value in known.attributes["_member_map_"].value.pairs]
    hooks = [known.methods.get(name, "enum.") for name in ("_missing_", "__new__")]
    if (
        not values
        or any(v.kind != "const" or isinstance(v.data, bool) for v in values)
        or not all(h.startswith("enum.") for h in hooks)
    ):
        return None
    types = {type(v.data).__name__ for v in values}
    if types not in ({"str"}, {"int"}):
        return None
    told = any(v.name for v in values)
    return MemberValue(types.pop()) if told else Scalar(types.pop())


@attribute(EnumMember, "*")
def own_property(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val | None:
    """``color.hot``: a property of the project's."""
    function = _own(frame, owner, attr)
    if function is None or function.role != "property":
        return None
    from segue.translate.interp.invoke import invoke

    return invoke(frame, function, {}, owner, node)


@method(EnumMember, "*")
def own_method(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``color.mixed(other)``."""
    function = _own(frame, owner, call.name)
    if function is None or function.role not in ("method", "staticmethod"):
        return None
    from segue.translate.interp.invoke import invoke_function

    return invoke_function(frame, function, call, owner if function.role == "method" else None)


def _own(frame: Frame, owner: Val, name: str) -> Function | None:
    assert isinstance(owner.kind, EnumMember)
    known = frame.ctx.snapshot.classes[owner.kind.cls]
    return frame.ctx.snapshot.functions.get(known.methods.get(name, "")) if owner.node is not None else None


@attribute(EnumMember, "value", "name")
def of_member(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val | None:
    """``state.value``, ``state.name``."""
    assert isinstance(owner.kind, EnumMember)
    if owner.node is None:
        return None
    kind: Kind | None = Scalar("str") if attr == "name" else None
    if kind is None:
        for value in _members(frame.ctx.snapshot.classes[owner.kind.cls]).values():
            one = widen(Const(value.data))
            kind = one if kind is None else join(kind, one)
    return Val(kind or Scalar("Any"), quote(f"{{0}}.{attr}", owner.node))


def enumeration_class(frame: Frame, known: Class) -> ast.expr | None:
    """The class in the generated code; None where another enumeration of the app has its name."""
    ctx, short = frame.ctx, known.name.rpartition(".")[2]
    app = app_of(ctx, known)
    module, path = ctx.module(app, "enums"), ctx.import_path(app, "enums")
    names = ctx.memo.setdefault(_WRITTEN, {})
    assert isinstance(names, dict)
    if names.setdefault(short, known.name) != known.name:
        return None
    if any(model.cls.rpartition(".")[2] == short for model in ctx.snapshot.models.values()):
        return None
    if short not in module.decls:
        place = f"{known.where.file}:{known.where.line}"
        held = _members(known) or {str(k.data): v for k, v in known.attributes["_member_map_"].value.pairs}
        lines = [f"    {name} = {value.data!r}" for name, value in held.items()]
        base = next((text for mixed, text in _BASES.items() if mixed in known.mro), "Enum")
        imports = frozenset(Import("enum", part) for part in base.split(", ") if part.endswith("Enum"))
        code = f'class {short}({base}):\n    """{known.name} ({place})."""\n\n' + "\n".join(lines) + "\n"
        module.add(Decl(short, code, imports, 10, Origin(known.name, known.where)))
        prunable(ctx, module.path, short)
    return frame.imported(path, short)


__all__ = ["construct_enum", "enumeration_class", "is_plain_enum", "member", "of_name"]
