"""``except APIException`` meets DRF's errors alone: Django's ``Http404`` and ``PermissionDenied`` are none of them.

In the generated service all that is answered is an ``APIException``, those two as well, so that they are let through first.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from segue.translate.functions.record import reached
from segue.translate.interp.frame import Frame

# What may raise them: the code itself, and look-ups and permissions besides.
_OF_DJANGO = {
    "Forbidden": re.compile("Forbidden"),
    "Http404": re.compile(r"404|found|\b(url_)?key\(|permission|PERMISSION|require|allow|check"),
}


def let_through(
    frame: Frame, node: ast.Try, caught: Sequence[str], body: list[str], at: int
) -> list[tuple[str, list[str]]]:
    """Clauses before the one at ``at``; none where nothing of Django's comes there. ``caught``: the classes of each clause.

    Raises ``Refused`` where a later clause of the project's would meet them.
    """
    names = [set(re.findall(r"\w+", text)) for text in caught]
    missing = [name for name in _OF_DJANGO if not any(name in one for one in names[: at + 1])]
    if "APIException" not in names[at] or any("Exception" in one for one in names[: at + 1]) or not missing:
        return []
    called = [record.lines for record in reached(frame.ctx, body) if record is not None]
    text = "\n".join(line for lines in (body, *called) for line in lines)
    missing = [name for name in missing if _OF_DJANGO[name].search(text)]
    if not missing:
        return []
    if any(one & {"Exception", *missing} for one in names[at + 1 :]):
        raise frame.refuse(
            "except",
            "APIException",
            "Django's Http404 and PermissionDenied go on to a later clause: put that one first.",
            node.handlers[at],
        )
    classes = ", ".join(ast.unparse(frame.imported("segue_bridge.errors", name)) for name in missing)
    return [(f"except ({classes}):" if len(missing) > 1 else f"except {classes}:", ["raise"])]


__all__ = ["let_through"]
