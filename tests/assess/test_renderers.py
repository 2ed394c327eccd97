"""Terminal, JSON and HTML show the assessment; the HTML needs nothing from outside."""

from __future__ import annotations

import dataclasses
import io
import json
import re
from html.parser import HTMLParser

import pytest
from rich.console import Console

from segue.assess import Assessment, analyse, as_json, html, terminal
from segue.snapshot.model import Snapshot
from segue.target.ir import Program


class Balance(HTMLParser):
    """Checks that tags close in order; collects ids and attribute values."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name in ("href", "src"):
                self.links.append(value or "")
        if tag not in ("meta", "input"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def assessment(snapshot: Snapshot, program: Program) -> Assessment:
    return analyse(snapshot, program)


def parsed(text: str) -> Balance:
    parser = Balance()
    parser.feed(text)
    assert parser.open == []
    return parser


def test_html_is_well_formed_and_asks_nothing_of_the_network(assessment: Assessment) -> None:
    text = html.render(assessment)
    page = parsed(text)
    assert all(link.startswith("#") for link in page.links)
    assert {link[1:] for link in page.links} <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))
    assert not re.search(r"https?://|@import|url\((?!#)", text)


def test_html_shows_every_operation_reason_and_place(assessment: Assessment) -> None:
    text = html.render(assessment)
    for endpoint in assessment.endpoints:
        assert f"<code>{endpoint.route}</code>" in text
    for place in ("shop/views.py:21", "shop/views.py:40", "shop/signals.py:4"):
        assert place in text
    assert '<html lang="en">' in text
    assert "<caption>" in text


def test_html_escapes_what_comes_from_the_project(assessment: Assessment) -> None:
    evil = dataclasses.replace(assessment, project="<script>alert(1)</script>")
    assert "<script>alert(1)" not in html.render(evil)


def test_html_without_translation_or_couplings(snapshot: Snapshot) -> None:
    bare = dataclasses.replace(analyse(snapshot), apps=(), edges=(), effects=(), third_party=())
    parsed(html.render(bare))


def test_the_same_assessment_gives_the_same_html(assessment: Assessment) -> None:
    assert html.render(assessment) == html.render(assessment)


def test_json_is_plain_data(assessment: Assessment) -> None:
    data = json.loads(json.dumps(as_json.render(assessment)))
    assert (data["operations"], data["native"], data["refused"]) == (5, 3, 2)
    refused = [e for e in data["endpoints"] if e["verdict"] == "refused" and e["own"]]
    assert all(e["reasons"][0]["place"] and e["reasons"][0]["why"] for e in refused)


def shown(assessment: Assessment, *, blockers: bool = False) -> str:
    out = io.StringIO()
    terminal.render(assessment, Console(file=out, width=140, highlight=False), blockers=blockers)
    return out.getvalue()


def test_terminal_shows_verdicts_reasons_and_waves(assessment: Assessment) -> None:
    text = shown(assessment)
    assert "3 of 5 operations native (60 %), 2 on Django" in text
    assert "lock: lock()" in text
    assert "shop/views.py:21" in text
    assert "Reads of one or two tables" in text
    assert "something was odd" in text


def test_terminal_with_blockers_shows_every_place(assessment: Assessment) -> None:
    text = shown(assessment, blockers=True)
    assert "shop/views.py:40" in text
    assert "Endpoints" not in text


def test_terminal_keeps_brackets_of_the_project(snapshot: Snapshot) -> None:
    odd = analyse(snapshot)
    assert "[red]x" in shown(dataclasses.replace(odd, project="[red]x"))


def test_a_narrow_terminal_breaks_no_route_in_two(assessment: Assessment) -> None:
    out = io.StringIO()
    terminal.render(assessment, Console(file=out, width=80, highlight=False), blockers=False)
    lines = out.getvalue().splitlines()
    for endpoint in assessment.own:
        place = next(
            i
            for i, line in enumerate(lines)
            if line.split() == [endpoint.verdict, endpoint.method, endpoint.route]
        )
        if endpoint.reasons:
            assert f"{endpoint.reasons[0].code}: " in lines[place + 1]
            assert f":{endpoint.reasons[0].line}" in lines[place + 1]
