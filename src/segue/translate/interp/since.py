"""What may have been written since an object was read.

Django asks for a relation when code comes to it. Where nothing was written before, reading it with the object is the same and
costs one statement less; behind a write it is not, whoever has written what: a child that was just deleted would still be
shown. So objects that were read before a write are ``aged`` from there on: what they lead to is asked for then.
"""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from segue.translate.interp.parts import with_parts
from segue.translate.interp.value import Val
from segue.translate.kinds import Instance, Kind

if TYPE_CHECKING:
    from segue.translate.interp.frame import Frame

_HOLDERS = ("self", "request")


def aged(frame: Frame, node: ast.expr, value: Val) -> Val:
    """``value`` of ``node``, an object or what holds objects (a list, a dict), that a local or an attribute of the view or the request holds, with
    what happened since it was bound."""
    of_request = (
        isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in _HOLDERS
    )
    if not (isinstance(node, ast.Name) or of_request):
        return value
    older = _older(value.kind)
    if older == value.kind or not isinstance(value.node, ast.Name | ast.Attribute):
        return value
    return Val(older, value.node) if written_since(frame, value.text) else value


def _older(kind: Kind) -> Kind:
    """``kind`` as it is behind a write: a row that was read before it, and what holds such rows."""
    if isinstance(kind, Instance):
        read = kind.mode == "row" and not kind.aged and not kind.site.classes
        return replace(kind, aged=True) if read else kind
    return with_parts(kind, _older)


def written_since(frame: Frame, local: str) -> bool:
    """Whether something may have been written since ``local`` of the generated function was bound: before this statement, or
    in an earlier round of a loop around it. A parameter was bound before all of it."""
    from segue.translate.functions.writing import may_write

    behind, rounds = lines_since(frame, local)
    return rounds or (
        any("await " in line or "async with" in line for line in behind) and may_write(frame.ctx, behind)
    )


def lines_since(frame: Frame, local: str) -> tuple[list[str], bool]:
    """What stands between the binding of ``local`` and this statement; and whether an earlier round of a loop around it may have written."""
    binds = re.compile(
        rf"\s*(?:(?:async )?for )?(?:\w+, )*{re.escape(local)}(?:, \w+)*(?:: [^=]+)?(?: = | in )"
    )
    behind: list[str] = []
    for lines in (frame.lines, *reversed(frame.around)):
        at = next((n for n in range(len(lines) - 1, -1, -1) if binds.match(lines[n])), None)
        behind[:0] = lines if at is None else lines[at + 1 :]
        if at is not None:
            break
        if any(lines is writing for writing in frame.writing):
            return behind, True
        frame.passed.append(lines)
    return behind, False


__all__ = ["aged", "lines_since", "written_since"]
