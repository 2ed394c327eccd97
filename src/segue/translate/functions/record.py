"""A lifted function before its text is final."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segue.snapshot.model import Where
from segue.target.ir import Import
from segue.translate.context import Context
from segue.translate.interp.frame import Parameter
from segue.translate.kinds import Kind

if TYPE_CHECKING:
    from segue.translate.functions.lift import Lifted


@dataclass(slots=True, eq=False)
class FunctionRecord:
    """What :mod:`segue.translate.functions.finish` renders. ``final`` is the name it ends up with.

    ``hint``: the word that tells it from others of its name, where one use has another text. ``user``: the class
    (in snake case) of the view or serializer that it was specialised for.
    ``kept``: written even if no other generated function calls it; ``unused``: nothing calls it; ``recursive``: what it calls calls it. ``folded`` are the legacy arguments
    that are constants of this translation.
    """

    token: str
    base_name: str
    app: str
    module_kind: str
    parameters: list[Parameter]
    lines: list[str]
    imports: frozenset[Import]
    is_async: bool
    returns: Kind
    doc: str
    legacy: str
    where: Where
    hint: str = ""
    user: str = ""
    final: str = ""
    kept: bool = False
    unused: bool = False
    recursive: bool = False
    folded: tuple[tuple[str, object], ...] = ()
    members: list[FunctionRecord] = field(default_factory=list)


def records(ctx: Context) -> list[FunctionRecord]:
    """All functions lifted so far, callees before callers."""
    found = ctx.memo.setdefault(("kernel", "functions"), [])
    assert isinstance(found, list)
    return found


def record_of(ctx: Context, lifted: Lifted) -> FunctionRecord:
    """The record that ``lifted`` names."""
    return by_token(ctx)[lifted.name]


def by_token(ctx: Context) -> Mapping[str, FunctionRecord]:
    """The same by the token that stands for the name of each."""
    found = ctx.memo.setdefault(("kernel", "functions by token"), {})
    assert isinstance(found, dict)
    every = records(ctx)
    for record in every[len(found) :]:  # they only ever become more
        found[record.token] = record
    return found


CALLED = re.compile(r"segue__fn_\d+__")


def reached(ctx: Context, lines: Sequence[str]) -> list[FunctionRecord | None]:
    """The functions that ``lines`` call, and those that these call; None for one that is still being lifted."""
    known = by_token(ctx)
    found: dict[str, FunctionRecord | None] = {}
    todo = list(CALLED.findall("\n".join(lines)))
    while todo:
        token = todo.pop()
        if token not in found:
            found[token] = record = known.get(token)
            todo += CALLED.findall("\n".join(record.lines)) if record is not None else ()
    return list(found.values())


def text_constant(ctx: Context, lifted: Lifted) -> str | None:
    """The text that is all that ``lifted`` gives back and does; else None."""
    lines = record_of(ctx, lifted).lines
    if len(lines) != 1 or not lines[0].startswith("return "):
        return None
    node = ast.parse(lines[0].removeprefix("return "), mode="eval").body
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def gives_no_items(ctx: Context, lifted: Lifted) -> bool:
    """Is an empty list all that ``lifted`` gives back, and does it nothing else?"""
    return record_of(ctx, lifted).lines == ["return []"]


def gives_none(ctx: Context, lifted: Lifted) -> bool:
    """Is None all that ``lifted`` gives back, and does it nothing else?"""
    lines = record_of(ctx, lifted).lines
    *before, last = lines if lines else [""]
    held = [m for line in before if (m := _CONSTANT.fullmatch(line)) is not None]
    nones = {m[0].partition(" = ")[0] for m in held if m[1] == "None"} - {
        m[0].partition(" = ")[0] for m in held if m[1] != "None"
    }
    return len(held) == len(before) and (last == "return None" or last.removeprefix("return ") in nones)


_CONSTANT = re.compile(r"\w+ = (True|False|None|-?\d+|'[^'\\]*'|\"[^\"\\]*\")")


def only_names(ctx: Context, lifted: Lifted) -> bool:
    """Does ``lifted``, which gives back a class or function, do nothing else?"""
    lines = [line for line in record_of(ctx, lifted).lines if not _CONSTANT.fullmatch(line)]
    return lines in ([], ["return None"])


def constant(ctx: Context, lifted: Lifted) -> bool | None:
    """True or False where that is all that ``lifted`` gives back and does; else None."""
    lines = record_of(ctx, lifted).lines
    return lines == ["return True"] if lines in (["return True"], ["return False"]) else None
