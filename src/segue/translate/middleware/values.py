"""Values of the abstract run of a middleware."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from segue.snapshot.model import Function, GlobalRef


@dataclass(frozen=True, slots=True)
class Fact:
    """Something about a request (or its answer) that can be recognised: ``kind`` is ``header``, ``cookie``,
    ``query``, ``session``, ``body``, ``method`` or ``status``; ``key`` its name or value ('' for any session key; of ``body`` a
    number of bytes: it has more)."""

    kind: str
    key: str


@dataclass(frozen=True, slots=True)
class Known:
    """A Python value that is the same for every request."""

    value: Any


@dataclass(frozen=True, slots=True, eq=False)
class Unknown:
    """A value that depends on the request. ``pure``: text, a number or the like, whose methods have no effect.

    ``truth`` is the fact that decides whether it is true; ``prefix`` is what it starts with as far as known; ``slash``: it is a path
    that ends with a slash (and a line break, which ``$`` lets pass).
    """

    what: str = ""
    pure: bool = True
    truth: Fact | None = None
    prefix: str = ""
    slash: bool = False
    compares: str = ""  # the kind of fact that `== constant` is


@dataclass(frozen=True, slots=True)
class Thing:
    """An object of Django that is known by what can be asked of it: ``request``, ``response``, ``session`` …"""

    kind: str


@dataclass(slots=True, eq=False)
class Instance:
    """An object of a class with source; ``attributes`` as far as they were set."""

    cls: str
    attributes: dict[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Global:
    """A global name: module, class, function, instance."""

    ref: GlobalRef


@dataclass(frozen=True, slots=True, eq=False)
class Bound:
    """``owner.name`` before it is called."""

    owner: Value
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Method:
    """A function with source, bound to ``receiver`` unless None. ``cls`` is the class that defines it."""

    function: Function
    receiver: Value | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Closure:
    """A nested function or lambda."""

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    scope: dict[str, Value]
    names: Mapping[str, GlobalRef]
    home: Function


@dataclass(frozen=True, slots=True, eq=False)
class Lazy:
    """``SimpleLazyObject(function)``."""

    function: Value


@dataclass(frozen=True, slots=True, eq=False)
class Super:
    """``super()`` inside a method of ``cls``."""

    receiver: Value
    cls: str


Value = Known | Unknown | Thing | Instance | Global | Bound | Method | Closure | Lazy | Super
NONE = Known(None)
REQUEST, RESPONSE = Thing("request"), Thing("response")
USER = Thing("user")
LATE_USER = Thing("late user")  # ``request.user`` after the view
VIEW = Thing("view")
RAISED = Thing("raised")  # what came out of the view
GET_RESPONSE = Thing("get_response")
