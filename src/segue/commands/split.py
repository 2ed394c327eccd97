"""``segue split copy``, ``follow``, ``status`` and ``stop``."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from segue.commands.common import console, count, now, prepare_state, print_json
from segue.commands.split_open import Given, chosen, kept, new, require_settled
from segue.config import Config
from segue.errors import EnvironmentProblem, UsageError
from segue.split import fence, follow
from segue.split import state as states
from segue.split.follow import Look, Meter
from segue.split.link import Link
from segue.split.sides import Unreachable, session
from segue.split.state import Split

_LOOK = 0.5  # seconds between two looks
_SAY = 5.0  # seconds between two lines


def copy(
    settings: Config,
    given: Given,
    *,
    apps: str,
    tables: str,
    resume: bool,
    as_json: bool,
    polled: bool = False,
) -> int:
    """Build the tables on the target, let PostgreSQL copy their rows, and follow changes. Returns when every table is copied."""
    prepare_state(settings)
    with states.working(settings.state):
        if resume:
            if apps or tables:
                raise UsageError(
                    "A split that goes on keeps its tables.", hint="Leave --apps and --tables out."
                )
            state, split = kept(settings, given)
            require_settled(state)
            if state.phase == "over":
                raise UsageError(
                    "The target is the side that is written.", hint="`segue split cut --back` first."
                )
        else:
            if states.load(settings.state) is not None:
                raise UsageError(
                    "A split is under way already.",
                    hint="Go on with it: --resume. Or end it: `segue split stop`.",
                )
            state, split = new(settings, chosen(settings, apps, tables), given, polled=polled)
        say = _quiet if as_json else _say
        # Written down before the first change, and not before: a wrong address is no split that is under way.
        follow.begin(split, say, lambda: states.save(settings.state, state.at("copying")))
        last = _wait_copied(split.there, say)
        follow.way_back(split)
        states.save(settings.state, state.at("following"))
    if as_json:
        print_json(_as_dict(last))
    else:
        console.print(
            f"{count(len(split.tables), 'table')} copied and followed; the way back is ready. Next: `segue split check`."
        )
    return 0


def _wait_copied(link: Link, say: Callable[[str], None]) -> Look:
    """Look until every table is copied. A server that is away is waited for."""
    for found in _looks(link, Meter(), say):
        if found is not None and found.ready:
            return found
    raise AssertionError  # _looks does not end by itself


def watch(settings: Config, given: Given, *, seconds: float, as_json: bool) -> int:
    """Show progress and lag until Ctrl-C or for ``seconds``; then what the lag was."""
    state, split = kept(settings, given)
    link = split.back if state.phase in ("over", "cutting back") else split.there
    meter, until = Meter(), time.monotonic() + seconds if seconds else float("inf")
    say = _quiet if as_json else _say
    try:
        for found in _looks(link, meter, say, split if split.polled else None):
            if as_json and found is not None:
                sys.stdout.write(json.dumps({"at": now(), **_as_dict(found)}) + "\n")
                sys.stdout.flush()
            if time.monotonic() > until:
                break
    except KeyboardInterrupt:
        pass
    if not as_json:
        console.print(
            f"{count(len(meter.seconds), 'look')}: lag p50 {meter.share(0.5):.1f} s, p99 {meter.share(0.99):.1f} s, most {max(meter.seconds, default=0):.1f} s."
        )
    return 0


def _looks(
    link: Link, meter: Meter, say: Callable[[str], None], carried: Split | None = None
) -> Iterator[Look | None]:
    """A look twice a second, None while a server is away. Says how it stands when the state of a table, the connection or a server has changed, and every few seconds.
    ``carried``: a split whose changes Segue carries over itself, before each look and instead of a pause."""
    said, before = 0.0, ""
    while True:
        found: Look | None = None
        try:
            if carried is not None:
                follow.carry(carried)
            found = follow.look(link, meter)
            text = _line(found)
            kind = f"{[table.state for table in found.tables]} {found.connected}"
        except Unreachable as error:
            text = f"{error.message} Waiting for it."
            kind = "away"
        if kind != before or time.monotonic() - said > _SAY:
            say(f"{now()[11:19]} {text}")
            said, before = time.monotonic(), kind
        yield found
        if found is None or carried is None:
            time.sleep(_LOOK)


def _line(found: Look) -> str:
    parts = []
    for table in found.tables:
        if table.state != "ready":
            parts.append(f"{table.table} {table.state}" + (f" ({table.copied} rows)" if table.copied else ""))
    progress = f"{len(found.tables) - len(parts)} of {count(len(found.tables), 'table')} ready"
    text = "; ".join([progress, *parts])
    text += f"; {found.seconds:.1f} s and {_bytes(found.bytes)} behind"
    if not found.connected:
        text += "; not connected"
    if found.errors:
        text += f"; {count(found.errors, 'error')} so far, told in the log of the server that receives"
    return text


def _bytes(number: int) -> str:
    for unit, size in (("GB", 1 << 30), ("MB", 1 << 20), ("kB", 1 << 10)):
        if number >= size:
            return f"{number / size:.1f} {unit}"
    return f"{number} B"


def _as_dict(found: Look) -> dict[str, Any]:
    return {
        "tables": [{"table": str(t.table), "state": t.state, "copied": t.copied} for t in found.tables],
        "bytes": found.bytes,
        "seconds": round(found.seconds, 3),
        "connected": found.connected,
        "errors": found.errors,
    }


def status(settings: Config, given: Given, *, as_json: bool) -> int:
    """Who is written, and how both directions are. Returns 1 when that needs a hand."""
    state, split = kept(settings, given)
    written, ways = [], {}
    for side in (split.source, split.target):
        with session(side) as connection:
            if not fence.closed(connection, split.tables):
                written.append(side.name)
    for way, link in (("there", split.there), ("back", split.back)):
        try:
            ways[way] = _as_dict(follow.look(link, Meter()))
        except EnvironmentProblem as error:
            ways[way] = {"problem": error.message}
    right = len(written) == 1 and not state.phase.startswith("cutting")
    if as_json:
        print_json(
            {"phase": state.phase, "written": written, "tables": [str(t) for t in split.tables], **ways}
        )
    else:
        console.print(
            f"{state.phase}: {count(len(split.tables), 'table')}, written: {', '.join(written) or 'neither side'}."
        )
        for way, link in (("there", split.there), ("back", split.back)):
            told = ways[way]
            text = told.get("problem") or (
                f"{'connected' if told['connected'] else 'not connected'}, {_bytes(told['bytes'])} behind, {count(told['errors'], 'error')}"
            )
            console.print(
                f"{link.publisher.name} → {link.subscriber.name}: {text}", markup=False, soft_wrap=True
            )
        if not right:
            what = "cut" if state.phase.startswith("cutting") else "copy"
            console.print(f"Bring it to its end: `segue split {what} --resume`.")
    return 0 if right else 1


def stop(settings: Config, given: Given, *, without: str, as_json: bool) -> int:
    """Take subscriptions, slots and publications away. Rows stay on both sides, and the fence of the side that is not written."""
    if without not in ("", "source", "target"):
        raise UsageError(f"{without!r} is no side.", hint="Give --without source or --without target.")
    with states.working(settings.state):
        state, split = kept(settings, given)
        require_settled(state)
        done: list[str] = []
        follow.stop(split, done.append, without=without)
        states.forget(settings.state)
    if as_json:
        print_json({"done": done})
    else:
        for text in done:
            console.print(text, markup=False)
        console.print(
            f"Stopped: nothing is followed any more. The {'source' if state.phase == 'over' else 'target'} stays closed to writes."
        )
    return 0


def _say(text: str) -> None:
    console.print(text, markup=False, soft_wrap=True)


def _quiet(_text: str) -> None:
    """For --json, whose output is the document alone."""
