"""Own and third-party DRF operations, and those of plain views, with verdict, models touched and hooks overridden."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from segue.assess.effects import TRANSACTION
from segue.assess.model import Endpoint, Verdict
from segue.refusal import Refusal
from segue.snapshot import plain
from segue.snapshot.model import Class, Function, Operation, Route, SerializerField, Snapshot, View, own_place

if TYPE_CHECKING:
    from segue.target.ir import Program

_ACTIONS = ("list", "create", "retrieve", "update", "partial_update", "destroy",
            "get", "post", "put", "patch", "delete")  # fmt: skip


def endpoints(snapshot: Snapshot, program: Program | None) -> tuple[Endpoint, ...]:
    """Every operation of DRF routes, in URL order."""
    verdicts = _verdicts(program)
    reach = Reach(snapshot)
    result = []
    for route in snapshot.routes:
        view = snapshot.views.get(route.view)
        if route.kind != "drf" or view is None:
            continue
        for operation in route.operations:
            if operation.method in ("HEAD", "OPTIONS"):
                continue
            verdict, reasons = verdicts.get((route.id, operation.method), ("unknown", ()))
            result.append(_endpoint(snapshot, reach, route, view, operation, verdict, reasons))
    return tuple(result)


def plain_endpoints(snapshot: Snapshot, program: Program | None) -> tuple[Endpoint, ...]:
    """Every operation of the project's plain views of Django that answers with data (:mod:`segue.snapshot.plain`), in URL order."""
    verdicts = _verdicts(program)
    reach = Reach(snapshot)
    result = []
    for route in snapshot.routes:
        for operation in plain.operations(snapshot, route):
            verdict, reasons = verdicts.get((route.id, operation.method), ("unknown", ()))
            view = snapshot.views[route.view]
            result.append(_endpoint(snapshot, reach, route, view, operation, verdict, reasons))
    return tuple(result)


def _verdicts(program: Program | None) -> dict[tuple[str, str], tuple[Verdict, tuple[Refusal, ...]]]:
    verdicts: dict[tuple[str, str], tuple[Verdict, tuple[Refusal, ...]]] = {}
    if program is not None:
        for native in program.native:
            verdicts[native.route_id, native.method] = ("native", ())
        for refused in program.refused:
            verdicts[refused.route_id, refused.method] = ("refused", tuple(refused.reasons))
    return verdicts


def _endpoint(
    snapshot: Snapshot,
    reach: Reach,
    route: Route,
    view: View,
    operation: Operation,
    verdict: Verdict,
    reasons: tuple[Refusal, ...],
) -> Endpoint:
    functions = reach.functions(view, operation)
    models = reach.models(view, functions)
    default = next((d for d in snapshot.settings.databases if d.alias == "default"), None)
    writes = operation.method not in ("GET", "HEAD", "OPTIONS")
    return Endpoint(
        route=route.id,
        method=operation.method,
        view=view.key,
        action=operation.action or operation.method.lower(),
        kind=view.flavour,
        app=_app(snapshot, view, models),
        own=route.own,
        verdict=verdict,
        where=own_place(operation.where, view),
        reasons=reasons,
        models=tuple(sorted(models)),
        signals=_signals(snapshot, models) if writes else (),
        transactional=any(reach.transactional(name) for name in functions)
        or bool(default and default.atomic_requests and view.atomic_requests),
        overridden=_overridden(snapshot.classes.get(view.cls), operation, snapshot),
    )


def _app(snapshot: Snapshot, view: View, models: Iterable[str]) -> str:
    name = view.function or view.cls
    best = ""
    label = ""
    for app in snapshot.apps:
        if name.startswith(app.module + ".") and len(app.module) > len(best):
            best, label = app.module, app.label
    if label:
        return label
    if view.queryset_model:
        return view.queryset_model.partition(".")[0]
    first = sorted(models)
    return first[0].partition(".")[0] if first else name.partition(".")[0]


def _signals(snapshot: Snapshot, models: Iterable[str]) -> tuple[str, ...]:
    touched = set(models)
    return tuple(
        sorted(
            {
                f"{receiver.signal} → {receiver.function}"
                for receiver in snapshot.receivers
                if receiver.own
                and receiver.signal.startswith(("pre_", "post_", "m2m_"))
                and receiver.signal not in ("pre_migrate", "post_migrate")
                and (not receiver.sender or receiver.sender in touched)
            }
        )
    )


def _overridden(cls: Class | None, operation: Operation, snapshot: Snapshot) -> tuple[str, ...]:
    """Own methods of the view that DRF calls for this operation."""
    if cls is None:
        return ()
    others = {action for action in _ACTIONS if action != (operation.action or operation.method.lower())}
    return tuple(
        sorted(
            name
            for name, function in cls.methods.items()
            if function in snapshot.functions
            and not name.startswith("__")
            and name not in others
            and _is_hook(name, operation)
        )
    )


def _is_hook(name: str, operation: Operation) -> bool:
    wanted = {
        "create": ("perform_create",),
        "update": ("perform_update",),
        "partial_update": ("perform_update",),
        "destroy": ("perform_destroy",),
        "post": ("perform_create",),
        "put": ("perform_update",),
        "patch": ("perform_update",),
        "delete": ("perform_destroy",),
    }
    action = operation.action or operation.method.lower()
    if name == action or name in wanted.get(action, ()):
        return True
    return name.startswith(
        ("get_", "initial", "finalize_", "check_", "filter_", "paginate_", "dispatch", "handle_")
    )


class Reach:
    """What code reaches, by the names that the probe resolved; memoised over one snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._labels = {model.cls: label for label, model in snapshot.models.items()}
        self._models: dict[str, frozenset[str]] = {}
        self._serializers: dict[str, frozenset[str]] = {}

    def functions(self, view: View, operation: Operation) -> tuple[str, ...]:
        """Own functions of the view that may run for ``operation``."""
        cls = self._snapshot.classes.get(view.cls)
        names = [view.function, operation.function]
        if cls is not None:
            handler = operation.action or operation.method.lower()
            for name, function in cls.methods.items():
                other = name in _ACTIONS or name in view.action_overrides
                if name == handler or not other:
                    names.append(function)
        return tuple(dict.fromkeys(name for name in names if name in self._snapshot.functions))

    def models(self, view: View, functions: Iterable[str]) -> set[str]:
        """Labels of the models that the queryset, the serializers and ``functions`` name."""
        found = {view.queryset_model} if view.queryset_model else set()
        if view.serializer_class:
            found |= self.of_serializer(view.serializer_class)
        for name in functions:
            found |= self.of_function(name)
        return found

    def of_serializer(self, name: str) -> frozenset[str]:
        """Models behind a serializer and those nested in it."""
        known = self._serializers.get(name)
        if known is not None:
            return known
        self._serializers[name] = frozenset()
        serializer = self._snapshot.serializers.get(name)
        if serializer is None:
            return frozenset()
        found = {serializer.model} if serializer.model else set()
        for field in serializer.fields:
            found |= self._of_field(field)
        self._serializers[name] = result = frozenset(found)
        return result

    def _of_field(self, field: SerializerField) -> set[str]:
        found = {field.queryset_model} if field.queryset_model else set()
        if field.serializer:
            found |= self.of_serializer(field.serializer)
        if field.child is not None:
            found |= self._of_field(field.child)
        return found

    def of_function(self, name: str) -> frozenset[str]:
        """Models that a function names, and those of the functions it calls by name."""
        known = self._models.get(name)
        if known is not None:
            return known
        self._models[name] = frozenset()  # a cycle adds nothing
        function = self._snapshot.functions.get(name)
        if function is None:
            return frozenset()
        found: set[str] = set()
        for reference in function.globals.values():
            if reference.kind == "model" and reference.name in self._labels:
                found.add(self._labels[reference.name])
            elif reference.kind == "function":
                found |= self.of_function(reference.name)
            elif reference.kind == "class" and reference.name in self._snapshot.serializers:
                found |= self.of_serializer(reference.name)
        self._models[name] = result = frozenset(found)
        return result

    def transactional(self, name: str) -> bool:
        """True when the function itself opens a transaction."""
        function = self._snapshot.functions.get(name)
        return function is not None and opens_transaction(function)


def opens_transaction(function: Function) -> bool:
    """True when ``function`` names ``transaction.atomic``."""
    return TRANSACTION in function.wrapped_by or any(
        reference.name == TRANSACTION for reference in function.globals.values()
    )
