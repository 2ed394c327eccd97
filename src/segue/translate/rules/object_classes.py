"""The classes of generated code whose objects are those of classes of the project's (:mod:`segue.translate.rules.own_objects`).

They get their names when all is translated: a class of the project's whose objects hold different things in different places (``note=None``)
is several, of which the one that holds most has its name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from segue.snapshot.model import Class
from segue.target.ir import Decl, Import, Origin
from segue.translate.context import Context
from segue.translate.functions.finish import AFTER_ROWS, docstring, prunable
from segue.translate.functions.lift import app_of
from segue.translate.functions.symbols import TOKEN, symbols
from segue.translate.interp.annotations import annotation
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val

_WRITTEN = ("kernel", "object classes")
_BASES = frozenset({"builtins.object", "abc.ABC", "typing.Generic"})
# What a class may define under such a name, besides its constructor: Python asks for these only where code does.
_ASKED = frozenset(
    f"__{name}__"
    for name in (
        "init", "repr", "str", "eq", "hash", "lt", "le", "gt", "ge", "call", "add", "radd", "sub", "mul", "neg", "contains", "iter",
        "getitem", "enter", "exit",
    )
)  # fmt: skip


@dataclass(slots=True)
class Written:
    """A class to be written: its attributes in their order, with the annotations that they have been given, and their defaults."""

    legacy: Class
    token: str
    decorator: str
    base: str = ""
    annotations: dict[str, list[str]] = field(default_factory=dict)
    defaults: dict[str, str] = field(default_factory=dict)
    imports: set[Import] = field(default_factory=set)
    name: str = ""


def plain_class(
    ctx: Context, cls: str, made: frozenset[str] = frozenset(), bases: frozenset[str] = _BASES
) -> bool:
    """Whether the class and all behind it are the project's, and none has a hook of Python's that is not looked at. ``made``: the
    hooks that a decorator or a base has put there."""
    known = ctx.snapshot.classes.get(cls)
    if known is None or known.origin != "own" or any(m.cls == cls for m in ctx.snapshot.models.values()):
        return False
    for base in known.mro:
        other = ctx.snapshot.classes.get(base)
        if base not in bases | _BASES and (other is None or other.origin != "own"):
            return False
    hooks = {n for n in known.methods if n.startswith("__") and n.endswith("__")}
    return hooks <= _ASKED | made and ("__dataclass_fields__" not in known.attributes or bool(made))


def written(frame: Frame, cls: str, given: Sequence[tuple[str, Val]]) -> tuple[str, str]:
    """The generated class that holds ``given``, and its module."""
    from segue.translate.rules.own_objects import code_name

    held: dict[str, list[str]] = {}
    imports = {Import("dataclasses", "dataclass")}
    for name, value in given:
        text, needed = annotation(frame.ctx, value.kind)
        held[code_name(name)] = [text]
        imports |= needed
    known = frame.ctx.snapshot.classes[cls]
    key = (cls, tuple((name, *texts) for name, texts in held.items()))
    made = declared(
        frame.ctx, known, key, lambda token: Written(known, token, "@dataclass(eq=False, slots=True)")
    )
    made.annotations, made.imports = held, imports
    return made.token, frame.ctx.import_path(app_of(frame.ctx, known), "objects")


def declared(ctx: Context, known: Class, key: object, make: Callable[[str], Written]) -> Written:
    """The class of that ``key``; ``make`` is given its token."""
    table: dict[object, Written] = ctx.memo.setdefault(_WRITTEN, {})  # type: ignore[assignment]
    if not table:
        ctx.memo[AFTER_ROWS] = lambda: _write(ctx, list(table.values()))
    if key not in table:
        found: list[Written] = []
        found.append(make(symbols(ctx).new("object", lambda: found[0].name)))
        table[key] = found[0]
    return table[key]


def _write(ctx: Context, classes: list[Written]) -> None:
    first: dict[object, Written] = {}
    same: dict[str, Written] = {}
    for made in classes:
        same[made.token] = first.setdefault(_held(ctx, made, same), made)
    for made in sorted(first.values(), key=lambda c: -len(c.annotations)):
        made.name = _name(ctx, made, classes)
        known = made.legacy
        module = ctx.module(app_of(ctx, known), "objects")
        place = f"{known.where.file}:{known.where.line}"
        doc = "".join(
            f"    {line}".rstrip() + "\n" for line in docstring(_said(known), f"{known.name} ({place})")
        )
        body = "".join(
            f"    {name}: {_either(texts)}{made.defaults.get(name, '')}\n"
            for name, texts in made.annotations.items()
        )
        code = f"{made.decorator}\n" if made.decorator else ""
        code += f"class {made.name}{made.base}:\n{doc}\n{body or '    pass'}"
        module.add(Decl(made.name, code, frozenset(made.imports), 10, Origin(known.name, known.where)))
        prunable(ctx, module.path, made.name)
    for made in classes:
        made.name = same[made.token].name


def _held(ctx: Context, made: Written, same: dict[str, Written]) -> object:
    """What tells a class from others: the project's class, and what it holds, where rows have their names and equal classes are one."""
    table = symbols(ctx)

    def named(match: re.Match[str]) -> str:
        token = match.group()
        if token.startswith("segue__object_"):
            return same[token].token if token in same else token
        return table.text(token)

    held = tuple(
        (name, *(TOKEN.sub(named, text) for text in texts)) for name, texts in made.annotations.items()
    )
    return made.legacy.name, held, tuple(made.defaults.items())


def _name(ctx: Context, made: Written, classes: list[Written]) -> str:
    known = made.legacy
    module = ctx.module(app_of(ctx, known), "objects")
    short = known.name.rpartition(".")[2].lstrip("_")
    if any(m.cls.rpartition(".")[2] == short for m in ctx.snapshot.models.values()):
        short += "Object"
    most = next((c for c in classes if c.legacy is known and c.name), None)
    missing = [n for n in most.annotations if n not in made.annotations] if most is not None else []
    if missing:
        short += "Without" + "And".join("".join(p.title() for p in n.split("_")) for n in missing)
    name, number = short, 1
    while name in module.decls:
        number += 1
        name = f"{short}{number}"
    return name


def _said(known: Class) -> str:
    """What the project says of the class; Python itself says ``Point(x: int)`` of a dataclass, and ``Pair(first)`` of a named tuple."""
    return "" if known.doc.startswith(f"{known.name.rpartition('.')[2]}(") else known.doc


def _either(texts: list[str]) -> str:
    """The annotation that covers all of them, None last."""
    parts = dict.fromkeys(part for text in texts for part in ([text] if "[" in text else text.split(" | ")))
    if "Any" in parts:
        return "Any"
    return " | ".join(sorted(parts, key=lambda part: part == "None"))


__all__ = ["Written", "declared", "plain_class", "written"]
