"""One request answered by both sides: what differs, counted for its operation and its test."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ..compare import answer_of, differences, disagreements, shape
from . import mocks
from .effects import Done, Watch
from .mirror import Plan
from .standin import bound_to
from .tests import TESTS

MOST = 12


class MockCalls:
    """Calls of the patched names that a :class:`Plan` carries over, by side."""

    def __init__(self, plan: Plan) -> None:
        self._patches = plan.mirrored
        self._values = [p.new for p in plan.mirrored] + [p.new for p, _ in plan.unknown]
        self._recording = mocks.Recording(self._values)

    def take_back(self) -> dict[str, Any]:
        """FastAPI's calls; the mocks are as before."""
        ours = self._calls()
        self._recording.restore()
        self._recording = mocks.Recording(self._values)
        return ours

    def django(self) -> dict[str, Any]:
        """Django's calls, which stay recorded."""
        return self._calls()

    def _calls(self) -> dict[str, Any]:
        out = {}
        for patch in self._patches:
            if not mocks.is_mock(patch.new):
                continue
            plain = isinstance(patch.owner, type) and not hasattr(type(patch.new), "__get__")
            signature = bound_to(patch.original, without_self=plain)
            out[patch.name] = [mocks.plain_call(c, signature) for c in self._recording.calls(patch.new)]
        return {f"(calls of {name})": calls for name, calls in out.items() if calls}


def covers(theirs: Any, ours: Any) -> bool:
    """Whether every effect of ours is among theirs: names of mappings and members of lists, but for what is new each time."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        return all(name in theirs and covers(theirs[name], done) for name, done in ours.items())
    if isinstance(theirs, list) and isinstance(ours, list):
        return all(
            any(all(volatile(a, b) for _, a, b in differences(one, done)) for one in theirs) for done in ours
        )
    return bool(theirs == ours)


def compare(
    state: Any, operation: dict[str, Any], request: dict[str, Any], response: Any, ours: dict[str, Any],
    watched: Watch, done: Done, plan: Plan, calls: tuple[dict[str, Any], dict[str, Any]],
) -> None:  # fmt: skip
    """Count the request, and what differs. ``calls`` of patched names are FastAPI's and Django's.

    A difference while something is patched or set that could not be carried over counts as not served.
    """
    record = state.record(operation["key"])
    streaming = getattr(response, "streaming", False)
    raw = {
        "status": response.status_code,
        "headers": [
            *response.items(),
            *(("set-cookie", m.OutputString()) for m in response.cookies.values()),
        ],
        "body": b"" if streaming else response.content,
    }
    theirs = answer_of(raw, done.effects(watched, everywhere=True) | calls[1], request["method"])
    mine = answer_of(ours, ours["effects"] | calls[0], request["method"])
    found = [
        d
        for d in disagreements(theirs, mine)
        if not volatile(d[1], d[2]) and not (streaming and d[0].startswith("body"))
    ]
    unknown = [f"{p.name}: {why}" for p, why in plan.unknown]
    unknown += [
        f"override_settings({name}): a setting that generated code does not read"
        for name in state.settings.unknown()
    ]
    if found and unknown:
        state.leave(operation["key"], f"differs under {', '.join(dict.fromkeys(unknown))}")
        return
    for patch in plan.mirrored:
        TESTS.now.mirrored[patch.name] += 1
    record["cases"] += 1
    state.note(operation, request, mine, equal=not found)
    if not streaming:  # the test reads Django's answer later, and sends what its pieces ask for then
        _count_queries(record, done.queries, ours["queries"])
    status = str(theirs["status"])
    record["statuses"][status] = record["statuses"].get(status, 0) + 1
    TESTS.now.requests["different" if found else "equal"] += 1
    if not found:
        return
    record["different"] += 1
    told = f"{request['method']} {request['path']}: {found[0][0]} {found[0][1]!r} on Django, {found[0][2]!r} on FastAPI"
    TESTS.now.differences.append(told[:400])
    if len(record["differences"]) < MOST:
        record["differences"].append(
            {
                "what": TESTS.running,
                "persona": "test",
                "method": request["method"],
                "path": request["path"],
                "query": request["query"],
                "kind": found[0][0],
                "headers": [
                    [k, "…" if k.lower() in ("authorization", "cookie") else v] for k, v in request["headers"]
                ],
                "body": request["body"].decode("utf-8", "replace")[:4000],
                "django": theirs,
                "fastapi": mine,
                "errors": ["", ours["error"]],
                "differences": [list(d) for d in found[:20]],
            }
        )
        state.write()


def _count_queries(record: dict[str, Any], django: int, fastapi: int) -> None:
    """FastAPI may send fewer queries, never more."""
    record["queries"] = [record["queries"][0] + django, record["queries"][1] + fastapi]
    if fastapi > django:
        record["excess_queries"] += 1
        worst = record["worst_queries"]
        if fastapi - django > worst[1] - worst[0]:
            record["worst_queries"] = [django, fastapi]


def volatile(one: Any, other: Any) -> bool:
    """New each time on any side: clocks, random keys. They must have the same form all the same."""
    if not isinstance(one, str) or not isinstance(other, str) or one == other:
        return False
    form = shape(one)
    moving = any(name in form for name in ("<uuid>", "<moment", "<hex>", "<token>"))
    if not moving or form != shape(other):
        return False
    return not ("<moment" in form and _apart(one, other))


def _apart(one: str, other: str) -> bool:
    """Two moments that cannot both be now."""
    try:
        first, second = (
            datetime.fromisoformat(t.removeprefix("datetime:").replace("Z", "+00:00")).replace(tzinfo=None)
            for t in (one, other)
        )
    except ValueError:
        return False
    return abs((first - second).total_seconds()) > 60
