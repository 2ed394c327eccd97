"""A class that a view chooses by what only a request can tell: ``A if self.request.user.is_staff else B``.

The method is run once for every way that its conditions may come out. What is left are the conditions, in the order in which the
method asks them, and the class at the end of each way.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from segue.refusal import Refused
from segue.snapshot.model import Function
from segue.translate.specialise.endpoint import Chosen as Choice
from segue.translate.specialise.endpoint import Endpoint
from segue.translate.specialise.fold import Chosen, Ref, call_method
from segue.translate.specialise.registered import (
    OfRequest,
    Registered,
    RegistryFolder,
    most_given,
    registered,
)
from segue.translate.specialise.users import every_user_has

# What ``HttpRequest`` has from the start; ``data`` would be parsed, and what middleware adds may be missing.
_OF_REQUESTS = frozenset({"COOKIES", "META", "headers", "method", "path", "path_info"})
WAYS = 8
"""How many ways a choice may have: the rest of the operation is written once for each."""


@dataclass(frozen=True, slots=True)
class Fork:
    """``test`` is asked with the names of ``function``'s module, and ``self``."""

    test: ast.expr
    function: Function
    then: Fork | Choice
    otherwise: Fork | Choice


@dataclass(frozen=True, slots=True)
class _Later:
    """A local that is an attribute of ``self`` or of the request; ``node`` says which."""

    node: ast.expr


class _Asked(Exception):
    """A condition that the answers so far do not reach."""

    def __init__(self, test: ast.expr, function: Function) -> None:
        self.test, self.function = test, function


@dataclass(slots=True)
class _Way:
    """The answers to the conditions that are met, in turn; ``at`` is the next. ``guarded``: inside of how many ``try``."""

    answers: tuple[bool, ...]
    at: int = 0
    guarded: int = 0


class _ForkFolder(RegistryFolder):
    def __init__(self, endpoint: Endpoint, function: Function, way: _Way) -> None:
        super().__init__(endpoint, function)
        self.way = way

    def inner(self, function: Function) -> RegistryFolder:
        return _ForkFolder(self.endpoint, function, self.way)

    def run(self, body: list[ast.stmt]) -> None:
        for statement in body:
            guards = isinstance(statement, ast.Try)
            self.way.guarded += guards
            try:
                if not self._kept(statement):
                    super().run([statement])
            finally:
                self.way.guarded -= guards

    def _kept(self, statement: ast.stmt) -> bool:
        """``user = self.request.user``, of which only a request knows what it is."""
        match statement:
            case ast.Assign([ast.Name(target)], ast.Attribute() as value) if _of_self(value, self.names):
                pass
            case _:
                return False
        try:
            found = self.value(value)
        except Refused:
            found = _Later(_Named(self).visit(ast.parse(ast.unparse(value), mode="eval").body))
            if not self._is_there(found.node):
                raise
        self.assign(ast.Name(target), found)
        return True

    def _is_there(self, node: ast.expr) -> bool:
        """Whether every request has it, and it does not matter whether and how often it is asked for."""
        known = self.endpoint.klass()
        if known is None or "request" in known.methods:
            return False
        match ast.unparse(node).split("."):
            case ["self", "request", "user"]:
                return True
            case ["self", "request", "user", name]:
                return every_user_has(self.endpoint.ctx, name)
            case ["self", "request", name]:
                return name in _OF_REQUESTS
        return False

    def assign(self, target: ast.expr, value: Any) -> None:
        """A local keeps no property of the view: it would be asked where the local is, once more or not at all."""
        if _asks_view(value):
            raise self.dynamic(target)
        super().assign(target, value)

    def behind_users(self, node: ast.BoolOp, ask: Callable[[ast.expr], Any]) -> list[Any]:
        """No condition is asked before those about the user are."""
        self.way.guarded += 1
        try:
            return super().behind_users(node, ask)
        finally:
            self.way.guarded -= 1

    def truth(self, node: ast.expr) -> bool:
        if isinstance(node, ast.BoolOp):
            wanted = isinstance(node.op, ast.And)
            return all(map(self.truth, node.values)) if wanted else any(map(self.truth, node.values))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return not self.truth(node.operand)
        at = self.way.at
        try:
            return super().truth(node)
        except Refused:
            self.way.at = at
        test = _Named(self).visit(ast.parse(ast.unparse(node), mode="eval").body)
        if self.way.guarded:
            raise self.dynamic(node)  # what it raises would be met by the handlers
        if self.way.at == len(self.way.answers):
            raise _Asked(ast.copy_location(test, node), self.function)
        self.way.at += 1
        return self.way.answers[self.way.at - 1]

    def on_name(self, node: ast.Name) -> Any:
        if isinstance(self.names.get(node.id), _Later):
            raise self.dynamic(node)
        return super().on_name(node)

    def self_call(self, name: str, node: ast.AST) -> Any:
        function = self.endpoint.ctx.snapshot.functions.get(self.endpoint.overridden(name))
        return self._of_method(function) if function is not None else self.framework(name, node)

    def parent(self, name: str, node: ast.AST) -> Any:
        known = self.endpoint.klass()
        mro = list(known.mro) if known else []
        after = mro[mro.index(self.function.owner) + 1 :] if self.function.owner in mro else []
        functions = self.endpoint.ctx.snapshot.functions
        found = next((functions[f"{cls}.{name}"] for cls in after if f"{cls}.{name}" in functions), None)
        if found is None or found.name.startswith("rest_framework."):
            return self.framework(name, node)
        return self._of_method(found)

    def _of_method(self, function: Function) -> Any:
        inner = self.inner(function)
        inner.own = self.own
        return _returned(inner, function)


class _Named(ast.NodeTransformer):
    """A condition without the locals of its method. Raises ``Refused`` for what stands for no expression."""

    def __init__(self, folder: _ForkFolder) -> None:
        self.folder = folder

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id not in self.folder.names:
            return node
        value = self.folder.names[node.id]
        if isinstance(value, _Later):
            return value.node
        if isinstance(value, OfRequest):
            return ast.Attribute(ast.Name("self", ast.Load()), value.name, ast.Load())
        if value is None or isinstance(value, str | int | bool):
            return ast.Constant(value)
        raise self.folder.dynamic(node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if isinstance(node.value, ast.Name) and node.value.id == "self" and node.attr in self.folder.own:
            raise self.folder.dynamic(node)
        return self.generic_visit(node)


def _asks_view(value: Any) -> bool:
    if isinstance(value, list | dict):
        return any(map(_asks_view, value.values() if isinstance(value, dict) else value))
    return isinstance(value, OfRequest | Registered)


def _of_self(node: ast.expr, names: dict[str, Any]) -> bool:
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name) and (node.id == "self" or isinstance(names.get(node.id), _Later))


def _returned(folder: RegistryFolder, function: Function) -> Any:
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    if not isinstance(tree, ast.FunctionDef) or function.wrapped_by or len(tree.args.args) != 1:
        raise folder.dynamic(tree)
    try:
        folder.run(tree.body)
    except Chosen as done:
        return done.value
    return None


def serializer_choice(endpoint: Endpoint) -> Fork | Choice | None:
    """The ways of ``self.get_serializer_class()``; None where the route alone decides, or Segue cannot tell them."""
    function = endpoint.ctx.snapshot.functions.get(endpoint.overridden("get_serializer_class"))
    if endpoint.chosen is not None or function is None or registered(endpoint, "get_serializer_class"):
        return None
    try:
        call_method(endpoint, "get_serializer_class")
    except Refused:
        try:
            return _explored(endpoint, function, ())
        except Refused:
            return None  # what cannot be told is refused where the class is asked for
    return None


def _explored(endpoint: Endpoint, function: Function, answers: tuple[bool, ...]) -> Fork | Choice:
    folder = _ForkFolder(endpoint, function, _Way(answers))
    try:
        found = _returned(folder, function)
    except _Asked as asked:
        if 2 ** len(answers) >= WAYS:
            raise folder.dynamic(asked.test) from None
        yes, no = (_explored(endpoint, function, (*answers, answer)) for answer in (True, False))
        return Fork(asked.test, asked.function, yes, no)
    if isinstance(found, Registered) and found.options:
        return Choice(most_given(found), found)
    if not isinstance(found, Ref):
        raise folder.dynamic(ast.Pass(lineno=1))
    return Choice(found.name)


__all__ = ["WAYS", "Fork", "serializer_choice"]
