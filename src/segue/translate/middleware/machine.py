"""The state of one abstract run, and calls."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NoReturn

from segue.snapshot.model import Function, GlobalRef, Route, Snapshot, Where
from segue.translate.middleware.paths import Event, Path, Settled
from segue.translate.middleware.sources import Def, find, tree_of, yields
from segue.translate.middleware.values import NONE, RESPONSE, Closure, Instance, Known, Method, Unknown, Value

DEPTH = 25
MORE = "*"
"""Key of named arguments for those that come out of a container: any parameter may be among them."""


CHOSEN = "request.LANGUAGE_CODE"
"""What ``request.LANGUAGE_CODE`` is: the language that ``LocaleMiddleware`` has chosen."""
HOST_AND_PORT, DIGITS = "host and port", "digits"
"""What ``split_domain_port`` returns, and the second part of it."""

_OF_DJANGO = frozenset({"__init__", "process_request", "process_view"})
"""Methods of Django's middleware that do for a subclass what they do without it, with None as their result."""


class Raised(Exception):
    """The code raises. ``certain`` is False where the class is only one of several."""

    def __init__(self, name: str, certain: bool = True) -> None:
        super().__init__(name)
        self.name, self.certain = name, certain


class Returned(Exception):
    """``return``."""

    def __init__(self, value: Value) -> None:
        super().__init__()
        self.value = value


class Left(Exception):
    """``break`` or ``continue``."""

    def __init__(self, broken: bool) -> None:
        super().__init__()
        self.broken = broken


@dataclass(frozen=True, slots=True)
class Outside:
    """What stands further out: ``chosen``: ``LocaleMiddleware`` has activated the language that ``request.LANGUAGE_CODE`` names.
    ``plain``: nothing has activated another language or time zone than that. ``given``: ``session`` and ``user``, where
    Django's own middleware has given them to all requests. ``bare``: the view may answer with another response than DRF's."""

    chosen: bool = False
    plain: bool = False
    given: tuple[str, ...] = ()
    bare: bool = False


@dataclass(slots=True)
class Machine:
    """What a run knows: the project, the route, its path so far."""

    snapshot: Snapshot
    target: Route
    path: Path
    set_on_responses: frozenset[str] = frozenset()
    view: bool = False  # the code is a view's: its request is DRF's
    base: str = ""  # the middleware of Django that the class extends, whose own methods are known
    outside: Outside = Outside()
    depth: int = 0

    @property
    def route(self) -> Route:
        """The route; a run that never asks for it is the same for all routes."""
        self.path.asked = True
        return self.target

    @property
    def prefix(self) -> str:
        """What every path of the route starts with."""
        literal = self.route.path.partition("{")[0]
        return literal.rstrip("/") if self.route.suffix_regex and literal == self.route.path else literal

    @property
    def slash(self) -> bool:
        """Whether every path of the route ends with a slash."""
        regex = self.route.regex.removesuffix("$").removesuffix("\\Z")
        return regex.endswith("/") and "|" not in regex and not self.route.suffix_regex

    @property
    def fixed(self) -> bool:
        """Whether the route has one path only."""
        return "{" not in self.route.path and not self.route.suffix_regex


@dataclass(slots=True)
class Frame:
    """The run of one function."""

    machine: Machine
    function: Function
    scope: dict[str, Value]
    receiver: Value | None = None
    names: Mapping[str, GlobalRef] = field(default_factory=dict)

    def where(self, node: ast.AST) -> Where:
        """The place of ``node``."""
        line = getattr(node, "lineno", 1)
        return Where(self.function.where.file, self.function.where.line + line - 1)

    def event(self, node: ast.AST, why: str, construct: str = "") -> NoReturn:
        """Something visible happens here. Raises :class:`Settled`: whatever is seen later on is seen for some of these requests."""
        path, where = self.machine.path, self.where(node)
        text = construct or first_line(node)
        path.events.append(Event(text[:100], why, where.file, where.line, path.holding, path.called))
        raise Settled


@lru_cache(maxsize=4096)
def first_line(node: ast.AST) -> str:
    """The first line of its source; every path comes by the same nodes again."""
    return ast.unparse(node).partition("\n")[0]


def bind(
    frame: Frame, tree: Def | ast.Lambda, given: list[Value], named: dict[str, Value]
) -> dict[str, Value]:
    """Parameters → values; what is left out has its default."""
    arguments = tree.args
    names = [a.arg for a in (*arguments.posonlyargs, *arguments.args)]
    scope: dict[str, Value] = dict(zip(names, given, strict=False))
    if arguments.vararg is not None:
        scope[arguments.vararg.arg] = Unknown("*args", pure=False)
    if arguments.kwarg is not None:
        scope[arguments.kwarg.arg] = Unknown("**kwargs", pure=False)
    if MORE in named:
        # How many there are is not known, so only what stands before them is sure.
        starred = (i for i, v in enumerate(given) if isinstance(v, Unknown) and v.what == MORE)
        sure = names[: next(starred, len(given))]
        scope = {n: v if n in sure else Unknown(n, pure=False) for n, v in scope.items()}
        scope |= {n: Unknown(n, pure=False) for n in names if n not in scope}
        scope |= {a.arg: Unknown(a.arg, pure=False) for a in arguments.kwonlyargs}
    scope |= {name: value for name, value in named.items() if name != MORE}
    from segue.translate.middleware.evaluate import evaluate

    defaults = dict(zip(reversed(names), reversed(arguments.defaults), strict=False))
    for only, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if default is not None:
            defaults[only.arg] = default
    for name in (*names, *(a.arg for a in arguments.kwonlyargs)):
        if name not in scope:
            default = defaults.get(name)
            scope[name] = Unknown(name, pure=False) if default is None else evaluate(frame, default)
    return scope


def invoke(frame: Frame, method: Method, given: list[Value], named: dict[str, Value], node: ast.AST) -> Value:
    """Run a function that has source."""
    function = method.function
    machine = frame.machine
    if machine.base and function.name.startswith(f"{machine.base}."):
        return _inherited(frame, function, node)
    tree = tree_of(function)
    if tree is None or machine.depth >= DEPTH or _decorated(function):
        frame.event(node, "Segue cannot see what this function does.")
        return Unknown(function.name, pure=False)
    values = list(given)
    if function.role in ("method", "property", "cached_property") and method.receiver is not None:
        values.insert(0, method.receiver)
    elif function.role == "classmethod":
        values.insert(0, Unknown("cls", pure=False) if method.receiver is None else method.receiver)
    inner = Frame(machine, function, {}, method.receiver, function.globals)
    inner.scope = bind(inner, tree, values, named)
    return run_body(inner, tree)


def _inherited(frame: Frame, function: Function, node: ast.AST) -> Value:
    """A method of Django's own middleware, called by a subclass: what it does is translated without the subclass.

    Only what runs there in any case, and answers nothing: ``_reject`` is an answer, and others tell what they have found.
    """
    name = function.name.rpartition(".")[2]
    if name == "process_response":
        frame.machine.path.varied = True
        return RESPONSE
    if name not in _OF_DJANGO:
        frame.event(node, f"It calls {function.name} itself.")
        return Unknown(function.name, pure=False)
    return NONE


def call_closure(
    frame: Frame, closure: Closure, given: list[Value], named: dict[str, Value], node: ast.AST
) -> Value:
    """Run a nested function or lambda; it sees the variables of the function around it."""
    inner = Frame(frame.machine, closure.home, dict(closure.scope), frame.receiver, closure.names)
    inner.scope |= bind(inner, closure.node, given, named)
    if isinstance(closure.node, ast.Lambda):
        from segue.translate.middleware.evaluate import evaluate

        return evaluate(inner, closure.node.body)
    return run_body(inner, closure.node)


def run_body(frame: Frame, tree: Def) -> Value:
    """The value that the body returns. Raises :class:`Raised`."""
    from segue.translate.middleware.execute import execute

    frame.machine.depth += 1
    try:
        if yields(tree):
            frame.event(tree, "Generators are not followed.", f"def {tree.name}")
            return Unknown(tree.name, pure=False)
        execute(frame, tree.body)
    except Returned as returned:
        return returned.value
    finally:
        frame.machine.depth -= 1
    return NONE


def create(frame: Frame, cls: str, given: list[Value], named: dict[str, Value], node: ast.AST) -> Value:
    """``cls(...)`` for a class with source."""
    instance = Instance(cls)
    init = find(frame.machine.snapshot, cls, "__init__")
    if init is not None:
        invoke(frame, Method(init, instance), given, named, node)
    elif given or named:
        frame.event(node, "Segue cannot see what this class does.")
    return instance


def _decorated(function: Function) -> bool:
    harmless = {
        "builtins.staticmethod",
        "builtins.classmethod",
        "builtins.property",
        "staticmethod",
        "classmethod",
    }
    harmless |= {"property", "django.utils.functional.cached_property", "functools.cached_property"}
    return any(w not in harmless for w in function.wrapped_by)


def known_tuple(values: list[Value]) -> Value:
    """A tuple: known when all of its items are."""
    if all(isinstance(v, Known) for v in values):
        return Known(tuple(v.value for v in values if isinstance(v, Known)))
    return collection(values)


def collection(values: list[Value]) -> Unknown:
    """A container of ``values``; what comes out of it may be any of them."""
    pure = all(isinstance(v, Known) or (isinstance(v, Unknown) and v.pure) for v in values)
    return Unknown("collection", pure=pure)
