"""Where rules announce themselves.

A rule is a function with one of the decorators below, in a module of
``segue.translate.rules`` or of a ``rules`` package of another room (see :data:`PACKAGES`).
Rules are found by discovery. Two rules of one room for the same thing are an error; of two rooms,
the second (in the order of :data:`PACKAGES`) is asked when the first passes by returning ``None``.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import pkgutil
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from segue.translate.interp.callsite import CallSite
    from segue.translate.interp.frame import Frame
    from segue.translate.interp.value import Val
    from segue.translate.kinds import Kind

AttributeRule = Callable[["Frame", "Val", str, ast.AST], "Val | None"]
MethodRule = Callable[["Frame", "Val", "CallSite"], "Val | None"]
FunctionRule = Callable[["Frame", "CallSite"], "Val | None"]
StatementRule = Callable[["Frame", Any], None]
ContextRule = Callable[["Frame", ast.Call, str, ast.With], bool]
ExpressionRule = Callable[["Frame", Any], "Val"]

PACKAGES = (
    "segue.translate.interp.expressions",
    "segue.translate.interp.statements",
    "segue.translate.rules",
    "segue.translate.serializers.rules",
    "segue.translate.views.rules",
    "segue.translate.permissions.rules",
    "segue.translate.filters.rules",
    "segue.translate.pagination.rules",
)

attributes: dict[tuple[type, str], AttributeRule] = {}
methods: dict[tuple[type, str], MethodRule] = {}
functions: dict[str, FunctionRule] = {}
framework_methods: dict[str, MethodRule] = {}
contexts: dict[str, ContextRule] = {}
statements: dict[type[ast.stmt], StatementRule] = {}
expressions: dict[type[ast.expr], ExpressionRule] = {}

K = TypeVar("K")
F = TypeVar("F", bound=Callable[..., Any])


def _room(rule: Any) -> str:
    return ".".join(str(rule.__module__).split(".")[:3])


def _add(table: dict[K, Any], keys: list[K], rule: Any) -> None:
    for key in keys:
        known = table.get(key)
        if known is None or known is rule:
            table[key] = rule
        elif _room(known) == _room(rule):
            raise ValueError(f"two rules for {key}: {known.__module__}, {rule.__module__}")
        else:
            table[key] = _in_turn(known, rule)


def _in_turn(first: Callable[..., Any], second: Callable[..., Any]) -> Callable[..., Any]:
    """Rules of two rooms for one thing: the second is asked when the first passes."""

    def rule(*arguments: Any) -> Any:
        found = first(*arguments)
        return found if found is not None else second(*arguments)

    rule.__module__ = second.__module__
    return rule


def attribute(kind: type[Kind], *names: str) -> Callable[[F], F]:
    """``owner.name`` where owner is of ``kind``; ``"*"`` is asked after the named ones.

    The rule returns ``None`` to pass (the next rule or the refusal follows).
    """

    def register(rule: F) -> F:
        _add(attributes, [(kind, n) for n in names], rule)
        return rule

    return register


def method(kind: type[Kind], *names: str) -> Callable[[F], F]:
    """``owner.name(...)`` where owner is of ``kind``; asked before the attribute rules."""

    def register(rule: F) -> F:
        _add(methods, [(kind, n) for n in names], rule)
        return rule

    return register


def function(*names: str) -> Callable[[F], F]:
    """A call of the function or class with this dotted name."""

    def register(rule: F) -> F:
        _add(functions, list(names), rule)
        return rule

    return register


def framework(*names: str) -> Callable[[F], F]:
    """A method that the framework defines, by the dotted name of its definition
    (``rest_framework.generics.GenericAPIView.get_queryset``), called on ``self`` or ``super()``."""

    def register(rule: F) -> F:
        _add(framework_methods, list(names), rule)
        return rule

    return register


def context(*names: str) -> Callable[[F], F]:
    """``with name(...):`` of the context manager with this dotted name, alone in its ``with`` and without ``as``. The rule
    translates the body too; False to pass."""

    def register(rule: F) -> F:
        _add(contexts, list(names), rule)
        return rule

    return register


def statement(*nodes: type[ast.stmt]) -> Callable[[F], F]:
    """Interprets statements of these node classes."""

    def register(rule: F) -> F:
        _add(statements, list(nodes), rule)
        return rule

    return register


def expression(*nodes: type[ast.expr]) -> Callable[[F], F]:
    """Interprets expressions of these node classes."""

    def register(rule: F) -> F:
        _add(expressions, list(nodes), rule)
        return rule

    return register


_discovered = False


def discover() -> None:
    """Import every rule module once."""
    global _discovered
    if _discovered:
        return
    _discovered = True
    for package in PACKAGES:
        parent = package.rpartition(".")[0]
        if importlib.util.find_spec(parent) is None or importlib.util.find_spec(package) is None:
            continue
        module = importlib.import_module(package)
        for info in sorted(pkgutil.walk_packages(module.__path__, package + "."), key=lambda i: i.name):
            importlib.import_module(info.name)
