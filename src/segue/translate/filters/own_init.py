"""``__init__`` of a FilterSet that gives its filters other querysets (``self.filters["room"].queryset = request.event.rooms.all()``).

It runs for every request, but a filter whose parameter is absent gives the queryset back, whatever its own is
(``django_filters.filters.QuerySetRequestMixin``, ``BaseFilterSet.filter_queryset``). So requests that use one of these filters are left to
Django, and all others need of the method only that it does not fail: what it assigns is run through here, and must be querysets that come
of what every request has.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Collection

from segue.refusal import Refused
from segue.snapshot.model import Function
from segue.translate.interp.conditions import test
from segue.translate.interp.frame import Frame
from segue.translate.interp.unroll import NotKnown, known
from segue.translate.interp.value import Val, const
from segue.translate.kinds import Const, KeywordDict, QuerySet, Request

# What makes a statement; any other call may fail, and so may a look at what a request need not have.
_BUILDING = frozenset(
    {
        "select", "where", "order_by", "distinct", "join", "outerjoin", "correlate", "exists", "scalar_subquery", "subquery", "and_",
        "or_", "not_", "false", "true", "null", "in_", "not_in", "is_", "is_not", "asc", "desc", "aliased",
    }
)  # fmt: skip
_OF_SOME = frozenset({"user", "auth", "query", "data", "body"})


def narrowed(frame: Frame, function: Function) -> frozenset[str] | None:
    """The names of the filters that ``function`` gives another queryset; None where it does more, or may fail."""
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    if not isinstance(tree, ast.FunctionDef) or tree.decorator_list or function.wrapped_by:
        return None
    spec = tree.args
    if len(spec.args) != 1 or spec.posonlyargs or spec.vararg is None or spec.kwarg is None:
        return None
    if any(not isinstance(one, ast.Constant) for one in spec.kw_defaults):
        return None
    body = [s for s in tree.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    first = f"super().__init__(*{spec.vararg.arg}, **{spec.kwarg.arg})"
    if not body or ast.unparse(body[0]) != first:
        return None
    # ``FilterSet(data=…, queryset=…, request=…)``: ``DjangoFilterBackend.get_filterset_kwargs``.
    given = KeywordDict((("request", Val(Request())),))
    env = {spec.kwarg.arg: Val(given)}
    env |= {
        one.arg: const(ast.literal_eval(d))
        for one, d in zip(spec.kwonlyargs, spec.kw_defaults, strict=True)
        if d
    }
    inner = Frame(frame.ctx, function, frame.app, env=env)
    run = _Init(inner, spec.args[0].arg)
    try:
        run.body(body[1:])
    except (NotKnown, Refused):
        return None
    return frozenset(run.names)


class _Init:
    def __init__(self, frame: Frame, receiver: str) -> None:
        self.frame, self.receiver, self.names = frame, receiver, set[str]()

    def body(self, statements: Collection[ast.stmt]) -> None:
        for statement in statements:
            self.one(statement)

    def one(self, statement: ast.stmt) -> None:
        """Raises ``NotKnown`` for what is not followed, ``Refused`` for what has no translation."""
        match statement:
            case ast.Assign([ast.Name(local)], value):
                self.frame.env[local] = self.value(value)
            case ast.Assign([target], value):
                self.names.add(self.filter_of(target))
                if not isinstance(self.value(value).kind, QuerySet):
                    raise NotKnown
            case ast.If(condition, then, otherwise):
                self.branches(condition, then, otherwise)
            case ast.For(ast.Name(local), items, inner, []):
                for item in known(self.frame, items):
                    if not isinstance(item, str):
                        raise NotKnown
                    self.frame.env[local] = const(item)
                    self.body(inner)
            case ast.Pass():
                pass
            case _:
                raise NotKnown

    def branches(self, condition: ast.expr, then: list[ast.stmt], otherwise: list[ast.stmt]) -> None:
        with self.frame.capture() as lines:
            found = test(self.frame, condition)
        if lines or _fails(found.node):
            raise NotKnown
        before, facts = self.frame.snapshot_env(), dict(self.frame.facts)
        for holds, body in ((found.then, then), (found.otherwise, otherwise)):
            if found.known is not None and (holds is found.then) is not found.known:
                continue
            self.frame.restore_env(before)
            self.frame.facts = {**facts, **holds}
            self.body(body)
        if found.known is None:
            self.frame.restore_env(before)  # what only one branch has set is not known behind it
            self.frame.facts = facts

    def filter_of(self, target: ast.expr) -> str:
        """``self.filters[name].queryset``, ``self.filters[name].extra["queryset"]``: the name."""
        match target:
            case ast.Attribute(ast.Subscript(owner, key), "queryset"):
                pass
            case ast.Subscript(ast.Attribute(ast.Subscript(owner, key), "extra"), ast.Constant("queryset")):
                pass
            case _:
                raise NotKnown
        if ast.unparse(owner) != f"{self.receiver}.filters":
            raise NotKnown
        name = self.frame.eval(key).kind
        if not isinstance(name, Const) or not isinstance(name.value, str):
            raise NotKnown
        return name.value

    def value(self, node: ast.expr) -> Val:
        with self.frame.capture() as lines:
            found = self.frame.eval(node)
        if lines or (found.node is not None and _fails(found.node)):
            raise NotKnown
        return found


def _fails(node: ast.expr) -> bool:
    """Whether working it out may fail, or waits for something."""
    for part in ast.walk(node):
        match part:
            case ast.Call(ast.Name(called) | ast.Attribute(_, called)) if called in _BUILDING:
                continue
            case ast.Call() | ast.Subscript() | ast.Await() | ast.BinOp() | ast.NamedExpr():
                return True
            case ast.Name(name) | ast.Attribute(_, name) if name in _OF_SOME:
                return True
    return False


__all__ = ["narrowed"]
