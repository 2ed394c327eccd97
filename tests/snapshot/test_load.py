"""Snapshots survive a round trip; damaged ones are named with the place of the damage."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from segue.errors import DamagedFile
from segue.snapshot.dump import dump, save
from segue.snapshot.load import from_document, load, loads
from segue.snapshot.model import Snapshot, Value

ROUTE: dict[str, Any] = {
    "id": "/a/{pk}/", "path": "/a/{pk}/", "regex": "^/a/(?P<pk>[^/.]+)/\\Z", "order": 0, "view": "v", "kind": "drf",
    "parameters": [{"name": "pk", "converter": "regex", "regex": "[^/.]+"}],
    "operations": [{"method": "GET", "action": "", "function": "f", "where": {"file": "a.py", "line": 3}}],
}  # fmt: skip
DOCUMENT: dict[str, Any] = {
    "schema_version": 1,
    "root": "/p",
    "versions": {"python": "3.11.7", "django": "5.2", "drf": "3.16", "packages": {}},
    "settings": {
        "module": "s", "values": {"USE_TZ": {"kind": "const", "data": True}}, "secret_names": [], "databases": [],
        "installed_apps": [], "middleware": [],
    },
    "apps": [], "models": {}, "routes": [ROUTE], "views": {}, "serializers": {}, "filtersets": {}, "classes": {},
    "functions": {}, "receivers": [], "tasks": [], "inventory": {"items": {"admin": ["a", "b"]}},
}  # fmt: skip


def snapshot() -> Snapshot:
    return from_document(json.loads(json.dumps(DOCUMENT)))


def test_documents_become_dataclasses_all_the_way_down() -> None:
    found = snapshot()
    assert found.routes[0].operations[0].where.line == 3
    assert found.routes[0].parameters[0].name == "pk"
    assert found.settings.values["USE_TZ"] == Value("const", data=True)
    assert found.inventory.items["admin"] == ("a", "b")


def test_a_round_trip_changes_nothing_and_gives_the_same_bytes() -> None:
    found = snapshot()
    text = dump(found)
    again = loads(text)
    assert again == found
    assert dump(again) == text


def test_nested_values_survive() -> None:
    value = {"kind": "call", "name": "Q", "items": [{"kind": "tuple", "items": [{"kind": "const", "data": "a"}]}],
             "pairs": [[{"kind": "const", "data": "negated"}, {"kind": "const", "data": False}]]}  # fmt: skip
    document = {**DOCUMENT, "settings": {**DOCUMENT["settings"], "values": {"X": value}}}
    found = from_document(document).settings.values["X"]
    assert found.items[0].items[0].data == "a"
    assert found.pairs[0][1] == Value("const", data=False)
    assert loads(dump(from_document(document))).settings.values["X"] == found


def test_save_and_load(tmp_path: Path) -> None:
    save(snapshot(), tmp_path / "deep" / "snapshot.json")
    assert load(tmp_path / "deep" / "snapshot.json") == snapshot()


def damaged(change: dict[str, Any]) -> str:
    with pytest.raises(DamagedFile) as caught:
        from_document({**DOCUMENT, **change}, "snapshot.json")
    return caught.value.message


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"root": 3}, "snapshot.json is damaged at root: str was expected, not int."),
        ({"apps": {}}, "snapshot.json is damaged at apps: a list was expected, not an object."),
        (
            {"routes": [ROUTE, {**ROUTE, "order": "x"}]},
            "damaged at routes[1].order: int was expected, not str.",
        ),
        ({"routes": [{**ROUTE, "colour": 1}]}, "damaged at routes[0]: unknown key 'colour'."),
        ({"routes": [{"id": "x"}]}, "damaged at routes[0]: missing key 'kind'."),
        ({"views": {"a.B": []}}, "damaged at views['a.B']: an object was expected, not a list."),
    ],
)
def test_the_place_of_the_damage_is_named(change: dict[str, Any], message: str) -> None:
    assert message in damaged(change)


def test_bools_are_not_numbers() -> None:
    assert "int was expected, not bool" in damaged({"routes": [{**ROUTE, "order": True}]})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not valid JSON"),
        ("[]", "is not a snapshot"),
        ('{"schema_version": 99}', "has snapshot version 99"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "snapshot.json"
    file.write_text(text)
    with pytest.raises(DamagedFile, match=message) as caught:
        load(file)
    assert str(file) in caught.value.message
    assert caught.value.hint


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(DamagedFile, match="cannot be read"):
        load(tmp_path / "none.json")
