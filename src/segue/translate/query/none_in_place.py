"""``groups = Group.objects.filter(…) if user.id else []``: an empty list in the place of rows that are only looked for in.

``group__in=[]`` is met by nothing, and so is ``IN`` of a statement without rows. Anything else tells the list from a queryset.
"""

from __future__ import annotations

import ast
import textwrap

from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, quote
from segue.translate.kinds import QuerySet
from segue.translate.query.build import chain, query_of


def as_rows(frame: Frame, node: ast.IfExp, yes: Val, no: Val) -> tuple[Val, Val]:
    """Both sides of ``a if test else []`` as querysets, where what they give is only used as the right side of ``__in``."""
    for rows, other, written in ((yes, no, node.orelse), (no, yes, node.body)):
        if (
            isinstance(rows.kind, QuerySet)
            and not isinstance(other.kind, QuerySet)
            and isinstance(written, ast.List | ast.Tuple)
            and not written.elts
            and _only_looked_in(frame, node)
        ):
            none = chain(
                rows, "where", quote("{0}()", frame.imported("sqlalchemy", "false")), query=query_of(rows)
            )
            return (rows, none) if rows is yes else (none, rows)
    return yes, no


def _only_looked_in(frame: Frame, node: ast.IfExp) -> bool:
    tree = ast.parse(textwrap.dedent(frame.function.source))
    text = ast.unparse(node)
    looked_in = {
        id(keyword.value)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        for keyword in call.keywords
        if keyword.arg is not None and keyword.arg.endswith("__in")
    }
    negated = any(
        (isinstance(n, ast.Attribute) and n.attr == "exclude") or isinstance(n, ast.Invert)
        for n in ast.walk(tree)
    )
    places = [n for n in ast.walk(tree) if isinstance(n, ast.IfExp) and ast.unparse(n) == text]
    if negated or len(places) != 1:
        return False
    if id(places[0]) in looked_in:
        return True
    names = [
        n.targets[0].id
        for n in ast.walk(tree)
        if isinstance(n, ast.Assign)
        and n.value is places[0]
        and len(n.targets) == 1
        and isinstance(n.targets[0], ast.Name)
    ]
    uses = [n for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id in names]
    return (
        len(names) == 1
        and sum(isinstance(n.ctx, ast.Store) for n in uses) == 1
        and all(id(n) in looked_in for n in uses if isinstance(n.ctx, ast.Load))
    )


__all__ = ["as_rows"]
