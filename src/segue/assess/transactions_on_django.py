"""Transactions in the legacy code of one operation."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterable, Sequence

from segue.assess.effects import TRANSACTION
from segue.assess.transaction_places import MOST, Found, Places, attribute, calls, options
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
        "create_user",
        "create_superuser",
    }
)
_RELATION_WRITES = frozenset({"add", "remove", "set", "clear"})
_MARKS = frozenset(
    f"django.db.transaction.{name}"
    for name in (
        "set_rollback", "savepoint", "savepoint_commit", "savepoint_rollback", "set_autocommit", "commit", "rollback"
    )
) | {"rest_framework.views.set_rollback"}  # fmt: skip
_VALIDATES = ("validate", "to_internal_value")
# Which signals what is called sends, and whether in a transaction that Django itself begins.
_SENDS = {
    "save": (("pre_save", "post_save"), False),
    "create": (("pre_save", "post_save"), False),
    "create_user": (("pre_save", "post_save"), False),
    "get_or_create": (("pre_save", "post_save"), False),
    "update_or_create": (("pre_save", "post_save"), True),
    "delete": (("pre_delete", "post_delete"), True),
}
_BY_HOOK = {"create": "save", "update": "save", "destroy": "delete"}
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
        if hooks and (framework or walk.saves):
            walk.receivers(walk.models, _BY_HOOK.get(hooks[1], "save"), inside=walk.saves_inside)
        return walk.places.found(view.atomic_requests)


class _Walk:
    """Through the own code of one operation; ``cls`` is the view's class, ``serializers`` those that the code names."""

    def __init__(self, snapshot: Snapshot, cls: Class | None) -> None:
        self._snapshot, self.cls = snapshot, cls
        self.places = Places()
        self.serializers: dict[str, None] = {}
        self._saves: list[tuple[str, bool]] = []
        self._accessors = {
            name
            for model in snapshot.models.values()
            for name in (
                *(f.name for f in model.fields if f.relation is not None and f.relation.kind == "m2m"),
                *(r.accessor for r in model.reverse if r.kind != "o2o"),
            )
        }
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

    @property
    def saves_inside(self) -> bool:
        """Whether serializers are saved in blocks only."""
        return bool(self._saves) and all(inside for _, inside in self._saves)

    @property
    def models(self) -> set[str]:
        """Those of the serializers that the code names."""
        known = self._snapshot.serializers
        return {known[name].model for name in self.serializers if name in known}

    def receivers(self, models: Iterable[str], method: str, *, inside: bool) -> None:
        """Go through the project's receivers of what ``method`` of objects of ``models`` sends."""
        signals, begun = _SENDS.get(method, ((), False))
        for label in models:
            model = self._snapshot.models.get(label)
            senders = {label, model.cls if model is not None else label, ""}
            for receiver in self._snapshot.receivers:
                if (
                    receiver.own
                    and receiver.signal.rpartition(".")[2] in signals
                    and receiver.sender in senders
                ):
                    self.function(receiver.function, inside=inside or begun)

    def through_serializers(self, method: str) -> bool:
        """Go through what ``serializer.save()`` runs; whether the project wrote it. Where it did not, saving is a write."""
        written = False
        for name in list(self.serializers):
            known = self._snapshot.classes.get(name)
            for validates in known.methods.items() if known is not None and method in _BY_METHOD else ():
                if validates[0].startswith(_VALIDATES) and self._own(validates[1]):
                    self.function(validates[1], inside=False)
            for wanted in _BY_METHOD.get(method, ()):
                function = known.methods.get(wanted, "") if known is not None else ""
                if self._own(function):
                    written = True
                    self.function(function, inside=self.saves_inside)
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
        for ref in function.globals.values():
            if ref.kind == "class" and ref.name in self._snapshot.serializers:
                self.serializers[ref.name] = None
        try:
            tree = ast.parse(textwrap.dedent(function.source))
        except SyntaxError:
            return
        if TRANSACTION in function.wrapped_by:
            inside = True
            if not any(_dotted(function, one.func) == TRANSACTION for one in _made(tree)):
                self.places.blocks[str(function.where)] = None
        for node, within in calls(tree, lambda call: _dotted(function, call.func) == TRANSACTION):
            place = f"{function.where.file}:{function.where.line + node.lineno - 1}"
            self._call(function, node, place, inside=inside or within)

    def _call(self, function: Function, node: ast.Call, place: str, *, inside: bool) -> None:
        dotted, places = _dotted(function, node.func), self.places
        method = attribute(node)
        on = ast.unparse(node.func.value) if isinstance(node.func, ast.Attribute) else ""
        model = self._model(function, on)
        if dotted == TRANSACTION:
            places.blocks[f"{place}{options(node)}"] = None
        elif dotted == _ON_COMMIT:
            places.hooks[f"{place}{options(node)}"] = None
        elif dotted in _MARKS:
            places.marks[f"{place} ({dotted.rpartition('.')[2]})"] = None
        elif method == "select_for_update":
            places.locks[f"{place}{options(node)}"] = None
        elif (method == "save" and "serializer" in on.lower()) or self._by_hook(on, method):
            self._saves.append((place, inside))
        elif not inside and (
            method in _LEGACY_WRITES
            or (method in ("update", "perform_destroy") and on.startswith("super("))
            or _updates_rows(node)
            or self._writes_relation(method, on)
        ):
            places.alone[place] = None
        if model:
            self.receivers([model], method, inside=inside)
        self.function(dotted, inside=inside)
        self._handed_on(function, node, inside=inside)
        if on == "self" and function.owner == (self.cls.name if self.cls is not None else None):
            assert self.cls is not None
            self.function(self.cls.methods.get(method, ""), inside=inside)

    def _handed_on(self, function: Function, node: ast.Call, *, inside: bool) -> None:
        """A function that is given by name runs here, or later: ``on_commit(tell)``, ``partial(tell, order)``."""
        for argument in node.args:
            if isinstance(argument, ast.Name | ast.Attribute):
                self.function(_dotted(function, argument), inside=inside)

    def _by_hook(self, on: str, method: str) -> bool:
        """``self.perform_create(serializer)``, where that is DRF's own."""
        hook = method in ("perform_create", "perform_update")
        return hook and (on.startswith("super(") or (on == "self" and not self.has([method])))

    def _writes_relation(self, method: str, on: str) -> bool:
        """``article.favored_by.add(user)``."""
        return method in _RELATION_WRITES and "." in on and on.rpartition(".")[2] in self._accessors

    def _model(self, function: Function, on: str) -> str:
        """The label of the model that ``on`` (``Article.objects``) begins with."""
        found = function.globals.get(on.partition(".")[0])
        if found is None:
            return ""
        return next((m.label for m in self._snapshot.models.values() if m.cls == found.name), "")


def _made(tree: ast.Module) -> list[ast.Call]:
    """Decorators that a call makes (``@transaction.atomic(durable=True)``): the walk meets them itself."""
    top = tree.body[0] if tree.body else None
    decorators = top.decorator_list if isinstance(top, ast.FunctionDef | ast.AsyncFunctionDef) else []
    return [one for one in decorators if isinstance(one, ast.Call)]


def _dotted(function: Function, node: ast.expr) -> str:
    found = function.globals.get(ast.unparse(node))
    return found.name if found is not None else ""


def _updates_rows(node: ast.Call) -> bool:
    if not (isinstance(node.func, ast.Attribute) and node.func.attr == "update"):
        return False
    words = ast.unparse(node.func.value)
    return any(f".{word}" in words or words.startswith(f"{word}(") for word in _ROWS)
