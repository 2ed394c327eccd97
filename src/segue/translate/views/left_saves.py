"""Saves that leave a row which the database refuses, or files that are replaced, to Django: nothing may have been written by then.

Django does such a request from its start (:mod:`segue.translate.rules.retried_save`, :mod:`segue.translate.rules.replaced_files`), so that whatever was done before would be done twice.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Sequence

from segue.refusal import Refusal, refuse
from segue.snapshot.model import Operation
from segue.translate.context import Context
from segue.translate.functions.record import CALLED, by_token, reached
from segue.translate.functions.writing import may_write
from segue.translate.interp.leaving import WRITTEN
from segue.translate.rules import replaced_files, retried_save
from segue.translate.views.operation import PathOperation

LEFT = (retried_save.LEFT, replaced_files.LEFT)
_LOOPS = (ast.For, ast.AsyncFor, ast.While, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def check(ctx: Context, before: Sequence[str], operation: Operation, made: PathOperation) -> Refusal | None:
    """Why the operation cannot leave it to Django; None where it can, or has no such save. ``before``: the code that runs before it."""
    found = _leaves(ctx, [*before, *made.lines])
    if not found:
        return None
    first = not (_leaves(ctx, before) or ctx.memo.get(WRITTEN) or may_write(ctx, before))
    if first and _comes_first(ctx, made.lines):
        return None
    does = (
        "tries again where the database refuses the row"
        if found == LEFT[0]
        else "acts on files that are replaced"
    )
    why = f"Its save() {does}, and something may have been written by then."
    return refuse("model-save", made.legacy, why, operation.where).refusal


def _leaves(ctx: Context, lines: Sequence[str]) -> str:
    """What is called there, down to the last function, that leaves a save to Django; '' for nothing."""
    called = [one.lines for one in reached(ctx, lines) if one is not None]
    text = "\n".join(line for some in (lines, *called) for line in some)
    return next((left for left in LEFT if left in text), "")


def _comes_first(ctx: Context, lines: Sequence[str]) -> bool:
    """Whether everything that stands before the save, at whatever depth it is called, only reads."""
    text = "\n".join(lines)
    tree = ast.parse(f"async def operation():\n{textwrap.indent(textwrap.dedent(text), '    ')}\n")
    inner = [n for n in ast.walk(tree) if isinstance(n, ast.stmt) and n is not tree.body[0]]
    marked = [n for n in inner if _leaves(ctx, [ast.unparse(n)])]
    # The statements themselves, not the blocks around them.
    places = [n for n in marked if not any(m is not n and m in ast.walk(n) for m in marked)]
    if len(places) != 1:
        return False
    place = places[0]
    if any(isinstance(n, _LOOPS) and any(m is place for m in ast.walk(n)) for n in inner):
        return False
    if any(isinstance(n, _LOOPS) for n in ast.walk(place)):
        return False
    head = ast.unparse(tree).splitlines()[: _line(tree, place)]
    if may_write(ctx, head):
        return False
    known = by_token(ctx)
    tokens = [t for t in CALLED.findall(ast.unparse(place)) if _leaves(ctx, known[t].lines)]
    if any(left in ast.unparse(place) for left in LEFT):
        return not tokens
    others = [t for t in CALLED.findall(ast.unparse(place)) if t not in tokens]
    return (
        len(tokens) == 1
        and not any(may_write(ctx, known[t].lines) for t in others)
        and _comes_first(ctx, known[tokens[0]].lines)
    )


def _line(tree: ast.Module, place: ast.stmt) -> int:
    """How many lines of the text that ``tree`` unparses to stand before ``place``."""
    again = ast.parse(ast.unparse(tree))
    number = [n for n in ast.walk(tree) if isinstance(n, ast.stmt)].index(place)
    return [n for n in ast.walk(again) if isinstance(n, ast.stmt)][number].lineno - 1


__all__ = ["check"]
