"""A sequence on one side: what it tells of keys and moments that its own steps made up."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from segue.verify.joined.playing import Player


class _Side:
    """Answers every request with the next body."""

    hooks, error = 0, ""

    def __init__(self, *bodies: Any) -> None:
        self.statements: list[str] = []
        self.paths: list[str] = []
        self._bodies = list(bodies)

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        self.paths.append(request["path"])
        body = json.dumps(self._bodies.pop(0)).encode()
        return {"status": 200, "headers": [("content-type", "application/json")], "body": body}


def _played(side: _Side, *paths: str) -> list[Any]:
    steps = [{"path": path, "method": "GET"} for path in paths]
    return [a["body"] for a in json.loads(Player(side).ask({"steps": steps})["body"])]


def test_later_steps_use_the_keys_of_earlier_ones() -> None:
    side = _Side({"article": {"slug": "a b", "id": 3}}, {}, {})
    _played(side, "/x/", "/x/{step 0: id}/", "/x/{step 0: slug}/y/")
    assert side.paths == ["/x/", "/x/3/", "/x/a%20b/y/"]


def test_moments_of_the_sequence_are_told_by_their_form_and_others_as_they_are() -> None:
    now = dt.datetime.now(dt.UTC)
    long_ago = "2020-01-01T10:00:00.123456+01:00"
    berlin = now.astimezone(dt.timezone(dt.timedelta(hours=1))).isoformat()
    bodies = [{"made": berlin, "old": long_ago, "to come": (now + dt.timedelta(hours=1)).isoformat()}]
    (found,) = _played(_Side(*bodies), "/x/")
    assert found["made"].startswith("now: ")
    assert found["made"].endswith("+<n>:<n>")
    assert found["old"] == long_ago
    assert not found["to come"].startswith("now")


def test_random_keys_are_told_by_their_step() -> None:
    key = "3f2a1b4c-0000-4000-8000-000000000001"
    first, second = _played(_Side({"id": key}, [{"id": key, "n": 1}]), "/x/", "/x/")
    assert first == {"id": "<id of step 0>"}
    assert second == [{"id": "<id of step 0>", "n": 1}]
