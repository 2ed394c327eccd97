"""Stateful sequences: several requests of two users on one evolving state, drawn and shrunk by Hypothesis.

A sequence is a case with ``steps``, each a request as ``requests.case`` makes it, whose path and body may name what
an earlier step answered: ``{step 0: id}`` is the first of the keys ``id`` found in that answer. It is compared as one
case: every step's answer, and the rows when all steps are done.
"""

from __future__ import annotations

import re
from typing import Any

from hypothesis import strategies as st

from . import payloads
from .requests import as_json, case

Case = dict[str, Any]
LONGEST = 8
_WRITES = ("POST", "PUT", "PATCH")
_PARAMETER = re.compile(r"\{(\w+)\}")


class Group:
    """Operations on one kind of thing: a collection, its members and what may be done with those."""

    def __init__(self, stem: str, plans: list[Any]) -> None:
        self.stem = stem
        self.plans = sorted(plans, key=lambda p: (_ORDER.index(p.op["method"]), p.op["path"]))
        self.creating = [p for p in self.plans if p.op["method"] == "POST"]
        self.key = f"sequence {stem}"

    def sequences(self) -> st.SearchStrategy[Case]:
        """Sequences over these operations."""
        return _sequence(self)


_ORDER = ("GET", "POST", "PATCH", "PUT", "DELETE")


def groups_of(plans: list[tuple[Any, Any]]) -> list[Group]:
    """Groups that have something to write, of the (operation, plan) pairs."""
    usable = [plan for operation, plan in plans if operation["method"] in _ORDER]
    stems = sorted({_stem(p.op["path"]) for p in usable if "{" in p.op["path"]}, key=len, reverse=True)
    found: dict[str, list[Any]] = {}
    for plan in usable:
        path = plan.op["path"]
        stem = next((s for s in stems if path.startswith(s) and s.strip("/")), _stem(path))
        found.setdefault(stem, []).append(plan)
    return [
        Group(stem, members)
        for stem, members in sorted(found.items())
        if len(members) > 1 and any(p.op["method"] != "GET" for p in members)
    ]


def _stem(path: str) -> str:
    return path.split("{")[0]


@st.composite
def _sequence(draw: Any, group: Group) -> Case:
    count = draw(st.integers(1, LONGEST))
    users = [draw(st.integers(0, 30)), draw(st.integers(0, 30))]
    steps: list[Case] = []
    for index in range(count):
        plans = group.creating if index == 0 and group.creating and draw(st.booleans()) else group.plans
        plan = draw(st.sampled_from(plans))
        who = users[draw(st.sampled_from([0, 0, 0, 1]))]
        person = _person(plan, who)
        path = _path(draw, plan, person, steps)
        body = _body(draw, plan, steps)
        # The steps of one sequence share their database state, never their limits: those are tried one by one.
        steps.append({**case(plan.op, "step", path, person, body=body), "template": plan.op["path"]})
    last = steps[-1]
    return {**last, "key": group.key, "what": f"sequence of {len(steps)}", "steps": steps}


def _person(plan: Any, number: int) -> dict[str, Any]:
    """The same number is the same person for every operation of a sequence; most of them are let in somewhere."""
    names = sorted({p["name"] for p in plan.people if p["user"] is not None and "(" not in p["name"]})
    if not names:
        return dict(plan.anonymous)
    name = names[number % len(names)]
    return dict(next(p for p in plan.people if p["name"] == name))


def _path(draw: Any, plan: Any, person: dict[str, Any], steps: list[Case]) -> str:
    """A path whose arguments are, where there is one, the keys of what an earlier step created."""
    places = plan.places(person) or plan.good
    existing = draw(st.sampled_from(places))
    template = plan.op["path"]
    if "{" not in template:
        return str(existing)
    known = _arguments(template, existing)
    out = template
    for found in _PARAMETER.finditer(template):
        before = template[: found.start()]
        makers = [
            i
            for i, s in enumerate(steps)
            if s["method"] == "POST" and s["template"].rstrip("/") == before.rstrip("/")
        ]
        value = known.get(found[1], "987654")
        if makers and draw(st.sampled_from([True, True, True, False])):
            lookup = plan.op["lookup"] if found[1] in (plan.op["lookup_kwarg"], "pk") else found[1]
            value = f"{{step {makers[-1]}: {lookup}}}"
        out = out.replace(found[0], value)
    return str(out)


def _arguments(template: str, path: str) -> dict[str, str]:
    pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(template))
    found = re.fullmatch(pattern, path)
    return found.groupdict() if found else {}


def _body(draw: Any, plan: Any, steps: list[Case]) -> tuple[bytes, str]:
    if plan.op["method"] not in _WRITES:
        return b"", ""
    if plan.serializer is None:
        return as_json({})
    number = 8000 + draw(st.integers(0, 500))
    values = payloads.valid_of(plan.serializer, number)
    if plan.op["method"] == "PATCH" and values:
        names = draw(st.lists(st.sampled_from(sorted(values)), min_size=1, max_size=2, unique=True))
        values = {name: values[name] for name in names}
    name = plan.op.get("envelope")
    return as_json({name: values} if name else values)
