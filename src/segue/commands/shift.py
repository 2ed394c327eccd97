"""``segue shift`` and ``segue rollback``: change weights, in the ledger and in a running gateway."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from rich.markup import escape

from segue import ledger
from segue.commands.common import (
    basis,
    console,
    count,
    find_entries,
    now,
    print_json,
    read_ledger,
    read_snapshot,
)
from segue.config import Config
from segue.errors import DamagedFile, SegueError, UsageError
from segue.files import require_writable
from segue.gateway import control, table
from segue.ledger import Basis, Entry, Ledger, transitions
from segue.rollout import plan as plans

WAIT_SECONDS = 15.0
"""How long a shift or a rollback waits for another command that is changing the ledger."""


@dataclass(frozen=True, slots=True)
class Shifted:
    """What :func:`move` did. ``moved`` are the entries as they were before, ``unchanged`` those that had the weight already,
    ``skipped`` the keys of matches that are not translated; ``seconds`` until the gateway had it, None without one; ``held`` whether
    a rollout was paused for it; ``only`` the requests that weights are of, and
    ``shares`` what others have."""

    weight: int
    moved: tuple[Entry, ...]
    unchanged: tuple[Entry, ...]
    skipped: tuple[str, ...]
    seconds: float | None
    held: bool = False
    only: tuple[str, ...] = ()
    shares: Mapping[str, int] = field(default_factory=dict)

    def sentences(self) -> list[str]:
        """What people are told."""
        told = [f"{e.key}: {e.weight} → {self.weight} % FastAPI" for e in self.moved]
        if self.weight:
            told += [f"{key} stays on Django (not translated)" for key in self.skipped]
        if not self.moved:
            where = f"FastAPI has {self.weight} % already" if self.weight else "Django has all of the traffic"
            told.append(f"Nothing changed for {count(len(self.unchanged), 'operation')}: {where}.")
        elif self.seconds is None:
            told.append("No gateway is running; `segue serve` will start with these weights.")
        else:
            told.append(f"In effect at the gateway after {self.seconds * 1000:.0f} ms.")
        if self.weight and self.only:
            told.append(
                f"Of requests with {' or '.join(self.only)} only; all others stay on Django (gateway.only)."
            )
        if self.weight and self.shares:
            told.append(f"{apart(self.shares)} (gateway.shares).")
        if self.held:
            told.append(
                "The rollout under way is paused; `segue rollout --resume` goes on with what it had before it."
            )
        return told


def run(settings: Config, routes: list[str], weight: int, *, force: bool, as_json: bool) -> int:
    """Shift every operation that ``routes`` name, and say so."""
    done = move(settings, routes, weight, force=force)
    if as_json:
        print_json(
            {
                "shifted": [e.key for e in done.moved],
                "unchanged": [e.key for e in done.unchanged],
                "weight": weight,
                "skipped": list(done.skipped),
                "seconds": done.seconds,
            }
        )
    else:
        for sentence in done.sentences():
            console.print(escape(sentence), soft_wrap=True)
    return 0


def move(
    settings: Config,
    routes: list[str],
    weight: int,
    *,
    force: bool = False,
    why: str = "",
    seen: int | None = None,
) -> Shifted:
    """Give every operation that ``routes`` name the weight; ``why`` goes into their history. Refused operations among the
    matches of a route or glob are skipped and told; naming one exactly is an error.

    Raises :class:`UsageError` where evidence or code forbid it, and for an operation that has another weight than ``seen``, the
    one on which somebody decided; :class:`segue.errors.EnvironmentProblem` while another command changes the ledger.
    """
    held = not weight and routes == ["*"] and _hold_rollout(settings)
    with ledger.locked(settings.state, wait=WAIT_SECONDS):
        book = read_ledger(settings)
        today = basis(settings, book)
        book = replace(book, code=today.code)
        chosen, skipped = choose(book, routes, weight)
        for entry in chosen:
            if seen is not None and entry.weight != seen:
                raise UsageError(
                    f"{entry.key} has {entry.weight} % by now, not {seen} %: somebody else has moved it.",
                    hint="Look at it again, then decide.",
                )
        if not force and any(e.weight < weight for e in chosen):
            require_loaded(settings, today)
        changed = transitions.shift(book, chosen, weight, today, at=now(), force=force, why=why)
        seconds = put(settings, book, changed, [e.route for e in chosen] if weight else [])
    return Shifted(
        weight,
        tuple(e for e in chosen if e.weight != weight),
        tuple(e for e in chosen if e.weight == weight),
        tuple(skipped),
        seconds,
        held,
        settings.only,
        settings.shares,
    )


def apart(shares: Mapping[str, int]) -> str:
    """What ``gateway.shares`` gives, in words."""
    return "Apart from these: " + ", ".join(
        f"{share} % of those with {word}" for word, share in shares.items()
    )


def _hold_rollout(settings: Config) -> bool:
    """Pause a rollout that is under way, before everything goes back: it would give operations their first step after that, and while
    it begins with many it has the ledger's lock nearly all of the time. Whether there is one."""
    try:
        plan = plans.load(settings.state)
    except DamagedFile:  # the way back needs no plan
        return False
    if plan is None or not plan.active:
        return False
    plans.pause(settings.state)
    return True


def rollback(settings: Config, routes: list[str], *, everything: bool, as_json: bool) -> int:
    """Send the routes (or all of them) back to Django in one step."""
    if everything and routes:
        raise UsageError("Both routes and --all were given.", hint="Name routes, or say --all.")
    if not everything and not routes:
        raise UsageError("Nothing to roll back was named.", hint="Name routes, or say --all.")
    return run(settings, ["*"] if everything else routes, 0, force=False, as_json=as_json)


def put(settings: Config, before: Ledger, after: Ledger, shifted: list[str]) -> float | None:
    """Let the gateway and the file have ``after``, or both keep ``before``; the caller holds the ledger's lock. ``shifted`` are
    routes that get traffic. Returns the seconds until it took effect, None without a gateway."""
    require_writable(settings.state)
    seconds = apply(settings, after, shifted)
    try:
        ledger.write(settings.ledger_file, after)
    except SegueError:
        apply(settings, before, [])  # what the gateway does is what the ledger says
        raise
    return seconds


def require_loaded(settings: Config, today: Basis) -> None:
    """Evidence is about the code on disk: raises :class:`UsageError` where FastAPI was started with other code, or the gateway by another version
    of Segue."""
    running = control.find_running(settings.state)
    if running is not None and running.of_another_version:
        raise UsageError(
            "The gateway was started by another version of Segue.",
            hint="Stop `segue serve` and start it again, then it takes more traffic. What goes back to Django goes back now.",
        )
    if running is not None and running.code not in ("", today.code):
        raise UsageError(
            "FastAPI was started with other code than that which was verified since.",
            hint="Stop `segue serve` and start it again, then it takes more traffic.",
        )


def choose(book: Ledger, routes: list[str], weight: int) -> tuple[list[Entry], list[str]]:
    """The entries that ``routes`` name, and the keys of those that are not translated and were named by a route or glob only."""
    chosen: dict[str, Entry] = {}
    skipped: list[str] = []
    for text in routes:
        found = find_entries(book, text)
        exact = text in book.entries
        for entry in found:
            if entry.native or exact:
                chosen[entry.key] = entry
            else:
                skipped.append(entry.key)
    if not chosen and weight:
        raise UsageError(
            f"None of {', '.join(routes)} is translated.", hint="`segue assess` lists what stands in the way."
        )
    return list(chosen.values()), skipped


def apply(settings: Config, book: Ledger, shifted: list[str]) -> float | None:
    """Let the gateway serve as ``book`` says; the seconds that took, None if none is running."""
    snapshot = read_snapshot(settings)
    bad = table.unsupported(snapshot, shifted)
    if bad:
        raise UsageError(
            f"The gateway cannot match the URL pattern of {bad[0]} (look-around or back-reference).",
            hint="That route must stay on Django.",
        )
    for route, before in table.covered(snapshot, shifted):
        raise UsageError(
            f"Django tries {before} before {route}, and the gateway cannot match its URL pattern (look-around or back-reference), so whatever "
            "may be its path is Django's.",
            hint=f"{route} must stay on Django, or stand before {before} in urlpatterns.",
        )
    running = control.find_running(settings.state)
    rules = control.rules(settings, snapshot, book.entries)
    if running is None:
        return None
    # Django's answers are right at any weight, so a way back that comes late is let come.
    return control.swap(settings.state, rules, running, back=bool(shifted))
