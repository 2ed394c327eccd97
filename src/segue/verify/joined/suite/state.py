"""What one process of a test run has seen, and its file for the parent."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from pathlib import Path
from typing import Any

from ..answers import Answers
from ..recorders import Recorders
from ..sent_tasks import Tasks
from .tests import TESTS


class State:
    """Figures per operation. A child that a test runner forks starts its own count.

    ``spec`` is the parent's: overlay, output, package, operations, twins, functions, settings, answer.
    """

    def __init__(self) -> None:
        self.spec: dict[str, Any] = json.loads(
            Path(os.environ["SEGUE_SUITE_SPEC"]).read_text(encoding="utf-8")
        )
        self.answer: str = self.spec.get("answer", "both")
        self.operations = [(o, re.compile(o["regex"])) for o in self.spec["operations"]]
        self.modern: Any = None
        self.unloadable = ""  # why the generated application cannot be imported
        self.connected: Any = None
        self.mirror: Any = None
        self.settings: Any = None
        self._tasks: Tasks | None = None
        self._recorders: Recorders | None = None
        self.clear()

    @property
    def tasks(self) -> Tasks:
        """Made at the first request, when the project has imported Celery if it uses it."""
        if self._tasks is None:
            self._tasks = Tasks(through=True)
        return self._tasks

    @property
    def recorders(self) -> Recorders:
        """Made at the first request, like :attr:`tasks`."""
        if self._recorders is None:
            self._recorders = Recorders(media_is_watched=False, stubs=False)
        return self._recorders

    def clear(self) -> None:
        """Begin to count."""
        self.pid = os.getpid()
        self._ended = 0
        self.counts: Counter[str] = Counter()
        self.left: Counter[str] = Counter()
        self.operations_seen: dict[str, dict[str, Any]] = {}
        self.answers: dict[str, Answers] = {}
        TESTS.seen.clear()

    def record(self, key: str) -> dict[str, Any]:
        """Figures of one operation."""
        return self.operations_seen.setdefault(
            key,
            {
                "cases": 0, "different": 0, "unserved": 0, "statuses": {}, "left": {}, "differences": [],
                "excess_queries": 0, "worst_queries": [0, 0], "queries": [0, 0],
            },
        )  # fmt: skip

    def note(
        self, operation: dict[str, Any], request: dict[str, Any], answer: dict[str, Any], *, equal: bool
    ) -> None:
        """Keep FastAPI's answer for a look at the OpenAPI schema, if it is of a form that was not seen yet."""
        answers = self.answers.setdefault(operation["key"], Answers(operation))
        answers.note({"persona": TESTS.running, **request}, answer, equal=equal)

    def leave(self, key: str, why: str) -> None:
        """Count a request to a native operation that Django alone answered, with the reason."""
        record = self.record(key)
        record["unserved"] += 1
        record["left"][why] = record["left"].get(why, 0) + 1
        self.left[why] += 1
        TESTS.now.requests["left"] += 1
        TESTS.now.left[why] += 1

    def ended(self) -> None:
        """A test is over. A worker that is killed leaves what it had at the last of these writes."""
        self._ended += 1
        if self._ended % 50 == 0:
            self.write()

    def _document(self) -> dict[str, Any]:
        from ..openapi import documents

        if self.modern is None or not self.answers:
            return {}
        try:
            return documents(self.modern, self.spec)
        except Exception:  # noqa: BLE001 - a schema that cannot be made must not cost the results of the tests
            return {}

    def write(self) -> None:
        """Keep the results of this process."""
        if self.pid != os.getpid():
            return
        target = Path(self.spec["results"])
        if not target.is_dir():
            return
        text = json.dumps(
            {
                "counts": self.counts,
                "unloadable": self.unloadable,
                "left": self.left,
                "operations": self.operations_seen,
                "answers": {key: answers.kept for key, answers in self.answers.items()},
                "openapi": self._document(),
                "tests": {name: seen.as_json() for name, seen in TESTS.seen.items()},
            },
            default=str,
        )
        part = target / f"result-{self.pid}.part"
        part.write_text(text, encoding="utf-8")
        part.replace(target / f"result-{self.pid}.json")


STATE: State | None = None


def start() -> State:
    """Read what the parent wants; once per interpreter."""
    global STATE
    import atexit

    STATE = State()
    atexit.register(STATE.write)
    return STATE


def state() -> State:
    """This process's, also after a fork."""
    assert STATE is not None
    if STATE.pid != os.getpid():
        # Django's --parallel forks its workers, and they end without atexit.
        STATE.clear()
        STATE.connected = None
        from multiprocessing import util

        util.Finalize(None, STATE.write, exitpriority=100)
    return STATE
