"""All paths through a piece of code: it is run again and again, each time with other answers to open questions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from segue.snapshot.model import Where
from segue.translate.middleware.values import Fact, Unknown, Value

MOST = 400


class TooMany(Exception):
    """More paths than anyone would read."""


class Settled(Exception):
    """Something can be seen on this path: what comes after it holds for requests of which no more need be known."""


class Dead(Exception):
    """A path that cannot happen."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that others can see, at a place of the source, and the facts that hold when it happens."""

    construct: str
    why: str
    file: str
    line: int
    facts: tuple[Fact, ...]
    late: bool  # the view has answered by then


@dataclass(slots=True)
class Path:
    """One run: the choices it makes, what it met, what it did."""

    choices: list[bool]
    position: int = 0
    facts: dict[Fact, bool] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    called: bool = False
    matched: bool = (
        False  # Django has found the route, which it does after all that middleware does before it
    )
    started: bool = False
    instance: Value | None = None
    session: bool = False
    asked: bool = False
    user: bool = False
    late: bool = False  # asks who it was, after the view
    varied: bool = False  # the subclass of SessionMiddleware has written ``Vary: Cookie``
    vary: list[str] = field(default_factory=list)
    ended: bool = False  # the language of the request, after the view
    unchecked: bool = False  # nobody asks the request for a CSRF token
    returned: tuple[str, Where] | None = None
    raised: tuple[str, Where] | None = None
    truths: dict[Unknown, bool] = field(default_factory=dict)
    sets: set[str] = field(default_factory=set)
    request_attributes: dict[str, Value] = field(default_factory=dict)
    response_attributes: dict[str, Value] = field(default_factory=dict)
    headers: list[tuple[str, str, str]] = field(default_factory=list)

    def decide(self, fact: Fact | None = None) -> bool:
        """The answer of this run; the same fact is answered the same way."""
        if fact is not None and fact in self.facts:
            return self.facts[fact]
        if self.position == len(self.choices):
            self.choices.append(False)
        answer = self.choices[self.position]
        self.position += 1
        if fact is not None:
            others = any(f.kind == fact.kind and v for f, v in self.facts.items())
            if answer and others and fact.kind in ("method", "status"):
                raise Dead  # a request has one method, an answer one status
            self.facts[fact] = answer
            if fact.kind == "session" and fact.key and answer:
                if self.facts.get(Fact("session", "")) is False:
                    raise Dead
                self.facts[Fact("session", "")] = True
        return answer

    @property
    def holding(self) -> tuple[Fact, ...]:
        """The facts that hold on this path so far."""
        return tuple(sorted((f for f, v in self.facts.items() if v), key=lambda f: (f.kind, f.key)))


def explore(run: Callable[[Path], None]) -> Iterator[Path]:
    """Every path of ``run``. Raises :class:`TooMany`."""
    choices: list[bool] = []
    for _ in range(MOST):
        path = Path(choices)
        try:
            run(path)
        except Settled:
            yield path
        except Dead:
            pass
        else:
            yield path
        choices = path.choices[: path.position]
        while choices and choices[-1]:
            choices.pop()
        if not choices:
            return
        choices[-1] = True
    raise TooMany
