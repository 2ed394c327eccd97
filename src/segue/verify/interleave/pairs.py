"""Which requests are worth running at the same time: those that write the same rows, then those that write the same tables."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from segue.verify.interleave.running import Ran


@dataclass(frozen=True, slots=True)
class Candidate:
    """A request that wrote something when it ran by itself on Django. ``points`` are those that both sides have."""

    case: dict[str, Any]
    points: tuple[str, ...]
    rows: frozenset[tuple[str, str]]  # (table, key) of what it changed or took away
    made: frozenset[str]  # tables that it put rows into
    tables: frozenset[str]
    image_of: Candidate | None = None

    @property
    def does(self) -> tuple[str, frozenset[tuple[str, str]], frozenset[str]]:
        """What makes it another request than others of its operation."""
        return str(self.case["path"]), self.rows, self.made

    @property
    def key(self) -> str:
        """Its operation."""
        return str(self.case["key"])


def candidate(
    case: dict[str, Any], ran: Ran, points: Sequence[str], image_of: Candidate | None = None
) -> Candidate | None:
    """None for a request that was refused or wrote nothing. ``ran``: by itself on Django."""
    rows: set[tuple[str, str]] = set()
    made: set[str] = set()
    for table, told in ran.effects.items():
        if table.startswith("("):
            continue
        rows |= {(table, str(key)) for key in told["deleted"]}
        rows |= {(table, str(key)) for key, _ in told["updated"]}
        if told["inserted"]:
            made.add(table)
    if ran.answers[0]["status"] >= 400 or not (rows or made):
        return None
    named = {point.partition(" ")[2] for point in points if " " in point}
    return Candidate(
        case,
        tuple(points),
        frozenset(rows),
        frozenset(made),
        frozenset({t for t, _ in rows} | made | named),
        image_of,
    )


def mirrored(case: dict[str, Any], template: str) -> list[dict[str, Any]]:
    """The same request with two keys changed about (in the path, in the body) or a list of keys the other way round: whoever locks
    what it names, in the order in which it is named, waits for it for ever. ``template``: the operation's path (``/move/{a}/{b}/``).
    """
    out = []
    pattern = re.sub(r"\\\{\w+\\\}", "([^/]+)", re.escape(template))
    found = re.fullmatch(pattern, case["path"])
    if found and found.lastindex == 2 and found[1] != found[2]:
        head, middle, tail = template[: template.index("{")], *re.split(r"\{\w+\}", template)[1:]
        out.append({**case, "path": f"{head}{found[2]}{middle}{found[1]}{tail}"})
    try:
        body = json.loads(case["body"])
    except ValueError:
        return out
    if isinstance(body, dict):
        numbers = [name for name, value in body.items() if type(value) is int]
        if len(numbers) == 2 and body[numbers[0]] != body[numbers[1]]:
            one, other = numbers
            out.append(_with_body(case, {**body, one: body[other], other: body[one]}))
        lists = {n: v for n, v in body.items() if isinstance(v, list) and len(v) > 1 and v != v[::-1]}
        if lists:
            out.append(_with_body(case, {**body, **{n: v[::-1] for n, v in lists.items()}}))
    return out


def _with_body(case: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    return {**case, "body": json.dumps(body).encode()}


def score(one: Candidate, other: Candidate) -> int:
    """5: the mirror image of the other; 4: one changes a row that the other changes; 3: the same request twice, which makes rows (unique values, get_or_create);
    2: both put rows into one table; 1: they have a table in common; 0: nothing."""
    if other.image_of is one:
        return 5
    if one.rows & other.rows:
        return 4
    if one is other and one.made:
        return 3
    if one.made & other.made:
        return 2
    return 1 if one.tables & other.tables else 0


def pairs(found: Sequence[Candidate], pick: random.Random) -> list[tuple[Candidate, Candidate]]:
    """Most telling first, each pair of operations once before any comes again."""
    turns: dict[tuple[str, str], list[tuple[int, float, Candidate, Candidate]]] = {}
    for at, one in enumerate(found):
        for other in found[at:]:
            worth = score(one, other)
            if worth:
                names = (one.key, other.key)
                turns.setdefault(names, []).append((-worth, pick.random(), one, other))
    for group in turns.values():
        group.sort(key=lambda item: item[:2])
    out: list[tuple[Candidate, Candidate]] = []
    depth = 0
    while any(len(group) > depth for group in turns.values()):
        row = sorted((g[depth] for g in turns.values() if len(g) > depth), key=lambda item: item[:2])
        out += [(one, other) for _, _, one, other in row]
        depth += 1
    return out
