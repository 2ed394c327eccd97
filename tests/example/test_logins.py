"""Logins of the example through the gateway; ``python -m bench.browser_logins`` tells the same story in Chromium."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import httpx
from tests.example.conftest import Example, copied
from tests.example.logins import HttpBrowser, Pick, served, tell


def test_a_login_on_either_side_is_one_on_both(example: Example, tmp_path: Path) -> None:
    """Told by Django alone first; then by FastAPI where it can be asked, and by whoever is drawn for each request."""
    draw = random.Random(5)
    with served(copied(example, tmp_path / "bookshop")) as (service, names):

        def told(name: str, pick: Pick) -> list[list[Any]]:
            with (
                httpx.Client(base_url=service.url, timeout=20) as one,
                httpx.Client(base_url=service.url, timeout=20) as other,
            ):
                return tell(HttpBrowser(one), HttpBrowser(other), name, pick)

        alone = told(names[0], lambda: "django")
        modern = told(names[1], lambda: "fastapi")
        mixed = told(names[2], lambda: draw.choice(("django", "fastapi")))
    assert {step[2] for step in modern if len(step) == 4} == {"fastapi"}
    assert {step[2] for step in mixed if len(step) == 4} == {"django", "fastapi"}
    for found in (modern, mixed):
        assert [step[:2] + step[3:] for step in found] == [step[:2] + step[3:] for step in alone]
    assert {step[1] for step in alone} >= {200, 204, 400, 401, 403, "/admin/", "/admin/login/"}
