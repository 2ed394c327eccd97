"""Handovers: kept in the ledger, and understood alike by the tool and by the guards."""

from __future__ import annotations

from pathlib import Path

import pytest

from segue import ledger
from segue.errors import DamagedFile
from segue.ledger.owners import Handover, owner, text
from segue_bridge.owners.ledger import OwnersUnreadable
from segue_bridge.owners.ledger import read as read_owners

TABLES = ['odd "name"', "shop_item", "shop_order", "shop_part"]
HANDOVERS = (
    Handover(
        ("shop_item", "shop_part"), "fastapi", "2026-11-29T22:00:00Z", ("shop.0001_initial", "auth.0012_x")
    ),
    Handover(("shop_item",), "django", "2026-11-29T23:00:00Z", ("0002",)),
    Handover(('odd "name"',), "fastapi", "2026-11-30T00:00:00Z"),
)


def test_the_ledger_keeps_them(tmp_path: Path) -> None:
    book = ledger.Ledger({}, "snapshot", "code", HANDOVERS)
    file = tmp_path / "ledger.toml"
    ledger.write(file, book)
    assert ledger.read(file) == book
    first = file.read_bytes()
    ledger.write(file, ledger.read(file))
    assert file.read_bytes() == first


def test_tool_and_guards_agree(tmp_path: Path) -> None:
    book, copy = tmp_path / "ledger.toml", tmp_path / "owners.toml"
    ledger.write(book, ledger.Ledger({}, handovers=HANDOVERS))
    copy.write_text(text(TABLES, HANDOVERS))
    for count in range(len(HANDOVERS) + 1):
        copy.write_text(text(TABLES, HANDOVERS[:count]))
        assert [read_owners(copy).owner(t) for t in TABLES] == [owner(t, HANDOVERS[:count]) for t in TABLES]
    assert read_owners(copy).of("fastapi") == {"shop_part", 'odd "name"'}
    with pytest.raises(
        OwnersUnreadable, match="does not list the tables"
    ):  # nothing would be judged for safety
        read_owners(book)
    assert read_owners(copy).since("shop_item") == ("0002",)
    assert read_owners(copy).owner("unknown") is None


@pytest.mark.parametrize(
    "broken", ['by = "nobody"', "tables = 3", 'tables = "a"', "since = 3", "[[handover]"]
)
def test_a_damaged_one_is_told_by_both(tmp_path: Path, broken: str) -> None:
    file = tmp_path / "ledger.toml"
    lines = {
        "tables": 'tables = ["a"]',
        "by": 'by = "fastapi"',
        "at": 'at = "now"',
        broken.split(" ")[0]: broken,
    }
    file.write_text("[[handover]]\n" + "\n".join(lines.values()) + "\n")
    with pytest.raises(DamagedFile, match=r"ledger\.toml"):
        ledger.read(file)
    file.write_text("tables = []\n" + file.read_text())
    with pytest.raises(OwnersUnreadable, match=r"ledger\.toml"):
        read_owners(file)
