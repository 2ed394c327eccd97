"""Who is let in: hosts, tokens, forms of other sites. Every answer has the headers, refusals too."""

from __future__ import annotations

import hashlib
import re
from importlib import resources
from pathlib import Path

import pytest
from tests.gateway.project import GET, unserved
from tests.ui.browser import Browser, words

from segue import ledger
from segue.ui.guard import HEADERS, Guard, loopback

ASSETS = resources.files("segue.ui") / "assets"


def test_hosts_on_loopback(tmp_path: Path) -> None:
    """A name that somebody lets resolve to this machine would make his page one of ours."""
    unserved(tmp_path)
    browser = Browser(tmp_path)
    # the last one: through ssh -L, with another port
    ours = ("127.0.0.1:8089", "localhost:8089", "LOCALHOST", "[::1]:8089", "127.0.0.2:9000")
    others = (
        "evil.example:8089", "127.0.0.1.evil.example", "localhost.evil.example:8089", "localhost:8089@evil.example", "10.0.0.7:8089",
        "", "[::1", "::1",
    )  # fmt: skip
    for host in (*ours, *others):
        answer = browser.get("/live", {"Host": host})
        assert answer.status_code == (200 if host in ours else 400), host
        assert ("not one of segue ui" in words(answer)) is (host in others), host


def test_hosts_on_other_addresses() -> None:
    wide = Guard("0.0.0.0", 8089, "t")
    assert wide.host_allowed("10.0.0.7:8089")
    assert not wide.host_allowed("evil.example:8089")
    named = Guard("buildbox", 8089, "t")
    assert named.host_allowed("BuildBox:8089")
    assert [loopback(n) for n in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "::", "buildbox")] == [
        True, True, True, False, False, False,
    ]  # fmt: skip


def test_forms_of_other_sites_change_nothing(tmp_path: Path) -> None:
    settings = unserved(tmp_path)
    before = settings.ledger_file.read_bytes()
    browser = Browser(tmp_path)
    for headers in (
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:8080"},
        {"Origin": "http://127.0.0.1:8089.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        answer = browser.post("/shift", {"key": GET, "weight": "5"}, headers)
        assert (answer.status_code, "comes from another site" in words(answer)) == (403, True), headers
    assert settings.ledger_file.read_bytes() == before


@pytest.mark.parametrize("path", ["/shift", "/rollback", "/rollout/pause", "/rollout/resume"])
def test_forms_without_this_process_s_token_change_nothing(tmp_path: Path, path: str) -> None:
    settings = unserved(tmp_path)
    before = settings.ledger_file.read_bytes()
    browser = Browser(tmp_path)
    fields = {"key": GET, "weight": "5", "all": "yes"}
    for token in ({}, {"csrf": ""}, {"csrf": "x"}, {"csrf": "é"}):
        answer = browser.ask("POST", path, {**fields, **token})
        assert (answer.status_code, "nothing was done" in words(answer)) == (403, True)
    assert settings.ledger_file.read_bytes() == before
    right = browser.ask("POST", path, {**fields, "csrf": browser.guard.csrf})
    assert right.status_code in (303, 409), "the token alone was wrong"


def test_long_forms_are_not_read(tmp_path: Path) -> None:
    unserved(tmp_path)
    answer = Browser(tmp_path).post("/shift", {"key": GET, "weight": "5", "why": "x" * 20_000})
    assert (answer.status_code, "The form is too long." in words(answer)) == (409, True)


def test_token_is_asked_for_taken_once_and_kept_out_of_addresses(tmp_path: Path) -> None:
    settings = unserved(tmp_path)
    guard = Guard("0.0.0.0", 8089, "secret-token")
    browser = Browser(tmp_path, guard, "http://10.0.0.7:8089")
    for path in ("/", "/live", "/operation?key=x", "/enter", "/?token=", "/?token=secret-toke", "/nowhere"):
        answer = browser.get(path)
        assert answer.status_code == 401, path
        assert "set-cookie" not in answer.headers
        assert "/api/articles" not in answer.text
    assert browser.post("/shift", {"key": GET, "weight": "5"}).status_code == 401
    assert browser.post("/enter", {"token": "wrong"}).status_code == 401
    assert ledger.read(settings.ledger_file).entries[GET].weight == 0
    assert browser.get("/assets/ui.css").status_code == 200
    entered = browser.get("http://10.0.0.7:8089//evil.example/?token=secret-token&q=get")
    assert (entered.status_code, entered.headers["location"]) == (303, "/evil.example/?q=get")
    cookie = entered.headers["set-cookie"].lower()
    assert all(word in cookie for word in ("httponly", "samesite=strict", "path=/"))
    assert "secret-token" not in cookie
    assert browser.get("/").status_code == 200
    again = browser.get("/operation?token=secret-token&key=x%26y")
    assert (again.status_code, again.headers["location"]) == (303, "/operation?key=x%26y")
    assert browser.post("/shift", {"key": GET, "weight": "5"}).status_code == 303
    other = Browser(tmp_path, guard, "http://10.0.0.7:8089")
    assert other.post("/enter", {"token": "secret-token"}).status_code == 303
    assert other.get("/").status_code == 200
    browser.cookies = {guard.cookie: "x"}
    assert browser.get("/").status_code == 401


def test_every_answer_has_the_headers_and_no_page_has_script_or_style_inside(tmp_path: Path) -> None:
    unserved(tmp_path)
    browser = Browser(tmp_path)
    paths = (
        "/",
        "/live",
        "/map",
        "/rollout",
        "/history",
        "/blockers",
        "/rollback",
        "/nowhere",
        "/operation?key=x",
    )
    for answer in (
        *(browser.get(p) for p in (*paths, "/assets/ui.js", "/assets/nothing.js", "/assets/htmx.md")),
        browser.get("/", {"Host": "evil.example"}),
        browser.ask("POST", "/shift", {}),
        browser.ask("DELETE", "/shift"),
    ):
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS, answer.url
        if "html" in answer.headers["content-type"]:
            assert not re.search(
                r"<script(?! src=)|<style|\son\w+=|\sstyle=|javascript:|https?://(?!127)", answer.text
            )
    assert "'unsafe" not in HEADERS["content-security-policy"]


def test_htmx_is_the_published_file() -> None:
    told = re.search(r"`([0-9a-f]{64})`", (ASSETS / "htmx.md").read_text(encoding="utf-8"))
    assert told is not None
    assert hashlib.sha256((ASSETS / "htmx-4.0.1.min.js").read_bytes()).hexdigest() == told[1]
    assert "Zero-Clause BSD" in (ASSETS / "htmx-4.0.1.LICENSE").read_text(encoding="utf-8")
