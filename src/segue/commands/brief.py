"""``segue brief ROUTE``."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

from segue.assess.brief import brief
from segue.commands.common import console, errors, print_json
from segue.commands.probing import take_snapshot
from segue.config import Config
from segue.errors import DamagedFile, UsageError
from segue.files import require_writable, write_atomic
from segue.translate.program import translate


def run(settings: Config, route: str, *, to: Path | None, as_json: bool) -> int:
    """Print the page of ``METHOD /path/``, or write it into the file ``to``.

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
            snapshot, package=settings.package, accepted_middleware=settings.accepted_middleware
        )
    at, operation = found[0]
    reasons = next(
        (r.reasons for r in program.refused if (r.route_id, r.method) == (at.id, operation.method)), ()
    )
    text = brief(snapshot, at, operation, reasons, _manifest(settings))
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
