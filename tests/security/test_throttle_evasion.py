"""A limit of five a minute, asked in turns on both sides: five pass in all, however the client names itself."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.bridge.auth.test_throttles import RUNNER, FileBasedCache, Identity, requests, throttling

from segue_bridge.auth.throttles import CacheHistory, History, ProcessHistory, Rate, Throttle
from segue_bridge.auth.users import AnonymousUser
from segue_bridge.cache.files import FileCache


def passed(folder: Path, history: History, proxies: int | None, forwarded: list[str | None]) -> int:
    """How many requests of an anonymous client pass, one with each ``X-Forwarded-For``, in turns on Django and the bridge."""
    cache = FileBasedCache(str(folder), {})
    theirs = type(
        "Theirs", (throttling.AnonRateThrottle,), {"cache": cache, "THROTTLE_RATES": {"anon": "5/min"}}
    )
    mine = Throttle("anon", "anon", Rate.parse("5/min"), history, Identity(), proxies)  # type: ignore[arg-type]
    count = 0
    for number, name in enumerate(forwarded):
        django, ours = requests(None, name)
        view: Any = SimpleNamespace()
        if number % 2:
            count += theirs().allow_request(django, view)
        else:
            count += RUNNER.run(mine.wait(ours, AnonymousUser())) is None
    return count


SPOOFED: list[str | None] = [f"203.0.113.{n}, 198.51.100.7" for n in range(20)]


def test_sides_in_turns(tmp_path: Path) -> None:
    shared = CacheHistory(FileCache(str(tmp_path / "a")))
    assert passed(tmp_path / "a", shared, None, [None] * 20) == 5
    assert passed(tmp_path / "b", ProcessHistory(), None, [None] * 20) == 10  # each side for itself


@pytest.mark.parametrize("proxies", [0, 1])
def test_made_up_addresses(tmp_path: Path, proxies: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """With ``NUM_PROXIES`` the address is one that a trusted proxy gave; without it, in DRF too, the client gives it itself."""
    monkeypatch.setattr(throttling.api_settings, "NUM_PROXIES", proxies, raising=False)
    shared = CacheHistory(FileCache(str(tmp_path / "a")))
    assert passed(tmp_path / "a", shared, proxies, SPOOFED) == 5
    monkeypatch.setattr(throttling.api_settings, "NUM_PROXIES", None, raising=False)
    open_to_all = CacheHistory(FileCache(str(tmp_path / "b")))
    assert passed(tmp_path / "b", open_to_all, None, SPOOFED) == 20
