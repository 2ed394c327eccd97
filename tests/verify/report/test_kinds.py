"""Each path of a difference has one of the documented kinds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from segue.verify.kinds import KINDS, of_path

PAGE = Path(__file__).parents[3] / "docs" / "verify" / "reports.md"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("status", "status"),
        ("headers.vary", "header"),
        ("cookies.sessionid", "header"),
        ("body", "body"),
        ("body[3].status", "body"),
        ("body.headers.x", "body"),
        ("effects.shop_order.inserted[0].total", "rows"),
        ("effects.(dangling references)[0]", "rows"),
        ("effects.(mail)[0].subject", "mail"),
        ("effects.(tasks).length", "task"),
        ("effects.(storage)[0]", "file"),
        ("effects.(on_commit)", "on_commit"),
        ("effects.(calls of shop.views.send_mail).length", "call"),
    ],
)
def test_kind_of_a_path(path: str, kind: str) -> None:
    assert of_path(path) == kind
    assert kind in KINDS


def test_all_kinds_are_documented_and_no_other() -> None:
    table = PAGE.read_text(encoding="utf-8").split("## Kinds of difference")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (`[^|]*) \|", table, re.MULTILINE)
    assert {name for row in rows for name in re.findall("`([^`]+)`", row)} == set(KINDS)
