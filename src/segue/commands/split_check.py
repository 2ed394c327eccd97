"""``segue split check``: whether both databases have the same rows."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import IO

from segue.commands.common import console, count, errors, print_json
from segue.commands.split_open import Given, kept, require_settled
from segue.config import Config
from segue.errors import EnvironmentProblem, UsageError
from segue.files import cannot_write
from segue.split import repair
from segue.split.reconcile import Compared, Difference, Reconciler
from segue.split.rows import Rows


def run(settings: Config, given: Given, *, plan: Path | None, changed: str, limit: int, as_json: bool) -> int:
    """Compare all rows. Returns 1 on differences, and on rows that never stood still; the first ``limit`` are listed.

    ``plan``: write SQL there that makes the side ``changed`` ('': the one that is not written) equal to the other.
    """
    state, split = kept(settings, given)
    require_settled(state)
    link = split.back if state.phase == "over" else split.there
    changed = changed or link.subscriber.name
    if changed not in ("source", "target"):
        raise UsageError(f"{changed!r} is no side.", hint="Give --repair source or --repair target.")
    listed: list[Difference] = []
    with _file(plan, changed, polled=link.polled) as write, _progress(as_json) as show:
        statements = repair.Plan(changed, link.publisher.name, write) if write else None

        def found(difference: Difference, ahead: Rows, behind: Rows) -> None:
            if len(listed) < limit:
                listed.append(difference)
            if statements is not None:
                statements.add(difference, ahead, behind)

        def progress(one: Compared) -> None:
            if statements is not None:
                statements.flush()
            show(f"{one.table}: {one.rows} rows")

        try:
            compared = Reconciler(link, found, progress).run()
        except TimeoutError as error:
            raise EnvironmentProblem(
                f"The rows cannot be compared: {error}.",
                hint="Look at `segue split status` and the servers' logs.",
            ) from error
    if as_json:
        print_json(
            {
                "tables": [{**asdict(c), "table": str(c.table)} for c in compared],
                "differences": [{"table": str(d.table), "key": list(d.key), "kind": d.kind} for d in listed],
            }
        )
    else:
        say(compared, listed)
        if plan is not None:
            console.print(f"{plan}: SQL for the {changed}.", markup=False, soft_wrap=True)
    return 1 if any(c.differences or c.unsettled for c in compared) else 0


def say(compared: list[Compared], listed: list[Difference]) -> None:
    """Differences, then one line for each table, then the sum."""
    for one in listed:
        console.print(f"{one.table} {', '.join(one.key)}: {one.kind}", markup=False, soft_wrap=True)
    total = sum(c.differences for c in compared)
    if total > len(listed):
        console.print(f"and {total - len(listed)} more")
    for table in compared:
        text = f"{table.table}: {count(table.rows, 'row')} in {count(table.ranges, 'range')}, {table.seconds:.1f} s"
        if table.unsettled:
            text += f"; {count(table.unsettled, 'row')} changed each time they were looked at"
        console.print(text, markup=False, soft_wrap=True)
    console.print(f"{count(total, 'difference')} in {count(sum(c.rows for c in compared), 'row')}.")


@contextlib.contextmanager
def _progress(as_json: bool) -> Iterator[Callable[[str], None]]:
    if as_json:
        yield lambda _: None
        return
    with errors.status("Comparing…") as status:
        yield status.update


@contextlib.contextmanager
def _file(path: Path | None, changed: str, *, polled: bool) -> Iterator[Callable[[str], object] | None]:
    """Writes into a temporary file beside ``path``, which takes its name when all went well."""
    if path is None:
        yield None
        return
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        out: IO[str] = beside.open("w", encoding="utf-8")
    except OSError as error:
        raise cannot_write(path, error) from error
    try:
        with out:
            out.write(repair.head(changed, polled=polled))
            yield out.write
            out.write(repair.tail(polled=polled))
        beside.replace(path)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        beside.unlink(missing_ok=True)
