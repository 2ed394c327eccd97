"""``segue brief ROUTE``."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

from segue.assess.brief import brief
from segue.commands.common import console, errors, interpreter, print_json
from segue.commands.probing import take_snapshot
from segue.config import Config
from segue.errors import DamagedFile, EnvironmentProblem, UsageError
from segue.files import require_writable, write_atomic
from segue.snapshot.model import Snapshot
from segue.translate.program import translate
from segue.verify.explore import explored
from segue.verify.project import ProjectRef

_CASES = 120
_SECONDS = 20.0


def run(settings: Config, route: str, *, to: Path | None, as_json: bool, examples: bool) -> int:
    """Print the page of ``METHOD /path/``, or write it into the file ``to``; with ``examples`` Django is asked first.

    Raises :class:`UsageError` for an operation that the project has not.
    """
    if to is not None:
        require_writable(to.absolute().parent)
    snapshot = take_snapshot(settings, quiet=True)
    method, _, path = route.strip().partition(" ")
    found = [
        (r, o)
        for r in snapshot.routes
        for o in r.operations
        if o.method == method.upper() and r.id == path.strip()
    ]
    if not found:
        raise UsageError(
            f"The project has no operation {route!r}.",
            hint='Name it as `segue assess --json` does, for example "GET /articles/{pk}/".',
        )
    with contextlib.nullcontext() if as_json else errors.status("Translating in memory…"):
        program = translate(
            snapshot,
            package=settings.package,
            accepted_middleware=settings.accepted_middleware,
            pure=settings.pure,
            look_beneath=True,
        )
    at, operation = found[0]
    reasons = next(
        (r.reasons for r in program.refused if (r.route_id, r.method) == (at.id, operation.method)), ()
    )
    text = brief(
        snapshot,
        at,
        operation,
        reasons,
        _manifest(settings),
        output=settings.output,
        recorded=_recorded(settings, snapshot, f"{operation.method} {at.id}", as_json) if examples else (),
    )
    if to is not None:
        write_atomic(to, text)
    if as_json:
        print_json(
            {"operation": f"{operation.method} {at.id}", "file": str(to) if to else None, "text": text}
        )
    elif to is not None:
        console.print(f"Brief: [bold]{to}[/]")
    else:
        console.print(text, markup=False, highlight=False, soft_wrap=True)
    return 0


def _recorded(settings: Config, snapshot: Snapshot, key: str, as_json: bool) -> list[dict[str, Any]] | str:
    """Answers of Django to the requests that ``verify explore`` derives for the operation; why there are none, as the
    page is of use without them."""
    project = ProjectRef(
        settings.root, settings.output, settings.state, interpreter(settings), snapshot, settings.package,
        settings.environment, settings.seed_command, settings.noise,
    )  # fmt: skip
    try:
        with contextlib.nullcontext() if as_json else errors.status("Asking Django for examples…"):
            _, raw = explored(
                project, only={key}, cases=_CASES, seconds=_SECONDS, seed=1, against="django", processes=1
            )
    except EnvironmentProblem as problem:
        return f"Django could not be asked: {problem}"
    found: list[dict[str, Any]] = raw["answers"].get(key, [])
    return found


def _manifest(settings: Config) -> dict[str, Any]:
    if not settings.manifest_file.is_file():
        return {}
    try:
        found: dict[str, Any] = json.loads(settings.manifest_file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DamagedFile(
            f"{settings.manifest_file} cannot be read: {error}.", hint="Run `segue generate` again."
        ) from error
    return found
