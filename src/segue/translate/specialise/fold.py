"""Evaluates the small methods that choose classes: ``get_serializer_class``, ``get_permissions`` …

They run at translation time, with the action and method known. What depends on anything else (the user,
the request's data) is refused: the choice could not be written down.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from segue.refusal import Refused, refuse
from segue.snapshot.model import Function, Value, Where
from segue.translate.specialise.endpoint import EMPTY, Endpoint
from segue.translate.specialise.has import has_attribute
from segue.translate.specialise.users import every_user_has, every_user_has_perm


@dataclass(frozen=True, slots=True)
class Ref:
    """A class or function by its dotted name."""

    name: str


@dataclass(frozen=True, slots=True)
class Made:
    """An instance: ``cls()``; operators of permissions are ``Made("&", ...)``.

    ``given``: sources of the positional arguments that the class is called with (``partial(cls, self.queryset)``).
    """

    cls: str
    parts: tuple[Any, ...] = ()
    given: tuple[str, ...] = ()


class Chosen(Exception):
    """A ``return`` of the method that is run; ``value`` is what it returns."""

    def __init__(self, value: Any) -> None:
        self.value = value


def call_method(endpoint: Endpoint, name: str) -> Any:
    """What ``self.<name>()`` returns for this endpoint. The method must be the project's own.

    Raises :class:`Refused`.
    """
    own: dict[str, Any] = {}
    found = _call(endpoint, endpoint.overridden(name), name, own)
    check_kept(endpoint, name, own)
    return found


def check_kept(endpoint: Endpoint, name: str, own: Mapping[str, Any]) -> None:
    """Raise ``Refused`` where ``self.<name>()`` puts another class attribute on the view than the one that it is about."""
    for attribute in own:
        if attribute != _ABOUT.get(name) and endpoint.declared(attribute) is not EMPTY:
            why = (
                f"It gives the view another {attribute} for some requests: write that where it is asked for."
            )
            raise endpoint.refuse_method(name, why)


def plain(value: Value) -> Any:
    """A snapshot value as the folder sees it."""
    if value.kind == "const":
        return value.data
    if value.kind in ("list", "tuple", "set"):
        return [plain(v) for v in value.items]
    if value.kind == "ref":
        return Ref(value.name)
    if value.kind == "call":
        return Made(value.name, tuple(plain(v) for v in value.items))
    if value.kind == "dict":
        return {plain(k): plain(v) for k, v in value.pairs}
    if value.kind in ("lazy", "regex"):
        return value.data
    return value


def _call(endpoint: Endpoint, dotted: str, name: str, own: dict[str, Any] | None = None) -> Any:
    """``own``: what methods that ran before on the same view have put on it."""
    function = endpoint.ctx.snapshot.functions.get(dotted)
    if function is None:
        raise endpoint.refuse("no-source", dotted or name, "The snapshot has no source for it.")
    folder = Folder(endpoint, function)
    folder.own = own if own is not None else folder.own
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    if not isinstance(tree, ast.FunctionDef):
        raise refuse("no-source", dotted, "Its source is not one function.", function.where)
    try:
        folder.run(tree.body)
    except Chosen as done:
        return done.value
    return None


class Folder:
    """Runs one method of a view; :class:`Refused` with ``dynamic-<method>`` where it asks for more than is known."""

    def __init__(self, endpoint: Endpoint, function: Function) -> None:
        self.endpoint, self.function = endpoint, function
        self.names: dict[str, Any] = {}
        self.own: dict[str, Any] = {}

    def fork(self) -> Folder:
        """One that goes on from here on its own."""
        other = Folder(self.endpoint, self.function)
        other.names = {k: list(v) if isinstance(v, list) else v for k, v in self.names.items()}
        other.own = dict(self.own)
        return other

    def run(self, body: list[ast.stmt]) -> None:
        """Run statements. Raises :class:`Chosen` at a ``return``."""
        for stmt in body:
            if isinstance(stmt, ast.Return):
                raise Chosen(None if stmt.value is None else self.value(stmt.value))
            if isinstance(stmt, ast.If):
                self.run(stmt.body if self.truth(stmt.test) else stmt.orelse)
            elif isinstance(stmt, ast.Assign) and len(stmt.targets) == 1:
                self.assign(stmt.targets[0], self.value(stmt.value))
            elif isinstance(stmt, ast.AnnAssign) and stmt.value is not None:
                self.assign(stmt.target, self.value(stmt.value))
            elif (
                isinstance(stmt, ast.AugAssign)
                and isinstance(stmt.op, ast.Add)
                and isinstance(stmt.target, ast.Name)
            ):
                self.names[stmt.target.id] = [*self.names.get(stmt.target.id, []), *self.value(stmt.value)]
            elif (isinstance(stmt, ast.Expr) and isinstance(stmt.value, ast.Constant)) or (
                isinstance(stmt, ast.Expr) and self._append(stmt.value)
            ):
                continue
            elif isinstance(stmt, ast.Match):
                self.match(stmt)
            elif isinstance(stmt, ast.For):
                self.loop(stmt)
            elif not isinstance(stmt, ast.Pass):
                raise self.dynamic(stmt)

    def _append(self, node: ast.expr) -> bool:
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "append"
            and isinstance(node.func.value, ast.Name)
            and isinstance(self.names.get(node.func.value.id), list)
            and len(node.args) == 1
        ):
            self.names[node.func.value.id].append(self.value(node.args[0]))
            return True
        return False

    def loop(self, stmt: ast.For) -> None:
        """A loop over a known list, without ``break``, ``continue`` and ``else``."""
        jumps = any(isinstance(n, ast.Break | ast.Continue) for n in ast.walk(stmt))
        items = self.value(stmt.iter)
        if jumps or stmt.orelse or not isinstance(items, list) or not isinstance(stmt.target, ast.Name):
            raise self.dynamic(stmt)
        for item in list(items):
            self.names[stmt.target.id] = item
            self.run(stmt.body)

    def match(self, stmt: ast.Match) -> None:
        subject = self.value(stmt.subject)
        for case in stmt.cases:
            if case.guard is not None:
                raise self.dynamic(stmt)
            if self.matches(case.pattern, subject):
                self.run(case.body)
                return

    def matches(self, pattern: ast.pattern, subject: Any) -> bool:
        if isinstance(pattern, ast.MatchValue):
            return bool(self.value(pattern.value) == subject)
        if isinstance(pattern, ast.MatchOr):
            return any(self.matches(p, subject) for p in pattern.patterns)
        if isinstance(pattern, ast.MatchAs) and pattern.pattern is None and pattern.name is None:
            return True
        raise self.dynamic(pattern)

    def assign(self, target: ast.expr, value: Any) -> None:
        if isinstance(target, ast.Name):
            self.names[target.id] = value
        elif (
            isinstance(target, ast.Attribute)
            and isinstance(target.value, ast.Name)
            and target.value.id == "self"
        ):
            self.own[target.attr] = value
        else:
            raise self.dynamic(target)

    def value(self, node: ast.expr) -> Any:
        method = getattr(self, f"on_{type(node).__name__.lower()}", None)
        if method is None:
            raise self.dynamic(node)
        return method(node)

    def truth(self, node: ast.expr) -> bool:
        """Whether the value of ``node`` counts as true."""
        if isinstance(node, ast.BoolOp):
            decides = isinstance(node.op, ast.Or)
            if self.behind_users(node, self.truth) == [decides]:
                return decides
        return bool(self.value(node))

    def on_constant(self, node: ast.Constant) -> Any:
        return node.value

    def on_name(self, node: ast.Name) -> Any:
        if node.id in self.names:
            return self.names[node.id]
        return self.named(node.id, node)

    def named(self, text: str, node: ast.AST) -> Any:
        ref = self.function.globals.get(text)
        if ref is None or ref.kind == "missing":
            raise self.dynamic(node)
        if ref.kind == "constant" and ref.value is not None:
            return plain(ref.value)
        if ref.kind == "instance" and ref.value is not None and ref.value.kind == "call":
            made = plain(ref.value)
            if made.cls.startswith("rest_framework.permissions."):
                return made
        if ref.kind in ("class", "model", "function", "builtin", "module"):
            return Ref(ref.name)
        raise self.dynamic(node)

    def on_attribute(self, node: ast.Attribute) -> Any:
        text = ast.unparse(node)
        if text == "self.action":
            if self.endpoint.any_action:
                raise self.dynamic(node)
            return self.endpoint.action
        if text == "self.detail" and self.endpoint.detail is not None:
            return self.endpoint.detail
        if text == "self.request":
            return Ref("django.http.HttpRequest")  # there is one whenever DRF asks
        if text in ("self.request.method", "request.method") and self.endpoint.method:
            return self.endpoint.method
        if text in self.function.globals:
            return self.named(text, node)
        if isinstance(node.value, ast.Name) and node.value.id == "self":
            if node.attr in self.own:
                return self.own[node.attr]
            known = self.endpoint.klass()
            if known is not None and node.attr in known.methods:
                raise self.dynamic(node)  # a property: for each request what it gives then
            policy = self.endpoint.view.policies.get(node.attr)
            found = (
                policy if policy is not None and node.attr in _POLICIES else self.endpoint.declared(node.attr)
            )
            if policy is not None and node.attr in _POLICIES:
                found = self.endpoint.policy(node.attr)
            if found.kind == "opaque" or found is EMPTY:
                raise self.dynamic(
                    node
                )  # what no class has is put on the view for each request, as ``kwargs`` is
            return plain(found)
        raise self.dynamic(node)

    def on_list(self, node: ast.List | ast.Tuple | ast.Set) -> Any:
        out: list[Any] = []
        for item in node.elts:
            if isinstance(item, ast.Starred):
                out.extend(self.value(item.value))
            else:
                out.append(self.value(item))
        return out

    on_tuple = on_set = on_list

    def on_dict(self, node: ast.Dict) -> Any:
        if any(k is None for k in node.keys):
            raise self.dynamic(node)
        return {
            self.value(k): self.value(v) for k, v in zip(node.keys, node.values, strict=True) if k is not None
        }

    def on_subscript(self, node: ast.Subscript) -> Any:
        container, key = self.value(node.value), self.value(node.slice)
        try:
            return container[key]
        except (KeyError, IndexError, TypeError):
            raise self.dynamic(node) from None

    def on_listcomp(self, node: ast.ListComp) -> Any:
        loop = node.generators[0]
        if len(node.generators) != 1 or loop.ifs or not isinstance(loop.target, ast.Name):
            raise self.dynamic(node)
        out = []
        before = dict(self.names)
        try:
            for item in self.value(loop.iter):
                self.names[loop.target.id] = item
                out.append(self.value(node.elt))
        finally:
            self.names = before
        return out

    on_generatorexp = on_listcomp

    def on_ifexp(self, node: ast.IfExp) -> Any:
        return self.value(node.body if self.truth(node.test) else node.orelse)

    def on_boolop(self, node: ast.BoolOp) -> Any:
        decides = isinstance(node.op, ast.Or)
        found = self.behind_users(node, self.value)
        if found and found[0] is decides:
            return decides  # what is asked of the user is a bool, too
        for part in node.values[:-1]:
            if isinstance(node.op, ast.And) != self.truth(part):
                return self.value(part)
        return self.value(node.values[-1])

    def behind_users(self, node: ast.BoolOp, ask: Callable[[ast.expr], Any]) -> list[Any]:
        """What ``ask`` says of the part right behind those that only ask about the user; empty where that is not known.

        ``user.has_perm("x") and self.action == "approve"``: where that part decides, it does not matter what the user may.
        """
        asking = sum(1 for _ in takewhile(self._asks_user, node.values))
        if not 0 < asking < len(node.values):
            return []
        own = dict(self.own)
        try:
            found = [ask(node.values[asking])]
        except Refused:
            found = []
        if self.own != own:  # it puts something on the view, for some users only
            self.own.clear()
            self.own.update(own)
            return []
        return found

    def _asks_user(self, node: ast.expr) -> bool:
        """Whether it only asks who is there: every user answers, anonymous ones too, and nothing changes by that."""
        match node:
            case ast.UnaryOp(ast.Not(), operand):
                return self._asks_user(operand)
            case ast.Attribute(user, name):
                return ast.unparse(user) == "self.request.user" and every_user_has(
                    self.endpoint.ctx, name, flag=True
                )
            case ast.Call(ast.Attribute(user, "has_perm"), [ast.Constant(str())], []):
                return ast.unparse(user) == "self.request.user" and every_user_has_perm(self.endpoint.ctx)
        return False

    def on_unaryop(self, node: ast.UnaryOp) -> Any:
        if isinstance(node.op, ast.Not):
            return not self.truth(node.operand)
        if isinstance(node.op, ast.Invert):
            return Made("rest_framework.permissions.NOT", (self.value(node.operand),))
        raise self.dynamic(node)

    def on_binop(self, node: ast.BinOp) -> Any:
        left, right = self.value(node.left), self.value(node.right)
        if isinstance(node.op, ast.Add) and isinstance(left, list) and isinstance(right, list):
            return [*left, *right]
        names: dict[type[ast.operator], str] = {ast.BitAnd: "AND", ast.BitOr: "OR"}
        found = names.get(type(node.op))
        if found is None:
            raise self.dynamic(node)
        return Made(f"rest_framework.permissions.{found}", (left, right))

    def on_compare(self, node: ast.Compare) -> Any:
        left = self.value(node.left)
        for op, other in zip(node.ops, node.comparators, strict=True):
            right = self.value(other)
            result = _COMPARE.get(type(op))
            if result is None:
                raise self.dynamic(node)
            if not result(left, right):
                return False
            left = right
        return True

    def on_call(self, node: ast.Call) -> Any:
        text = ast.unparse(node.func)
        if text.startswith("super(") and isinstance(node.func, ast.Attribute):
            return self.parent(node.func.attr, node)
        if text == "getattr" and len(node.args) >= 2:
            return self._getattr(node)
        if text == "hasattr":
            # ``ViewSetMixin.initialize_request``
            if ast.unparse(node) == "hasattr(self, 'action')" and self.endpoint.view.flavour == "viewset":
                return True
            return self._has(node)
        if text in ("isinstance", "issubclass") and len(node.args) == 2 and text not in self.names:
            return self._is_a(node)
        if text in ("list", "tuple", "set") and len(node.args) == 1:
            return list(self.value(node.args[0]))
        if isinstance(node.func, ast.Attribute) and node.func.attr == "get" and 1 <= len(node.args) <= 2:
            container = self.value(node.func.value)
            if isinstance(container, dict):
                return container.get(
                    self.value(node.args[0]), self.value(node.args[1]) if len(node.args) > 1 else None
                )
        if isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) == "self" and not node.args:
            return self.self_call(node.func.attr, node)
        target = self.value(node.func)
        if isinstance(target, Ref) and not node.args and not node.keywords:
            return Made(target.name)
        if isinstance(target, Ref) and target.name == "functools.partial":
            return self._partial(node)
        if (
            isinstance(target, Made)
            and target.cls.startswith("rest_framework.permissions.")
            and not node.args
        ):
            return target
        raise self.dynamic(node)

    def _has(self, node: ast.Call) -> bool:
        """``hasattr(self, "x")``: what a class of the view has, or nothing ever puts on a view."""
        match node:
            case ast.Call(_, [ast.Name("self"), ast.Constant(str(wanted))], []) if (
                "hasattr" not in self.names
            ):
                found = True if wanted in self.own else has_attribute(self.endpoint, wanted)
                if found is not None:
                    return found
        raise self.dynamic(node)

    def _is_a(self, node: ast.Call) -> bool:
        """``isinstance(made, cls)`` and ``issubclass(ref, cls)``, by the snapshot's MRO."""
        subject, wanted = self.value(node.args[0]), self.value(node.args[1])
        kind = Made if isinstance(node.func, ast.Name) and node.func.id == "isinstance" else Ref
        name = subject.cls if isinstance(subject, Made) else subject.name if isinstance(subject, Ref) else ""
        known = self.endpoint.ctx.snapshot.classes.get(name)
        options = wanted if isinstance(wanted, list) else [wanted]
        if not isinstance(subject, kind) or known is None or not all(isinstance(o, Ref) for o in options):
            raise self.dynamic(node)
        return any(o.name in known.mro for o in options)

    def _partial(self, node: ast.Call) -> Made:
        """A permission class with arguments, which DRF calls without any."""
        cls = self.value(node.args[0]) if node.args and not node.keywords else None
        given = node.args[1:]
        if not isinstance(cls, Ref) or not all(
            isinstance(a, ast.Constant)
            or (isinstance(a, ast.Attribute) and isinstance(a.value, ast.Name) and a.value.id == "self")
            for a in given
        ):
            raise self.dynamic(node)
        return Made(cls.name, given=tuple(ast.unparse(a) for a in given))

    def _getattr(self, node: ast.Call) -> Any:
        name = self.value(node.args[1])
        if not isinstance(name, str):
            raise self.dynamic(node)
        return self.value(ast.Attribute(node.args[0], name, ast.Load()))

    def self_call(self, name: str, node: ast.AST) -> Any:
        if self.endpoint.overridden(name):
            return _call(self.endpoint, self.endpoint.overridden(name), name, self.own)
        known = self.endpoint.klass()
        if (
            known is not None
            and name not in known.methods
            and isinstance(node, ast.Call)
            and not node.keywords
        ):
            # A class that an attribute of the view holds: a class is not bound to what it is looked up on.
            held = self.value(node.func)
            if isinstance(held, Ref) and held.name in self.endpoint.ctx.snapshot.classes:
                return Made(held.name)
        return self.framework(name, node)

    def parent(self, name: str, node: ast.AST) -> Any:
        known = self.endpoint.klass()
        mro = list(known.mro) if known else []
        after = mro[mro.index(self.function.owner) + 1 :] if self.function.owner in mro else []
        for cls in after:
            dotted = f"{cls}.{name}"
            if dotted in self.endpoint.ctx.snapshot.functions:
                return _call(self.endpoint, dotted, name, self.own)
        return self.framework(name, node)

    def framework(self, name: str, node: ast.AST) -> Any:
        """DRF's own definition of the method."""
        if name in _LISTS:
            wanted = _LISTS[name]
            classes = self.own.get(wanted)
            if classes is None:
                classes = plain(self.endpoint.policy(wanted))
            return [c if isinstance(c, Made) else Made(c.name) for c in classes or []]
        if name == "get_serializer_class":
            return self.own.get("serializer_class", plain(self.endpoint.attribute("serializer_class")))
        raise self.dynamic(node)

    def dynamic(self, node: ast.AST) -> Refused:
        line = self.function.where.line + (getattr(node, "lineno", 1) or 1) - 1
        text = ast.unparse(node) if isinstance(node, ast.expr | ast.stmt) else type(node).__name__
        return refuse(
            f"dynamic-{self.function.name.rpartition('.')[2].replace('_', '-')}",
            text.splitlines()[0][:80],
            "The choice depends on more than the action and method.",
            Where(self.function.where.file, line),
        )


_LISTS = {
    "get_permissions": "permission_classes",
    "get_authenticators": "authentication_classes",
    "get_throttles": "throttle_classes",
    "get_renderers": "renderer_classes",
    "get_parsers": "parser_classes",
}
_ABOUT = {**_LISTS, "get_serializer_class": "serializer_class"}
_POLICIES = frozenset(_LISTS.values())
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: lambda a, b: a == b,
    ast.NotEq: lambda a, b: a != b,
    ast.In: lambda a, b: a in (b or ()),
    ast.NotIn: lambda a, b: a not in (b or ()),
    ast.Is: lambda a, b: a is b or a == b,
    ast.IsNot: lambda a, b: not (a is b or a == b),
}
