"""Patches on legacy names, carried over to the generated functions that came from them."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from .around import Patch
from .callstyle import style_of
from .clock import CLOCKS, PREFIX, everywhere, stand_ins
from .closure import names, reached
from .standin import Twin, stand_in
from .values import Values


@dataclass(slots=True)
class Plan:
    """For one operation under the patches in force: names to rebind, the patches that this carries over, and those that it cannot."""

    names: dict[tuple[int, str], tuple[dict[str, Any], Any]] = field(default_factory=dict)
    mirrored: list[Patch] = field(default_factory=list)
    unknown: list[tuple[Patch, str]] = field(default_factory=list)

    def rebind(self, space: dict[str, Any], name: str, value: Any) -> None:
        """``name`` of a module's dictionary is to be ``value``."""
        self.names[id(space), name] = (space, value)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """The names are rebound within."""
        before = [(space, name, space[name]) for (_, name), (space, _) in self.names.items()]
        for (_, name), (space, value) in self.names.items():
            space[name] = value
        try:
            yield
        finally:
            for space, name, value in before:
                space[name] = value


class Mirror:
    """``spec`` has the manifest's ``twins``, ``inlined`` and ``models``, and the project's ``functions`` with what their names mean."""

    def __init__(self, spec: dict[str, Any], package: str) -> None:
        self._given, self._package = spec["package"], package
        self._functions: dict[str, dict[str, Any]] = spec["functions"]
        self._inlined = set(spec["inlined"])
        self._twins: dict[str, list[Twin]] = {}
        for item in spec["twins"]:
            found = self._resolve(item["generated"])
            if inspect.isfunction(found) and len(item["parameters"]) == len(
                inspect.signature(found).parameters
            ):
                twin = Twin(item["legacy"], found, tuple(item["parameters"]), item.get("folded", {}))
                self._twins.setdefault(twin.legacy, []).append(twin)
        self._settings = set(spec["settings"])
        self._operations = {o["legacy"] for o in spec["operations"]}
        self._values = Values(spec["models"], spec["rows"], self._resolve)
        self._reached: dict[str, dict[int, Any]] = {}
        self._modules = {_module_of(name) for name in self._functions}

    def _resolve(self, dotted: str) -> Any:
        """A generated name, under the name that the package has here."""
        module, _, name = dotted.rpartition(".")
        if module == self._given or module.startswith(f"{self._given}."):
            module = self._package + module[len(self._given) :]
        try:
            return getattr(importlib.import_module(module), name, None)
        except ImportError:
            return None

    def plan(self, operation: dict[str, Any], patches: list[Patch]) -> Plan:
        """What to do about ``patches`` while ``operation`` is asked."""
        plan = Plan()
        for patch in patches:
            if patch.owner is None:
                plan.unknown.append((patch, "the content of a mapping"))
            elif isinstance(patch.owner, ModuleType):
                self._module(plan, patch, operation)
            elif isinstance(patch.owner, type):
                self._class(plan, patch, operation)
            elif type(patch.owner).__name__ in ("LazySettings", "UserSettingsHolder", "Settings"):
                # .settings looks at the values themselves
                if patch.attribute not in self._settings:
                    plan.unknown.append((patch, "a setting that generated code does not read"))
            else:
                plan.unknown.append((patch, "an attribute of one object"))
        return plan

    def _closure(self, operation: dict[str, Any]) -> dict[int, Any]:
        key = operation["key"]
        if key not in self._reached:
            start = self._resolve(operation["function"])
            module = sys.modules.get(getattr(start, "__module__", ""), None)
            # The access function hangs on the resource that the function's decorator named.
            roots = (
                [
                    start,
                    *(
                        v
                        for v in vars(module).values()
                        if type(v).__name__ == "Resource" and _answers(v, start)
                    ),
                ]
                if module
                else [start]
            )
            found = reached(roots, self._package)
            self._reached[key] = {id(f): f for f in found}
        return self._reached[key]

    def _module(self, plan: Plan, patch: Patch, operation: dict[str, Any]) -> None:
        """A global name of a module."""
        users = list(self._users(patch.owner, patch.attribute))
        if f"{patch.owner.__name__}.{patch.attribute}" == f"{PREFIX}now":
            # Also what sets fields by itself and what lets sessions end looks at it.
            for space, bound, value in everywhere(patch):
                plan.rebind(space, bound, value)
            if not users:
                plan.mirrored.append(patch)
                return
        if not users:
            if patch.owner.__name__.partition(".")[0] in sys.stdlib_module_names:
                self._same_object(plan, patch)
            elif patch.owner.__name__ not in self._modules:
                plan.unknown.append((patch, "something inside a library"))
            return
        closure = self._closure(operation)
        touched = False
        for name, key, rest in users:
            homes = [t.function for t in self._twins.get(name, ()) if id(t.function) in closure]
            if operation["legacy"] == name:
                homes.append(self._resolve(operation["function"]))
            if not homes and name in self._inlined:
                found = self._hosts(name, key, users, closure)
                if found is None:
                    plan.unknown.append(
                        (
                            patch,
                            f"{name} was written into its callers, which use the same function otherwise too",
                        )
                    )
                    return
                homes = found
            if not homes:
                if self._folded(name, operation) and not self._twins.get(self._functions[name]["keys"][key]):
                    plan.unknown.append((patch, f"{name} has no function of its own in the generated code"))
                    return
                continue
            for home in homes:
                if not self._in_home(plan, patch, home, name, key, rest):
                    plan.unknown.append(
                        (patch, f"what {name} does with it is not a call of its own in the generated code")
                    )
                    return
                touched = True
        if touched:
            plan.mirrored.append(patch)

    def _hosts(
        self, name: str, key: str, users: list[tuple[str, str, tuple[str, ...]]], closure: dict[int, Any]
    ) -> list[Any] | None:
        """Where the function ``name``, which was written into its callers, calls what ``key`` means.

        None where legacy code that does not look at the patched name calls it there as well.
        """
        target = self._functions[name]["keys"][key]
        twins = {id(t.function) for t in self._twins.get(target, ())}
        hosts = [
            f for f in closure.values() if any(id(f.__globals__.get(n)) in twins for n in names(f.__code__))
        ]
        looking = {user for user, _, _ in users}
        others = {
            id(t.function)
            for legacy, own in self._twins.items()
            if legacy not in looking and target in self._functions.get(legacy, {}).get("keys", {}).values()
            for t in own
        }
        return None if any(id(f) in others for f in hosts) else hosts

    def _in_home(
        self, plan: Plan, patch: Patch, home: Any, name: str, key: str, rest: tuple[str, ...]
    ) -> bool:
        target = self._functions[name]["keys"][key]
        used = set(names(home.__code__))
        space = home.__globals__
        done = False
        if target.startswith(PREFIX) and target.removeprefix(PREFIX) in CLOCKS:

            def asked() -> Any:
                value = patch.new
                for part in rest:
                    value = getattr(value, part)
                return value()

            for bound, value in stand_ins(home, target.removeprefix(PREFIX), asked).items():
                plan.rebind(space, bound, value)
                done = True
            return done
        twins = {id(t.function): t for t in self._twins.get(target, ())}
        for bound in used:
            held = space.get(bound)
            if id(held) in twins:
                source = self._functions[name]["source"]
                role = self._functions.get(target, {}).get("role", "function")
                style = style_of([source], key, method=False)
                plan.rebind(
                    space,
                    bound,
                    stand_in(twins[id(held)], patch, rest, role, style, self._values, plan.unknown),
                )
                done = True
            elif bound in space and not rest and held is patch.original and held is not None:
                plan.rebind(space, bound, patch.new)
                done = True
            elif held is patch.owner and patch.attribute in used:
                done = True  # the same module object: already patched
        return done

    def _same_object(self, plan: Plan, patch: Patch) -> None:
        """A name of the standard library: generated code may hold the very object."""
        for name, module in list(sys.modules.items()):
            if name == self._package or name.startswith(f"{self._package}."):
                for bound, value in list(vars(module).items()):
                    if value is patch.original:
                        plan.rebind(vars(module), bound, patch.new)
        plan.mirrored.append(patch)

    def _class(self, plan: Plan, patch: Patch, operation: dict[str, Any]) -> None:
        """An attribute of a class."""
        owner = patch.owner
        legacy = f"{owner.__module__}.{owner.__qualname__}.{patch.attribute}"
        if owner.__module__ not in self._modules and owner.__module__.partition(".")[0] not in {
            m.partition(".")[0] for m in self._modules
        }:
            plan.unknown.append((patch, "something inside a library"))
            return
        twins = self._twins.get(legacy, [])
        if not twins:
            if operation["legacy"] == legacy:
                plan.unknown.append((patch, "it is what answers the request"))
            elif legacy in self._inlined or legacy not in self._functions or self._folded(legacy, operation):
                plan.unknown.append((patch, f"{legacy} has no function of its own in the generated code"))
            return
        closure = self._closure(operation)
        here = [t for t in twins if id(t.function) in closure]
        if not here:
            return
        role = self._functions[legacy]["role"]
        sources = [f["source"] for f in self._functions.values() if f".{patch.attribute}(" in f["source"]]
        style = style_of(sources, patch.attribute, method=True)
        for twin in here:
            made = stand_in(twin, patch, (), role, style, self._values, plan.unknown)
            for name, module in list(sys.modules.items()):
                if name.startswith(f"{self._package}."):
                    for bound, value in list(vars(module).items()):
                        if value is twin.function:
                            plan.rebind(vars(module), bound, made)
        plan.mirrored.append(patch)

    def _folded(self, name: str, operation: dict[str, Any]) -> bool:
        """Whether a function without a twin can have been worked out while ``operation`` was translated."""
        if name in self._twins or name in self._operations:
            return False
        found = self._functions.get(name)
        if found is None:
            return True
        classes = set(operation["classes"])
        if found["owner"]:
            return found["owner"] in classes
        word = name.rpartition(".")[2]
        return any(word in f["source"] for f in self._functions.values() if f["owner"] in classes)

    def _users(self, owner: ModuleType, attribute: str) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        """Functions that look up ``owner.attribute``: their name, the dotted text, and what of it follows."""
        for name, found in self._functions.items():
            keys = [k for k in found["keys"] if attribute in k]
            if not keys:
                continue
            module = sys.modules.get(_module_of(name))
            longest = [k for k in keys if not any(o.startswith(f"{k}.") for o in keys)]
            for key in longest:
                parts = key.split(".")
                place: Any = module
                for index, part in enumerate(parts):
                    if place is owner and part == attribute:
                        yield name, key, tuple(parts[index + 1 :])
                        break
                    place = vars(place).get(part) if isinstance(place, ModuleType) else None
                    if place is None:
                        break


def _answers(resource: Any, function: Any) -> bool:
    return any(getattr(o, "endpoint", None) is function for o in getattr(resource, "operations", {}).values())


def _module_of(name: str) -> str:
    """The imported module that has the function or method ``name``."""
    parts = name.split(".")
    for end in range(len(parts) - 1, 0, -1):
        module = ".".join(parts[:end])
        if module in sys.modules:
            return module
    return parts[0]
