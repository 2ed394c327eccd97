"""Comparisons of a snapshot with what the project's own Django said; used on every version."""

from __future__ import annotations

import re
import sqlite3
from typing import Any

from tests.probe.conftest import Probed

from segue.snapshot.model import Route, Snapshot, Value


def plain(value: Value) -> Any:
    """A Value as plain data, lazy texts as text."""
    if value.kind in ("list", "tuple"):
        return [plain(item) for item in value.items]
    if value.kind == "dict":
        return {plain(key): plain(item) for key, item in value.pairs}
    return value.data


def match(snapshot: Snapshot, path: str) -> tuple[Route, dict[str, str]] | None:
    """What the snapshot's regular expressions resolve ``path`` to."""
    for route in sorted(snapshot.routes, key=lambda r: r.order):
        for regex in (route.regex, route.suffix_regex):
            found = re.search(regex, path) if regex else None
            if found:
                given = {k: v for k, v in found.groupdict().items() if v is not None}
                return route, {**given, **{k: str(plain(v)) for k, v in route.default_kwargs.items()}}
    return None


def routes(probed: Probed) -> None:
    """Every URL resolves as Django resolves it."""
    for url, expected in probed.django["resolved"].items():
        found = match(probed.snapshot, url)
        if expected is None:
            assert found is None, url
            continue
        assert found is not None, url
        route, kwargs = found
        view = probed.snapshot.views[route.view]
        assert (view.cls or view.function).rpartition(".")[2] == expected[0], (url, view.cls)
        wanted = {k: v for k, v in expected[1].items() if v != "None"}
        wanted = {k: re.sub(r"^\.|/$", "", v) for k, v in wanted.items()}
        assert {k: re.sub(r"^\.|/$", "", v) for k, v in kwargs.items()} == wanted, url


def methods(probed: Probed) -> None:
    """Operations are the methods that OPTIONS allows; name and description are its too."""
    for url, answer in probed.django["options"].items():
        found = match(probed.snapshot, url)
        if found is None or found[0].kind != "drf" or answer["status"] != 200 or url.endswith(".json"):
            continue
        route, _kwargs = found
        allowed = set(answer["allow"].split(", ")) - {"HEAD", "OPTIONS"}
        assert {o.method for o in route.operations} == allowed, url
        view = probed.snapshot.views[route.view]
        assert (view.display_name, view.description) == (answer["name"], answer["description"])


def serializers(probed: Probed) -> None:
    """Fields are those of a live serializer."""
    serializer = probed.snapshot.serializers["shop.serializers.ItemSerializer"]
    expected = probed.django["serializers"]
    assert serializer.error == ""
    assert [field.name for field in serializer.fields] == list(expected["fields"])
    for field in serializer.fields:
        live = expected["fields"][field.name]
        seen = {
            "cls": field.cls, "source": field.source, "required": field.required, "read_only": field.read_only,
            "write_only": field.write_only, "allow_null": field.allow_null, "label": field.label,
            "errors": dict(field.error_messages),
        }  # fmt: skip
        assert seen == {key: live[key] for key in seen}, field.name
        if not field.serializer:
            assert [v.name.rpartition(".")[2] for v in field.validators] == live["validators"], field.name
            assert {k: plain(v) for k, v in field.metadata.items()} == live["metadata"], field.name
        if live["max_length"] is not None:
            assert field.kwargs["max_length"].data == live["max_length"]
    assert [v.name.rpartition(".")[2] for v in serializer.validators] == expected["validators"]


def tables(probed: Probed) -> None:
    """The recorded DDL makes the schema that ``migrate`` made; column types are the connection's."""
    made = sqlite3.connect(":memory:")
    for model in probed.snapshot.models.values():
        for statement in model.create_sql.get("sqlite", ()):
            made.execute(statement)
    schema = sorted(made.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
    made.close()
    own = {m.table for m in probed.snapshot.models.values() if m.app == "shop"}

    def of_shop(rows: list[Any]) -> list[list[str]]:
        return [list(row) for row in rows if any(f'"{table}"' in row[2] for table in own)]

    assert of_shop(schema) == of_shop(probed.django["schema"])
    for label, fields in probed.django["columns"].items():
        recorded = {
            f.name: [f.column, f.db_types["sqlite"]] for f in probed.snapshot.models[label].fields if f.column
        }
        assert recorded == fields, label
