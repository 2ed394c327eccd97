"""Enumerations of the project that are nothing else (``class State(Enum)``): each is a class of ``app/<app>/enums.py`` with the same members.

``State(text)`` fails for what is no value of it with the same ``ValueError``; members are the same objects wherever they come from.
Those of texts and numbers (``class State(str, Enum)``, ``TextChoices``) are their values in the generated code and need no class.
"""

from __future__ import annotations

import ast

from segue.snapshot.model import Class, Value
from segue.target.ir import Decl, Import, Origin
from segue.translate.context import Context
from segue.translate.functions.finish import prunable
from segue.translate.functions.lift import app_of
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.join import join, widen
from segue.translate.interp.value import Val, quote
from segue.translate.kinds import Const, EnumMember, Kind, Scalar
from segue.translate.rules.registry import attribute

_ENUM = "enum.Enum"
_WRITTEN = ("kernel", "enumerations")


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
    cls = _written(frame, known) if name is not None else None
    if name is None or cls is None:
        return None
    return Val(EnumMember(known.name), ast.Attribute(cls, name, ast.Load()))


def construct_enum(frame: Frame, dotted: str, call: CallSite) -> Val | None:
    """``State("open")``: the member with that value, or a ``ValueError``."""
    if not is_plain_enum(frame.ctx, dotted) or len(call.args) != 1 or call.kwargs:
        return None
    given = call.args[0]
    cls = _written(frame, frame.ctx.snapshot.classes[dotted])
    if cls is None or given.node is None or not isinstance(given.kind, Const | Scalar | EnumMember):
        return None
    return Val(EnumMember(dotted), ast.Call(cls, [given.node], []))


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


def _written(frame: Frame, known: Class) -> ast.expr | None:
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
        lines = [f"    {name} = {value.data!r}" for name, value in _members(known).items()]
        code = f'class {short}(Enum):\n    """{known.name} ({place})."""\n\n' + "\n".join(lines) + "\n"
        module.add(
            Decl(short, code, frozenset({Import("enum", "Enum")}), 10, Origin(known.name, known.where))
        )
        prunable(ctx, module.path, short)
    return frame.imported(path, short)


__all__ = ["construct_enum", "is_plain_enum", "member"]
