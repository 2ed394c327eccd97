"""``segue verify explore``, ``suite`` and ``replay``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from segue import digest, ledger, verify
from segue.commands.common import (
    basis,
    code_digest,
    console,
    errors,
    find_entries,
    interpreter,
    now,
    read_ledger,
    read_snapshot,
)
from segue.commands.outputs import Outputs, publish
from segue.commands.serve import fastapi_environment
from segue.config import Config
from segue.errors import UsageError
from segue.ledger import Basis, Kind, Proof, transitions
from segue.verify import written
from segue.verify.evidence import OperationResult, Report
from segue.verify.http import Modern, compare_urls, explore_http
from segue.verify.project import ProjectRef

__all__ = ["Outputs", "begin", "budget", "case", "explore", "http", "replay", "suite"]


def explore(
    settings: Config,
    outputs: Outputs,
    *,
    routes: Sequence[str],
    cases: int,
    seconds: float,
    seed: int,
    write_cases: Path | None = None,
    mode: Literal["joined", "http"] = "joined",
) -> int:
    """Send derived requests to both sides; evidence goes into the ledger. Exit code 1 on differences.

    Each difference becomes a pytest case in ``.segue/evidence/cases``, and in ``write_cases``; those of
    ``mode="http"``, which starts both as servers on clones of the database, do not.
    """
    book = read_ledger(settings)
    only = {e.key for text in routes for e in find_entries(book, text) if e.native}
    if routes and not only:
        raise UsageError("None of these routes is translated.", hint="`segue status` lists the routes.")
    project, begun = begin(settings)
    run = {"mode": mode, "seed": seed, "cases": cases, "seconds": seconds}
    if mode == "http":
        modern = Modern(fastapi_environment(settings))
        with errors.status("Comparing both sides over HTTP…"):
            report = explore_http(project, modern, only=only, cases=cases, seconds=seconds, seed=seed)
        return _finish(settings, report, "http", begun, outputs, run)
    with errors.status("Comparing both sides…"):
        report = verify.explore(project, only=only, cases=cases, seconds=seconds, seed=seed)
    report = written.write_cases(report, settings.state / "evidence" / "cases", settings.folder, renew=True)
    if write_cases is not None:
        written.write_cases(report, write_cases.resolve(), settings.folder)
    return _finish(settings, report, "explore", begun, outputs, run)


def budget(text: str) -> tuple[int, float]:
    """Cases and seconds that ``120s``, ``5m`` or ``5000`` (cases) allow.

    Raises :class:`UsageError` for anything else.
    """
    found = re.fullmatch(r"([1-9]\d*)(s|m|)", text.strip())
    if found is None:
        raise UsageError(
            f"{text!r} is no budget.", hint="Give seconds (120s), minutes (5m) or a number of cases (5000)."
        )
    number = int(found[1])
    if not found[2]:
        return number, max(300.0, number / 5)
    return 10_000_000, float(number * (60 if found[2] == "m" else 1))


def case(files: Sequence[Path]) -> int:
    """Ask the written cases again. Exit code 1 when one of them still differs."""
    bad = 0
    for file in files:
        for name, failure in written.run_file(file.resolve()):
            bad += bool(failure)
            console.print(
                f"{file}::{name} {'[red]differs[/]' if failure else '[green]equal[/]'}", soft_wrap=True
            )
            if failure:
                console.print(failure, markup=False, highlight=False)
    return 1 if bad else 0


def http(
    settings: Config,
    django: str,
    fastapi: str,
    outputs: Outputs,
    *,
    routes: Sequence[str],
    credentials: Sequence[str],
    cases: int,
    seconds: float,
    seed: int,
) -> int:
    """Compare two running services by reads. No evidence: nobody can know which code they run. Exit code 1 on
    differences.

    Raises :class:`UsageError` for an address that is none, and for a credential that is no ``Name: value``.
    """
    for url in (django, fastapi):
        if not url.startswith(("http://", "https://")):
            raise UsageError(f"{url} is no address of a service.", hint="Give it as http://host:port.")
    pairs = []
    for text in credentials:
        name, colon, value = text.partition(":")
        if not colon or not name.strip():
            raise UsageError(
                "A credential is a header, as in 'Authorization: Token …'.", hint="Put it into quotes."
            )
        pairs.append((name.strip(), value.strip()))
    book = read_ledger(settings)
    only = {e.key for text in routes for e in find_entries(book, text) if e.native}
    if routes and not only:
        raise UsageError("None of these routes is translated.", hint="`segue status` lists the routes.")
    project, begun = begin(settings)
    with errors.status("Comparing both services…"):
        report = compare_urls(
            project, django, fastapi, credentials=pairs, only=only, cases=cases, seconds=seconds, seed=seed
        )
    run = {"mode": "http", "django": django, "fastapi": fastapi, "seed": seed}
    about = {"snapshot": begun.snapshot, "code": begun.code, "at": now(), "run": run}
    publish(settings, report, "http-urls", outputs, about)
    return 1 if report.different else 0


def suite(
    settings: Config, command: Sequence[str], outputs: Outputs, *, answer: Literal["both", "fastapi"] = "both"
) -> int:
    """Run the project's own tests with both sides answering, or FastAPI too. Exit code 1 on differences or failed tests."""
    project, begun = begin(settings)
    words = [w for w in command if w != "--"]
    with errors.status("Running the project's tests…"):
        report = verify.suite(project, words, answer=answer)
    run = {"mode": "joined", "command": " ".join(words), "answer": answer}
    code = _finish(settings, report, "suite", begun, outputs, run)
    if report.tests.get("exit") and not outputs.as_json:
        console.print(report.output[-3000:], markup=False)
    bad = report.tests.get("exit") or any(test.bad for test in report.results)
    return 1 if bad else code


def replay(
    settings: Config,
    files: Sequence[Path],
    outputs: Outputs,
    *,
    users: Sequence[str],
    host: str,
    limit: int,
    seconds: float,
) -> int:
    """Send recorded requests to both sides; evidence goes into the ledger. Exit code 1 on differences."""
    given: dict[str, str] = {}
    for item in users:
        token, equals, name = item.rpartition("=")
        if not equals or not token or not name:
            raise UsageError("--as takes TOKEN=USER.", hint="For example: --as 9944b09199c62bcf=alice")
        given[token] = name
    project, begun = begin(settings)
    with errors.status("Replaying the recording…"):
        report = verify.replay(
            project, files, users=given, host=host, limit=limit, seconds=seconds, redacted=settings.redact
        )
    run = {"mode": "joined", "files": ", ".join(f.name for f in files)}
    return _finish(settings, report, "replay", begun, outputs, run)


def begin(settings: Config) -> tuple[ProjectRef, Basis]:
    """The project to compare, and what its evidence will be about."""
    code_digest(settings)
    project = ProjectRef(
        settings.root, settings.output, settings.state, interpreter(settings), read_snapshot(settings), settings.package,
        settings.environment, settings.seed_command, settings.noise,
    )  # fmt: skip
    return project, basis(settings, read_ledger(settings))


def _finish(
    settings: Config, report: Report, kind: Kind, begun: Basis, outputs: Outputs, run: Mapping[str, object]
) -> int:
    at = now()
    with ledger.locked(settings.state):
        book = ledger.read(settings.ledger_file)
        after = basis(settings, book)
        if (after.code, after.snapshot) != (begun.code, begun.snapshot):
            raise UsageError(
                "The generated code or the snapshot changed while both sides were compared; nothing was recorded.",
                hint="Run it again.",
            )
        ran = ", ".join(f"{name} {value}" for name, value in run.items())
        proofs = {o.key: proof(o, after, f"{kind}, {ran}", at) for o in report.operations if o.proven}
        book = transitions.after_verify(replace(book, code=after.code), kind, proofs, after, at=at)
        ledger.write(settings.ledger_file, book)
    about = {"snapshot": after.snapshot, "code": after.code, "at": at, "run": dict(run)}
    publish(settings, report, kind, outputs, about)
    return 1 if report.different or report.violations else 0


def proof(result: OperationResult, today: Basis, ran: str, at: str) -> Proof:
    """Evidence of one operation; its digest is over the figures, the code, the snapshot and what was run."""
    own = today.own.get(result.key, "")
    told = digest.of_bytes("\0".join([result.digest, own, today.snapshot, ran]).encode())[:12]
    return Proof(told, today.code, result.cases, result.different, at, own, today.snapshot, ran)
