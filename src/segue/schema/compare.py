"""Two structures (:mod:`segue.schema.structure`) → what differs, as a person wants to read it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Structure = Mapping[str, Any]
LISTS = ("primary_key", "uniques", "foreign_keys", "checks", "indexes", "triggers")
TITLES = {
    "primary_key": "primary key",
    "uniques": "unique constraint",
    "foreign_keys": "foreign key",
    "checks": "check",
    "indexes": "index",
    "triggers": "trigger",
}


@dataclass(frozen=True, slots=True, order=True)
class Difference:
    """One difference. ``what`` is a table, column or constraint; the sides are '' where it is missing."""

    table: str
    what: str
    django: str
    generated: str

    def __str__(self) -> str:
        return f"{self.table}: {self.what}: Django {self.django or '–'}, generated {self.generated or '–'}"


def compare(django: Structure, generated: Structure) -> list[Difference]:
    """All differences between Django's database and the generated one, by table."""
    found: list[Difference] = []
    for table in sorted({*django, *generated}):
        if table not in generated:
            found.append(Difference(table, _kind(table), "present", ""))
        elif table not in django:
            found.append(Difference(table, _kind(table), "", "present"))
        else:
            found.extend(_table(table, django[table], generated[table]))
    return found


def _table(table: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[Difference]:
    columns, others = one["columns"], other["columns"]
    for name in sorted({*columns, *others}):
        left, right = columns.get(name), others.get(name)
        if left is None or right is None:
            yield Difference(table, f"column {name}", _shown(left), _shown(right))
            continue
        for key in sorted({*left, *right}):
            if left.get(key) != right.get(key):
                yield Difference(table, f"column {name}: {key}", str(left.get(key)), str(right.get(key)))
    for key in LISTS:
        mine, theirs = Counter(one[key]), Counter(other[key])
        for text in sorted((mine - theirs).elements()):
            yield Difference(table, TITLES[key], text, "")
        for text in sorted((theirs - mine).elements()):
            yield Difference(table, TITLES[key], "", text)
    for key in sorted({*one, *other} - {*LISTS, "columns"}):
        if one.get(key) != other.get(key):
            yield Difference(table, key, str(one.get(key)), str(other.get(key)))


def _kind(name: str) -> str:
    return name[1:].partition(")")[0] if name.startswith("(") else "table"


def _shown(column: Mapping[str, Any] | None) -> str:
    return "" if column is None else str(column["type"])
