"""``distinct("a")`` (``DISTINCT ON``), and what the order adds to ``DISTINCT`` (``SQLCompiler.get_extra_select``)."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import Const
from segue.translate.query.build import chain, commit, query_of, root_of
from segue.translate.query.paths import resolve

_MARKS = ("desc", "asc", "nulls_last", "nulls_first")


def distinct_on(frame: Frame, value: Val, names: Sequence[Val], at: ast.AST) -> Val:
    """``distinct("author")`` on PostgreSQL: the first row of each."""
    if frame.ctx.snapshot.settings.vendor != "postgresql":
        raise frame.refuse("distinct-on", "distinct()", "Django raises NotSupportedError on SQLite.", at)
    value = commit(frame, value, distinct=True)
    query = query_of(value)
    if query.sliced or query.grouped or query.distinct or query.many or query.crossed:
        raise frame.refuse(
            "distinct-on",
            "distinct()",
            "Of a sliced, grouped or distinct query, or of to-many relations.",
            at,
        )
    root = root_of(frame, query.model)
    columns: list[ast.expr] = []
    for given in names:
        if not isinstance(given.kind, Const) or not isinstance(given.kind.value, str):
            raise frame.refuse("distinct-on", "distinct()", "Its columns are computed.", at)
        if query.annotation(given.kind.value) is not None:
            raise frame.refuse("distinct-on", "distinct()", "It names an annotation.", at)
        found = resolve(frame, query.model, given.kind.value, at)
        if found.hops or found.transforms or found.lookup != "exact":
            raise frame.refuse("distinct-on", given.kind.value, "It is no column of the model's own.", at)
        columns.append(ast.Attribute(root, found.field.attname, ast.Load()))
    clause = ast.Call(frame.imported("sqlalchemy.dialects.postgresql", "distinct_on"), columns, [])
    return chain(value, "ext", clause, query=query.with_(distinct=True, first_of=True))


def shown_order(frame: Frame, value: Val, at: ast.AST | None) -> Val:
    """The ordered, distinct values with what they are ordered by in the SELECT list too, where Django has it."""
    query = query_of(value)
    if query.values is None or not query.distinct or query.first_of or query.grouped:
        return value
    known = {column.text for column in query.columns}
    added: list[ast.expr] = []
    ordered = _ordered_by(value.node)
    if ordered is None and query.order == "done":
        raise frame.refuse(
            "distinct-values", value.text[:60], "Segue does not see here what they are ordered by.", at
        )
    for column in ordered or ():
        bare = column
        while (
            isinstance(bare, ast.Call) and isinstance(bare.func, ast.Attribute) and bare.func.attr in _MARKS
        ):
            bare = bare.func.value
        if ast.unparse(bare) in known:
            continue
        if not isinstance(bare, ast.Attribute):
            raise frame.refuse(
                "distinct-values",
                ast.unparse(bare),
                "What it is ordered by joins the DISTINCT in Django.",
                at,
            )
        known.add(ast.unparse(bare))
        added.append(bare)
    if not added:
        return value
    return chain(value, "add_columns", *added, query=query.with_(surplus=True))


def _ordered_by(node: ast.expr | None) -> list[ast.expr] | None:
    """The arguments of the last ``order_by`` of a statement that is written here; None for one that has only a name."""
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr == "order_by":
            none = [a for a in node.args if isinstance(a, ast.Constant)]
            return [] if none else list(node.args)
        node = node.func.value
    return None if isinstance(node, ast.Name) else []
