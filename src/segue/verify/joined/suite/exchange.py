"""One request of a test: who answers it, and what is compared."""

from __future__ import annotations

import threading
from typing import Any

from . import modern
from . import request as requests
from .answers import told_of
from .around import PATCHES
from .comparison import MockCalls, compare, covers
from .effects import Done, Watch
from .mirror import Plan
from .state import state
from .tests import TESTS

_ONE_AT_A_TIME = threading.RLock()


class Exchange:
    """``begin``, then, unless it has FastAPI's answer for the test, Django between ``django_starts`` and ``django_stops``, then ``finish``.

    Answered by both, FastAPI goes first, in a savepoint that is rolled back; then Django answers as it always
    does, so that the test sees nothing unusual. Savepoints and table reads use the raw connection:
    ``assertNumQueries`` counts only what Django does.
    """

    def __init__(self, handler: Any, request: dict[str, Any], path: str) -> None:
        self._handler, self._request = handler, request
        self._state = state()
        self._operation = requests.operation_of(self._state.operations, request["method"], path)
        self._ours: dict[str, Any] | None = None
        self._plan = Plan()

    def begin(self) -> dict[str, Any] | None:
        """FastAPI's answer where the test is to see it. Otherwise it is kept for comparison, or why there is none is counted."""
        known = self._state
        known.counts["requests"] += 1
        if self._operation is None:
            TESTS.now.requests["elsewhere"] += 1
            return None
        known.counts["native"] += 1
        why = "browsable API" if requests.accepts_html(self._request) else modern.not_joinable()
        if why:
            known.leave(self._operation["key"], why)
            return None
        try:
            return self._joined()
        except Exception as error:  # noqa: BLE001 - the test goes on, on Django
            known.leave(self._operation["key"], f"Segue failed: {type(error).__name__}: {error}")
            self._ours = None
            return None

    def _joined(self) -> dict[str, Any] | None:
        known = self._state
        assert self._operation is not None
        with _ONE_AT_A_TIME:
            modern.modern(known)
            known.settings.follow()
            self._plan = known.mirror.plan(self._operation, PATCHES)
            if known.answer == "fastapi":
                return self._instead()
            self._beside()
        return None

    def _beside(self) -> None:
        self._watched = Watch(self._request["method"])
        self._calls = MockCalls(self._plan)
        self._ours = modern.ask(self._state, self._handler, self._request, self._plan, self._watched)
        self._our_calls = self._calls.take_back()

    def _instead(self) -> dict[str, Any] | None:
        known, key = self._state, self._operation["key"] if self._operation else ""
        unknown = [f"{p.name}: {why}" for p, why in self._plan.unknown]
        unknown += [
            f"override_settings({n}): a setting that generated code does not read"
            for n in known.settings.unknown()
        ]
        if unknown:
            known.leave(key, ", ".join(dict.fromkeys(unknown)))
            return None
        answer = modern.ask(known, self._handler, self._request, self._plan, None)
        if modern.left_to_django(answer):
            known.leave(key, "left to Django by FastAPI")
            return None
        for patch in self._plan.mirrored:
            TESTS.now.mirrored[patch.name] += 1
        index = TESTS.now.requests["fastapi"]
        TESTS.now.requests["fastapi"] += 1
        record = known.record(key)
        record["cases"] += 1
        status = str(answer["status"])
        record["statuses"][status] = record["statuses"].get(status, 0) + 1
        if answer["error"]:
            TESTS.now.differences.append(
                f"{self._request['method']} {self._request['path']}: {answer['error']}"[:400]
            )
        types = known.spec.get("types", {}).get(TESTS.running, {})
        answer["types"] = types.get(str(index), {})
        return answer

    def django_starts(self) -> None:
        """From now on what happens is Django's doing."""
        if self._ours is not None:
            self._done = Done(self._state.tasks, self._state.recorders)
            self._during = self._done.by_django()
            self._during.__enter__()

    def django_stops(self) -> None:
        """Until here."""
        if self._ours is not None:
            self._during.__exit__(None, None, None)

    def _left_alike(self) -> bool:
        """Whether the gateway may ask Django after FastAPI: it wrote nothing, or only what Django writes as well and finds done.

        ``if not token.seen: token.seen = …; token.save()`` in an authentication is such: asked again, FastAPI writes nothing.
        """
        assert self._ours is not None
        effects = self._ours["effects"]
        if not effects:
            return True
        return not self._ours["again"] and covers(self._done.effects(self._watched, everywhere=True), effects)

    def finish(self, response: Any) -> None:
        """Compare Django's answer with FastAPI's."""
        if self._ours is None or self._operation is None:
            return
        known, key = self._state, self._operation["key"]
        if modern.left_to_django(self._ours) and self._left_alike():
            known.leave(key, "left to Django by FastAPI")
            return
        if self._ours.get("blocked"):
            known.leave(key, "a call of another server")
            return
        if self._done.eager:
            known.leave(key, "task_always_eager: the tests run tasks inside of the request")
            return
        index = TESTS.now.requests["equal"] + TESTS.now.requests["different"]
        if known.spec.get("record_types"):
            types = told_of(response)
            if types:
                TESTS.now.types[str(index)] = types
        calls = (self._our_calls, self._calls.django())
        compare(
            known,
            self._operation,
            self._request,
            response,
            self._ours,
            self._watched,
            self._done,
            self._plan,
            calls,
        )
        if known.record(key)["cases"] % 25 == 0:
            known.write()
