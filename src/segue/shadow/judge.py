"""Whether two sides answer a read differently, told apart from data that moves and values that are new each time."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from segue.verify.joined.compare import answer_of, differences, disagreements, general, left_to_django, shape

SideName = Literal["django", "fastapi"]
Answer = dict[str, Any]
Place = tuple[str, Any, Any]

ROUNDS = 8
"""How often each side is asked before a place counts that never differed before: a value that is one of two by the toss of a coin
passes for a difference once in 100,000 such reads."""

AGAIN = 2
"""The same for a place of the operation that counts already."""

_OURS = ("x-segue-route", "x-envoy-upstream-service-time")


class Kind(StrEnum):
    """What came of a read."""

    EQUAL = "equal"
    VOLATILE = "volatile"
    DIFFERENT = "different"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Verdict:
    """``places`` are (path, Django's value, FastAPI's): those that differ, or those in which a side differs from itself. ``statuses`` are Django's and
    FastAPI's."""

    kind: Kind
    places: tuple[Place, ...] = ()
    statuses: tuple[int, int] = (0, 0)


def readable(status: int, headers: list[tuple[str, str]], body: bytes, method: str) -> Answer:
    """An answer as it is compared. Raises ``ValueError`` for a body that is not what its headers say."""
    kept = [(name, value) for name, value in headers if name.lower() not in _OURS]
    try:
        return answer_of({"status": status, "headers": kept, "body": body}, {}, method)
    except (
        OSError,
        EOFError,
        zlib.error,
        LookupError,
        RecursionError,
    ) as error:  # no such charset, JSON too deep
        raise ValueError(str(error)) from error


def judge(
    live: Answer,
    mine: SideName,
    ask: Callable[[SideName], Answer],
    *,
    known: Collection[str] = (),
    agreed: Collection[str] = (),
) -> Verdict:
    """``live`` is what the user was answered by the side ``mine``; ``ask`` asks one side the same now.

    A read that FastAPI has answered is asked of FastAPI again first: what the user got may be Django's answer to a request that FastAPI left to it,
    and of code that FastAPI does not have nobody knows that it writes nothing. Then
    the other side is asked; if it answers the same, that is all. Else both sides are asked in turn, and a place counts only where the side that
    answered the user says the same every time and the other one says something else every time. Because the other side is always asked
    between two equal answers of the first, data that moved in the meantime is no difference. ``known`` are places (as
    :func:`~segue.verify.joined.compare.general` writes them) that count already and are not looked at as long; ``agreed`` those of ``[verify] noise``: their
    form is compared.
    """
    other: SideName = "fastapi" if mine == "django" else "django"
    first = last = live
    counted: dict[str, Place] = {}
    moved: set[str] = set()
    statuses = (0, 0)
    if mine == "fastapi":
        last = ask(mine)
        if left_to_django(last):
            return Verdict(Kind.LEFT)
        if last["status"] >= 500:  # the user's answer was Django's, in the place of this one
            first = last
        moved |= {path for path, _, _ in differences(first, last)}
    number = 0
    while number < (AGAIN if counted and all(general(path) in known for path in counted) else ROUNDS):
        answer = ask(other)
        if left_to_django(answer):
            return Verdict(Kind.LEFT)
        found = _differing(mine, last, answer, agreed)
        if number == 0:
            if not found:
                return Verdict(Kind.EQUAL)
            counted = found
            statuses = (first["status"], answer["status"])
        counted = {path: found[path] for path in counted if path in found and not _spoiled(path, moved)}
        if not counted:
            break
        last = ask(mine)
        if left_to_django(last):
            return Verdict(Kind.LEFT)
        moved |= {path for path, _, _ in differences(first, last)}
        found = _differing(mine, last, answer, agreed)
        counted = {
            path: place for path, place in counted.items() if path in found and not _spoiled(path, moved)
        }
        if not counted:
            break
        number += 1
    if not counted:
        return Verdict(Kind.VOLATILE, tuple((path, None, None) for path in sorted(moved)))
    return Verdict(
        Kind.DIFFERENT, tuple(counted.values()), statuses if mine == "django" else (statuses[1], statuses[0])
    )


def _differing(mine: SideName, one: Answer, answer: Answer, agreed: Collection[str]) -> dict[str, Place]:
    django, fastapi = (one, answer) if mine == "django" else (answer, one)
    return {
        path: (path, left, right)
        for path, left, right in disagreements(django, fastapi)
        if not (general(path).replace("[*]", "[]") in agreed and shape(left) == shape(right))
    }


def _spoiled(path: str, moved: Collection[str]) -> bool:
    """Whether a place is, holds, or belongs to one in which the first side has moved."""
    for name in moved:
        place = name.removesuffix(".length")
        if path == place or path.startswith((f"{place}.", f"{place}[")):
            return True
        if name.startswith((f"{path}.", f"{path}[")):
            return True
    return False
