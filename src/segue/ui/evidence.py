"""What ``.segue/evidence/`` keeps of one operation: the figures of the last run of each kind, and both answers where they differ."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from segue.errors import DamagedFile
from segue.ledger import KINDS
from segue.verify.report import effects, marked
from segue.verify.report.words import short

_SHOWN = 10  # differences of one run


@dataclass(frozen=True, slots=True)
class Answer:
    """One side's answer: its body with what differs marked, and its effects with whether the other side lacks them."""

    side: str
    status: str
    body: Markup
    effects: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """One request that both sides answer differently. ``paths`` are (path, Django's value, FastAPI's) in short; ``again`` asks both again."""

    request: str
    persona: str
    what: str
    body: str
    steps: tuple[str, ...]
    paths: tuple[tuple[str, str, str], ...]
    answers: tuple[Answer, Answer]
    again: str


@dataclass(frozen=True, slots=True)
class Run:
    """The last run of a kind. ``facts`` are (name, text) of the operation."""

    kind: str
    at: str
    facts: tuple[tuple[str, str], ...]
    differences: tuple[Difference, ...]
    more: int


def runs(state: Path, key: str) -> list[Run]:
    """Of every kind of evidence that names the operation.

    Raises :class:`DamagedFile` with the path of a file that cannot be read.
    """
    found = []
    for kind in (*KINDS, "http-urls"):
        file = state / "evidence" / f"{kind}.json"
        try:
            document = json.loads(file.read_text(encoding="utf-8"))
            about = document.get("about") or {}
            for one in document["operations"]:
                if one["operation"] == key:
                    found.append(_run(kind, about, one))
        except FileNotFoundError:
            continue
        except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            line = f":{error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
            raise DamagedFile(
                f"{file}{line} is damaged: {_reason(error)}; it was left as it is.",
                hint=f"Run `segue verify {kind.partition('-')[0]}` again, or restore the file from version control.",
            ) from error
    return found


def _reason(error: Exception) -> str:
    return f"no {error.args[0]!r}" if isinstance(error, KeyError) else str(error)


def _run(kind: str, about: Mapping[str, Any], one: Mapping[str, Any]) -> Run:
    facts = [("cases", str(one["cases"])), ("different", str(one["different"]))]
    statuses = ", ".join(f"{status}: {n}" for status, n in sorted(one.get("statuses", {}).items()))
    coverage = one.get("coverage")
    if statuses:
        facts.append(("answers by status", statuses))
    if coverage:
        facts.append(("branches reached", f"{coverage['reached']} of {coverage['total']}"))
    if one.get("unserved"):
        facts.append(("left to Django", str(one["unserved"])))
    queries = one.get("queries") or (0, 0)
    if any(queries):
        facts.append(("queries", f"Django {queries[0]}, FastAPI {queries[1]}"))
    differences = one.get("differences", [])
    return Run(
        kind,
        str(about.get("at", "")),
        tuple(facts),
        tuple(_difference(d) for d in differences[:_SHOWN]),
        max(0, len(differences) - _SHOWN),
    )


def _difference(raw: Mapping[str, Any]) -> Difference:
    paths = {str(p["path"]) for p in raw["paths"]}
    django, fastapi = raw["django"], raw["fastapi"]
    one, other = (effects.lines(side.get("effects") or {}) for side in (django, fastapi))
    return Difference(
        str(raw["request"]),
        str(raw["persona"]),
        str(raw["what"]),
        str(raw["body"] or ""),
        tuple(_step(step) for step in raw.get("sequence", ())),
        tuple((str(p["path"]), short(p["django"], 200), short(p["fastapi"], 200)) for p in raw["paths"]),
        (_answer("Django", django, paths, one, other), _answer("FastAPI", fastapi, paths, other, one)),
        f"segue verify case {raw['file']}" if raw.get("file") else "",
    )


def _answer(
    side: str, raw: Mapping[str, Any], paths: set[str], mine: Sequence[str], others: Sequence[str]
) -> Answer:
    body = raw.get("body")
    lines = tuple((line, line not in others) for line in mine)
    return Answer(side, str(raw.get("status", "")), marked.body("" if body is None else body, paths), lines)


def _step(step: Mapping[str, Any]) -> str:
    query = f"?{step['query']}" if step.get("query") else ""
    return f"{step['method']} {step['path']}{query} as {step['persona']} {short(step.get('body') or '', 120)}".rstrip()
