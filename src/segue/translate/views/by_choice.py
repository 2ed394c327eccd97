"""The rest of a program of DRF's once for each serializer class that ``get_serializer_class`` may give to a request."""

from __future__ import annotations

import ast
from collections.abc import Callable

from segue.translate.interp.conditions import Test, test
from segue.translate.interp.frame import PUT, Frame
from segue.translate.interp.value import Val, const, is_pure, name
from segue.translate.specialise.choices import Fork, serializer_choice
from segue.translate.specialise.endpoint import Chosen, Endpoint
from segue.translate.views.generic import self_of


def by_choice(
    frame: Frame, endpoint: Endpoint, rest: Callable[[Endpoint, Val], Val], data: Val | None = None
) -> Val:
    """What ``rest`` comes to: it is given the view whose class is chosen, and the input.

    ``data`` is the input's code, which DRF reads before it asks for the class. Raises ``Refused``.
    """
    choice = serializer_choice(endpoint)
    if data is None:
        data = const(None)
    elif isinstance(choice, Fork) and data.node is not None:
        data = Val(data.kind, frame.hoist("data", data.node))
    if choice is None:
        return rest(endpoint, data)
    local = frame.fresh("response") if isinstance(choice, Fork) else ""
    return _way(frame, endpoint, choice, lambda chosen: rest(chosen, data), local)


def _way(
    frame: Frame, endpoint: Endpoint, choice: Fork | Chosen, rest: Callable[[Endpoint], Val], local: str
) -> Val:
    if isinstance(choice, Chosen):
        return rest(endpoint.choosing(choice))
    asked = _asked(frame, endpoint, choice)
    if asked.known is not None and is_pure(asked.node):
        return _way(frame, endpoint, choice.then if asked.known else choice.otherwise, rest, local)
    before = frame.snapshot_env()
    arms = []
    for way, facts in ((choice.then, asked.then), (choice.otherwise, asked.otherwise)):
        frame.facts.update(facts)
        with frame.capture() as lines:
            value = _way(frame, endpoint, way, rest, local)
            if value.text != local:
                frame.emit(f"{local} = {value.text}")
        frame.restore_env(before)
        arms.append((lines, value))
    (yes, value), (no, _) = arms
    frame.emit_block(f"if {ast.unparse(asked.node)}:", yes)
    frame.emit_block("else:", no)
    return Val(value.kind, name(local))


def _asked(frame: Frame, endpoint: Endpoint, fork: Fork) -> Test:
    """The condition, with the names of the method that asks it."""
    saved = frame.env, frame.function, frame.owner, frame.receiver
    frame.env = {key: value for key, value in saved[0].items() if key.startswith(PUT)}
    frame.env["self"] = frame.receiver = self_of(endpoint)
    frame.function, frame.owner = fork.function, fork.function.owner
    try:
        return test(frame, fork.test)
    finally:
        frame.env, frame.function, frame.owner, frame.receiver = saved


__all__ = ["by_choice"]
