"""``segue rollout``: the controller's hands, and the command."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType

from rich.markup import escape

from segue import ledger
from segue.commands import shift, synthetic
from segue.commands.common import basis, console, count, now, read_ledger
from segue.config import Config
from segue.errors import EnvironmentProblem, SegueError, UsageError
from segue.gateway import control
from segue.ledger import Ledger, transitions
from segue.rollout import plan as plans
from segue.rollout.controller import Controller, Moved, Standing
from segue.rollout.judge import Policy
from segue.rollout.log import Reader
from segue.rollout.plan import Plan, Progress

_LOOK = 0.5  # seconds between two looks
_REPEAT = 15.0  # seconds after which an operation that waits says so again


def run(settings: Config, routes: list[str], recorded: Sequence[Path] = ()) -> int:
    """Move the operations that ``routes`` name, step by step, until all have ended. Exit code 1 if one went back. ``recorded`` are files
    with traffic whose reads may be sent where users send too few."""
    with plans.controlling(settings.state):
        book = read_ledger(settings)
        steps = settings.rollout_steps
        chosen, _ = shift.choose(book, routes, 1)
        moving = [e for e in chosen if e.weight < steps[-1]]
        transitions.shift(
            book, moving, steps[-1], basis(settings, book), at=now()
        )  # raises where evidence is missing
        plans.resume(settings.state)
        plan = Plan(steps, {e.key: Progress(e.weight, e.weight) for e in moving})
        if not moving:
            console.print(f"Nothing to do: FastAPI has {steps[-1]} % of these already.")
            return 0
        return _control(settings, plan, recorded)


def pause(settings: Config) -> int:
    """No operation takes more traffic; what goes wrong still goes back."""
    console.print(hold(settings))
    return 0


def hold(settings: Config) -> str:
    """Pause; what people are told of it. Raises :class:`UsageError` without a rollout."""
    _unfinished(settings)
    plans.pause(settings.state)
    told = "Paused: no operation takes more traffic until `segue rollout --resume`"
    if plans.controlled(settings.state):
        return f"{told}; guards go on."
    return f"{told}. Its controller has gone, so what goes wrong does not go back by itself: see to it with `segue rollback`."


def resume(settings: Config, recorded: Sequence[Path] = ()) -> int:
    """Take a pause back, and go on with a rollout whose controller has gone."""
    plan = _unfinished(settings)
    was_paused = plans.paused(settings.state)
    try:
        with plans.controlling(settings.state):
            plans.resume(settings.state)
            return _control(settings, plan, recorded)
    except plans.Controlled:
        if not was_paused:
            raise
        plans.resume(settings.state)
        console.print("The running rollout goes on.")
        return 0


def unpause(settings: Config) -> None:
    """Take a pause back while a controller is at work.

    Raises :class:`UsageError` where none is: what goes on then is a controller, which lives in a terminal.
    """
    _unfinished(settings)
    if not plans.controlled(settings.state):
        raise UsageError(
            "The rollout's controller has gone.",
            hint="Say `segue rollout --resume` in a terminal; it goes on from where traffic is.",
        )
    plans.resume(settings.state)


def _unfinished(settings: Config) -> Plan:
    plan = plans.load(settings.state)
    if plan is None or not plan.active:
        raise UsageError("No rollout is under way.", hint="Begin one: `segue rollout ROUTE`.")
    return plan


def _control(settings: Config, plan: Plan, recorded: Sequence[Path]) -> int:
    stopping = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    running = control.find_running(settings.state)
    if running is None:
        raise EnvironmentProblem(
            "No gateway is running, so there is no traffic to move.", hint="Start `segue serve` first."
        )
    # Whatever is refused is refused before there is a rollout: :meth:`_Hands.reconcile` keeps the plan.
    sending = synthetic.begin(settings, plan, running, recorded)
    hands = _Hands(settings, sending)
    hands.reconcile(plan)
    policy = Policy(plan.steps, settings.rollout_interval, settings.rollout_minimum, settings.rollout_slower)
    controller = Controller(
        policy,
        plan,
        hands.move,
        hands.standing,
        lambda kept: plans.save(settings.state, kept),
        hands.say,
        time.monotonic,
    )
    reader = Reader(control.folder(settings.state) / "access.jsonl", django=running.django)
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        sending.start()
        console.print(
            f"{count(len(plan.active), 'operation')} by {', '.join(map(str, plan.steps))} %. Ctrl-C stops here and leaves traffic where it is."
        )
        if settings.only:
            console.print(f"Of requests with {' or '.join(map(escape, settings.only))} only (gateway.only).")
        if settings.shares:
            console.print(f"{escape(shift.apart(settings.shares))} (gateway.shares); they are in no figures.")
        controller.begin()
        while plan.active and not stopping:
            controller.tick(reader.read(), paused=plans.paused(settings.state), synthetic=sending.lines())
            sending.want(controller.wanting())
            time.sleep(_LOOK)
            with contextlib.suppress(SegueError):  # one that does not answer now is asked again
                again = control.find_running(settings.state)
                if again is not None and again != running:
                    running = again
                    reader.django = running.django
                    sending.follow(running)
    finally:
        sending.stop()
        for number, handler in before.items():
            signal.signal(number, handler)
    if plan.active:
        console.print("Stopped: traffic stays where it is. `segue rollout --resume` goes on.")
    return 1 if any(p.ended.startswith("rolled back") for p in plan.operations.values()) else 0


@dataclass(slots=True)
class _Hands:
    """Changes the ledger and the gateway for a controller, and prints."""

    settings: Config
    sending: synthetic.Sending = field(default_factory=synthetic.Sending)
    _said: dict[str, tuple[str, float]] = field(default_factory=dict)
    _seen: tuple[int, int, int] = (0, 0, 0)
    _book: Ledger = field(default_factory=Ledger)
    _against: dict[str, str] = field(default_factory=dict)
    _ahead: bool = False  # the gateway was changed by :meth:`_traffic` and the ledger not yet

    def reconcile(self, plan: Plan) -> None:
        """After a controller that was killed: the ledger says where traffic is, and the gateway follows it.

        It was killed before or after its move reached the ledger, so the ledger may have either weight; with any other one
        somebody else has moved the operation since. A way back that had begun is gone to its end: what showed the fault is forgotten.
        """
        for key in plan.active:
            one = plan.operations[key]
            if one.next < one.weight:
                self.move(key, one.weight, one.next, "the way back had begun when its controller ended")
        with ledger.locked(self.settings.state):
            book = read_ledger(self.settings)
            shift.apply(self.settings, book, [])
        for key in plan.active:
            one, entry = plan.operations[key], book.entries.get(key)
            if entry is not None and entry.weight in (one.weight, one.next):
                ended = "" if entry.weight or not one.weight else "rolled back: before its controller ended"
                plan.operations[key] = replace(one, weight=entry.weight, next=entry.weight, ended=ended)
        plans.save(self.settings.state, plan)

    def move(self, key: str, expected: int, weight: int, why: str) -> Moved:
        """Traffic and ledger. Going back does not wait for the ledger: traffic first."""
        try:
            if weight < expected:
                self._traffic(key, expected, weight)
            with ledger.locked(self.settings.state):
                book = read_ledger(self.settings)
                taken = _taken(book, key, expected)
                if taken:
                    shift.apply(self.settings, book, [])
                    self._ahead = False
                    return Moved(taken_over=taken)
                if weight > expected and plans.paused(self.settings.state):
                    return Moved(
                        refused="the rollout is paused"
                    )  # perhaps since, while many others were moved
                today = basis(self.settings, book)
                if weight > expected:
                    shift.require_loaded(self.settings, today)
                changed = transitions.shift(
                    replace(book, code=today.code), [book.entries[key]], weight, today, at=now(), why=why
                )
                shift.put(self.settings, book, changed, [book.entries[key].route] if weight else [])
                self._ahead = False
        except SegueError as error:
            return Moved(refused=f"{error.message} {error.hint}".strip())
        return Moved()

    def _traffic(self, key: str, expected: int, weight: int) -> None:
        book = read_ledger(self.settings)
        if not _taken(book, key, expected):
            self._ahead = True
            shift.apply(self.settings, book.with_entry(replace(book.entries[key], weight=weight)), [])

    def _settle(self) -> None:
        """Let the gateway follow the ledger: :meth:`_traffic` was of one that did not have yet what another command has set since."""
        with ledger.locked(self.settings.state):
            shift.apply(self.settings, read_ledger(self.settings), [])
        self._ahead = False

    def standing(self, key: str, weight: int) -> Standing:
        """What the ledger says of the operation; the file is read when it has changed."""
        try:
            if self._ahead and _taken(read_ledger(self.settings), key, weight):
                self._settle()
            found = os.stat(self.settings.ledger_file)
            seen = (found.st_ino, found.st_mtime_ns, found.st_size)
            if seen != self._seen:
                book = read_ledger(self.settings)
                today = basis(self.settings, book)
                self._against = {e.key: transitions.against(e, today) for e in book.entries.values()}
                self._book, self._seen = book, seen
        except (
            SegueError,
            OSError,
        ) as error:  # half-way through a checkout, perhaps: the guards on traffic go on
            self.say("ledger", str(error))
            return Standing()
        against = self._against.get(key, "") or self.sending.different.get(key, "")
        return Standing(against, _taken(self._book, key, weight))

    def say(self, key: str, what: str) -> None:
        """One line, and not the same again at once."""
        kind = what.partition(":")[0]
        last, at = self._said.get(key, ("", 0.0))
        if last == kind and time.monotonic() - at < _REPEAT:
            return
        self._said[key] = (kind, time.monotonic())
        console.print(f"{now()[11:19]} {escape(key)}: {escape(what)}", soft_wrap=True)


def _taken(book: Ledger, key: str, expected: int) -> str:
    entry = book.entries.get(key)
    if entry is None:
        return "it is no longer in the ledger"
    if entry.weight != expected:
        return f"another command set it to {entry.weight} %"
    return ""
