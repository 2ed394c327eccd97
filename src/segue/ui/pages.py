"""What each page shows, read from the project's files for this one request."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from jinja2 import Environment, PackageLoader, StrictUndefined

from segue.errors import SegueError, of_system
from segue.ledger import Basis, Entry, Event, Ledger
from segue.ledger.transitions import against, lacking, why_stale
from segue.rollout import plan as plans
from segue.rollout.plan import Plan
from segue.ui import blockers, evidence, pictures
from segue.ui.board import FINDINGS, SIGNS, Look, board, look
from segue.ui.hands import Hands
from segue.ui.live import Live
from segue.ui.traffic import traffic

_EVENTS = 300  # of the history of all operations
_ATTENTION = 6  # lines of what needs somebody
_T = TypeVar("_T")


class NoSuchOperation(SegueError):
    """The ledger has no operation of that key."""


@dataclass(frozen=True, slots=True)
class Problem:
    """An error as it is shown: where the rest of a page does not need what is wrong, the rest is there."""

    message: str
    hint: str


@dataclass(slots=True)
class Attempts:
    """Problems that were met while a page was made."""

    problems: list[Problem] = field(default_factory=list)

    def __call__(self, read: Callable[[], _T]) -> _T | None:
        """What ``read`` gives; None, and the problem noted, where it fails."""
        try:
            return read()
        except SegueError as error:
            self.problems.append(Problem(error.message, error.hint))
        except OSError as error:
            told = of_system(error)
            self.problems.append(Problem(told.message, told.hint))
        return None


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("segue.ui"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    made.globals.update(signs=SIGNS, looks=list(Look), findings=FINDINGS)
    return made


class Pages:
    """Makes the pages. ``csrf`` goes into every form."""

    def __init__(self, csrf: str) -> None:
        self.live = Live()
        self._csrf = csrf

    def page(self, name: str, **values: Any) -> str:
        """A template with ``values``; those that every page has are filled in."""
        common = {
            "csrf": self._csrf,
            "told": (),
            "problems": (),
            "refused": None,
            "title": "segue ui",
            "here": name,
            "read": f"{datetime.now(UTC):%H:%M:%S} UTC",
        }
        return _environment().get_template(f"{name}.html.j2").render({**common, **values})

    def overview(self, hands: Hands, text: str, states: Sequence[str], told: Sequence[str] = ()) -> str:
        """How far the migration is, live traffic, the rollout, and the map."""
        attempt = Attempts()
        book = attempt(hands.ledger) or Ledger()
        today = attempt(lambda: hands.basis(book)) if book.entries else None
        return self.page(
            "overview",
            title=hands.settings.root.name,
            told=told,
            problems=attempt.problems,
            **_map(book, today, text, states),
            **_attention(book, today),
            traffic=traffic(hands.settings, self.live),
            key="",
            rollout=attempt(lambda: rollout(hands)),
        )

    def map(self, hands: Hands, text: str, states: Sequence[str]) -> str:
        """The map alone."""
        attempt = Attempts()
        book = attempt(hands.ledger) or Ledger()
        today = attempt(lambda: hands.basis(book)) if book.entries else None
        return self.page("map", problems=attempt.problems, **_map(book, today, text, states))

    def live_part(self, hands: Hands, key: str) -> str:
        """Figures of traffic alone."""
        return self.page("live", traffic=traffic(hands.settings, self.live, key), key=key)

    def rollout_part(self, hands: Hands) -> str:
        """The rollout alone."""
        attempt = Attempts()
        return self.page("rollout", rollout=attempt(lambda: rollout(hands)), problems=attempt.problems)

    def operation(
        self,
        hands: Hands,
        key: str,
        told: Sequence[str] = (),
        refused: Problem | None = None,
        form: Any = None,
    ) -> str:
        """Everything about one operation. Raises :class:`NoSuchOperation`, and what the ledger raises where it cannot be read."""
        attempt = Attempts()
        book = hands.ledger()
        entry = book.entries.get(key)
        if entry is None:
            raise NoSuchOperation(
                f"The ledger has no operation {key!r}.", hint="The overview lists all of them."
            )
        today = attempt(lambda: hands.basis(book))
        plan = attempt(lambda: rollout(hands))
        return self.page(
            "operation",
            title=key,
            entry=entry,
            look=look(entry),
            told=told,
            refused=refused,
            form=form,
            proofs=[(k, p, why_stale(entry, p, today) if today else "") for k, p in entry.proofs.items()],
            lacking=lacking(entry, today) if today and entry.native else "",
            against=against(entry, today) if today else "",
            runs=attempt(lambda: evidence.runs(hands.settings.state, key)) or [],
            blockers=blockers.of(entry, hands.settings.root),
            history=list(reversed(entry.history)),
            timeline=pictures.timeline(entry.history, entry.weight, datetime.now(UTC)),
            steps=hands.settings.rollout_steps,
            place=attempt(lambda: _place(hands, entry)) or "",
            traffic=traffic(hands.settings, self.live, key),
            key=key,
            progress=next((p for k, p in plan.operations if k == key), None) if plan else None,
            problems=attempt.problems,
        )

    def confirm(self, hands: Hands, key: str, refused: Problem | None = None) -> str:
        """Asks whether to roll back one operation, or all ('')."""
        attempt = Attempts()
        book = attempt(hands.ledger) or Ledger()
        if key and book.entries and key not in book.entries:
            raise NoSuchOperation(
                f"The ledger has no operation {key!r}.", hint="The overview lists all of them."
            )
        moved = [e for e in book.entries.values() if e.weight and (not key or e.key == key)]
        under_way = attempt(lambda: rollout(hands))
        return self.page(
            "confirm",
            title="Roll back",
            key=key,
            moved=moved,
            known=bool(book.entries),
            under_way=bool(under_way and under_way.active),
            refused=refused,
            problems=attempt.problems,
        )

    def blockers(self, hands: Hands) -> str:
        """What stands in the way, over all operations."""
        book = hands.ledger()
        return self.page(
            "blockers",
            title="Blockers",
            reasons=blockers.reasons(book),
            total=sum(not e.native for e in book.entries.values()),
        )

    def history(self, hands: Hands) -> str:
        """What happened last, over all operations."""
        book = hands.ledger()
        happened: dict[Event, list[str]] = {}
        for entry in book.entries.values():
            for event in entry.history:
                # What is done to many at once is told once; functions have a name each.
                same = replace(event, why="") if event.what == "translated" else event
                happened.setdefault(same, []).append(entry.key)
        events = sorted(happened.items(), key=lambda pair: pair[0].at, reverse=True)
        return self.page(
            "history", title="History", events=events[:_EVENTS], more=max(0, len(events) - _EVENTS)
        )

    def error(self, error: SegueError) -> str:
        """A page that could not be made, and why."""
        return self.page("error", title="Segue could not do that", refused=Problem(error.message, error.hint))


def _map(book: Ledger, today: Basis | None, text: str, states: Sequence[str]) -> dict[str, Any]:
    found = board(book, today, text=text, states=states)
    bar = pictures.shares(
        [(name.value, found.looks[name]) for name in reversed(Look)],
        ", ".join(f"{found.looks[name]} {name}" for name in reversed(Look)),
    )
    return {"board": found, "bar": bar, "text": text, "states": set(states)}


def _attention(book: Ledger, today: Basis | None) -> dict[str, Any]:
    needs = [(e, why) for e in book.entries.values() if (why := _needs(e, today))] if today else []
    lines = [(e.key, why) for e, why in sorted(needs, key=lambda pair: -pair[0].weight)]
    return {"attention": lines[:_ATTENTION], "more": max(0, len(lines) - _ATTENTION)}


def _needs(entry: Entry, today: Basis) -> str:
    """Why an operation wants somebody's eyes; '' where it does not."""
    bad = against(entry, today)
    if bad:
        return bad
    missing = lacking(entry, today) if entry.weight else ""
    if missing:
        return f"has {entry.weight} % of its traffic, and {missing}"
    last = next((e for e in reversed(entry.history) if pictures.weights(e)), None)
    if last is not None and not entry.weight and last.why and not last.why.startswith("segue ui"):
        return f"went back to Django on {last.at}: {last.why}"
    return ""


@dataclass(frozen=True, slots=True)
class Rollout:
    """The plan as it is shown: ``operations`` are (key, progress), those that go on first. ``has`` are the weights of the ledger where
    no controller follows them."""

    steps: tuple[int, ...]
    operations: tuple[tuple[str, plans.Progress], ...]
    active: int
    paused: bool
    controlled: bool
    has: dict[str, int]


def rollout(hands: Hands) -> Rollout | None:
    """The last rollout; None if there was none. Raises :class:`segue.errors.DamagedFile`."""
    state = hands.settings.state
    plan: Plan | None = plans.load(state)
    if plan is None:
        return None
    ordered = sorted(plan.operations.items(), key=lambda pair: bool(pair[1].ended))
    controlled, has = plans.controlled(state), dict[str, int]()
    if plan.active and not controlled:
        with contextlib.suppress(SegueError, OSError):  # the plan is shown without it; the map tells why
            has = {e.key: e.weight for e in hands.ledger().entries.values()}
    return Rollout(plan.steps, tuple(ordered), len(plan.active), plans.paused(state), controlled, has)


def _place(hands: Hands, entry: Entry) -> str:
    """Where the legacy code of a native operation is, as the manifest says."""
    file: Path = hands.settings.manifest_file
    try:
        found = json.loads(file.read_text(encoding="utf-8"))["operations"]
        return next((str(o["place"]) for o in found if f"{o['method']} {o['route']}" == entry.key), "")
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return ""
