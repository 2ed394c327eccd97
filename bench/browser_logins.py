"""The story of ``tests/example/logins.py`` in two real browser profiles of Chromium, through the gateway.

``python -m bench.browser_logins [--chromium /usr/bin/chromium] [--pictures FOLDER]`` needs Chromium (Debian's package) and ``pip install playwright``.
First Django answers everything, then FastAPI what it can, then a side that is drawn for each request; every step must come out the same. Exits with 1 where one does not.
"""

from __future__ import annotations

import argparse
import importlib
import random
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.example.conftest import make
from tests.example.logins import served, tell

_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]
_ASK = """async ([method, path, side, body, token]) => {
    const headers = {"x-segue-side": side, "accept": "application/json"};
    if (body !== null) headers["content-type"] = "application/json";
    const held = document.cookie.split("; ").find(c => c.startsWith("csrftoken="));
    if (token && held) headers["x-csrftoken"] = held.slice("csrftoken=".length);
    const found = await fetch(path, {method, headers, body: body === null ? undefined : JSON.stringify(body)});
    const text = await found.text();
    return [found.status, found.headers.get("x-segue-route") || "", (text ? JSON.parse(text) : {}).username || ""];
}"""


class ChromiumBrowser:
    """A page of Chromium: scripts fetch, forms are filled in and sent."""

    def __init__(self, page: Any, pictures: Path | None, who: str) -> None:
        self.page, self._pictures, self._who, self._taken = page, pictures, who, 0

    def ask(self, method: str, path: str, side: str, body: Any = None, *, token: bool = True) -> list[Any]:
        found: list[Any] = self.page.evaluate(_ASK, [method, path, side, body, token])
        return found

    def visit(self, path: str) -> str:
        self.page.goto(self.url + path)
        return self._arrived()

    def submit(self, path: str, fields: dict[str, str], action: str = "") -> str:
        self.page.goto(self.url + path)
        for name, value in fields.items():
            self.page.fill(f"input[name={name}]", value)
        form = f'form[action="{action}"]' if action else "form:has(input[type=password])"
        with self.page.expect_navigation():
            self.page.click(f"{form} >> [type=submit]")
        return self._arrived()

    @property
    def url(self) -> str:
        parts = urlsplit(self.page.url)
        return f"{parts.scheme}://{parts.netloc}"

    def _arrived(self) -> str:
        if self._pictures is not None:
            self._taken += 1
            self.page.screenshot(path=str(self._pictures / f"{self._who} {self._taken:02d}.png"))
        return urlsplit(self.page.url).path


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    parser.add_argument("--pictures", type=Path)
    given = parser.parse_args()
    sync_playwright = importlib.import_module("playwright.sync_api").sync_playwright
    if given.pictures:
        given.pictures.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        served(make(Path(folder) / "bookshop")) as (service, names),
        sync_playwright() as playwright,
    ):
        chromium = playwright.chromium.launch(executable_path=given.chromium, args=_FLAGS)

        def told(name: str, pick: Any, label: str) -> list[list[Any]]:
            browsers = []
            for who in ("one", "other"):
                page = chromium.new_context().new_page()
                page.goto(f"{service.url}/api/health/")
                browsers.append(ChromiumBrowser(page, given.pictures, f"{label} {who}"))
            return tell(browsers[0], browsers[1], name, pick)

        draw = random.Random(5)
        alone = told(names[0], lambda: "django", "alone")
        modern = told(names[1], lambda: "fastapi", "fastapi")
        mixed = told(names[2], lambda: draw.choice(("django", "fastapi")), "mixed")
        version = chromium.version
        chromium.close()
    wrong = 0
    for theirs, *others in zip(alone, modern, mixed, strict=True):
        differ = [o for o in others if (o[:2], o[3:]) != (theirs[:2], theirs[3:])]
        wrong += len(differ)
        sides = [o[2] for o in others] if len(theirs) > 3 else ["a page of Django"]
        sys.stdout.write(f"{'! ' if differ else '  '}{theirs[0]:<42} {theirs[1]!s:<28} {', '.join(sides)}\n")
        for one in differ:
            sys.stdout.write(f"  not the same: {one[1:]}\n")
    sys.stdout.write(f"Chromium {version}: {len(alone)} steps, told three times, {wrong} differ\n")
    return int(bool(wrong))


if __name__ == "__main__":
    raise SystemExit(main())
