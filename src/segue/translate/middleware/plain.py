"""Whether a view of DRF may answer with a response of Django's own, which has no ``data``, is no JSON, and may stream."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterable

from segue.snapshot.model import Function, Route, Snapshot
from segue.translate.context import Context
from segue.translate.trees import nodes, parsed

_BASE, _DRF = "django.http.response.HttpResponseBase", "rest_framework.response.Response"
_WAYS = frozenset({"django.http", "django.http.response", "django.shortcuts", "django.shortcuts.redirect", "django.shortcuts.render"})  # fmt: skip
_BY_NAME = frozenset({"getattr", "vars", "methodcaller"})
_VIEW = re.compile(r"\bview\b")
_KEEPS = frozenset({"super", "hasattr", "isinstance", "type", "id", *_BY_NAME})
ANY = "*"
_MEMO = ("middleware", "plain answers")


def may_be_plain(ctx: Context, route: Route) -> bool:
    """Whether code that the view of ``route`` may run, or the project's exception handler, names such a response: what is
    named in its methods, and there in turn; those that answer at other URLs (``@action``) count where something asks for one by name. Of rows, which code is given without their class, the name has to do: any model's or
    manager's method called so (``order.receipt()``)."""
    known = ctx.memo.get(_MEMO)
    if known is None:  # it looks through the whole snapshot: once
        known = ctx.memo[_MEMO] = _Reach(ctx.snapshot)
    assert isinstance(known, _Reach)
    return known.of(route)


class _Reach:
    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._sources: dict[str, str] = {}
        self._makers = {f.name for f in snapshot.functions.values() if self._makes(f)}
        self._next: dict[str, list[str]] = {}
        self._attributes: dict[str, frozenset[str]] = {}
        self._names = self._methods_that_make()
        self._answering = self._of_views()
        settings = snapshot.settings.values.get("REST_FRAMEWORK")
        pairs = settings.pairs if settings is not None else ()
        self._handlers = [
            value.name or str(value.data) for key, value in pairs if key.data == "EXCEPTION_HANDLER"
        ]

    def of(self, route: Route) -> bool:
        view = self._snapshot.views.get(route.view)
        own = {o.function for o in route.operations}
        methods = self._methods(view.cls) if view is not None else []
        others = (self._answering.get(view.cls, set()) if view is not None else set()) - own
        others = {name for name in methods if name in others}
        todo = [*self._handlers, *own, *(name for name in methods if name not in others)]
        handed = any(
            self._hands_itself(n) for n in methods if not n.startswith(("rest_framework.", "django."))
        )
        seen: set[str] = set()
        while todo and self._makers:
            name = todo.pop()
            if name in seen or name.startswith(("rest_framework.", "django.")):
                continue
            seen.add(name)
            asked = self._asked(name)
            if name in self._makers or not self._names.isdisjoint(asked):
                return True
            todo += self._called(name)
            if name in methods or handed or _VIEW.search(self._source(name)):  # it may have the view
                todo += (o for o in others if ANY in asked or o.rpartition(".")[2] in asked)
        return False

    def _hands_itself(self, name: str) -> bool:
        """Whether a method of a view gives the view to something else, which may ask it for anything."""
        calls = [n for n in nodes(parsed(self._source(name))) if isinstance(n, ast.Call)]
        return any(
            isinstance(given, ast.Name) and given.id == "self"
            for call in calls
            for given in (*call.args, *(k.value for k in call.keywords))
            if ast.unparse(call.func) not in _KEEPS
        )

    def _of_views(self) -> dict[str, set[str]]:
        """The methods that answer at some URL, by the class of the view."""
        found: dict[str, set[str]] = {}
        for route in self._snapshot.routes:
            view = self._snapshot.views.get(route.view)
            if view is not None:
                found.setdefault(view.cls, set()).update(o.function for o in route.operations)
        return found

    def _called(self, name: str) -> list[str]:
        function = self._snapshot.functions.get(name)
        if function is None or not function.source:
            return self._methods(name)
        if name not in self._next:
            found: list[str] = []
            for ref in function.globals.values():
                found += [ref.name, *self._methods(ref.value.name if ref.value is not None else ref.name)]
            self._next[name] = found
        return self._next[name]

    def _methods_that_make(self) -> set[str]:
        """The names of methods of models and their managers that name such a response, or ask ``self`` for one that does."""
        methods = {
            f.name: f.owner
            for f in self._snapshot.functions.values()
            if (owner := self._snapshot.classes.get(f.owner)) is not None
            and any(one.startswith("django.db.models.") for one in owner.mro)
        }
        found = methods.keys() & self._makers
        while more := {
            name
            for name, owner in methods.items()
            if name not in found and any(f"{owner}.{asked}" in found for asked in self._asked(name))
        }:
            found |= more
        return {name.rpartition(".")[2] for name in found}

    def _asked(self, name: str) -> frozenset[str]:
        """The attributes that the function's code asks anything for; :data:`ANY` for one whose name is computed."""
        if name not in self._attributes:
            every = nodes(parsed(self._source(name)))
            found = {n.attr for n in every if isinstance(n, ast.Attribute)}
            for node in every:
                if (
                    isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Name)
                    and node.func.id in _BY_NAME
                ):
                    text = node.args[1] if len(node.args) > 1 else None
                    found.add(str(text.value) if isinstance(text, ast.Constant) else ANY)
            self._attributes[name] = frozenset(found)
        return self._attributes[name]

    def _source(self, name: str) -> str:
        if name not in self._sources:
            function = self._snapshot.functions.get(name)
            self._sources[name] = textwrap.dedent(function.source) if function is not None else ""
        return self._sources[name]

    def _methods(self, cls: str) -> list[str]:
        known = self._snapshot.classes.get(cls)
        return list(known.methods.values()) if known is not None else []

    def _makes(self, function: Function) -> bool:
        return self._any_plain(ref.name for ref in function.globals.values())

    def _any_plain(self, names: Iterable[str]) -> bool:
        for name in names:
            cls = self._snapshot.classes.get(name)
            if name in _WAYS or (cls is not None and _BASE in cls.mro and _DRF not in cls.mro):
                return True
            if name.startswith("django.http.") and "Response" in name:
                return True
        return False


__all__ = ["may_be_plain"]
