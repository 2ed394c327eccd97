"""Logins of the example through the gateway; ``python -m bench.browser_logins`` tells the same story in Chromium."""

from __future__ import annotations

import random
from pathlib import Path

import httpx
from tests.example.conftest import make
from tests.example.logins import HttpBrowser, served, tell


def test_a_login_on_either_side_is_one_on_both(tmp_path: Path) -> None:
    """Told by Django alone first; then whoever answers is drawn for each request, and nothing may be different."""
    with served(make(tmp_path / "bookshop")) as (service, (first, second)):

        def browser() -> httpx.Client:
            return httpx.Client(base_url=service.url, timeout=20.0)

        with browser() as one, browser() as other:
            alone = tell(HttpBrowser(one), HttpBrowser(other), first, lambda: "django")
        draw = random.Random(5)
        with browser() as one, browser() as other:
            mixed = tell(
                HttpBrowser(one), HttpBrowser(other), second, lambda: draw.choice(("django", "fastapi"))
            )
    answered = [step[2] for step in mixed if len(step) == 4]
    assert answered.count("fastapi") >= 5
    assert answered.count("django") >= 5
    assert [step[:2] + step[3:] for step in mixed] == [step[:2] + step[3:] for step in alone]
    assert {step[1] for step in alone} >= {200, 204, 400, 401, 403, "/admin/", "/admin/login/"}
