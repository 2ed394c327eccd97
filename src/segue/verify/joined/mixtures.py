"""Requests that Hypothesis mixes from all there is of an operation: people, paths, parameters, headers, bodies."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, urlencode

from hypothesis import strategies as st

from . import payloads, values
from .requests import ACCEPTS, as_form, as_json, as_multipart, case

Case = dict[str, Any]
_WRITES = ("POST", "PUT", "PATCH")


def mixtures(plan: Any) -> st.SearchStrategy[Case]:
    """Cases of ``plan``, new ones and variations of those that were the first to reach a branch."""
    telling = plan.generator.telling(plan.op["key"])
    new = _new(plan)
    return new | _varied(plan, telling) if telling else new


@st.composite
def _new(draw: Any, plan: Any) -> Case:
    person = draw(_people(plan))
    return case(
        plan.op, "mixture", draw(_paths(plan, person)), person,
        query=_joined(draw(_parameters(plan))), headers=draw(_headers()), body=draw(_body(plan)),
    )  # fmt: skip


@st.composite
def _varied(draw: Any, plan: Any, telling: list[Case]) -> Case:
    """One of ``telling`` with another persona, more or other parameters, or a body changed in places."""
    given = draw(st.sampled_from(telling))
    person = draw(st.none() | _people(plan))
    own = given["own"]
    headers = [*(person["headers"] if person else given["headers"][:own]), *given["headers"][own:]]
    pairs = parse_qsl(given["query"], keep_blank_values=True)
    kept = [p for p in pairs if draw(st.booleans())] if draw(st.booleans()) else pairs
    out = {
        **given, "what": "mixture", "headers": headers, "query": _joined([*kept, *draw(_parameters(plan))]),
        "persona": person["name"] if person else given["persona"],
        "own": len(person["headers"]) if person else own,
    }  # fmt: skip
    try:
        body = json.loads(given["body"]) if given["body"] else None
    except ValueError:
        body = None
    if isinstance(body, dict) and plan.serializer is not None and not plan.op.get("envelope"):
        out["body"] = as_json(draw(values.changed(plan.serializer, st.just(body))))[0]
    return out


def _people(plan: Any) -> st.SearchStrategy[Any]:
    inside, everybody = plan.insiders(), plan.people
    return st.sampled_from(inside) | st.sampled_from(everybody) if inside else st.sampled_from(everybody)


def _paths(plan: Any, person: dict[str, Any]) -> st.SearchStrategy[str]:
    inside = plan.places(person)
    known = st.sampled_from(inside) if inside else st.sampled_from(plan.good)
    # Not those that lead to a page of the project: the gateway asks Django for it.
    every = [path for _, path in plan.paths if not plan.elsewhere(path)]
    return st.one_of(known, st.sampled_from(plan.good), st.sampled_from(every or plan.good))


def _parameters(plan: Any) -> st.SearchStrategy[list[tuple[str, str]]]:
    """Parameters that the operation knows, with values that fit, and with any text."""
    pairs = plan.parameters()
    if not pairs:
        return st.just([])
    names = list(dict.fromkeys(name for name, _ in pairs))
    text = st.tuples(st.sampled_from(names), st.text(values.CHARACTERS, max_size=12))
    number = st.tuples(st.sampled_from(names), st.integers(-3, 40).map(str))
    most = 3 if plan.op["method"] == "GET" else 1
    return st.lists(st.one_of(st.sampled_from(pairs), st.sampled_from(pairs), text, number), max_size=most)


def _headers() -> st.SearchStrategy[list[tuple[str, str]]]:
    return st.one_of(st.just([]), st.just([]), st.just([]), st.sampled_from([h for _, h in ACCEPTS]))


@st.composite
def _body(draw: Any, plan: Any) -> tuple[bytes, str]:
    if plan.op["method"] not in _WRITES:
        return b"", ""
    if plan.serializer is None:
        keys = list(plan.op.get("data_keys", ()))
        if not keys:
            return as_json(draw(values.JSON))
        return as_json(draw(st.dictionaries(st.sampled_from(keys), values.JSON, max_size=4)))
    number = 7000 + draw(st.integers(0, 9999))
    whole = payloads.valid_of(plan.serializer, number)
    if plan.op["method"] == "PATCH" and whole:
        names = draw(st.lists(st.sampled_from(sorted(whole)), max_size=3, unique=True))
        whole = {name: whole[name] for name in names}
    body = draw(values.changed(plan.serializer, st.just(whole))) if draw(st.booleans()) else whole
    if plan.op.get("envelope"):
        return as_json({plan.op["envelope"]: body})
    encode = draw(st.sampled_from([as_json, as_json, as_json, as_form, as_multipart]))
    made: tuple[bytes, str] = encode(body)
    return made


def _joined(pairs: list[tuple[str, str]]) -> str:
    return urlencode(pairs, errors="surrogatepass")
