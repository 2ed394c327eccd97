"""The legacy code that one operation runs: the view's methods and what they reach, from the snapshot."""

from __future__ import annotations

import re
from collections.abc import Iterable

from segue.snapshot.model import Class, Function, Operation, Route, Serializer, Snapshot, Value, View

_FRAMEWORKS = ("django.", "rest_framework.", "django_filters.")
# Methods of a model or manager that no caller names.
_ALWAYS = frozenset({"save", "delete", "clean", "__str__", "get_queryset"})
_MOST = 120


def of_operation(
    snapshot: Snapshot, route: Route, operation: Operation
) -> tuple[list[Function], list[Class]]:
    """Functions and classes in the order in which they are reached, the view's first; frameworks are left out."""
    return _Closure(snapshot).run(snapshot.views[route.view], operation)


def serializers_of(snapshot: Snapshot, classes: Iterable[Class]) -> list[Serializer]:
    """The serializers among ``classes``."""
    return [snapshot.serializers[c.name] for c in classes if c.name in snapshot.serializers]


class _Closure:
    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.functions: dict[str, Function] = {}
        self.classes: dict[str, Class] = {}

    def run(self, view: View, operation: Operation) -> tuple[list[Function], list[Class]]:
        own = self.snapshot.functions.get(view.function or operation.function)
        if own is not None:
            self._function(own)
        if view.cls:
            self._class(view.cls)
        for values in (
            view.policies.values(),
            view.action_overrides.get(operation.action or "", {}).values(),
        ):
            for value in values:
                self._value(value)
        if view.serializer_class:
            self._class(view.serializer_class)
        if view.queryset_model in self.snapshot.models:
            self._class(self.snapshot.models[view.queryset_model].cls)
        return list(self.functions.values()), list(self.classes.values())

    def _value(self, value: Value) -> None:
        if value.kind in ("ref", "call") and value.name:
            self._class(value.name)
        for item in value.items:
            self._value(item)

    def _class(self, name: str) -> None:
        known = self.snapshot.classes.get(name)
        if known is None or name in self.classes or name.startswith(_FRAMEWORKS):
            return
        self.classes[name] = known
        model = any(m.cls == name for m in self.snapshot.models.values())
        for method, dotted in known.methods.items():
            function = self.snapshot.functions.get(dotted)
            if function is not None and (not model or method in _ALWAYS or self._named(method)):
                self._function(function)
        for attribute in known.attributes.values():
            self._value(attribute.value)
        serializer = self.snapshot.serializers.get(name)
        for item in serializer.fields if serializer is not None else ():
            self._class(item.serializer)

    def _named(self, method: str) -> bool:
        pattern = re.compile(rf"\.{re.escape(method)}\b")
        return any(pattern.search(f.source) for f in self.functions.values())

    def _function(self, function: Function) -> None:
        if function.name in self.functions or len(self.functions) >= _MOST:
            return
        self.functions[function.name] = function
        for ref in function.globals.values():
            if ref.kind == "function" and ref.name in self.snapshot.functions:
                self._function(self.snapshot.functions[ref.name])
            elif ref.kind in ("class", "model", "instance"):
                self._class(ref.name)
                if ref.value is not None:
                    self._value(ref.value)
