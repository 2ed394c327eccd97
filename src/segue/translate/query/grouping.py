"""``values(...).annotate(Count(...))``: GROUP BY, with the joins that Django writes.

Specified by ``QuerySet._annotate`` (``query.set_group_by``), ``SQLCompiler.get_group_by`` and ``Query.setup_joins``:
what is grouped by are the selected columns, then what the order and a later ``annotate`` add; Meta.ordering is left out;
``values`` and aggregates over one relation share its join, those over several multiply each other.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, name, quote
from segue.translate.kinds import Const, Kind, QuerySet, Scalar
from segue.translate.load.models import column_kind, concrete, python_type
from segue.translate.query.build import add_where, chain, commit, query_of, root_of
from segue.translate.query.compile import Compiler, Joins, alias_constant, resolve_or_none
from segue.translate.query.expressions import Expression
from segue.translate.query.ir import Column, Query
from segue.translate.query.paths import Link, Path, resolve
from segue.translate.query.where import Leaf, Node, Raw
from segue.translate.rules.column_objects import refuse_objects


def crosses(frame: Frame, label: str, tree: Node, negated: bool = False) -> bool:
    """Whether a condition looks over a to-many relation: Django's later aggregates share that join.

    Where it is negated Django writes a subquery of its own (``Query.split_exclude``).
    """
    negated = negated != tree.negated
    for child in tree.children:
        if isinstance(child, Node) and crosses(frame, label, child, negated):
            return True
        if isinstance(child, Leaf) and not negated and child.key != "__expression__":
            path = resolve_or_none(frame, label, child)
            if path is not None and any(hop.many for hop in path.hops):
                return True
    return False


def check_repeats_nothing(frame: Frame, label: str, tree: Node, at: ast.AST) -> None:
    """Refuse a condition inside an expression that looks over a to-many relation: Django joins it, also where it is negated
    (``Q.resolve_expression``: no ``split_subq``), and the join repeats the rows."""
    for child in tree.children:
        if isinstance(child, Node):
            check_repeats_nothing(frame, label, child, at)
        elif isinstance(child, Leaf) and child.key != "__expression__":
            path = resolve_or_none(frame, label, child)
            if path is not None and any(hop.many for hop in path.hops):
                raise frame.refuse(
                    "expression",
                    child.key,
                    "A condition over a to-many relation, as a value, repeats the rows in Django.",
                    at,
                )


def check_tells_null(frame: Frame, label: str, tree: Node, at: ast.AST, negated: bool = False) -> None:
    """Refuse a condition whose value over an outer join would be NULL: EXISTS is false there."""
    for child in tree.children:
        if isinstance(child, Node):
            check_tells_null(frame, label, child, at, negated ^ tree.negated)
        elif isinstance(child, Leaf) and child.key != "__expression__" and not negated ^ tree.negated:
            path = resolve_or_none(frame, label, child)
            if path is None or not path.hops or path.lookup == "isnull" or child.value.kind == Const(None):
                continue
            if path.field.null or path.transforms or any(hop.nullable for hop in path.hops):
                raise frame.refuse(
                    "expression",
                    child.key,
                    "A condition over a relation, as a value, is NULL in Django where there is nothing.",
                    at,
                )


def condition_value(tree: Node, at: ast.AST, *, chooses: bool = False) -> Expression:
    """``Q(price__gt=5)`` as a value of each row; ``chooses``: only whether it holds matters."""

    def render(frame: Frame, query: Query, root: ast.expr) -> tuple[ast.expr, Kind]:
        check_repeats_nothing(frame, query.model, tree, at)
        if not chooses:
            check_tells_null(frame, query.model, tree, at)
        made = Compiler(frame, query, root).tree(tree)
        if made is None:
            raise frame.refuse("expression", "Q", "The condition is empty.", at)
        return made, Scalar("bool", True)

    return Expression(render)


def joined_column(
    frame: Frame, value: Val, path: str, at: ast.AST, *, single: bool = False
) -> tuple[Val, ast.expr, Kind, Path | None]:
    """The column at ``path``, what its relations need joined to ``value``; ``single`` refuses to-many relations."""
    query = query_of(value)
    root = root_of(frame, query.model)
    annotation = query.annotation(path)
    if annotation is not None:
        return value, name(annotation.text), annotation.kind, None
    found = resolve(frame, query.model, path, at)
    if found.transforms or found.lookup != "exact":
        raise frame.refuse("group-by", path, "A transform of a grouped column is not translated.", at)
    if any(hop.typed[0] for hop in found.hops):
        raise frame.refuse("tags", path, "Tags are grouped or ordered by.", at)
    many = any(hop.many for hop in found.hops)
    if many and single:
        raise frame.refuse("group-by", path, "Groups over a to-many relation are not translated.", at)
    if many and query.crossed and not _apart(frame, query, found):
        raise frame.refuse(
            "group-by", path, "A filter before looks over to-many relations; Django may share its join.", at
        )
    if many and (query.sliced or query.locked):
        raise frame.refuse("group-by", path, "An aggregate over a sliced or locked query.", at)
    kind = column_kind(frame.ctx, found.field)
    refuse_objects(frame, kind, path, at)
    if not found.hops:
        return value, ast.Attribute(root, found.field.attname, ast.Load()), kind, found
    outer = False
    owner: ast.expr = root
    for hop in found.hops:
        outer = outer or hop.many or hop.nullable
        if hop.through:
            assert hop.through_link is not None
            value, owner = _join(frame, value, owner, hop.through, hop.link, hop.name, outer)
            value, owner = _join(frame, value, owner, hop.target, hop.through_link, hop.name, outer)
        else:
            value, owner = _join(frame, value, owner, hop.target, hop.link, hop.name, outer)
    column = ast.Attribute(owner, found.field.attname, ast.Load())
    if outer:
        kind = Scalar(python_type(frame.ctx, found.field), True)
    return value, column, kind, found


def _apart(frame: Frame, query: Query, path: Path) -> bool:
    """Whether ``path`` begins with another relation than the one that the filter before looks over: Django joins it anew."""
    first = path.hops[0]
    between = concrete(frame.ctx, query.crossing).label if query.crossing else ""
    return bool(between) and all(
        concrete(frame.ctx, label).label != between for label in (first.through, first.target) if label
    )


def _join(
    frame: Frame, value: Val, owner: ast.expr, label: str, link: Link, stem: str, outer: bool
) -> tuple[Val, ast.expr]:
    """``value`` joined to ``label`` over ``link``; the join of another column is used again."""
    number = 1
    while True:
        alias = alias_constant(frame, label, stem, number)
        on = quote(
            "{0} == {1}",
            ast.Attribute(alias, link.right, ast.Load()),
            ast.Attribute(owner, link.left, ast.Load()),
        )
        query = query_of(value)
        known = dict(query.joins).get(ast.unparse(alias))
        if known == ast.unparse(on):
            return value, alias
        if known is None:
            joins = (*query.joins, (ast.unparse(alias), ast.unparse(on)))
            return chain(
                value, "outerjoin" if outer else "join", alias, on, query=query.with_(joins=joins)
            ), alias
        number += 1


def begin(frame: Frame, owner: Val, at: ast.AST) -> Val:
    """``owner`` (a ``values()`` queryset) grouped by its columns, before its first aggregate."""
    value = commit(frame, owner)
    query = query_of(value)
    if query.grouped:
        return value
    if query.values == "flat" or query.compound or query.locked:
        raise frame.refuse("group-by", "annotate", "An aggregate of flat, combined or locked values.", at)
    if query.distinct or query.maybe_distinct:
        raise frame.refuse("group-by", "annotate", "An aggregate of distinct values is not translated.", at)
    if any(a.aggregate for a in (*query.annotations, *query.hidden)):
        raise frame.refuse("group-by", "annotate", "Groups of rows that are grouped already.", at)
    order = query.order
    if order == "done":
        if not query.meta_written:
            raise frame.refuse(
                "group-by", "annotate", "The order before the groups joins them in Django.", at
            )
        value = chain(value, "order_by", name("None"), query=query)
    columns: list[Column] = []
    nodes: list[ast.expr] = []
    for column in query.columns:
        value, node, kind, _ = joined_column(frame, value, column.name, at, single=True)
        if not _same_text(node):
            raise frame.refuse("group-by", column.name, "Groups by a computed column are not translated.", at)
        columns.append(Column(column.name, ast.unparse(node), kind))
        nodes.append(node)
    query = query_of(value).with_(
        columns=tuple(columns),
        grouped=True,
        group=tuple(c.text for c in columns),
        order="none" if order in ("meta", "done") else order,
        meta_written=False,
    )
    made = selecting(frame, Val(QuerySet(query), value.node), columns)
    return chain(made, "group_by", *nodes, query=query_of(made))


# Helpers of the bridge that write their words into the statement itself.
_INLINE = frozenset({"truncated", "first_day", "date_of", "date_part"})


def _same_text(node: ast.expr) -> bool:
    """Whether the column is the same text in SELECT and in GROUP BY: parameters are not, for PostgreSQL."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _INLINE:
        return all(isinstance(part, ast.Attribute | ast.Constant) for part in node.args)
    return not any(isinstance(part, ast.Constant) for part in ast.walk(node))


def selecting(frame: Frame, value: Val, columns: Sequence[Column]) -> Val:
    """``value`` with these columns as its SELECT list, its model kept in FROM."""
    query = query_of(value)
    assert value.node is not None
    nodes = [name(column.text) for column in columns]
    calls: list[ast.Call] = []
    base: ast.expr = value.node
    while isinstance(base, ast.Call) and isinstance(base.func, ast.Attribute):
        if base.func.attr not in ("with_only_columns", "add_columns", "select_from"):
            calls.append(base)
        base = base.func.value
    if isinstance(base, ast.Call) and isinstance(base.func, ast.Name) and base.func.id == "select":
        node: ast.expr = ast.Call(base.func, list(nodes), [])
    else:
        node = ast.Call(ast.Attribute(base, "with_only_columns", ast.Load()), list(nodes), [])
    root = root_of(frame, query.model)
    own = f"{ast.unparse(root)}."
    if query.joins or query.many or query.crossed or not any(c.text.startswith(own) for c in columns):
        node = quote("{0}.select_from({1})", node, root)
    for call in reversed(calls):
        assert isinstance(call.func, ast.Attribute)
        node = ast.Call(ast.Attribute(node, call.func.attr, ast.Load()), call.args, call.keywords)
    return Val(QuerySet(query.with_(columns=tuple(columns))), node)


def add_column(frame: Frame, owner: Val, column: Column, *, shown: bool) -> Val:
    """One more aggregate, or column (which joins the groups), of a ``values()`` queryset."""
    value = owner
    query = query_of(value)
    if query.grouped and not column.aggregate and column.text not in query.group:
        grown = query.with_(group=(*query.group, column.text))
        value = chain(value, "group_by", name(column.text), query=grown)
    query = query_of(value).with_(hidden=(*query.hidden, column))
    value = Val(QuerySet(query), value.node)
    return selecting(frame, value, (*query.columns, column)) if shown else value


def chosen(frame: Frame, value: Val, wanted: Sequence[str], shape: str, at: ast.AST) -> Val:
    """``values()``/``values_list()`` of groups: some of what they have."""
    query = query_of(value)
    known = {c.name: c for c in (*query.hidden, *query.columns)}
    for item in wanted:
        if item not in known:
            raise frame.refuse("values", item, "A further column joins the groups in Django.", at)
    columns = [known[item] for item in wanted] if wanted else list(query.columns)
    made = selecting(frame, value, columns)
    return Val(QuerySet(query_of(made).with_(values=shape)), made.node)


def condition_of(frame: Frame, value: Val, tree: Node, found: Path | None, at: ast.AST) -> ast.expr:
    """``filter=Q(...)`` of an aggregate, over the rows that it is computed of."""
    query = query_of(value)
    joins = Joins(outer=True, negated=True)
    if found is not None and found.hops:
        names: tuple[str, ...] = ()
        known = dict(query.joins)
        owner = ast.unparse(root_of(frame, query.model))
        for hop in found.hops:
            names = (*names, hop.name)
            steps = [(hop.link, hop.through or hop.target)]
            if hop.through and hop.through_link is not None:
                steps.append((hop.through_link, hop.target))
            for link, _ in steps:
                owner = next(
                    alias
                    for alias, on in known.items()
                    if on == f"{alias}.{link.right} == {owner}.{link.left}"
                )
            joins.aliases[names] = name(owner)
    made = Compiler(frame, query, root_of(frame, query.model), joins).tree(tree)
    if made is None:
        raise frame.refuse("aggregate-filter", "filter", "The filter is empty.", at)
    if joins.parts:
        raise frame.refuse(
            "aggregate-filter",
            "filter",
            "The filter looks at another to-many relation than the aggregate.",
            at,
        )
    return made


def narrowed(frame: Frame, value: Val, tree: Node, at: ast.AST) -> Val:
    """``filter``/``exclude`` of groups: HAVING where it looks at an aggregate, else WHERE (``Query.split_having``)."""
    query = query_of(value)
    root = root_of(frame, query.model)
    plain = tree.connector == "AND" and not tree.negated
    for child in tree.children if plain else (tree,):
        part = child if isinstance(child, Node) else Node("AND", (child,))
        kinds = set(_aggregated(query, part))
        if len(kinds) > 1:
            raise frame.refuse("having", "filter", "One condition mixes aggregates and columns.", at)
        if crosses(frame, query.model, _without_annotations(query, part)):
            raise frame.refuse(
                "having", "filter", "A to-many filter of groups multiplies them in Django.", at
            )
        condition = Compiler(frame, query, root, having=True).tree(part)
        if condition is None:
            continue
        if True in kinds:
            value = chain(value, "having", condition, query=query_of(value).with_())
        else:
            value = add_where(frame, value, condition)
    return value


def _aggregated(query: Query, tree: Node) -> Iterator[bool]:
    for child in tree.children:
        if isinstance(child, Node):
            yield from _aggregated(query, child)
        elif isinstance(child, Leaf):
            column = query.annotation(child.key.partition("__")[0])
            yield column is not None and column.aggregate
        else:
            yield False


def _without_annotations(query: Query, tree: Node) -> Node:
    children: list[Node | Leaf | Raw] = []
    for child in tree.children:
        if isinstance(child, Node):
            children.append(_without_annotations(query, child))
        elif isinstance(child, Leaf) and query.annotation(child.key.partition("__")[0]) is None:
            children.append(child)
    return Node(tree.connector, tuple(children), tree.negated)


def ordered_groups(frame: Frame, value: Val, columns: list[ast.expr], at: ast.AST | None) -> Val:
    """What the order adds to the groups of ``value`` (``get_group_by``: expressions of ORDER BY)."""
    query = query_of(value)
    aggregates = {c.text for c in (*query.columns, *query.hidden) if c.aggregate}
    for column in columns:
        bare = column
        while (
            isinstance(bare, ast.Call)
            and isinstance(bare.func, ast.Attribute)
            and bare.func.attr in ("desc", "asc", "nulls_last", "nulls_first")
        ):
            bare = bare.func.value
        text = ast.unparse(bare)
        if text in aggregates or text in query.group:
            continue
        if not isinstance(bare, ast.Attribute):
            raise frame.refuse("group-by", text, "Groups ordered by an expression are not translated.", at)
        query = query.with_(group=(*query.group, text))
        value = chain(value, "group_by", bare, query=query)
    return value
