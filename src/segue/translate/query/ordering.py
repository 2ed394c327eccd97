"""``order_by`` and Meta.ordering → ORDER BY (SEMANTICS-ORM §2)."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from segue.snapshot.model import Value
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, name, quote
from segue.translate.kinds import Const, Expr, QuerySet
from segue.translate.load.fetch import entity_type
from segue.translate.load.models import concrete, field_of, snake
from segue.translate.query import transforms
from segue.translate.query.declared import declared
from segue.translate.query.expressions import Expression
from segue.translate.query.ir import Query
from segue.translate.query.json_fields import is_json
from segue.translate.query.json_lookups import key_column
from segue.translate.query.lookups import target


def order_terms(
    frame: Frame, value: Val, terms: Sequence[Value | Val], at: ast.AST | None, *, flip: bool = False
) -> Val:
    """``value`` ordered by ``terms`` (strings as Django takes them, or expressions)."""
    from segue.translate.query.build import chain, query_of, root_of

    query = query_of(value)
    columns: list[ast.expr] = []
    for term in terms:
        text = _text(term)
        if text is None:
            if isinstance(term, Value):
                term = declared(frame, term) or term
            if isinstance(term, Val) and isinstance(term.kind, Expr) and not query.compound:
                columns.append(_expression(frame, query, root_of(frame, query.model), term.kind.build, flip))
                continue
            raise frame.refuse("ordering", str(term)[:60], "Segue cannot read this ordering.", at)
        if text == "?" and not query.compound:
            columns.append(quote("{0}.random()", frame.imported("sqlalchemy", "func")))
            continue
        descending = text.startswith("-") != flip
        if query.compound:
            from segue.translate.rules.queryset_sets import ordered

            columns.append(ordered(frame, value, text.lstrip("-+"), descending, at or ast.Constant(text)))
            continue
        value, found = _column(
            frame,
            value,
            query.model,
            root_of(frame, query.model),
            text.lstrip("-+"),
            descending,
            at,
            (),
            query,
        )
        columns.extend(found)
    if not columns:
        return value
    if query.grouped:
        from segue.translate.query.grouping import ordered_groups

        value = ordered_groups(frame, value, columns, at)
    return chain(value, "order_by", *columns, query=query_of(value).with_(order="done", loose=False))


def _text(term: Value | Val) -> str | None:
    if isinstance(term, Value):
        return term.data if term.kind == "const" and isinstance(term.data, str) else None
    if isinstance(term.kind, Const) and isinstance(term.kind.value, str):
        return term.kind.value
    return None


def _expression(frame: Frame, query: Query, root: ast.expr, built: object, flip: bool) -> ast.expr:
    assert isinstance(built, Expression)
    node, _ = built.render(frame, query, root)
    descending = bool(built.descending) != flip
    node = quote("{0}.desc()" if descending else "{0}.asc()", node)
    if built.nulls:
        if flip:
            raise frame.refuse(
                "ordering", "reverse", "Reversing an order with explicit NULLs is not translated."
            )
        node = quote(f"{{0}}.nulls_{built.nulls}()", node)
    return node


def _column(
    frame: Frame,
    value: Val,
    label: str,
    owner: ast.expr,
    path: str,
    descending: bool,
    at: ast.AST | None,
    seen: tuple[str, ...],
    query: Query,
) -> tuple[Val, list[ast.expr]]:
    """Joins for ``path`` added to ``value``, and the ORDER BY columns."""
    from segue.translate.query.build import chain, query_of
    from segue.translate.query.paths import hop_of

    where = at if at is not None else ast.Constant(path)
    if owner is not None and not seen:
        annotation = query.annotation(path)
        if annotation is not None:
            node = name(annotation.text)
            return value, [quote("{0}.desc()" if descending else "{0}", node)]
    first, _, rest = path.partition("__")
    model = concrete(frame.ctx, label)
    item = field_of(model, first)
    if item is not None and not (item.relation is not None and first == item.name):
        column: ast.expr = ast.Attribute(owner, item.attname, ast.Load())
        if rest and is_json(item):
            column = key_column(frame, column, rest.split("__"))
        elif rest:
            column = transforms.part_of(frame, target(frame, column, item), rest, where)
        return value, [quote("{0}.desc()" if descending else "{0}", column)]
    hop = hop_of(frame, label, first, where)
    if hop is None:
        raise frame.refuse("ordering", path, f"{label} has no field {first}.", where)
    if hop.many and rest and not seen:
        shared = _shared(frame, value, path, where)
        if shared is not None:
            return value, [quote("{0}.desc()" if descending else "{0}", shared)]
    if hop.many:
        raise frame.refuse("ordering", path, "Ordering over a to-many relation repeats rows.", where)
    far = concrete(frame.ctx, hop.target)
    if (
        item is not None
        and rest in ("id", "pk", far.pk)
        and field_of(far, rest) is not None
        and hop.link.right == (field_of(far, rest) or item).attname
    ):
        column = ast.Attribute(owner, item.attname, ast.Load())
        return value, [quote("{0}.desc()" if descending else "{0}", column)]
    if item is not None and not rest and not far.ordering:
        column = ast.Attribute(owner, item.attname, ast.Load())
        return value, [quote("{0}.desc()" if descending else "{0}", column)]
    if hop.target in seen:
        raise frame.refuse("ordering", path, "The ordering runs in a circle.", where)
    cls, imported = entity_type(frame.ctx, hop.target)
    frame.use(imported)
    number = 1
    while True:
        alias = _alias(frame, hop.target, first, query, number, cls, where)
        link = quote(
            "{0} == {1}",
            ast.Attribute(alias, hop.link.right, ast.Load()),
            ast.Attribute(owner, hop.link.left, ast.Load()),
        )
        joined = _joined(value, alias)
        if joined is None:
            joins = (*query_of(value).joins, (ast.unparse(alias), ast.unparse(link)))
            value = chain(value, "outerjoin", alias, link, query=query_of(value).with_(joins=joins))
            break
        if joined == ast.unparse(link):
            break  # two terms over one relation share its join (Query.setup_joins with can_reuse)
        number += 1
    trail = (*seen, hop.source, hop.target)
    if rest:
        return _column(frame, value, hop.target, alias, rest, descending, at, trail, query)
    columns: list[ast.expr] = []
    if not far.ordering:
        pk = ast.Attribute(alias, hop.link.right, ast.Load())
        return value, [quote("{0}.desc()" if descending else "{0}", pk)]
    for term in far.ordering:
        text = _text(term)
        if text is None:
            raise frame.refuse("ordering", path, "Segue cannot read the related Meta.ordering.", where)
        value, more = _column(
            frame,
            value,
            hop.target,
            alias,
            text.lstrip("-"),
            text.startswith("-") != descending,
            at,
            trail,
            query,
        )
        columns.extend(more)
    return value, columns


def _shared(frame: Frame, value: Val, path: str, at: ast.AST) -> ast.expr | None:
    """The column at the end of to-many relations that ``values()`` has joined: the order looks at the same rows."""
    from segue.translate.query.build import query_of
    from segue.translate.query.grouping import joined_column

    before = query_of(value)
    if before.values is None or before.grouped or before.crossed:
        return None
    made, column, _, found = joined_column(frame, value, path, at)
    plain = found is not None and (found.number or not found.relation)
    return column if plain and query_of(made).joins == before.joins else None


def _joined(value: Val, alias: ast.expr) -> str | None:
    """The condition under which ``alias`` is joined already in the statement that ``value`` builds; else None."""
    from segue.translate.query.build import query_of

    name_of = ast.unparse(alias)
    known = dict(query_of(value).joins).get(name_of)
    if known is not None:
        return known
    for node in ast.walk(value.node) if value.node is not None else ():
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in ("join", "outerjoin")
            and len(node.args) == 2
            and ast.unparse(node.args[0]) == name_of
        ):
            return ast.unparse(node.args[1])
    return None


def _alias(frame: Frame, label: str, stem: str, query: Query, number: int, cls: str, at: ast.AST) -> ast.expr:
    """A module-level alias, or a fresh local one when the statement may have it already."""
    from segue.translate.query.compile import alias_constant

    if query.order != "done":
        return alias_constant(frame, label, stem, number)
    aliased = frame.imported("sqlalchemy.orm", "aliased")
    return frame.hoist(snake(cls) + "_", quote("{0}({1})", aliased, name(cls)), at)


__all__ = ["QuerySet", "order_terms"]
