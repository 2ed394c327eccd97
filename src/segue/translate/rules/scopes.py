"""django-scopes: managers that show the rows of the scope that is active.

``ScopedManager(event="event")`` gives a class whose ``get_queryset`` looks at the scope of the thread: with ``scope(event=x)`` it
filters by it, with ``scopes_disabled()`` it shows every row, and without a scope every query but ``none()`` and ``create()`` raises
``ScopeError`` (``django_scopes.manager.ScopedManager``). Which of these holds is known while translating: a middleware, a
``dispatch`` or a ``with`` block opens the scope. The value that rows are filtered by is an attribute of the request.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from segue.snapshot.model import Class, Function, GlobalRef
from segue.translate.context import Context
from segue.translate.interp.carried import SCOPES
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import Instance, Manager, Request
from segue.translate.load.models import snake

_MADE = re.compile(r"django_scopes\.manager\.ScopedManager\.<locals>\.Manager(#\d+)?\.")
DISABLED = "scopes_disabled"
Scopes = Mapping[str, str] | str | None
"""What is active: attributes of the request by dimension, ``DISABLED``, or nothing."""


@contextmanager
def scoped(ctx: Context, scopes: Scopes) -> Iterator[None]:
    """What is translated inside runs in these scopes. ``{"event": "event"}``: rows are those of ``request.event``."""
    before = ctx.memo.get(SCOPES)
    ctx.memo[SCOPES] = scopes
    try:
        yield
    finally:
        ctx.memo[SCOPES] = before


def enter(ctx: Context, scopes: Scopes) -> None:
    """From here on (a route) these scopes are active."""
    ctx.memo[SCOPES] = scopes


def is_scoped(dotted: str) -> bool:
    """Whether it is a method of a class that ``ScopedManager()`` has made."""
    return _MADE.match(dotted) is not None


def has_scoped_rows(ctx: Context, label: str) -> bool:
    """Whether the default manager of the model shows the rows of a scope."""
    model = ctx.model(label)
    known = ctx.snapshot.classes.get(model.managers.get(model.default_manager or "objects", ""))
    return known is not None and is_scoped(known.methods.get("get_queryset", ""))


def scope_of(ctx: Context, label: str) -> dict[str, str]:
    """Dimension → look-up of the default manager of a model that :func:`has_scoped_rows`."""
    model = ctx.model(label)
    known = ctx.snapshot.classes[model.managers[model.default_manager or "objects"]]
    return _mapping(ctx.snapshot.functions[known.methods["get_queryset"]])


def get_queryset(
    frame: Frame, manager: Manager, function: Function, node: ast.AST
) -> tuple[Function, dict[str, Val]]:
    """``ScopedManager``'s ``get_queryset`` as it is in the active scope, and what it is given. Raises ``Refused``."""
    active = frame.ctx.memo.get(SCOPES)
    model = frame.ctx.model(manager.model)
    # It has the name of a model's manager; all managers of one look-up share the class.
    name = f"{snake(model.cls.rpartition('.')[2])}_{manager.name}"
    function = replace(function, name=f"{model.cls.rpartition('.')[0]}.{name}", where=model.where)
    if active == DISABLED:
        return replace(function, source="def get_queryset(self):\n    return super().get_queryset()\n"), {}
    required = _mapping(function)
    if not isinstance(active, dict) or not required or not set(required) <= set(active):
        raise frame.refuse("scope", "ScopeError", "Segue does not see which scope is active here.", node)
    values = {dimension: active_value(frame, active[dimension], node) for dimension in sorted(required)}
    conditions = ", ".join(f"{required[d]}={d}" for d in values)
    source = (
        f"def get_queryset(self, {', '.join(values)}):\n"
        f"    return super().get_queryset().filter({conditions})\n"
    )
    return replace(function, source=source), values


def _mapping(function: Function) -> dict[str, str]:
    """Dimension → look-up, as ``ScopedManager`` got them."""
    known = function.globals.get("scopes")
    if known is None or known.value is None or known.value.kind != "dict":
        return {}
    return {str(k.data): str(v.data) for k, v in known.value.pairs}


def active_value(frame: Frame, attribute: str, node: ast.AST) -> Val:
    """What the scope holds: an object that middleware gives to requests as ``attribute``. Raises ``Refused``."""
    from segue.translate.interp.expressions.attributes import of

    found = of(frame, Val(Request()), attribute, node)
    if not isinstance(found.kind, Instance) or found.kind.nullable:
        raise frame.refuse("scope", attribute, "Segue does not know what the scope holds.", node)
    return found


@contextmanager
def opened(frame: Frame, node: ast.expr) -> Iterator[bool]:
    """``with scopes_disabled():``; gives False for any other context manager."""
    match node:
        case ast.Call(func, [], []) if _named(frame, func) == "django_scopes.state.scopes_disabled":
            with scoped(frame.ctx, DISABLED):
                yield True
        case _:
            yield False


def _named(frame: Frame, node: ast.expr) -> str:
    ref: GlobalRef | None = frame.function.globals.get(ast.unparse(node))
    return ref.name if ref is not None else ""


def wraps_call(ctx: Context, cls: Class | None, function: Function) -> bool:
    """``with scopes_disabled(): return super().dispatch(*args, **kwargs)``, and nothing else; what it calls is DRF's."""
    name = function.name.rpartition(".")[2]
    if cls is None or function.owner not in cls.mro or function.wrapped_by:
        return False
    behind = cls.mro[cls.mro.index(function.owner) + 1 :]
    if any(f"{base}.{name}" in ctx.snapshot.functions for base in behind):
        return False
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    if not isinstance(tree, ast.FunctionDef):
        return False
    body = [s for s in tree.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    match body:
        case [ast.With([ast.withitem(ast.Call(opener, [], []), None)], [ast.Return(ast.Call() as call)])]:
            ref = function.globals.get(ast.unparse(opener))
            if ref is None or ref.name != "django_scopes.state.scopes_disabled":
                return False
            return ast.unparse(call.func) == f"super().{name}" and passes_on(tree.args, call)
        case _:
            return False


def passes_on(taken: ast.arguments, call: ast.Call) -> bool:
    """Whether the call is given what the function was given."""
    names = [a.arg for a in taken.args][1:]
    given = [ast.unparse(a) for a in call.args]
    wanted = [*names, *([f"*{taken.vararg.arg}"] if taken.vararg else [])]
    spread = [k.value for k in call.keywords if k.arg is None]
    return (
        given == wanted
        and len(call.keywords) == len(spread)
        and [ast.unparse(s) for s in spread] == ([taken.kwarg.arg] if taken.kwarg else [])
        and not taken.kwonlyargs
    )


__all__ = [
    "DISABLED",
    "active_value",
    "enter",
    "get_queryset",
    "has_scoped_rows",
    "is_scoped",
    "opened",
    "passes_on",
    "scope_of",
    "scoped",
    "wraps_call",
]
