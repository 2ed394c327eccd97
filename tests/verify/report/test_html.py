"""The HTML report: self-contained, well-formed, nothing of the data becomes markup, and it works in a browser."""

from __future__ import annotations

import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest
from tests.verify.report.sample import difference, report, write_sources

from segue.verify.evidence import OperationResult, Report
from segue.verify.report import document, page
from segue.verify.report.marked import body
from segue.verify.report.sources import collect

VOID = {"meta", "input", "br", "link", "img"}


class Page(HTMLParser):
    """Elements with their attributes, marked texts, and whether every tag is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.marked: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "mark" in self.open:
            self.marked.append(data)


@pytest.fixture
def text(tmp_path: Path) -> str:
    output, root = write_sources(tmp_path)
    found = report()
    return page(found, collect(found.operations, output, root), title="shop")


def test_the_page_is_whole_and_needs_nothing_else(text: str) -> None:
    found = Page(text)
    assert found.open == []
    outside = [
        a
        for _, a in found.found
        if any(str(a.get(n) or "").startswith(("http", "//")) for n in ("src", "href"))
    ]
    assert outside == []
    assert "url(" not in text
    assert "@import" not in text
    assert sum(tag == "script" for tag, _ in found.found) == 1, "what a request held must not become a script"
    controls = [(t, a) for t, a in found.found if t in ("input", "select")]
    assert len(controls) == 4, "text, operation, two kinds"
    assert sum(t == "label" for t, _ in found.found) == 4


def test_both_sides_and_both_codes_are_shown(text: str) -> None:
    found = Page(text)
    assert '"title": "c"' in found.marked
    assert '"title": "a\\u0000<b>"' in found.marked
    assert 'shop_book 3: status "draft" → "sent"' in found.marked
    plain = re.sub("<[^>]+>", "", text)
    assert "    def list(self, request):" in plain
    assert "async def book_list(call):" in plain
    assert "shop/views.py:4" in text
    assert "app/shop/routes.py:6" in text
    kinds = [a["data-kinds"] for t, a in found.found if t == "details" and "data-kinds" in a]
    assert kinds == ["body rows"]


def test_marks_follow_the_paths_of_the_comparison() -> None:
    value = {"a": [1, 2], "b": {"c": None}}
    shown = str(body(value, {"body.a.length", "body.b.c"}))
    assert re.findall("<mark>(.*?)</mark>", shown) == ["&#34;a&#34;: [", "]", "&#34;c&#34;: null"]
    assert re.sub("</?mark>", "", shown).replace("&#34;", '"') == (
        '{\n  "a": [\n    1,\n    2\n  ],\n  "b": {\n    "c": null\n  }\n}'
    )


def test_the_steps_of_a_sequence_and_the_written_case_are_shown() -> None:
    steps = (
        {
            "persona": "staff",
            "method": "POST",
            "path": "/api/books/",
            "query": "",
            "body": '{"title": "<i>"}',
        },
        {"persona": "plain", "method": "GET", "path": "/api/books/9/", "query": "q=1", "body": ""},
    )
    shown = difference(sequence=steps, file=".segue/evidence/cases/test_books_1.py")
    found = Report("explore", (OperationResult("GET /api/books/{pk}/", 3, 1, differences=(shown,)),), 1.0)
    text = page(found, {})
    assert Page(text).open == []
    assert "GET /api/books/9/?q=1" in text
    assert "{&#34;title&#34;: &#34;&lt;i&gt;&#34;}" in text
    assert "segue verify case .segue/evidence/cases/test_books_1.py" in text
    failure = Xml.fromstring(document(found)).find("testsuite/testcase/failure")
    assert failure is not None
    assert '1. POST /api/books/ as staff {"title": "<i>"}' in str(failure.text)


def test_a_run_without_differences_says_so() -> None:
    text = page(Report("explore", (), 1.0), {})
    assert Page(text).open == []
    assert "answered alike by both sides" in text


@pytest.mark.skipif(shutil.which("chromium") is None, reason="there is no Chromium to open the page in")
def test_the_filters_work_in_a_browser(tmp_path: Path, text: str) -> None:
    probe = """<script>{
const boxes = [...document.querySelectorAll("input[name=kind]")];
const shown = () => document.querySelectorAll(".difference:not([hidden])").length;
const out = [shown()];
for (const box of boxes) box.checked = false;
boxes[0].dispatchEvent(new Event("input")); out.push(shown());
boxes[0].checked = true; boxes[0].dispatchEvent(new Event("input")); out.push(shown());
const filter = document.getElementById("filter");
filter.value = "nowhere to be found"; filter.dispatchEvent(new Event("input")); out.push(shown());
document.title = "shown " + out.join(" ");
}</script>"""
    file = tmp_path / "page.html"
    file.write_text(text.replace("</body>", f"{probe}</body>"), encoding="utf-8")
    done = subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", file.as_uri()],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert "<title>shown 1 0 1 0</title>" in done.stdout
