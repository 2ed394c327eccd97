"""Transactions in the legacy code of one operation."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Sequence

from segue.assess.effects import TRANSACTION
from segue.assess.transaction_places import MOST, Found, Places, attribute, calls
from segue.snapshot.model import Class, Function, Operation, Snapshot, View

_ON_COMMIT = "django.db.transaction.on_commit"
_LEGACY_WRITES = frozenset(
    {
        "save",
        "create",
        "delete",
        "bulk_create",
        "bulk_update",
        "get_or_create",
        "update_or_create",
    }
)
_ROWS = (
    "objects",
    "filter",
    "exclude",
    "all",
    "get_queryset",
)  # what ``update()`` of a queryset is called on
_BY_METHOD = {"POST": ("create", "save"), "PUT": ("update", "save"), "PATCH": ("update", "save")}
# What DRF calls for an action, the hook that writes first.
_HOOKS = {
    **dict.fromkeys(("create", "post"), ("perform_create", "create")),
    **dict.fromkeys(("update", "put", "partial_update", "patch"), ("perform_update", "update")),
    **dict.fromkeys(("destroy", "delete"), ("perform_destroy", "destroy")),
}
_ALWAYS = ("get_", "initial", "finalize_", "check_", "filter_", "dispatch", "handle_")


class Legacy:
    """Reads what the probe found."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def found(self, view: View, operation: Operation) -> Found:
        """What ``operation`` may run, from its handler, DRF's hooks for it and its serializers on."""
        action = operation.action or operation.method.lower()
        walk = _Walk(self._snapshot, self._snapshot.classes.get(view.cls))
        hooks: tuple[str, ...] = _HOOKS.get(action, ())
        starts = [view.function, operation.function]
        if walk.cls is not None:
            starts += [
                f for m, f in walk.cls.methods.items() if m in (*hooks, action) or m.startswith(_ALWAYS)
            ]
        walk.serializers[view.serializer_class] = None
        for name in dict.fromkeys(starts):
            walk.function(name, inside=False)
        own = any(name in self._snapshot.functions for name in (view.function, operation.function))
        own = own and "/site-packages/" not in operation.where.file
        framework = bool(hooks) and not own and not walk.has(hooks[:1])
        written = (framework or walk.saves) and walk.through_serializers(operation.method)
        if framework and not written:
            walk.places.alone[f"DRF's {hooks[1]}"] = None
        return walk.places.found(view.atomic_requests)


class _Walk:
    """Through the own code of one operation; ``cls`` is the view's class, ``serializers`` those that the code names."""

    def __init__(self, snapshot: Snapshot, cls: Class | None) -> None:
        self._snapshot, self.cls = snapshot, cls
        self.places = Places()
        self.serializers: dict[str, None] = {}
        self._saves: list[tuple[str, bool]] = []
        self._seen: set[tuple[str, bool]] = set()

    def has(self, methods: Sequence[str]) -> bool:
        """Whether the project wrote one of these methods of the view."""
        return self.cls is not None and any(
            self.cls.methods.get(m) in self._snapshot.functions for m in methods
        )

    @property
    def saves(self) -> bool:
        """Whether it saves a serializer."""
        return bool(self._saves)

    def through_serializers(self, method: str) -> bool:
        """Go through what ``serializer.save()`` runs; whether the project wrote it. Where it did not, saving is a write."""
        written = False
        for name in list(self.serializers):
            known = self._snapshot.classes.get(name)
            for wanted in _BY_METHOD.get(method, ()):
                function = known.methods.get(wanted, "") if known is not None else ""
                if self._own(function):
                    written = True
                    self.function(function, inside=bool(self._saves) and all(i for _, i in self._saves))
        for place, inside in self._saves:
            if not (inside or written):
                self.places.alone[place] = None
        return written

    def _own(self, name: str) -> bool:
        function = self._snapshot.functions.get(name)
        return function is not None and "/site-packages/" not in function.where.file

    def function(self, name: str, *, inside: bool) -> None:
        """Read one function, and what it calls by name or of its own object. ``inside``: it is called in a block."""
        function = self._snapshot.functions.get(name)
        if function is None or not self._own(name) or (name, inside) in self._seen or len(self._seen) > MOST:
            return
        self._seen.add((name, inside))
        if TRANSACTION in function.wrapped_by:
            self.places.blocks[str(function.where)] = None
            inside = True
        for ref in function.globals.values():
            if ref.kind == "class" and ref.name in self._snapshot.serializers:
                self.serializers[ref.name] = None
        try:
            tree = ast.parse(textwrap.dedent(function.source))
        except SyntaxError:
            return
        for node, within in calls(tree, lambda call: _dotted(function, call.func) == TRANSACTION):
            place = f"{function.where.file}:{function.where.line + node.lineno - 1}"
            self._call(function, node, place, inside=inside or within)

    def _call(self, function: Function, node: ast.Call, place: str, *, inside: bool) -> None:
        dotted, places = _dotted(function, node.func), self.places
        method = attribute(node)
        on = ast.unparse(node.func.value) if isinstance(node.func, ast.Attribute) else ""
        if dotted == TRANSACTION:
            places.blocks[place] = None
        elif dotted == _ON_COMMIT:
            places.hooks[place] = None
        elif method == "select_for_update":
            places.locks[place] = None
        elif method == "save" and "serializer" in on.lower():
            self._saves.append((place, inside))
        elif not inside and (method in _LEGACY_WRITES or _updates_rows(node)):
            places.alone[place] = None
        self.function(dotted, inside=inside)
        if on == "self" and function.owner == (self.cls.name if self.cls is not None else None):
            assert self.cls is not None
            self.function(self.cls.methods.get(method, ""), inside=inside)


def _dotted(function: Function, node: ast.expr) -> str:
    found = function.globals.get(ast.unparse(node))
    return found.name if found is not None else ""


def _updates_rows(node: ast.Call) -> bool:
    if not (isinstance(node.func, ast.Attribute) and node.func.attr == "update"):
        return False
    words = ast.unparse(node.func.value)
    return any(f".{word}" in words or words.startswith(f"{word}(") for word in _ROWS)
