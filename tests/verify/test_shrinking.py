"""Shrinking: what remains of a case is what the difference needs."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

from hypothesis import strategies as st

from segue.verify.joined.driving import MOST as DRIVEN
from segue.verify.joined.driving import drive
from segue.verify.joined.shrinking import MOST, Shrinker, kind_in

ANONYMOUS = {"name": "anonymous", "headers": [], "user": None}
PLAIN = {"name": "plain", "headers": [("Authorization", "Token t")], "user": 1}
STAFF = {"name": "staff", "headers": [("Authorization", "Token s")], "user": 2}


def _case(**change: Any) -> dict[str, Any]:
    case = {
        "key": "POST /x/", "what": "case", "persona": "staff", "method": "POST", "path": "/x/", "query": "",
        "headers": [*STAFF["headers"], ("Accept", "text/html"), ("Content-Type", "application/json")],  # type: ignore[misc]
        "body": b"", "busy": False, "own": 1,
    }  # fmt: skip
    return case | change


def _result(differs: bool) -> dict[str, Any]:
    answer = {"status": 200, "headers": {}, "body": None, "effects": {}}
    found = [("body.a", 1, 2)] if differs else []
    return {"django": answer, "fastapi": answer, "differences": found, "noisy": set(), "unserved": False}


def _shrunk(case: dict[str, Any], differs: Any) -> tuple[dict[str, Any], Shrinker]:
    shrinker = Shrinker(lambda smaller: _result(differs(smaller)), [ANONYMOUS, PLAIN, STAFF])
    return shrinker.shrink(case, _result(True))[0], shrinker


def test_parameters_headers_and_the_persona_that_it_does_not_need_go() -> None:
    case, shrinker = _shrunk(
        _case(query="a=1&b=zzzz&c=3", method="GET"),
        lambda c: "b" in parse_qs(c["query"], keep_blank_values=True),
    )
    assert (case["query"], case["persona"], case["headers"]) == ("b=", "anonymous", [])
    assert shrinker.requests <= MOST


def test_the_simplest_persona_that_still_shows_it_stays() -> None:
    case, _ = _shrunk(_case(), lambda c: c["persona"] != "anonymous")
    assert case["persona"] == "plain"
    assert case["headers"][: case["own"]] == PLAIN["headers"]


def test_bodies_shrink_at_every_depth() -> None:
    body = {"title": "long title", "items": [{"n": 1, "m": "x"}, {"n": 20, "m": "y"}], "tags": ["a", "b"]}

    def differs(case: dict[str, Any]) -> bool:
        try:
            return any(item.get("n", 0) > 5 for item in json.loads(case["body"])["items"])
        except (ValueError, KeyError, AttributeError):
            return False

    case, _ = _shrunk(_case(body=json.dumps(body).encode()), differs)
    assert json.loads(case["body"]) == {"items": [{"n": 20}]}


def test_another_kind_of_difference_does_not_count() -> None:
    def run(case: dict[str, Any]) -> dict[str, Any]:
        other = _result(True)
        return other if case["query"] else other | {"differences": [("body.b", 1, 2)]}

    shrinker = Shrinker(run, [])
    assert shrinker.shrink(_case(query="a=1"), _result(True))[0]["query"]


def test_steps_that_it_does_not_need_go_and_the_others_still_name_what_they_use() -> None:
    steps = [
        _case(method="GET"),
        _case(),
        _case(method="PATCH"),
        _case(method="DELETE", path="/x/{step 1: id}/"),
    ]

    def run(case: dict[str, Any]) -> dict[str, Any]:
        methods = [s["method"] for s in case["steps"]]
        differs = methods[-1] == "DELETE" and "{step" in case["steps"][-1]["path"]
        answer = {
            "status": 200,
            "headers": {},
            "effects": {},
            "body": [{"status": 204, "effects": {}} for _ in methods],
        }
        found = [(f"body[{len(methods) - 1}].status", 204, 500)] if differs else []
        return {"django": answer, "fastapi": answer, "differences": found, "noisy": set(), "unserved": False}

    whole = {**steps[-1], "key": "sequence /x/", "steps": steps}
    case, _ = Shrinker(run, []).shrink(whole, run(whole))
    assert [(s["method"], s["path"]) for s in case["steps"]] == [
        ("POST", "/x/"),
        ("DELETE", "/x/{step 0: id}/"),
    ]
    assert kind_in(case, run(case)) == kind_in(whole, run(whole))


def test_hypothesis_draws_the_same_cases_for_the_same_seed_and_asks_a_bounded_number() -> None:
    runs = []
    for _ in range(2):
        asked: list[int] = []
        drive(
            st.integers(), seed=7, examples=20, ask=lambda n, a=asked: a.append(n) or "", again=lambda n: ""
        )  # type: ignore[misc, func-returns-value]
        runs.append(asked)
    assert runs[0] == runs[1]
    assert 1 < len(runs[0]) <= 20
    again: list[int] = []

    def shows(number: int) -> str:
        again.append(number)
        return "big" if number > 1000 else ""

    smallest = drive(
        st.integers(0, 10**9), seed=1, examples=50, ask=lambda n: "big" if n > 1000 else "", again=shows
    )
    assert 1000 < smallest < 10_000
    assert len(again) <= DRIVEN
