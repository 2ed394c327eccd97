"""Query strings: pages, search, orderings and filters of a live view; good, edge and bad values."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode

from . import live

Labelled = tuple[str, str]
_TERMS = ("a", "1", "zzz", "", "a,b", '"a b"', "%", "_", "\x00", "Ä", "é", "e o", "'", "\\", " a ", "A" * 300)
_GUESSED = ("1", "a", "", "true", "2", "x y", "2024-01-01", "-1", "99")
_LONGEST = 300
_WORDS = (
    "",
    "a\x00b",
    "x",
    "1",
    "0",
    "true",
    "false",
    "True",
    "2024-01-01",
    "-1",
    "1.5",
    "999999",
    "a",
    "9" * 25,
    "null",
    " 1 ",
    "1,2",
)


def queries_of(
    view: Any, operation: dict[str, Any], pick: random.Random, words: Sequence[Any] = ()
) -> list[Labelled]:
    """(label, query string), all of one parameter first, then combinations. ``words``: what the code compares with."""
    groups = [
        list(_pages(view)), list(_search(view)), list(_orderings(view)), list(_filters(view)),
        list(_own(operation, words)), [("unknown parameter", "zzz=1"), ("no value", "a"), ("two questions", "a=1?b=2")],
    ]  # fmt: skip
    return [*_interleaved(groups), *_combined([g for g in groups if g], pick)]


def _pages(view: Any) -> Iterator[Labelled]:
    try:
        paginator = view.paginator
    except Exception:  # noqa: BLE001 - the project's code; then nothing is known of pages
        paginator = None
    if paginator is None:
        yield "page=2 (not paged)", "page=2"
        return
    table = {
        "page_query_param": ("2", "1", "0", "-1", "x", "", "last", "999", "02", "1.0", " 2"),
        "page_size_query_param": ("1", "3", "0", "x", "1000", "", "-1"),
        "limit_query_param": ("1", "2", "0", "x", "1000", "-1", ""),
        "offset_query_param": ("1", "0", "3", "x", "1000", "-1", ""),
        "cursor_query_param": ("x", "bz0y", "cj0x", "", "cD0yMDI0", "bz0tMQ=="),
    }
    names = {}
    for attribute, values in table.items():
        name = getattr(paginator, attribute, None)
        if not name:
            continue
        names[attribute] = name
        for value in values:
            yield f"{name}={value}", urlencode({name: value})
    for attribute, parameter in (
        ("max_page_size", "page_size_query_param"),
        ("max_limit", "limit_query_param"),
    ):
        most, name = getattr(paginator, attribute, None), names.get(parameter)
        if name and isinstance(most, int):
            for size in (most, most + 1, most - 1):
                yield f"{name}={size}", urlencode({name: size})
    if len(names) == 2:
        first, second = names.values()
        for one, two in (("2", "2"), ("1", "3"), ("3", "1"), ("2", "x")):
            yield f"{first}={one}, {second}={two}", urlencode({first: one, second: two, "x": "ä"})


def _search(view: Any) -> Iterator[Labelled]:
    name = live.backend_parameter(view, "SearchFilter", "search_param") if view is not None else ""
    if name:
        for term in (*_words_of(view), *_TERMS):
            yield f"{name}={term!r}"[:60], urlencode({name: term})


def _words_of(view: Any) -> list[str]:
    """Pieces of text that the searched columns really hold."""
    out = []
    for field in getattr(view, "search_fields", None) or ():
        try:
            texts = list(
                view.get_queryset().model._base_manager.values_list(field.lstrip("^=@$"), flat=True)[:3]
            )
        except Exception:  # noqa: BLE001 - annotations and odd names: the fixed terms remain
            continue
        for text in texts:
            words = str(text).split()
            if text and words:
                out += [words[-1], words[0][:3].upper(), str(text)]
    return list(dict.fromkeys(out))[:9]


def _orderings(view: Any) -> Iterator[Labelled]:
    name = live.backend_parameter(view, "OrderingFilter", "ordering_param") if view is not None else ""
    if not name:
        return
    fields = getattr(view, "ordering_fields", None)
    if isinstance(fields, list | tuple):
        known = [f if isinstance(f, str) else str(f[0]) for f in fields]
    else:
        serializer = live.serializer_of(view, {})
        known = list(serializer.fields)[:8] if serializer is not None else ["id"]
    for field in known:
        yield f"{name}={field}", urlencode({name: field})
        yield f"{name}=-{field}", urlencode({name: f"-{field}"})
    some = known[0] if known else "id"
    for one, two in itertools.islice(itertools.permutations(known, 2), 6):
        yield f"{name}={one},-{two}"[:60], urlencode({name: f"{one},-{two}"})
    for text in (
        ",".join(known),
        ",".join(f"-{field}" for field in known),
        f"nope,{some}",
        "nope",
        "",
        f"--{some}",
        f" {some} ",
        f"{some},-{some}",
        "?",
        "pk",
        some.upper(),
    ):
        yield f"{name}={text}"[:60], urlencode({name: text})


def _filters(view: Any) -> Iterator[Labelled]:
    if view is None:
        return
    columns = []
    for name, item in live.filters_of(view).items():
        values = list(_column_values(view, item))
        field = item.field
        if getattr(field, "choices", None) is not None:
            try:  # choices that a function gives have no length, and so no truth
                values += [str(c[0]) for c in list(field.choices)[:6]]
            except Exception:  # noqa: BLE001 - choices of the project's own making
                values += []
        if hasattr(field.widget, "suffixes"):
            columns += _ends(name, field.widget, values)
            continue
        if "BaseCSVFilter" in {c.__name__ for c in type(item).__mro__}:
            values += _parted(values)
        values = list(dict.fromkeys([*values, *_WORDS]))
        columns.append([(f"{name}={v}"[:60], urlencode({name: v})) for v in values])
        columns[-1] += [
            (f"{name} twice", urlencode([(name, values[0]), (name, v)])) for v in (values[-1], values[1])
        ]
    yield from _interleaved(columns)


def _parted(values: list[str]) -> list[str]:
    """Several values in one parameter: two there are, one blank, one wrong, too many."""
    one, two = [*values, "1", "2"][:2]
    return [
        f"{one},{two}",
        f"{two},{one}",
        f"{one},",
        f",{one}",
        ",",
        f"{one},x",
        f"{one},{one},{two}",
        f"{one}, {two}",
    ]


def _ends(name: str, widget: Any, values: list[str]) -> list[list[Labelled]]:
    """A range in two parameters: each end alone, both, the wrong way round, wrong."""
    first, last = (widget.suffixed(name, suffix) for suffix in widget.suffixes)
    low, high = min([*values, "1"]), max([*values, "2"])
    pairs = [
        (low, high),
        (high, low),
        (low, "x"),
        ("x", "y"),
        (low, ""),
        ("", high),
        ("", ""),
        ("2024-01-01", "2030-01-01"),
    ]
    found = [[(f"{end}={v}"[:60], urlencode({end: v})) for v in (*values, *_WORDS)] for end in (first, last)]
    return [*found, [(f"{first}={a}&{last}={b}"[:60], urlencode({first: a, last: b})) for a, b in pairs]]


def _column_values(view: Any, item: Any) -> list[str]:
    """What the filtered column holds, or the part of it that is compared (``created__month__gte``: months)."""
    if not item.field_name:
        return []
    parts = str(item.lookup_expr or "").split("__")
    for count in range(len(parts), -1, -1):  # what is no transform is a lookup, and no column either
        path = "__".join([item.field_name, *parts[:count]])
        try:
            values = view.get_queryset().model._base_manager.order_by("pk").values_list(path, flat=True)[:5]
            found = [str(v) for v in values if v is not None]
            # Year 0 fails when the statement is run: early, for it has an answer of its own where one object is read.
            return [*found[:2], "0", *found[2:]] if "year" in parts[:count] else found
        except Exception:  # noqa: BLE001 - filters by method name no column
            continue
    return []


def _own(operation: dict[str, Any], words: Sequence[Any]) -> Iterator[Labelled]:
    """Parameters that the view's own code reads."""
    values = list(dict.fromkeys(str(w) for w in (*_GUESSED[:3], *words, *_GUESSED[3:])))
    groups = [
        [(f"{name}={v}"[:60], urlencode({name: v})) for v in values if len(v) < _LONGEST]
        for name in operation.get("query_keys", ())
    ]
    yield from _interleaved(groups)


def _interleaved(groups: list[list[Labelled]]) -> list[Labelled]:
    out: list[Labelled] = []
    for index in range(max((len(g) for g in groups), default=0)):
        out += [g[index] for g in groups if index < len(g)]
    return out


def _combined(groups: list[list[Labelled]], pick: random.Random) -> Iterator[Labelled]:
    """Parameters of different kinds together."""
    for _ in range(40):
        chosen = [pick.choice(g) for g in pick.sample(groups, min(len(groups), pick.choice((2, 2, 3))))]
        yield " and ".join(what for what, _ in chosen)[:90], "&".join(query for _, query in chosen if query)


def known_parameters(plan: Any) -> list[tuple[str, str]]:
    """(name, value) pairs of the queries that are derived for ``plan``."""
    found = queries_of(plan.view, plan.op, plan.pick, plan.literals().values())
    pairs = [pair for _, query in found for pair in parse_qsl(query, keep_blank_values=True)]
    return list(dict.fromkeys(pairs))[:400]
