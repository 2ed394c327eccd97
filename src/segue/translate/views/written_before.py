"""What a request may have written before it is left to Django, which does all of it again from its start.

Generated code does not leave a branch to Django then (``interp/leaving.py``), and what the bridge itself leaves fails (``segue_bridge.leaving``).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence

from segue.refusal import Refusal, refuse
from segue.snapshot.model import Operation
from segue.target.ir import Import
from segue.translate.context import Context
from segue.translate.functions.record import reached
from segue.translate.functions.writing import writes
from segue.translate.interp.leaving import WRITTEN
from segue.translate.middleware.stack import RouteMiddleware
from segue.translate.specialise.endpoint import Endpoint
from segue.translate.views.operation import PathOperation


def declared(ctx: Context, imports: Iterable[Import]) -> list[str]:
    """The code of what is imported: a view's authentication, and its throttles (what they count in a cache is taken back)."""
    modules = ctx.program.modules
    homes = ((modules.get(i.module.replace(".", "/") + ".py"), i.name) for i in imports)
    return [home.decls[name].code for home, name in homes if home is not None and name in home.decls]


def check_parsers(base: Endpoint, arguments: Sequence[str]) -> None:
    """A body that only a parser of Django's side reads is read after that. Raises ``Refused``."""
    if base.ctx.memo.get(WRITTEN) and any("only_django" in argument for argument in arguments):
        why = "Bodies that only Django parses are left to it, when something may have been written."
        raise base.refuse("parser", "parser_classes", why)


def done_again(
    ctx: Context, kept: RouteMiddleware, before: Sequence[str], operation: Operation, made: PathOperation
) -> Refusal | None:
    """Middleware that acts on answers of some status has Django do a GET after the view: not one that has written, by itself or
    in what runs ``before`` it."""
    if operation.method not in ("GET", "HEAD", "OPTIONS"):
        return None
    for facts, names in kept.left.items():
        status = next((f.key for f in facts if f.kind == "status"), "")
        meant = all(f.key == operation.method for f in facts if f.kind == "method")
        if status and meant and writes(ctx, [*before, *made.lines]):
            why = f"It has written something when its status is known, and with {status} Django does it again: {names[0]}."
            return refuse("middleware", made.legacy, why, operation.where).refusal
    return None


def left_late(ctx: Context, operation: Operation, made: PathOperation) -> Refusal | None:
    """A function with a branch that is left to Django, called where something has been written: the function cannot see that."""
    called = [record.lines for record in reached(ctx, made.lines) if record is not None]
    for lines in (made.lines, *called):
        written = False
        for index, line in enumerate(lines):
            written = written or (_is_loop(line) and writes(ctx, _block(lines, index)))
            if written and _leaves(ctx, line):
                why = "A function that it calls leaves some requests to Django, when something is written already: call it before."
                return refuse("left-late", made.legacy, why, operation.where).refusal
            written = written or writes(ctx, [line])
    return None


def _is_loop(line: str) -> bool:
    return re.match(r"\s*(async for|for|while)\b", line) is not None or " for " in line


def _block(lines: Sequence[str], index: int) -> list[str]:
    """The line and those that stand in it: of a loop, any may run before any other."""
    depth = len(lines[index]) - len(lines[index].lstrip())
    inside = itertools.takewhile(lambda line: len(line) - len(line.lstrip()) > depth, lines[index + 1 :])
    return [lines[index], *inside]


def _leaves(ctx: Context, line: str) -> bool:
    return any("left_to_django(" in one for r in reached(ctx, [line]) if r is not None for one in r.lines)


__all__ = ["check_parsers", "declared", "done_again", "left_late"]
