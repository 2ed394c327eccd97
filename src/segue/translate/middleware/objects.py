"""Attributes, items and calls of the abstract run, by what the object is."""

from __future__ import annotations

import ast
import builtins

from segue.translate.middleware import library, request, response
from segue.translate.middleware.machine import Frame, Raised, call_closure, invoke
from segue.translate.middleware.sources import find
from segue.translate.middleware.values import (
    GET_RESPONSE,
    NONE,
    RESPONSE,
    Bound,
    Closure,
    Global,
    Instance,
    Known,
    Method,
    Super,
    Thing,
    Unknown,
    Value,
)

_SIMPLE = (str, int, float, bool, tuple, list, dict, set, frozenset, bytes, type(None))
_CHANGING = {"append", "extend", "insert", "pop", "remove", "clear", "update", "setdefault", "add", "discard", "sort", "reverse"}  # fmt: skip

_LOCALS = frozenset({
    "_thread._local", "threading.local", "_threading_local.local", "asgiref.local.Local", "_contextvars.ContextVar",
    "contextvars.ContextVar",
})  # fmt: skip
_FRAMEWORKS = ("django.", "rest_framework.", "asgiref.")


def attribute(frame: Frame, owner: Value, name: str, node: ast.AST) -> Value:
    """``owner.name``."""
    if isinstance(owner, Instance):
        return _of_instance(frame, owner, name)
    if isinstance(owner, Super):
        found = find(frame.machine.snapshot, _class_of(owner.receiver), name, after=owner.cls)
        return Bound(owner, name) if found is None else Method(found, owner.receiver)
    if isinstance(owner, Thing):
        if owner == RESPONSE:
            return response.attribute(frame, name, node)
        return request.attribute(frame, owner, name, node)
    if isinstance(owner, Unknown):
        if owner.pure:
            return Bound(owner, name)
        return Unknown(f"{owner.what}.{name}", pure=False)
    if isinstance(owner, Known | Global):
        return Bound(owner, name)
    return Unknown(name, pure=False)


def _class_of(value: Value) -> str:
    return value.cls if isinstance(value, Instance) else ""


def _of_instance(frame: Frame, owner: Instance, name: str) -> Value:
    if name in owner.attributes:
        return owner.attributes[name]
    snapshot = frame.machine.snapshot
    function = find(snapshot, owner.cls, name)
    if function is not None:
        if function.role in ("property", "cached_property"):
            return invoke(frame, Method(function, owner), [], {}, ast.Name(name))
        return Method(function, None if function.role == "staticmethod" else owner)
    known = snapshot.classes.get(owner.cls)
    if known is not None and name in known.attributes:
        return library.constant(known.attributes[name].value, f"self.{name}")
    if name == "__class__":
        return Unknown("class")
    return Unknown(f"self.{name}", pure=False)


def set_attribute(frame: Frame, owner: Value, name: str, value: Value, node: ast.AST) -> None:
    """``owner.name = value``."""
    if isinstance(owner, Instance):
        path = frame.machine.path
        if path.started and owner is path.instance:
            frame.event(node, "The middleware remembers something from one request to the next.")
        owner.attributes[name] = value
    elif owner == RESPONSE:
        response.set_attribute(frame, name, value, node)
    elif isinstance(owner, Thing):
        request.set_attribute(frame, owner, name, value, node)
    elif not is_local(owner):
        frame.event(node, "This changes an object that others may see.")


def is_local(owner: Value) -> bool:
    """Whether it is a variable of the thread or of the context: who reads it is looked at where it is read. Those of the
    frameworks, as the active time zone, are read by code that is not looked at."""
    if not isinstance(owner, Global) or owner.ref.kind != "instance" or owner.ref.value is None:
        return False
    return owner.ref.value.name in _LOCALS and not owner.ref.name.startswith(_FRAMEWORKS)


def item(frame: Frame, owner: Value, key: Value, node: ast.AST) -> Value:
    """``owner[key]``. Raises ``Raised`` for what may be missing."""
    if isinstance(owner, Known) and isinstance(key, Known):
        try:
            return Known(owner.value[key.value])
        except (KeyError, IndexError) as error:
            raise Raised(f"builtins.{type(error).__name__}") from None
        except TypeError:
            raise Raised("builtins.TypeError") from None
    if isinstance(owner, Thing):
        return request.item(frame, owner, key, node) if owner != RESPONSE else response.item(frame, key, node)
    if frame.machine.path.decide():
        raise Raised("builtins.LookupError", certain=False)
    return Unknown("item", pure=isinstance(owner, Known) or (isinstance(owner, Unknown) and owner.pure))


def set_item(frame: Frame, owner: Value, key: Value, value: Value, node: ast.AST) -> None:
    """``owner[key] = value``."""
    if owner == RESPONSE or owner == Thing("answer-headers"):
        response.set_item(frame, key, value, node)
    elif isinstance(owner, Unknown) and owner.what == "collection" and _plain(value):
        return
    elif owner == Thing("meta") and key == Known("REMOTE_ADDR") and not request.throttled(frame):
        return  # code that reads it is refused
    elif isinstance(owner, Thing) and owner.kind == "session":
        frame.event(node, "It writes to the session.")
    else:
        frame.event(node, "This changes an object that others may see.")


def delete_item(frame: Frame, owner: Value, key: Value, node: ast.AST) -> None:
    """``del owner[key]``."""
    if not (isinstance(owner, Unknown) and owner.what == "collection"):
        frame.event(node, "This changes an object that others may see.")


def contains(frame: Frame, element: Value, owner: Value, node: ast.AST) -> Value:
    """``element in owner``."""
    from segue.translate.middleware.evaluate import compare, truth

    if isinstance(owner, Thing):
        return response.contains(frame, element) if owner in (RESPONSE, Thing("answer-headers")) else request.contains(frame, owner, element)  # fmt: skip
    if isinstance(owner, Known):
        if isinstance(element, Known):
            try:
                return Known(element.value in owner.value)
            except TypeError:
                raise Raised("builtins.TypeError") from None
        if isinstance(owner.value, tuple | list | set | frozenset) and isinstance(element, Unknown):
            found = any(
                truth(frame, compare(frame, ast.Eq(), element, Known(v), node))
                for v in sorted(owner.value, key=repr)
            )
            return Known(found)
    if (
        isinstance(owner, Unknown)
        and owner.prefix
        and isinstance(element, Known)
        and element.value in owner.prefix
    ):
        return Known(True)
    return Unknown("membership")


def method_call(
    frame: Frame, target: Value, given: list[Value], named: dict[str, Value], node: ast.Call
) -> Value:
    """``target(*given, **named)``."""
    if target == GET_RESPONSE:
        if frame.machine.path.called:
            frame.event(node, "The view runs a second time.")
        frame.machine.path.called = True
        return RESPONSE
    if isinstance(target, Method):
        return invoke(frame, target, given, named, node)
    if isinstance(target, Closure):
        return call_closure(frame, target, given, named, node)
    if isinstance(target, Global):
        return library.call(frame, target.ref, given, named, node)
    if isinstance(target, Bound):
        return _bound(frame, target, given, named, node)
    frame.event(node, "Segue does not know what this calls.")
    return Unknown("call", pure=False)


def _bound(frame: Frame, target: Bound, given: list[Value], named: dict[str, Value], node: ast.Call) -> Value:
    owner, name = target.owner, target.name
    if owner == RESPONSE or owner == Thing("answer-headers"):
        return response.call(frame, name, given, node)
    if isinstance(owner, Thing):
        return request.call(frame, owner, name, given, named, node)
    if isinstance(owner, Global):
        return library.method(frame, owner.ref, name, given, named, node)
    if isinstance(owner, Super) and name == "finalize_response" and frame.machine.view:
        # DRF's own: the next override along the MRO would have been found with its source
        frame.machine.path.called = True
        return RESPONSE
    if isinstance(owner, Super) and name == "__init__":
        if isinstance(owner.receiver, Instance):
            # object.__init__, or a base of Django that keeps get_response
            owner.receiver.attributes.setdefault("get_response", GET_RESPONSE)
        return NONE
    if isinstance(owner, Known):
        return _of_constant(frame, owner, name, given, node)
    if isinstance(owner, Unknown) and owner.pure:
        if name in _CHANGING and not all(_plain(g) for g in given):
            frame.event(node, "Segue does not follow objects into containers.")
        return _of_text(frame, owner, name, given)
    frame.event(node, "Segue does not know what this calls.")
    return Unknown("call", pure=False)


def _of_constant(frame: Frame, owner: Known, name: str, given: list[Value], node: ast.Call) -> Value:
    if not isinstance(owner.value, _SIMPLE):
        return library.pattern(frame, owner.value, name, given)
    if name in _CHANGING and not isinstance(owner.value, str | bytes | tuple):
        frame.event(node, "This changes a value that outlives the request.")
        return Unknown("call")
    if all(isinstance(g, Known) for g in given):
        try:
            return Known(getattr(owner.value, name)(*[g.value for g in given if isinstance(g, Known)]))
        except Exception as error:  # noqa: BLE001 - as the code itself would
            raised = type(error).__name__
            raise Raised(
                f"builtins.{raised}" if hasattr(builtins, raised) else "builtins.Exception"
            ) from None
    return Unknown("text")


def _of_text(frame: Frame, owner: Unknown, name: str, given: list[Value]) -> Value:
    first = given[0] if given else None
    if name == "startswith" and isinstance(first, Known) and owner.prefix:
        options = first.value if isinstance(first.value, tuple) else (first.value,)
        if any(owner.prefix.startswith(o) for o in options):
            return Known(True)
        if not any(o.startswith(owner.prefix) for o in options):
            return Known(False)
    if name == "endswith" and isinstance(first, Known) and owner.slash:
        options = first.value if isinstance(first.value, tuple) else (first.value,)
        if all(isinstance(o, str) and o and not o.endswith(("/", "\n")) for o in options):
            return Known(False)
    if name in ("startswith", "endswith", "__contains__"):
        return Unknown("comparison", truth=owner.truth if _says_something(first) else None)
    if name in ("rstrip", "lower", "upper") and owner.prefix and all(isinstance(g, Known) for g in given):
        return Unknown(
            "text", prefix=getattr(owner.prefix, name)(*[g.value for g in given if isinstance(g, Known)])
        )
    if name in ("index", "encode", "decode", "format") and frame.machine.path.decide():
        raise Raised("builtins.ValueError", certain=False)
    return Unknown("text" if owner.what != "collection" else "item")


def _plain(value: Value) -> bool:
    return isinstance(value, Known) or (isinstance(value, Unknown) and value.pure)


def _says_something(value: Value | None) -> bool:
    """Whether text that starts with it cannot be empty."""
    if not isinstance(value, Known):
        return False
    options = value.value if isinstance(value.value, tuple) else (value.value,)
    return all(isinstance(o, str) and o for o in options)
