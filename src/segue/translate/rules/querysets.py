"""QuerySet methods that give another queryset."""

from __future__ import annotations

import ast

from segue.translate import routing
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.join import widen
from segue.translate.interp.value import Val, name, quote
from segue.translate.kinds import Const, Expr, Q, QuerySet, Scalar
from segue.translate.load.models import concrete, field_of, pk_field
from segue.translate.query.build import chain, commit, filtered, query_of, root_of, settle
from segue.translate.query.composed import Aggregate, check_together
from segue.translate.query.expressions import Expression, as_expression
from segue.translate.query.grouping import add_column, begin, condition_value
from segue.translate.query.ir import Column
from segue.translate.query.where import Node
from segue.translate.rules.q_objects import tree_of
from segue.translate.rules.registry import method


@method(QuerySet, "all", "_clone", "_chain")
def all_(frame: Frame, owner: Val, call: CallSite) -> Val:
    """A copy: the statement itself, statements being immutable."""
    call.only(at_most=0)
    return owner


@method(QuerySet, "filter")
def filter_(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``filter(...)``."""
    return filtered(frame, owner, tree_of(frame, call), call.node)


@method(QuerySet, "exclude")
def exclude(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``exclude(...)``: everything but, NULLs kept as Django keeps them."""
    tree = tree_of(frame, call)
    if not tree.children:
        return owner
    return filtered(frame, owner, Node("AND", tree.children, True), call.node)


@method(QuerySet, "select_related", "only", "defer")
def loading(frame: Frame, owner: Val, call: CallSite) -> Val:
    """How Django loads: generated code loads what is read, in one statement anyway."""
    query = query_of(owner)
    selected, loading = query.selected, query.loading
    if call.name != "select_related" or not call.args:
        loading = (*loading, ast.unparse(ast.Call(ast.Name(call.name), call.node.args, call.node.keywords)))
    if call.name == "select_related":
        for value in call.args:
            if not isinstance(value.kind, Const):
                raise frame.refuse(
                    "select-related", ast.unparse(call.node), "The relations are computed.", call.node
                )
            path = value.kind.value
            selected = (*selected, path) if isinstance(path, str) else ()  # select_related(None) forgets them
    return Val(QuerySet(query.with_(selected=selected, loading=loading)), owner.node)


@method(QuerySet, "order_by")
def order_by(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``order_by(...)``; none clears the order."""
    query = query_of(owner)
    if query.sliced:
        raise frame.refuse(
            "order-after-slice", "order_by", "Django raises TypeError: the query is sliced.", call.node
        )
    base = owner
    if query.order == "done":
        base = chain(owner, "order_by", name("None"), query=query)
    order = "terms" if call.args else "none"
    return Val(QuerySet(query.with_(order=order, terms=tuple(call.args), flip=False)), base.node)


@method(QuerySet, "reverse")
def reverse(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``reverse()``: the other way round."""
    query = query_of(owner)
    if query.order == "done" or query.sliced:
        raise frame.refuse("reverse", "reverse()", "Reversing an order that is written already.", call.node)
    return Val(QuerySet(query.with_(flip=not query.flip)), owner.node)


@method(QuerySet, "none")
def none(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``none()``: no rows (the statement is still sent; Django sends none)."""
    false = quote("{0}()", frame.imported("sqlalchemy", "false"))
    return chain(owner, "where", false, query=query_of(owner).with_(pending=()))


@method(QuerySet, "distinct")
def distinct(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``distinct()``: conditions over to-many relations become ``EXISTS``; values get DISTINCT."""
    if call.args:
        from segue.translate.query.distinct import distinct_on

        return distinct_on(frame, owner, call.args, call.node)
    query = query_of(owner)
    if query.sliced:
        raise frame.refuse(
            "distinct-after-slice", "distinct", "Django raises TypeError: the query is sliced.", call.node
        )
    if query.values is not None:
        if query.order == "done" and not query.distinct:
            from segue.translate.query.distinct import shown_order

            return shown_order(frame, chain(owner, "distinct", query=query.with_(distinct=True)), call.node)
        return chain(owner, "distinct", query=query.with_(distinct=True))
    owner = commit(frame, owner, distinct=True)
    query = query_of(owner)
    if query.many:
        written = query.order == "done" and not query.meta_written
        if written or query.annotations:
            raise frame.refuse(
                "distinct",
                ast.unparse(call.node),
                "distinct() after a join that repeats rows, ordered or annotated before.",
                call.node,
            )
        root = root_of(frame, query.model)
        pk = ast.Attribute(root, pk_field(frame.ctx, query.model).attname, ast.Load())
        assert owner.node is not None
        node = quote(
            "{0}({1}).where({1}.in_({2}({3})))",
            frame.imported("sqlalchemy", "select"),
            pk,
            frame.imported("segue_bridge.db.reads", "keys"),
            owner.node,
        )
        order = "meta" if query.order == "done" else query.order
        return Val(QuerySet(query.with_(many=False, distinct=True, order=order, meta_written=False)), node)
    return Val(QuerySet(query.with_(distinct=True)), owner.node)


@method(QuerySet, "annotate", "alias")
def annotate(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``annotate(n=Count("x"))``: one more column; aggregates are correlated subqueries."""
    query = query_of(owner)
    if query.sliced:
        raise frame.refuse("annotate-after-slice", "annotate", "An annotation of a slice.", call.node)
    given: dict[str, Val] = {}
    for value in call.args:
        if not isinstance(value.kind, Expr) or not value.kind.build.default_alias:
            raise frame.refuse("annotate", ast.unparse(call.node), "The annotation has no name.", call.node)
        given[value.kind.build.default_alias] = value
    given.update(call.kwargs)
    for key, value in given.items():
        query = query_of(owner)
        built = _expression(frame, value, call)
        if query.values is not None:
            owner = _of_values(frame, owner, key, built, call)
            continue
        if built.aggregate and (query.many or query.pending or query.crossed):
            raise frame.refuse(
                "aggregate-join",
                ast.unparse(call.node),
                "An aggregate over a join that repeats rows.",
                call.node,
            )
        paths = built.paths if isinstance(built, Aggregate) else ()
        steady = isinstance(built, Aggregate) and built.steady
        earlier = [column for column in (*query.annotations, *query.hidden) if column.aggregate]
        if built.aggregate and earlier:
            together = [(column.over, column.steady) for column in earlier]
            check_together(frame, query.model, [*together, (paths, steady)], call.node)
        node, kind = built.render(frame, query, root_of(frame, query.model))
        text = ast.unparse(node)
        from segue.translate.query.expressions import OUTER

        if OUTER in text:
            raise frame.refuse(
                "outer-ref", ast.unparse(call.node), "OuterRef outside of a subquery.", call.node
            )
        column = Column(key, text, widen(kind), built.aggregate, built.window, over=paths, steady=steady)
        if call.name == "alias":
            owner = Val(QuerySet(query.with_(hidden=(*query.hidden, column))), owner.node)
            continue
        labelled = quote("{0}.label({1})", labelable(frame, node, value), ast.Constant(key))
        owner = chain(
            owner, "add_columns", labelled, query=query.with_(annotations=(*query.annotations, column))
        )
    return owner


def labelable(frame: Frame, node: ast.expr, value: Val) -> ast.expr:
    """The expression as a column: constants become literals."""
    number = isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant)
    if number or isinstance(node, ast.Constant | ast.Tuple | ast.List) or isinstance(value.kind, Const):
        return quote("{0}({1})", frame.imported("sqlalchemy", "literal"), node)
    return node


def _expression(frame: Frame, value: Val, call: CallSite) -> Expression:
    if isinstance(value.kind, Q):
        return condition_value(value.kind.tree, call.node)
    if not isinstance(value.kind, Expr):
        raise frame.refuse(
            "annotate", ast.unparse(call.node), "Segue does not know this expression.", call.node
        )
    return as_expression(value)


def _of_values(frame: Frame, owner: Val, key: str, built: Expression, call: CallSite) -> Val:
    """``values(...).annotate(...)``: an aggregate groups, anything else is one more column."""
    from segue.translate.query.expressions import OUTER

    query = query_of(owner)
    if field_of(concrete(frame.ctx, query.model), key) is not None:
        raise frame.refuse("annotate", key, "Django refuses annotations with the name of a field.", call.node)
    shown = call.name == "annotate"
    grouped = getattr(built, "grouped", None)
    if grouped is not None:
        owner, node, kind = grouped(frame, begin(frame, owner, call.node))
    elif built.aggregate or query.values == "flat":
        raise frame.refuse(
            "group-by", ast.unparse(call.node), "An expression of aggregates over groups.", call.node
        )
    else:
        node, kind = built.render(frame, query, root_of(frame, query.model))
        if query.grouped and not isinstance(node, ast.Attribute):
            raise frame.refuse(
                "group-by", ast.unparse(call.node), "A computed column joins the groups.", call.node
            )
        node = node if isinstance(node, ast.Attribute) else labelable(frame, node, Val(kind, node))
    text = ast.unparse(node)
    if OUTER in text:
        raise frame.refuse("outer-ref", ast.unparse(call.node), "OuterRef outside of a subquery.", call.node)
    return add_column(
        frame, owner, Column(key, text, widen(kind), grouped is not None, built.window), shown=shown
    )


@method(QuerySet, "select_for_update")
def lock(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``select_for_update()``: FOR UPDATE (nothing on SQLite)."""
    query = query_of(owner)
    options: dict[str, ast.expr] = {}
    call.only("nowait", "skip_locked", "of", "no_key", at_most=2)
    for position, key in enumerate(("nowait", "skip_locked", "of", "no_key")):
        value = call.argument(position, key)
        if value is None:
            continue
        known = value.kind.value if isinstance(value.kind, Const) else ...
        if key == "of" and value.text in ("('self',)", "['self']"):
            options[key] = root_of(frame, query.model)
        elif not isinstance(known, bool) or key == "of":
            if key == "of" and known == ():
                continue
            raise frame.refuse(
                "select-for-update", ast.unparse(call.node), f"Segue does not follow this {key}.", call.node
            )
        elif known:
            options["key_share" if key == "no_key" else key] = name("True")
    assert owner.node is not None
    node = ast.Call(
        ast.Attribute(owner.node, "with_for_update", ast.Load()),
        [],
        [ast.keyword(k, v) for k, v in options.items()],
    )
    return Val(QuerySet(query.with_(locked=True)), node)


@method(QuerySet, "using")
def using(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``using("default")``: where the rows are anyway."""
    given = call.argument(0, "alias")
    if given is None or not isinstance(given.kind, Const) or given.kind.value not in (None, "default"):
        raise frame.refuse(
            "using", ast.unparse(call.node), "Another database than the default one.", call.node
        )
    routing.check_unnamed(frame, given, call.node)
    return owner


@method(QuerySet, "iterator")
def iterator(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``iterator()``: the rows, asked for each time: Django keeps nothing of them in the queryset."""
    call.only("chunk_size", at_most=1)
    size = call.argument(0, "chunk_size")
    number = size.kind.value if size is not None and isinstance(size.kind, Const) else 0
    none = size is None or (isinstance(size.kind, Const) and number is None)
    if not none and (type(number) is not int or number <= 0):
        raise frame.refuse(
            "iterator",
            ast.unparse(call.node),
            "Its chunk_size is no number that is known to be above zero.",
            call.node,
        )
    if none and query_of(owner).prefetch:
        raise frame.refuse(
            "iterator",
            ast.unparse(call.node),
            "Without a chunk_size Django refuses to prefetch, or prefetches nothing, as its release goes.",
            call.node,
        )
    if frame.env.get("#rows:" + owner.text) is not None:
        raise frame.refuse(
            "iterator", ast.unparse(call.node), "The rows were read before; this reads them again.", call.node
        )
    if any(item.own for item in query_of(owner).prefetch):
        raise frame.refuse(
            "iterator", ast.unparse(call.node), "Releases of Django differ in what it prefetches.", call.node
        )
    return Val(QuerySet(query_of(owner).with_(streamed=True)), owner.node)


@method(QuerySet, "extra", "raw", "explain")
def refused(frame: Frame, owner: Val, call: CallSite) -> Val:
    """Not translated (yet)."""
    raise frame.refuse(
        f"queryset-{call.name}",
        ast.unparse(call.node),
        f"QuerySet.{call.name}() is not translated.",
        call.node,
    )


@method(QuerySet, "*")
def custom(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """A method of the model's own queryset class."""
    from segue.translate.interp.invoke import invoke_function
    from segue.translate.rules.managers import manager_method

    query = query_of(owner)
    model = frame.ctx.model(query.model)
    for cls in (query.manager, *model.managers.values()):
        function = manager_method(frame, cls, call.name)
        if function is not None:
            return invoke_function(frame, function, call, settle(frame, owner), "queries")
    return None


__all__ = ["Scalar"]
