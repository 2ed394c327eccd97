"""What the pages show of a project's files: whole ones, damaged ones, and ones that would break out of the page."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.gateway.project import GET, POST, unserved
from tests.ui.browser import Browser, operation, words

from segue import ledger
from segue.config import Config
from segue.ledger import Entry, Event, Ledger, State
from segue.rollout import plan as plans
from segue.rollout.plan import Plan, Progress

EVIL = "\"'><img src=x onerror=alert(1)><script>alert(2)</script>{{ 7*7 }}"
"""Would run if anything of a project went into a page as it is."""


def change(settings: Config, *entries: Entry) -> Ledger:
    """Put ``entries`` into the ledger, with what it has."""
    book = ledger.read(settings.ledger_file)
    for entry in entries:
        book = book.with_entry(entry)
    ledger.write(settings.ledger_file, book)
    return book


def evidence(settings: Config, key: str, text: str, kind: str = "explore") -> None:
    """A run with one difference whose every text is ``text``."""
    answer: dict[str, Any] = {"status": 200, "body": {text: text}, "effects": {text: [text]}}
    difference = {
        "request": text, "what": text, "persona": text, "body": text, "paths": [{"path": text, "django": text, "fastapi": "b"}],
        "django": answer, "fastapi": {**answer, "body": text, "effects": {}}, "file": text,
        "sequence": [{"method": "POST", "path": text, "persona": text, "body": text}],
    }  # fmt: skip
    one = {
        "operation": key, "cases": 40, "different": 1, "statuses": {"200": 40}, "differences": [difference],
        "coverage": {"reached": 3, "total": 4}, "queries": [9, 5], "unserved": 2,
    }  # fmt: skip
    folder = settings.state / "evidence"
    folder.mkdir(exist_ok=True)
    (folder / f"{kind}.json").write_text(json.dumps({"operations": [one], "about": {"at": text}}))


def test_overview_counts_and_filters(tmp_path: Path) -> None:
    settings = unserved(tmp_path)
    entries = [
        Entry("GET", f"/api/things{n}/", State.LEGACY, reasons=(f"raw-sql views.py:{n}",)) for n in range(5)
    ]
    one = ledger.read(settings.ledger_file).entries[GET]
    change(settings, replace(one, weight=25, state=State.SHIFTING), *entries)
    browser = Browser(tmp_path)
    page = browser.get("/")
    assert "0 of 7 operations are on FastAPI, 1 on the way (4 % of them, by weight; as of " in words(page)
    assert 'aria-label="0 shifted, 1 shifting, 1 verified, 0 translated, 5 refused"' in page.text
    assert "No gateway is running, so there is no traffic to see. Start `segue serve`." in words(page)

    def shown(query: str) -> tuple[int, int]:
        answer = browser.get(f"/map?{query}")
        told = re.match(r"(\d+) of 7 operations", words(answer))
        assert told is not None
        return int(told[1]), answer.text.count('class="tile ')

    assert shown("") == (7, 7)
    assert shown("q=get") == (6, 6)
    assert shown("q=GET+things1") == (1, 1)
    assert shown("state=refused") == (5, 5)
    assert shown("state=refused&state=shifting") == (6, 6)
    assert shown("q=post&state=refused") == (0, 0)
    assert shown("state=stale") == (0, 0)
    (tmp_path / "fastapi" / "app" / "routes.py").write_text("def read():\n    return 1\n")
    assert shown("state=stale") == (2, 2)
    assert f"{GET} has 25 % of its traffic, and its evidence is stale" in words(browser.get("/"))


def test_operation_shows_evidence_differences_and_history(tmp_path: Path) -> None:
    settings = unserved(tmp_path)
    one = ledger.read(settings.ledger_file).entries[GET]
    history = (
        Event("2026-11-20T10:00:00Z", "translated", one.function),
        Event("2026-11-21T10:00:00Z", "weight 0 → 5 %", "the rollout begins"),
        Event("2026-11-22T10:00:00Z", "weight 5 → 0 %", "7 of 90 requests failed at FastAPI"),
    )
    change(
        settings,
        replace(one, history=history, proofs={"explore": replace(one.proofs["explore"], differences=1)}),
    )
    evidence(settings, GET, "sent")
    browser = Browser(tmp_path)
    said = words(browser.get(operation(GET)))
    for text in (
        "against it", "7 of 90 requests failed at FastAPI", "cannot take more traffic: its evidence has 1 difference (explore)",
        "branches reached 3 of 4", "queries Django 9, FastAPI 5", "left to Django 2", "segue verify case sent", "FastAPI: app.routes.read",
    ):  # fmt: skip
        assert text in said, text
    assert "FastAPI's share over time: 2026-11-21 10:00 0 to 5 %, 2026-11-22 10:00 5 to 0 %; 0 % now" in (
        browser.get(operation(GET)).text.replace("&#39;", "'")
    )
    assert "its evidence has 1 difference (explore)" in words(browser.get("/"))
    assert words(browser.get("/history")).index("weight 5 → 0 %") < words(browser.get("/history")).index(
        "0 → 5 %"
    )
    assert browser.get(operation("GET /nowhere/")).status_code == 404


def test_refused_operation_shows_the_place_and_what_to_do(tmp_path: Path) -> None:
    settings = unserved(tmp_path)
    (tmp_path / "views.py").write_text("".join(f"line {n} <b>\n" for n in range(1, 9)))
    (tmp_path.parent / "secret.py").write_text("not of the project\n")
    change(
        settings,
        Entry(
            "GET",
            "/api/x/",
            reasons=("raw-sql views.py:5", "raw-sql ../secret.py:1", "generic-relation views.py:99", "odd"),
        ),
    )
    page = Browser(tmp_path).get(operation("GET /api/x/"))
    said = words(page)
    assert "line 5 <b>" in said
    assert "<mark>line 5 &lt;b&gt;</mark>" in page.text
    assert "line 1 <b>" not in said
    assert "not of the project" not in said
    assert "segue brief 'GET /api/x/'" in said
    assert 'action="/shift"' not in page.text
    others = [Entry("GET", f"/api/{n}/", reasons=("raw-sql views.py:1", "odd views.py:2")) for n in range(2)]
    change(settings, Entry("GET", "/api/y/", reasons=("generic-relation views.py:1",)), *others)
    every = words(Browser(tmp_path).get("/blockers"))
    assert "4 operations stay on Django" in every
    assert "raw-sql 3 operations, 0 alone" in every
    assert every.index("generic-relation 2 operations, 1 alone") < every.index("raw-sql"), "what frees most"
    from segue.assess.advice import advice

    assert advice("generic-relation") in said
    assert advice("generic-relation") in every


def test_nothing_of_the_project_becomes_markup(tmp_path: Path) -> None:
    settings = unserved(tmp_path)
    one = ledger.read(settings.ledger_file).entries[GET]
    route = f"/api/{EVIL}/"
    proof = replace(one.proofs["explore"], ran=EVIL, digest=EVIL, at=EVIL)
    evil = replace(
        one,
        route=route,
        function=EVIL,
        proofs={"explore": proof},
        weight=5,
        history=(Event(EVIL, EVIL, EVIL),),
    )
    change(settings, evil, Entry("GET", f"/api/refused/{EVIL}/", reasons=(f"{EVIL} {EVIL}:3", EVIL)))
    evidence(settings, evil.key, EVIL)
    plans.save(settings.state, Plan((5, 100), {evil.key: Progress(5, 5, EVIL)}))
    browser = Browser(tmp_path)
    refused = f"GET /api/refused/{EVIL}/"
    pages = [
        browser.get(path)
        for path in (
            "/", "/map", "/live", "/rollout", "/history", "/blockers", "/rollback", operation(evil.key), operation(refused),
            f"/rollback?{operation(evil.key).partition('?')[2]}", operation(EVIL), f"/?{operation(EVIL)[11:].replace('key=', 'q=')}",
            f"/?state={EVIL}", f"/live?{operation(EVIL)[11:]}",
        )
    ]  # fmt: skip
    pages += [
        browser.post("/shift", {"key": evil.key, "weight": EVIL, "why": EVIL}),
        browser.post("/shift", {"key": EVIL, "weight": "5"}),
        browser.post("/rollback", {"key": EVIL}),
    ]
    assert sum("onerror" in page.text for page in pages) >= 12, "it is shown, as text"
    for page in pages:
        assert "<img" not in page.text, page.url
        assert "<script>" not in page.text, page.url
        assert not re.search(r"onerror=alert\(1\)[^<&]*>", page.text), page.url
        assert "49" not in re.sub(r"\d\d\d\d-\d\d-\d\d.*?Z", "", words(page)).split(), page.url


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        (".segue/ledger.toml", "snapshot = \n", r"\.segue/ledger\.toml is damaged: .*line 1"),
        (".segue/ledger.toml", "[[operation]]\nmethod = 'GET'\n", r"ledger\.toml:1: operation 1 is damaged"),
        ("segue.toml", "[rollout\n", r"segue\.toml is not valid TOML: .*line 1"),
    ],
)
def test_what_every_page_needs_is_told_when_damaged_and_left_as_it_is(
    tmp_path: Path, file: str, text: str, told: str
) -> None:
    unserved(tmp_path)
    browser = Browser(tmp_path)
    (tmp_path / file).write_text(text)
    for path in ("/", operation(GET), "/blockers", "/history", "/map", "/rollback"):
        answer = browser.get(path)
        assert re.search(told, words(answer)), path
        assert "Traceback" not in answer.text
        assert "Django has all of" not in words(answer), "nobody knows"
        assert "0 of 0 operations are on FastAPI" not in words(answer)
    for path in ("/shift", "/rollback"):
        answer = browser.post(path, {"key": GET, "weight": "0"})
        assert (answer.status_code, bool(re.search(told, words(answer)))) == (409, True)
    assert (tmp_path / file).read_text() == text


@pytest.mark.parametrize(
    ("file", "text", "path", "told"),
    [
        ("rollout.json", "{", "/", "rollout.json is damaged; it was left as it is."),
        ("rollout.json", "[]", operation(POST), "rollout.json is damaged; it was left as it is."),
        ("evidence/explore.json", '{"operations": [\n{]', operation(GET), "explore.json:2 is damaged"),
        (
            "evidence/suite.json",
            '{"operations": [{}]}',
            operation(GET),
            "suite.json is damaged: no 'operation'",
        ),
        (
            "gateway/running.json",
            "{}",
            "/",
            "running.json is damaged. Remove it and start `segue serve` again.",
        ),
    ],
)
def test_what_one_part_needs_is_told_when_damaged_and_the_rest_is_there(
    tmp_path: Path, file: str, text: str, path: str, told: str
) -> None:
    settings = unserved(tmp_path)
    (settings.state / file).parent.mkdir(exist_ok=True)
    (settings.state / file).write_text(text)
    answer = Browser(tmp_path).get(path)
    assert answer.status_code == 200
    assert told in words(answer)
    assert "Live traffic" in words(answer)
    assert "verified" in words(answer)


def test_before_anything_is_generated(tmp_path: Path) -> None:
    answer = Browser(tmp_path).get("/")
    assert answer.status_code == 200
    assert "has no operations yet. Run `segue generate` first." in words(answer)
    assert Browser(tmp_path).get("/blockers").status_code == 500
