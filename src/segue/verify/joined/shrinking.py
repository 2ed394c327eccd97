"""A difference by the smallest request that shows it: no parameter, header, key or step that it does not need.

Hypothesis shrinks what it has drawn (:mod:`.driving`); this shrinks any case, and polishes what Hypothesis leaves.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode

from .compare import general

Case = dict[str, Any]
Result = dict[str, Any]
MOST = 90  # requests spent on one difference
_STEP = re.compile(r"^body\[(\d+)\]\.?(.*)$")
_NAMED = re.compile(r"\{step (\d+): ")


def kind_of(result: Result) -> str:
    """What differs, in general: differences of one kind have one cause as a rule. '' for no difference."""
    if not result["differences"]:
        return ""
    if result["django"]["status"] != result["fastapi"]["status"]:
        return f"status {result['django']['status']} → {result['fastapi']['status']}"
    return "; ".join(sorted({general(p) for p, _, _ in result["differences"]}))[:300]


def kind_in(case: Case, result: Result) -> str:
    """:func:`kind_of`; of a sequence: the operation of the first step that differs, and in what."""
    if "steps" not in case or not result["differences"]:
        return kind_of(result)
    number, step = first_step(case, result)
    return f"{case['steps'][number]['key']}: {kind_of(step)}"


def first_step(case: Case, result: Result) -> tuple[int, Result]:
    """The number of the first step of a sequence that differs, and its part of ``result``; what only shows in the
    rows afterwards is told with the last step."""
    at: dict[int, list[Any]] = {}
    after = []
    noisy: set[str] = set(result["noisy"])
    for path, one, other in result["differences"]:
        found = _STEP.match(path)
        if found:
            at.setdefault(int(found[1]), []).append((found[2], one, other))
            noisy |= {found[2]} if path in result["noisy"] else set()
        else:
            after.append((path, one, other))
    number = min(at) if at else len(case["steps"]) - 1
    part = {**result, "differences": at[number] if at else after, "noisy": noisy}
    for side in ("django", "fastapi"):
        body = result[side]["body"]
        if isinstance(body, list) and number < len(body):
            part[side] = {**body[number], "effects": result[side]["effects"] or body[number]["effects"]}
    return number, part


class Shrinker:
    """``run`` answers a case with a result; ``people`` are those who may ask instead, the simplest first."""

    def __init__(self, run: Callable[[Case], Result], people: list[dict[str, Any]]) -> None:
        self._run, self._people = run, people
        self.requests = 0

    def shrink(self, case: Case, result: Result) -> tuple[Case, Result]:
        """The smallest case that still shows a difference of the same kind, with its result."""
        self.case, self.result = case, result
        self._wanted = kind_in(case, result)
        changed = True
        while changed and self.requests < MOST:
            changed, place = False, 0
            candidates = list(self._smaller())
            while place < len(candidates) and self.requests < MOST:
                if self._take(candidates[place]):
                    changed = True
                    candidates = list(self._smaller())  # at the same place now stands the one after it
                else:
                    place += 1
        return self.case, self.result

    def _take(self, smaller: Case) -> bool:
        self.requests += 1
        again = self._run(smaller)
        if kind_in(smaller, again) != self._wanted or again["unserved"]:
            return False
        self.case, self.result = smaller, again
        return True

    def _smaller(self) -> Iterator[Case]:
        case = self.case
        if "steps" in case:
            yield from _fewer_steps(case)
            for index, step in enumerate(case["steps"]):
                for made in _simpler(step, []):
                    yield _with_steps(case, [*case["steps"][:index], made, *case["steps"][index + 1 :]])
            return
        yield from _simpler(case, self._people)


def _fewer_steps(case: Case) -> Iterator[Case]:
    steps = case["steps"]
    for index in range(len(steps)):
        rest = [_renumbered(s, index) for i, s in enumerate(steps) if i != index]
        if rest and all(s is not None for s in rest):
            yield _with_steps(case, rest)


def _renumbered(step: Case, dropped: int) -> Case | None:
    """``step`` without the step ``dropped`` before it; None where it needs what that one made."""
    numbers = {int(n) for n in _NAMED.findall(step["path"])}
    if dropped in numbers:
        return None
    path = _NAMED.sub(lambda m: f"{{step {int(m[1]) - (int(m[1]) > dropped)}: ", step["path"])
    return {**step, "path": path}


def _with_steps(case: Case, steps: list[Any]) -> Case:
    return {**case, "steps": steps, "what": f"sequence of {len(steps)}"}


def _simpler(case: Case, people: list[dict[str, Any]]) -> Iterator[Case]:
    """Cases with one thing less, or one thing simpler; the greatest savings first."""
    if case["query"]:
        yield {**case, "query": ""}
    pairs = parse_qsl(case["query"], keep_blank_values=True)
    for index in range(len(pairs)):
        if len(pairs) > 1:
            yield {**case, "query": urlencode([*pairs[:index], *pairs[index + 1 :]])}
    own = case["own"]
    content = [h for h in case["headers"][own:] if h[0].lower() == "content-type"]
    for index, header in enumerate(case["headers"][own:], own):
        if header not in content or not case["body"]:
            yield {**case, "headers": [*case["headers"][:index], *case["headers"][index + 1 :]]}
    if case["body"]:
        yield {**case, "body": b"", "headers": [h for h in case["headers"] if h not in content]}
    body = _parsed(case["body"])
    if body is not None and case["body"]:
        for smaller in _trimmed(body):
            yield {**case, "body": json.dumps(smaller).encode()}
    for person in people:
        if person["name"] == case["persona"]:
            break
        headers = [*person["headers"], *case["headers"][own:]]
        yield {**case, "persona": person["name"], "headers": headers, "own": len(person["headers"])}
    for index, (name, value) in enumerate(pairs):
        for simple in ("", "1", "a"):
            if len(simple) < len(value):
                yield {**case, "query": urlencode([*pairs[:index], (name, simple), *pairs[index + 1 :]])}
                break


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _trimmed(value: Any) -> Iterator[Any]:
    """``value`` with one key or item less at any depth, then with one leaf simpler."""
    if isinstance(value, dict):
        if len(value) > 1:
            yield {}
        for name in value:
            yield {k: v for k, v in value.items() if k != name}
        for name, inner in value.items():
            for smaller in _trimmed(inner):
                yield {**value, name: smaller}
    elif isinstance(value, list):
        for index in range(len(value)):
            yield [*value[:index], *value[index + 1 :]]
        for index, inner in enumerate(value):
            for smaller in _trimmed(inner):
                yield [*value[:index], smaller, *value[index + 1 :]]
    elif isinstance(value, str):
        yield from (v for v in ("", "a") if len(v) < len(value))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from (v for v in (0, 1) if abs(v) < abs(value))
