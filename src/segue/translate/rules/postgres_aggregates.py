"""``ArrayAgg``, ``StringAgg``, ``JSONBAgg``, ``BoolAnd`` … of ``django.contrib.postgres.aggregates``.

Arrays have an order only where one is asked for or each item is there once (PostgreSQL sorts those); any other order is the
database's own, which another statement may not have.
"""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.join import widen
from segue.translate.interp.value import Val, const, literal, quote
from segue.translate.kinds import Const, Expr, Expressions, Global, Kind, Scalar
from segue.translate.query.postgres import on_postgresql
from segue.translate.rules.aggregate_sorts import Sort, sql_call
from segue.translate.rules.aggregates import aggregate_of
from segue.translate.rules.registry import function

_MODULE = "django.contrib.postgres.aggregates"
_HELPERS = "segue_bridge.db.postgres_aggregates"
_LISTS = {"ArrayAgg": "array_agg", "JSONBAgg": "jsonb_agg", "StringAgg": "string_agg"}
_BITS = {"BoolAnd": "bool", "BoolOr": "bool", "BitAnd": "int", "BitOr": "int", "BitXor": "int"}
_SQL = {
    "BoolAnd": "bool_and",
    "BoolOr": "bool_or",
    "BitAnd": "bit_and",
    "BitOr": "bit_or",
    "BitXor": "bit_xor",
}
_ITEMS = frozenset({"str", "int", "bool"})
_EMPTY = frozenset({"[]", "()", "list()"})


def _list(frame: Frame, call: CallSite) -> Val:
    short = call.name.rpartition(".")[2]
    on_postgresql(frame, call.node)
    call.only(
        "expression", "delimiter", "distinct", "filter", "default", "ordering", "order_by",
        at_most=2 if short == "StringAgg" else 1,
    )  # fmt: skip
    path = _path(frame, call)
    order = _order(frame, call, path)
    distinct = call.kwargs.get("distinct")
    once = distinct is not None and isinstance(distinct.kind, Const) and distinct.kind.value is True
    if (distinct is not None and not isinstance(distinct.kind, Const)) or not (order or once):
        raise _refused(frame, call, "Its items have no order that both sides would have.")
    delimiter = _delimiter(frame, call) if short == "StringAgg" else None

    def make(inner: Frame, column: ast.expr | None, each_once: bool) -> ast.expr:
        assert column is not None
        made = ast.Call(inner.imported(_HELPERS, _LISTS[short]), [column], [])
        if delimiter is not None:
            made.args.append(delimiter)
        if each_once:
            made.keywords.append(ast.keyword("distinct", literal(True)))
        if order:
            terms = [quote("{0}.desc()", column) if down else column for down in order]
            made.keywords.append(ast.keyword("order", ast.List(terms, ast.Load())))
        return made

    def kind(inner: Frame, column: Kind, site: CallSite) -> Kind:
        found = widen(column)
        known = isinstance(found, Scalar) and found.type in (_ITEMS if short != "StringAgg" else ("str",))
        if not known:
            raise _refused(inner, site, "Segue has no rule for items of this type.")
        return Scalar("str" if short == "StringAgg" else "list[Any]", True)

    def absent(inner: Frame, node: ast.expr) -> ast.expr:
        return quote("{0}({1})", inner.imported(_HELPERS, "or_none_alone"), node)

    def empty(inner: Frame, node: ast.expr) -> ast.expr:
        return quote("{0}({1})", inner.imported(_HELPERS, "or_empty"), node)

    default = call.kwargs.get("default")
    blank = short == "ArrayAgg" and _is_empty(frame, call)
    if default is not None and default.kind != Const(None) and not blank and short != "StringAgg":
        raise _refused(frame, call, "Its default is no empty list.")
    sort = Sort(
        make,
        kind,
        _LISTS[short].replace("_", ""),
        absent=absent if short != "StringAgg" else None,
        finish=empty if blank else None,
    )
    return aggregate_of(frame, call, sort, None if blank else default)


def _bits(frame: Frame, call: CallSite) -> Val:
    short = call.name.rpartition(".")[2]
    on_postgresql(frame, call.node)
    call.only("expression", "filter", "default", at_most=1)
    _path(frame, call)

    def kind(inner: Frame, column: Kind, site: CallSite) -> Kind:
        found = widen(column)
        if not isinstance(found, Scalar) or found.type != _BITS[short]:
            raise _refused(inner, site, f"It is not over a {_BITS[short]}.")
        return Scalar(found.type, True)

    sort = Sort(sql_call(_SQL[short]), kind, short.lower(), steady=short != "BitXor")
    return aggregate_of(frame, call, sort, call.kwargs.get("default"))


def _path(frame: Frame, call: CallSite) -> str:
    first = call.argument(0, "expression")
    if first is not None and isinstance(first.kind, Const) and isinstance(first.kind.value, str):
        return first.kind.value
    column = first.kind.build.column if first is not None and isinstance(first.kind, Expr) else ""
    if not column:
        raise _refused(frame, call, "It is over something else than a column.")
    return str(column)


def _order(frame: Frame, call: CallSite, path: str) -> list[bool]:
    """Whether each term of its order, which are all of the column itself, goes down."""
    found: list[bool] = []
    for key in ("ordering", "order_by"):
        given = call.kwargs.get(key)
        if given is None:
            continue
        for term in _terms(given):
            text = term.kind.value if isinstance(term.kind, Const) else None
            built = term.kind.build if isinstance(term.kind, Expr) else None
            if built is not None and built.column == path and not built.nulls:
                found.append(bool(built.descending))
            elif isinstance(text, str) and text.removeprefix("-") == path:
                found.append(text.startswith("-"))
            else:
                raise _refused(frame, call, "It is ordered by something else than its own column.")
    if len(found) > 1:
        raise _refused(frame, call, "It is ordered by one column twice.")
    return found


def _terms(given: Val) -> list[Val]:
    if isinstance(given.kind, Expressions):
        return list(given.kind.items)
    if isinstance(given.kind, Const) and isinstance(given.kind.value, tuple):
        return [const(item) for item in given.kind.value]
    return [given]


def _delimiter(frame: Frame, call: CallSite) -> ast.expr:
    given = call.argument(1, "delimiter")
    if given is None or given.node is None or widen(given.kind) != Scalar("str"):
        raise _refused(frame, call, "Its delimiter is not known to be a text.")
    return given.node


def _is_empty(frame: Frame, call: CallSite) -> bool:
    """``default=Value([])``, ``default=[]``."""
    node = call.raw_kwargs.get("default")
    if isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords:
        called = frame.eval(node.func).kind
        if isinstance(called, Global) and called.ref.name.endswith(".Value"):
            node = node.args[0]
    return node is not None and ast.unparse(node) in _EMPTY


def _refused(frame: Frame, call: CallSite, why: str) -> Exception:
    return frame.refuse("postgres-aggregate", ast.unparse(call.node), why, call.node)


for _name in _LISTS:
    function(f"{_MODULE}.general.{_name}", f"{_MODULE}.{_name}")(_list)
for _name in _BITS:
    function(f"{_MODULE}.general.{_name}", f"{_MODULE}.{_name}")(_bits)
