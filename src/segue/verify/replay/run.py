"""``verify replay``: recorded requests, one after the other, on both sides."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from segue.errors import EnvironmentProblem, UsageError
from segue.verify.evidence import Report, operation_from_json
from segue.verify.explore import STARTING, joined_spec
from segue.verify.operations import native_operations
from segue.verify.project import JOINED, ProjectRef, child_environment
from segue.verify.replay.files import requests
from segue.verify.replay.recorded import Recorded
from segue.verify.scratch import scratch


def replay(
    project: ProjectRef,
    files: Sequence[Path],
    *,
    users: Mapping[str, str] | None = None,
    host: str = "",
    limit: int = 100_000,
    seconds: float = 3600.0,
    redacted: Sequence[str] = (),
) -> Report:
    """Send what ``files`` hold to both sides, on a copy of the project's own rows; at most ``limit`` requests.

    ``users`` maps a recorded token, session key or Authorization value to a user name; ``host`` leaves other hosts
    out; ``redacted`` are names of fields whose values may not be told. The recorded tokens go to the child by its
    standard input: nothing of a request is written to a file before it is redacted. Raises :class:`UsageError` for
    files that are no recording, :class:`EnvironmentProblem` when the child cannot run.
    """
    operations = native_operations(project)
    spec = joined_spec(project, operations, seed=1) | {
        "task": "replay",
        "against": "fastapi",
        "redacted": list(redacted),
        "seconds": seconds,
    }
    left: Counter[str] = Counter()
    begin = time.monotonic()
    chosen = _chosen(requests(files), host, limit, left)
    first = next(chosen, None)
    if first is None:
        raise UsageError("The files hold no request to replay.", hint=_told(left) or "Check --host.")
    raw = _run(project, spec, dict(users or {}), [first], chosen, seconds + STARTING)
    places = {o["key"]: (o["function"], o["place"]) for o in operations}
    results = tuple(operation_from_json(k, v, *places[k]) for k, v in raw["operations"].items() if v["cases"])
    notes = [*raw["notes"], *(f"not sent, {n} requests: {why}" for why, n in left.most_common())]
    silent = [k for k in places if not raw["operations"][k]["cases"]]
    if silent:
        notes.append(f"never asked by the recording: {', '.join(silent)}")
    return Report("replay", results, time.monotonic() - begin, tuple(raw["noise"]), tuple(notes))


def _chosen(found: Iterable[Recorded], host: str, limit: int, left: Counter[str]) -> Any:
    sent = 0
    for item in found:
        if host and item.host.partition(":")[0] != host:
            left["another host"] += 1
        elif item.body is None:
            left["its body was not recorded"] += 1
        elif sent >= limit:
            left["over the limit"] += 1
        else:
            sent += 1
            yield item


def _told(left: Mapping[str, int]) -> str:
    return "; ".join(f"{n}: {why}" for why, n in left.items())


def _run(
    project: ProjectRef,
    spec: dict[str, Any],
    users: dict[str, str],
    first: Sequence[Recorded],
    rest: Iterable[Recorded],
    timeout: float,
) -> dict[str, Any]:
    with scratch() as folder:
        given, out, said = (folder / name for name in ("spec.json", "report.json", "stderr"))
        given.write_text(json.dumps({**spec, "parent": os.getpid()}), encoding="utf-8")
        with said.open("wb") as errors, subprocess.Popen(
            [str(project.python), str(JOINED), str(given), str(out)],
            cwd=project.import_root, env=child_environment(project) | {"TMPDIR": str(folder / "tmp")}, stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL, stderr=errors,
        ) as child:  # fmt: skip
            assert child.stdin is not None
            try:
                _feed(child.stdin, users, first, rest)
                child.wait(timeout)
            except subprocess.TimeoutExpired as error:
                child.kill()
                raise EnvironmentProblem(
                    f"The recording was not through after {timeout:.0f} s.", hint="Give --limit or --seconds."
                ) from error
            except BaseException:
                child.kill()
                raise
        if not out.is_file():
            lines = said.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            raise EnvironmentProblem(
                "Both sides could not be run in one process.",
                hint="Check that `manage.py check` passes and that the generated code imports.",
                detail="\n".join(lines[-25:]),
            )
        raw: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return raw


def _feed(
    stream: IO[bytes], users: dict[str, str], first: Sequence[Recorded], rest: Iterable[Recorded]
) -> None:
    """One JSON document a line: the users, then the requests."""
    try:
        stream.write(json.dumps(users).encode() + b"\n")
        for item in first:
            stream.write(json.dumps(item.to_json()).encode() + b"\n")
        for item in rest:
            stream.write(json.dumps(item.to_json()).encode() + b"\n")
        stream.close()
    except BrokenPipeError:  # the child ended: at its time limit, or with an error that its output tells
        pass


__all__ = ["replay"]
