"""A view's own ``get_serializer_context``: what it puts in beside DRF's request, view and format.

Django makes the context once for each serializer object; here an entry is evaluated where a serializer asks for it. That is
the same for what only looks at the request, the URL's arguments and the action; everything else refuses.
"""

from __future__ import annotations

import ast
import re
import textwrap
from dataclasses import dataclass

from segue.refusal import Refused
from segue.snapshot.model import Function
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import ViewSelf
from segue.translate.serializers.from_context import found_there
from segue.translate.specialise.endpoint import Endpoint

_OWN = "get_serializer_context"
OF_DRF = {"request": "self.request", "view": "self", "format": "self.format_kwarg"}
"""What ``GenericAPIView.get_serializer_context`` puts in."""
_PATHS = (
    "self.request", "self.request.user", "self.request.query_params", "self.request.GET", "self.request.method",
    "self.action", "self.kwargs",
)  # fmt: skip
_MAPPINGS = ("self.request.query_params", "self.request.GET", "self.kwargs")


@dataclass(frozen=True, slots=True)
class Entry:
    """An expression in terms of ``self``, the view, and the function whose names it uses. ``sometimes``: the key is there
    only if that is true; ``value`` is None otherwise, as ``context.get(key)`` is."""

    value: ast.expr
    function: Function
    sometimes: ast.expr | None = None


def lacks(key: str) -> str:
    """Under this key stands in :func:`context_of` that the context has no ``key`` of DRF's."""
    return f"no {key}"


def context_of(endpoint: Endpoint, definition: str = "") -> dict[str, Entry]:
    """What the project's definitions along the MRO put in, from ``definition`` on, by key; DRF's own three are there beside them.

    Raises ``Refused``.
    """
    memo = endpoint.ctx.memo.setdefault(("serializers", "own context"), {})
    assert isinstance(memo, dict)
    dotted = definition or endpoint.overridden(_OWN)
    if (endpoint.cls, dotted) not in memo:
        memo[endpoint.cls, dotted] = _along(endpoint, dotted)
    found = memo[endpoint.cls, dotted]
    assert isinstance(found, dict)
    return found


def entry(frame: Frame, endpoint: Endpoint, key: str, definition: str = "") -> Val | None:
    """The value under ``key`` in ``frame``, a method of a serializer; None where the project puts nothing there."""
    found = context_of(endpoint, definition).get(key)
    if found is None:
        return None
    was = frame.env, frame.function, frame.receiver
    frame.env, frame.function = {"self": Val(ViewSelf(endpoint))}, found.function
    try:
        value = frame.eval(found.value)
    finally:
        frame.env, frame.function, frame.receiver = was
    if value.node is not None and any(isinstance(n, ast.Await) for n in ast.walk(value.node)):
        raise endpoint.refuse_method(_OWN, f"What it puts under {key!r} asks the database.")
    return value


def _along(endpoint: Endpoint, dotted: str) -> dict[str, Entry]:
    function = endpoint.ctx.snapshot.functions.get(dotted)
    tree = ast.parse(textwrap.dedent(function.source)).body[0] if function is not None else None
    if (
        function is None
        or not isinstance(tree, ast.FunctionDef)
        or function.wrapped_by
        or [a.arg for a in tree.args.args] != ["self"]
    ):
        raise endpoint.refuse_method(_OWN, "It is no plain method without arguments.")
    return _Reader(endpoint, function).read(tree.body)


class _Reader:
    """Reads the statements of one definition."""

    def __init__(self, endpoint: Endpoint, function: Function) -> None:
        self.endpoint, self.function = endpoint, function
        self.locals: dict[str, ast.expr] = {}
        self.dicts: dict[str, dict[str, Entry]] = {}

    def read(self, body: list[ast.stmt]) -> dict[str, Entry]:
        for statement in body:
            match statement:
                case ast.Expr(ast.Constant()):
                    continue
                case ast.Return(value) if value is not None and statement is body[-1]:
                    made = self.display(value)
                    if made is not None:
                        return made
                case ast.Assign([ast.Name(local)], value):
                    if local in self.locals or local in self.dicts:
                        raise self.refused(statement)
                    made = self.display(value)
                    if made is not None:
                        self.dicts[local] = made
                    else:
                        self.locals[local] = self.value(value)
                    continue
                case ast.Assign([ast.Subscript(ast.Name(local), ast.Constant(str() as key))], value) if (
                    local in self.dicts and key not in OF_DRF
                ):
                    self.dicts[local] |= {key: Entry(self.value(value), self.function)}
                    continue
                case ast.If(test, set_there, []) if self.sets(test, set_there):
                    continue
                case ast.Expr(ast.Call(ast.Attribute(ast.Name(local), "update"), given, keywords)) if (
                    local in self.dicts and len(given) <= 1
                ):
                    for one in given:
                        self.dicts[local] |= self.items(one)
                    for keyword in keywords:
                        if keyword.arg is None or keyword.arg in OF_DRF:
                            raise self.refused(statement)
                        self.dicts[local] |= {keyword.arg: Entry(self.value(keyword.value), self.function)}
                    continue
            raise self.refused(statement)
        raise self.refused(ast.Pass(lineno=1))

    def sets(self, test: ast.expr, body: list[ast.stmt]) -> bool:
        """``if test: context["key"] = value``: an entry that is there for some requests, and None for the others."""
        for statement in body:
            match statement:
                case ast.Assign([ast.Subscript(ast.Name(local), ast.Constant(str() as key))], value) if (
                    local in self.dicts and key not in OF_DRF and lacks(key) not in self.dicts[local]
                ):
                    asked = self.value(test)
                    given = self.value(value, found_there(asked))
                    before = self.dicts[local].get(key)
                    otherwise = before.value if before is not None else ast.Constant(None)
                    made = ast.copy_location(ast.IfExp(asked, given, otherwise), statement)
                    sometimes = asked if before is None else before.sometimes
                    if before is not None and before.sometimes is not None:
                        return False
                    self.dicts[local] |= {key: Entry(made, self.function, sometimes)}
                case _:
                    return False
        return True

    def display(self, node: ast.expr) -> dict[str, Entry] | None:
        """A context as a whole: DRF's, one of the class behind, one made of it; None for anything else."""
        match node:
            case ast.Name(local) if local in self.dicts:
                return self.dicts[local]
            case ast.Call(ast.Attribute(ast.Call(ast.Name("super")), "get_serializer_context"), [], []):
                return self.behind(node)
            case ast.Dict([None, *_], [first, *_]):
                made = self.display(first)
                return None if made is None else made | self.items(ast.Dict(node.keys[1:], node.values[1:]))
            case ast.BinOp(left, ast.BitOr(), right):
                made = self.display(left)
                return None if made is None else made | self.items(right)
            case ast.Dict():
                keys = [k.value for k in node.keys if isinstance(k, ast.Constant)]
                if "request" not in keys:
                    raise self.refused(node, "There is no request in this context.")
                lacking = {
                    lacks(k): Entry(ast.Constant(None), self.function) for k in OF_DRF if k not in keys
                }
                return self.items(node) | lacking
        return None

    def behind(self, node: ast.AST) -> dict[str, Entry]:
        from segue.translate.interp.frame import Frame as Frame_
        from segue.translate.rules.view_self import definition

        frame = Frame_(self.endpoint.ctx, self.function, self.endpoint.app)
        found = definition(frame, self.endpoint.cls, _OWN, after=self.function.owner) or ""
        if found.startswith("rest_framework."):
            return {}
        return _along(self.endpoint, found)

    def items(self, node: ast.expr) -> dict[str, Entry]:
        """A dict of plain entries."""
        if not isinstance(node, ast.Dict):
            raise self.refused(node)
        found: dict[str, Entry] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
                raise self.refused(node)
            if key.value in OF_DRF:
                if ast.unparse(value) != OF_DRF[key.value]:
                    raise self.refused(value)
                continue
            found[key.value] = Entry(self.value(value), self.function)
        return found

    def value(self, node: ast.expr, sure: frozenset[str] = frozenset()) -> ast.expr:
        """``node`` with locals written out, if it only looks at the request. Raises ``Refused``.

        ``sure``: what is known to be there.
        """
        made = _Written(self.locals).visit(ast.parse(ast.unparse(node), mode="eval").body)
        assert isinstance(made, ast.expr)
        for part in ast.walk(made):
            ast.copy_location(part, node) if isinstance(part, ast.expr) else None
        if not self.looks_only(made, sure):
            raise self.refused(node)
        return made

    def refused(self, node: ast.AST, why: str = "") -> Refused:
        return self.endpoint.refuse_method(
            _OWN,
            why or f"Segue reads plain entries that look at the request, not {ast.unparse(node)[:60]!r}.",
        )

    def looks_only(self, node: ast.expr, sure: frozenset[str] = frozenset()) -> bool:
        """Whether evaluating ``node`` later, more than once or never makes no difference."""
        match node:
            case ast.Constant():
                return True
            case ast.Attribute():
                text = ast.unparse(node)
                of_user = (
                    text.startswith("self.request.user.") and text.count(".") == 3 and node.attr in _OF_USER
                )
                return text in _PATHS or of_user or self.of_request(node, sure)
            case ast.BoolOp(op, values):
                for value in values:
                    if not self.looks_only(value, sure):
                        return False
                    sure |= found_there(value) if isinstance(op, ast.And) else frozenset()
                return True
            case ast.UnaryOp(ast.Not(), operand):
                return self.looks_only(operand, sure)
            case ast.Compare(left, ops, others):
                plain = all(
                    isinstance(o, ast.Eq | ast.NotEq | ast.In | ast.NotIn | ast.Is | ast.IsNot) for o in ops
                )
                return plain and all(self.looks_only(v, sure) for v in (left, *others))
            case ast.IfExp(asked, yes, no):
                there = self.looks_only(yes, sure | found_there(asked))
                return there and self.looks_only(asked, sure) and self.looks_only(no, sure)
            case ast.List(items) | ast.Tuple(items):
                return all(isinstance(i, ast.Constant) for i in items)
            case ast.Call(ast.Attribute(mapping, "get"), given, []):
                return ast.unparse(mapping) in _MAPPINGS and all(self.looks_only(g, sure) for g in given)
            case ast.Call(ast.Name("bool"), [one], []):
                return self.looks_only(one, sure)
        return False

    def of_request(self, node: ast.Attribute, sure: frozenset[str]) -> bool:
        """``self.event`` and ``self.event.locales``, where ``event`` is a property that gives what middleware put on the request.

        Whether an attribute of that object is there, and costs no query, is seen where it is translated; here: that no
        method of the view changes the object on its way, and that nothing is asked of None, which fails where Django
        makes the context.
        """
        if not isinstance(node.value, ast.Name):
            held = isinstance(node.value, ast.Attribute) and self.of_request(node.value, sure)
            return held and ast.unparse(node.value) in sure
        known = self.endpoint.klass()
        dotted = known.methods.get(node.attr, "") if known is not None and node.value.id == "self" else ""
        function = self.endpoint.ctx.snapshot.functions.get(dotted)
        if function is None or function.role not in ("property", "cached_property"):
            return False
        tree = ast.parse(textwrap.dedent(function.source)).body[0]
        match tree.body[-1] if isinstance(tree, ast.FunctionDef) and len(tree.body) == 1 else None:
            case ast.Return(
                ast.Call(ast.Name("getattr"), [path, ast.Constant(str() as name), ast.Constant()], [])
            ):
                given = ast.unparse(path) == "self.request"
            case ast.Return(ast.Attribute(path, name)):
                given = ast.unparse(path) == "self.request"
            case _:
                return False
        names = f"({re.escape(name)}|{re.escape(node.attr)})"
        changed = re.compile(
            rf"(\b{names}(\.\w+)*\.\w+|\.{names})\s*[-+*/|&]?=[^=]"
            rf"|\b{names}(\.\w+)*\.\w+\.(append|extend|pop|clear|remove)\("
        )
        mro = set(known.mro) if known is not None else set()
        return given and not any(
            f.owner in mro and changed.search(f.source) for f in self.endpoint.ctx.snapshot.functions.values()
        )


class _Written(ast.NodeTransformer):
    def __init__(self, known: dict[str, ast.expr]) -> None:
        self.known = known

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return (
            ast.parse(ast.unparse(self.known[node.id]), mode="eval").body if node.id in self.known else node
        )


# What is on every user, anonymous ones included, without a query.
_OF_USER = frozenset(
    {"is_authenticated", "is_anonymous", "is_staff", "is_superuser", "is_active", "pk", "id"}
)
