"""The page of ``segue ui`` in real Chromium: nothing that its policy forbids, live figures, levers by mouse, by keyboard and without JavaScript.

``python -m bench.browser_ui [--chromium /usr/bin/chromium] [--pictures FOLDER] [--axe axe.min.js]`` needs Chromium (Debian's package) and
``pip install playwright``. ``--axe`` is ``axe.min.js`` of the npm package axe-core: with it each page is judged for accessibility, in light and in dark.
Exits with 1 where a step fails. It takes half a minute.
"""

from __future__ import annotations

import argparse
import importlib
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.gateway.load import Load
from tests.gateway.project import GET, POST, Project, project
from tests.ui.browser import operation
from tests.ui.test_pages import evidence

from segue import ledger
from segue.ledger import Entry, State

_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]
_MANY = 300  # operations of the map, besides those that are served


@contextmanager
def page_of(folder: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """``segue ui`` in a process of its own: its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "segue", "ui", "-C", str(folder), "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().split()[-1].rstrip("/"), process
    finally:
        process.terminate()
        process.communicate(timeout=30)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    parser.add_argument("--pictures", type=Path)
    parser.add_argument("--axe", type=Path)
    given = parser.parse_args()
    sync_playwright = importlib.import_module("playwright.sync_api").sync_playwright
    if given.pictures:
        given.pictures.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, project(Path(name), "minimum = 1000000") as one:
        _fill(one)
        with (
            Load(one.world.url, readers=2, writers=1),
            page_of(Path(name)) as (url, process),
            sync_playwright() as playwright,
        ):
            chromium = playwright.chromium.launch(executable_path=given.chromium, args=_FLAGS)
            story = _Story(one, url, chromium, given.pictures, given.axe)
            for step in (
                story.live, story.filters, story.shifts, story.keyboard, story.other_sites, story.without_script, story.accessible, story.quiet,
            ):  # fmt: skip
                story.tell(step)
            process.terminate()
            story.tell(story.gone)
            version = chromium.version
            chromium.close()
    sys.stdout.write(f"Chromium {version}: {story.failed} of {story.told} steps failed\n")
    return int(bool(story.failed))


def _fill(one: Project) -> None:
    book = ledger.read(one.settings.ledger_file)
    for number in range(_MANY):
        method = ("GET", "POST", "PUT", "PATCH", "DELETE")[number % 5]
        route = f"/api/things{number // 10}/" + ("{pk}/" if number % 10 > 4 else "")
        book = book.with_entry(Entry(method, route, State.LEGACY, reasons=(f"raw-sql views.py:{number}",)))
    ledger.write(one.settings.ledger_file, book)
    evidence(one.settings, GET, "<b>told</b>")


class _Story:
    """Steps in one browser; each begins with a page of its own."""

    def __init__(
        self, one: Project, url: str, chromium: Any, pictures: Path | None, axe: Path | None
    ) -> None:
        self._one, self._url, self._chromium, self._pictures, self._axe = one, url, chromium, pictures, axe
        self._complaints: list[str] = []
        self._page = self._fresh()
        self.told = self.failed = 0

    def tell(self, step: Callable[[], str]) -> None:
        """One line of what a step saw; it has failed if it raises."""
        self.told += 1
        try:
            said, mark = step(), " "
        except Exception as error:  # noqa: BLE001 - any failure is a failed step
            said, mark = f"{type(error).__name__}: {error}", "!"
            self.failed += 1
        sys.stdout.write(f"{mark} {step.__name__.replace('_', ' '):<16} {said}\n")

    def live(self) -> str:
        """Figures change without a reload, and a focused link keeps the focus."""
        page = self._page
        page.goto(self._url)
        tile = page.locator("a.tile").nth(5)
        tile.focus()
        held, before = tile.get_attribute("id"), page.inner_text("#live .figure")
        page.wait_for_function("t => document.querySelector('#live .figure').innerText !== t", arg=before)
        page.wait_for_timeout(11_000)  # the map is renewed every ten seconds
        assert page.evaluate("document.activeElement.id") == held, "the focus is lost"
        self._shoot("overview")
        return page.inner_text("#live .figure")

    def filters(self) -> str:
        """The map follows what is typed."""
        page = self._page
        page.goto(self._url)
        page.fill("input[name=q]", "get things1")
        page.wait_for_function("() => document.querySelectorAll('.tile').length < 100")
        shown = page.locator(".tile").count()
        assert page.inner_text("#count").startswith(f"{shown} of {_MANY + 2}")
        return page.inner_text("#count")

    def shifts(self) -> str:
        """A shift, a refusal of one that somebody else has moved, and the way back with its question."""
        page = self._page
        page.goto(self._url + operation(GET))
        stale = self._fresh()
        stale.goto(self._url + operation(GET))
        page.fill("#weight", "25")
        page.click("text=Shift >> nth=-1")
        page.wait_for_selector(".told")
        assert self._weight() == 25
        self._shoot("operation")
        stale.fill("#weight", "50")
        stale.click("button:text-is('Shift')")
        assert "somebody else has moved it" in stale.inner_text("[role=alert]:visible")
        page.click("text=Roll back to Django")
        page.click("button:text-is('Roll back')")
        page.wait_for_selector(".told")
        assert self._weight() == 0
        return page.inner_text(".told").replace("\n", " ")

    def keyboard(self) -> str:
        """From the address bar to a shift, and to the question of all, by keys alone."""
        page = self._page
        page.goto(self._url + operation(POST))
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        for _ in range(4):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.id") == "weight":
                break
        page.keyboard.press("Control+A")
        page.keyboard.type("40")
        page.keyboard.press("Enter")
        page.wait_for_selector(".told")
        assert self._weight(POST) == 40
        page.goto(f"{self._url}/rollback")
        page.focus("button.danger")
        page.keyboard.press("Enter")
        page.wait_for_selector(".told")
        assert self._weight(POST) == 0
        return "shifted to 40 %, all rolled back"

    def other_sites(self) -> str:
        """A page of another origin sends the form with everything but the token, and is kept out of frames."""
        page = self._fresh()
        page.route(
            "http://evil.example/",
            lambda route: route.fulfill(body="<title>evil</title>", content_type="text/html"),
        )
        page.goto("http://evil.example/")
        page.evaluate(
            """([url, key]) => {
                const form = document.createElement("form");
                form.method = "post"; form.action = url + "/shift";
                for (const [name, value] of [["key", key], ["weight", "100"], ["force", "yes"]]) {
                    const field = document.createElement("input");
                    field.name = name; field.value = value; form.append(field);
                }
                document.body.append(form); form.submit();
            }""",
            [self._url, GET],
        )
        page.wait_for_url(f"{self._url}/shift")
        assert "comes from another site" in page.inner_text("body")
        assert self._weight() == 0
        page.goto("http://evil.example/")
        page.evaluate(
            "url => { const f = document.createElement('iframe'); f.src = url; document.body.append(f); }",
            self._url,
        )
        page.wait_for_timeout(1500)
        assert all("Roll back all" not in (frame.content() or "") for frame in page.frames), "framed"
        page.close()
        return "form refused, frame empty"

    def without_script(self) -> str:
        """All levers work by plain forms."""
        context = self._chromium.new_context(java_script_enabled=False)
        page = context.new_page()
        page.goto(f"{self._url}/?q=post+articles")
        page.click("a.tile")
        page.click("button:text-is('5 %')")
        assert self._weight(POST) == 5
        page.click("text=Roll back all")
        page.click("button:text-is('Roll back all')")
        assert self._weight(POST) == 0
        said = str(page.inner_text(".told")).replace("\n", " ")
        context.close()
        return said

    def accessible(self) -> str:
        """Nothing that axe finds wrong, in light and dark."""
        if self._axe is None:
            return "left out: no --axe"
        found, judged = [], 0
        for scheme in ("light", "dark"):
            context = self._chromium.new_context(color_scheme=scheme, bypass_csp=True)
            page = context.new_page()
            paths = (
                "/",
                operation(GET),
                operation("GET /api/things0/"),
                "/blockers",
                "/history",
                "/rollback",
                "/nowhere",
            )
            for path in paths:
                page.goto(self._url + path)
                page.add_script_tag(path=str(self._axe))
                for wrong in page.evaluate("axe.run()")["violations"]:
                    places = [n["target"] for n in wrong["nodes"]][:3]
                    found.append(f"{scheme} {path}: {wrong['id']} ({len(wrong['nodes'])}) {places}")
                judged += 1
            context.close()
        assert not found, "\n    ".join(("", *found))
        return f"{judged} pages judged, nothing wrong"

    def quiet(self) -> str:
        """Nothing was blocked by the policy, no script failed, and nothing was asked of other hosts."""
        assert not self._complaints, self._complaints
        return "no complaint of the browser"

    def gone(self) -> str:
        """Told when the command has been stopped."""
        page = self._page
        page.wait_for_selector("#lost:visible", timeout=15_000)
        return page.inner_text("#lost")

    def _fresh(self) -> Any:
        page = self._chromium.new_context().new_page()
        page.on(
            "console",
            lambda m: (
                self._complaints.append(m.text)
                if m.type == "error" and "409" not in m.text and "403" not in m.text
                else None
            ),
        )
        page.on("pageerror", lambda error: self._complaints.append(str(error)))
        page.on(
            "request",
            lambda r: (
                self._complaints.append(r.url)
                if not r.url.startswith((self._url, "http://evil.example/"))
                else None
            ),
        )
        return page

    def _weight(self, key: str = GET) -> int:
        return ledger.read(self._one.settings.ledger_file).entries[key].weight

    def _shoot(self, name: str) -> None:
        if self._pictures is not None:
            for scheme in ("light", "dark"):
                self._page.emulate_media(color_scheme=scheme)
                self._page.screenshot(path=str(self._pictures / f"{name}-{scheme}.png"), full_page=True)


if __name__ == "__main__":
    raise SystemExit(main())
