"""The same requests through Envoy and through one process: ``python -m bench.in_process --project FOLDER``.

``FOLDER`` has a generated project and a filled database (``segue generate`` has run). Every route of the snapshot is asked with each of
the project's methods that changes nothing, and with POST, PUT and PATCH of a body that is not valid, at weight 100 and at weight 0, by
nobody and by whoever ``--credential`` names. Compared: status, headers, body. Then one read is asked ``--count`` times over one
connection. Says what differs and exits with 1 if anything does.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import httpx

from segue.commands import one_process, serve, shift
from segue.commands.common import console, open_project, read_ledger, read_snapshot
from segue.commands.serve import Service
from segue.config import Config

Answer = tuple[int, tuple[tuple[str, str], ...], bytes]
Asked = tuple[int, str, str, str]
KINDS: dict[str, Callable[..., AbstractContextManager[Service]]] = {
    "Envoy": serve.started,
    "in one process": one_process.started,
}
# Of the server or of the moment; gunicorn names itself, and says that it keeps a connection.
VOLATILE = {"date", "expires", "server", "x-request-id", "connection", "keep-alive", "transfer-encoding"}


def main() -> int:
    given = argparse.ArgumentParser()
    given.add_argument("--project", type=Path, required=True)
    given.add_argument("--credential", action="append", default=[], help="'Authorization: Token …'")
    given.add_argument("--fill", default="1", help="what stands for a parameter of a path")
    given.add_argument("--count", type=int, default=500)
    options = given.parse_args()
    settings = open_project(options.project)
    settings.environment["PYTHONHASHSEED"] = "0"  # Django's Allow has the order of a set
    people = ["", *options.credential]
    seen: dict[str, dict[Asked, Answer]] = {}
    for kind, started in KINDS.items():
        with started(settings, port=0) as service:
            seen[kind] = dict(asked(settings, service, people, options.fill))
            milliseconds = timed(settings, service, options.count)
        say(f"{kind}: {len(seen[kind])} answers, median of {options.count} reads {milliseconds:.2f} ms")
    one, other = seen.values()
    differing = [key for key in one if one[key] != other[key]]
    for key in differing:
        say("\n    ".join([str(key), *(told(side[key]) for side in seen.values())]))
    say(f"{len(differing)} differences in {len(one)} requests")
    return 1 if differing else 0


def asked(settings: Config, service: Service, people: list[str], fill: str) -> Iterator[tuple[Asked, Answer]]:
    snapshot, book = read_snapshot(settings), read_ledger(settings)
    with httpx.Client(base_url=service.url, trust_env=False, timeout=60) as http:
        for weight in (100, 0):
            with console.capture():
                shift.run(settings, ["*"], weight, force=True, as_json=False)
            for route in snapshot.routes:
                path = route.id
                for name in {part.partition("}")[0] for part in route.id.split("{")[1:]}:
                    path = path.replace("{" + name + "}", fill)
                methods = {o.method for o in route.operations} & {"GET", "POST", "PUT", "PATCH"}
                for method in sorted(methods | {"OPTIONS", "TRACE"}):
                    for person in people:
                        name, _, value = person.partition(": ")
                        headers = {"accept": "application/json", **({name: value} if name else {})}
                        body = {} if method in ("GET", "OPTIONS", "TRACE") else {"content": b"{not json"}
                        if body:
                            headers["content-type"] = "application/json"
                        answer = http.request(method, path, headers=headers, **body)  # type: ignore[arg-type]
                        kept = sorted(
                            (k, v.replace(service.url, ""))
                            for k, v in answer.headers.items()
                            if k not in VOLATILE
                        )
                        content = answer.content.replace(service.url.encode(), b"")
                        if content != answer.content:  # the port's digits
                            kept = [(k, v) for k, v in kept if k != "content-length"]
                        yield (weight, method, path, person), (answer.status_code, tuple(kept), content)
    assert book.entries


def timed(settings: Config, service: Service, count: int) -> float:
    """Median milliseconds of the first native read without parameters, at FastAPI."""
    book = read_ledger(settings)
    path = next(
        e.route for e in book.entries.values() if e.native and e.method == "GET" and "{" not in e.route
    )
    with console.capture():
        shift.run(settings, ["*"], 100, force=True, as_json=False)
    took = []
    with httpx.Client(base_url=service.url, trust_env=False) as http:
        for _ in range(count):
            begin = time.perf_counter()
            http.get(path, headers={"accept": "application/json"})
            took.append(time.perf_counter() - begin)
    return statistics.median(took) * 1000


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def told(answer: Answer) -> str:
    status, headers, body = answer
    return f"{status} {dict(headers)} {body[:200]!r}"


if __name__ == "__main__":
    sys.exit(main())
