"""Whether a view of DRF may answer with a response of Django's own, which has no ``data``, is no JSON, and may stream."""

from __future__ import annotations

from collections.abc import Iterable

from segue.snapshot.model import Function, Route, Snapshot
from segue.translate.context import Context

_BASE, _DRF = "django.http.response.HttpResponseBase", "rest_framework.response.Response"
_WAYS = frozenset({"django.http", "django.http.response", "django.shortcuts", "django.shortcuts.redirect", "django.shortcuts.render"})  # fmt: skip
_MEMO = ("middleware", "plain answers")


def may_be_plain(ctx: Context, route: Route) -> bool:
    """Whether code that the view of ``route`` may run, or the project's exception handler, names such a response: what is
    named in its methods, and there in turn. What only an object knows (``order.receipt()`` of a row) is not followed."""
    known = ctx.memo.setdefault(_MEMO, _Reach(ctx.snapshot))
    assert isinstance(known, _Reach)
    return known.of(route)


class _Reach:
    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._makers = {f.name for f in snapshot.functions.values() if self._makes(f)}
        self._next: dict[str, list[str]] = {}
        settings = snapshot.settings.values.get("REST_FRAMEWORK")
        pairs = settings.pairs if settings is not None else ()
        self._handlers = [
            value.name or str(value.data) for key, value in pairs if key.data == "EXCEPTION_HANDLER"
        ]

    def of(self, route: Route) -> bool:
        view = self._snapshot.views.get(route.view)
        todo = [*self._handlers, *(o.function for o in route.operations)]
        todo += self._methods(view.cls) if view is not None else ()
        seen: set[str] = set()
        while todo and self._makers:
            name = todo.pop()
            if name in seen or name.startswith(("rest_framework.", "django.")):
                continue
            seen.add(name)
            if name in self._makers:
                return True
            todo += self._called(name)
        return False

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
