"""``except Exception`` around code that may fail on one side alone: what both sides raise is caught, any other failure is Django's.

A driver, a row that is gone or a column that has changed raise other errors here than there, so that nobody can tell which handler
Django would have come to. Where nothing was written before, Django does the whole request instead.
"""

from __future__ import annotations

import ast
import re

from segue.target.ir import Import
from segue.translate.functions.record import reached
from segue.translate.functions.writing import may_write
from segue.translate.interp.frame import Frame
from segue.translate.interp.leaving import LEAVABLE, WRITTEN
from segue.translate.interp.value import quote

_GONE_ON = ("middleware", "gone on")
_MISSING = re.compile(r"\b(?:only|earliest|latest)\(|\bObjectDoesNotExist\(")
_RAISED = re.compile(r"\braise\b|\bchecked\(|\b(?:validate|check|clean)\w*\(")


def may_leave(frame: Frame, node: ast.Try, body: list[str]) -> bool:
    """Whether nothing can have been written where the body of ``node``, translated into ``body``, fails."""
    before = [line for lines in (*frame.around, frame.lines) for line in lines]
    first = frame.scope is not None and not frame.loops and not frame.ctx.memo.get(WRITTEN)
    if not (frame.ctx.memo.get(LEAVABLE) or first) or frame.ctx.memo.get(_GONE_ON):
        return False
    return not may_write(frame.ctx, [*before, *body])


def alike(frame: Frame, handler: ast.ExceptHandler, body: list[str]) -> list[str]:
    """The classes that ``body`` raises where Django does, of which the handler asks nothing else."""
    if handler.name and any(isinstance(n, ast.Name) and n.id == handler.name for n in ast.walk(handler)):
        return []
    called = [record for record in reached(frame.ctx, body) if record is not None]
    text = "\n".join([*body, *(line for record in called for line in record.lines)])
    found = []
    if _MISSING.search(text):
        found += [
            ast.unparse(frame.imported("segue_bridge.db.errors", name))
            for name in ("MultipleObjectsReturned", "ObjectDoesNotExist")
        ]
    if _RAISED.search(text):
        found.append(ast.unparse(frame.imported("segue_bridge.errors", "APIException")))
    return found


def left(frame: Frame) -> tuple[str, list[str]]:
    """The ``except`` clause that leaves the request to Django."""
    frame.use(Import("segue_bridge.leaving", "left_to_django"))
    error = frame.fresh("error")
    raised = quote("left_to_django({0}, 'exception')", frame.db)
    return f"except Exception as {error}:", [f"raise {ast.unparse(raised)} from {error}"]


__all__ = ["alike", "left", "may_leave"]
