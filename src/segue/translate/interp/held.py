"""What has happened to serializer objects, across branches: each branch starts from what was before, and what follows
may only build on what all branches that reach it have done."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

from segue.translate.interp.frame import Frame
from segue.translate.kinds import Serializer

State = list[tuple[Any, tuple[Any, ...]]]


def remember(frame: Frame) -> State:
    """The state of each serializer object that a local holds."""
    found = {id(v.kind.held): v.kind.held for v in frame.env.values() if isinstance(v.kind, Serializer)}
    return [(held, _fields(held)) for held in found.values() if held is not None]


def states(before: State) -> State:
    """The present state of the same objects."""
    return [(held, _fields(held)) for held, _ in before]


def back_to(before: State) -> None:
    """Make the objects what they were."""
    for held, values in before:
        for item, value in zip(dataclasses.fields(held), values, strict=True):
            setattr(held, item.name, value)


def merge(first: State, second: State, lines: list[str]) -> list[Any]:
    """What the objects are after two branches that both go on; ``lines`` are those of the second branch.

    Where both have saved, the object gets the same local in both; where one has, that local is to be None before the branches
    (the Vals of such are returned); where they differ otherwise, it must not be used.
    """
    back_to(second)
    optional: list[Any] = []
    for (held, one), (_, other) in zip(first, second, strict=True):
        a, b = _named(held, one), _named(held, other)
        saved, again = a["saved"], b["saved"]
        if (
            saved is not None
            and again is not None
            and saved.kind == again.kind
            and saved.text != again.text
            and saved.text.isidentifier()
        ):
            pattern = re.compile(rf"\b{re.escape(again.text)}\b")
            lines[:] = [pattern.sub(saved.text, line) for line in lines]
            if b["instance"] is again:
                b["instance"] = a["instance"]
            b["saved"] = saved
            held.saved, held.instance = saved, b["instance"]
        made = saved or again
        if made is not None and _made_in_one(a, b) and made.text.isidentifier():
            held.saved = held.instance = made
            held.given = a["given"] if saved is not None else b["given"]
            held.sometimes = True
            optional.append(made)
        elif any(_text(a[key]) != _text(b[key]) for key in a):
            held.torn = True
    return optional


def _made_in_one(a: dict[str, Any], b: dict[str, Any]) -> bool:
    """Whether the two differ only in that one has created an object."""
    made, other = (a, b) if b["saved"] is None else (b, a)
    return (
        made["saved"] is not None
        and other["saved"] is None
        and other["instance"] is None
        and made["instance"] is made["saved"]
        and not made["many"]
        and not (made["sometimes"] or made["torn"])
        and all(
            _text(made[key]) == _text(other[key])
            for key in made
            if key not in ("saved", "instance", "given", "unused")
        )
    )


def tear(before: State, after: State) -> None:
    """Something may or may not have happened to the objects: what has changed must not be used."""
    for (held, one), (_, other) in zip(before, after, strict=True):
        if any(_text(a) != _text(b) for a, b in zip(one, other, strict=True)):
            held.torn = True


def _fields(held: Any) -> tuple[Any, ...]:
    return tuple(getattr(held, item.name) for item in dataclasses.fields(held))


def _named(held: Any, values: tuple[Any, ...]) -> dict[str, Any]:
    return {item.name: value for item, value in zip(dataclasses.fields(held), values, strict=True)}


def _text(value: Any) -> Any:
    return getattr(value, "text", value)


__all__ = ["State", "back_to", "merge", "remember", "states", "tear"]
