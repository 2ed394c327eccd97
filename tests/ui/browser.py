"""Asks the application as a browser would that keeps cookies and follows nothing."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from html import unescape
from pathlib import Path

import httpx

from segue.commands.common import basis
from segue.commands.ui import opened
from segue.ui.app import create
from segue.ui.guard import Guard
from segue.ui.known import Known

HOME = "http://127.0.0.1:8089"


class Browser:
    """``guard`` as the command makes it for loopback, unless given."""

    def __init__(self, folder: Path, guard: Guard | None = None, home: str = HOME) -> None:
        self.guard = guard or Guard("127.0.0.1", 8089)
        known = Known(basis)
        self._app = create(lambda: opened(folder, known), self.guard)
        self._home = home
        self.cookies: dict[str, str] = {}

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
        return self.ask("GET", path, headers=headers)

    def post(
        self, path: str, fields: Mapping[str, str], headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """A form of one of the pages: with their token, unless ``fields`` have one, and the origin that browsers send."""
        return self.ask(
            "POST", path, {"csrf": self.guard.csrf, **fields}, {"Origin": self._home, **(headers or {})}
        )

    def ask(
        self,
        method: str,
        path: str,
        fields: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(app=self._app, raise_app_exceptions=True)
            async with httpx.AsyncClient(
                transport=transport, base_url=self._home, cookies=self.cookies
            ) as client:
                answer = await client.request(method, path, data=fields, headers=headers)
                self.cookies.update(client.cookies)
                return answer

        return asyncio.run(asked())


def operation(key: str) -> str:
    """Address of an operation's page."""
    return f"/operation?{httpx.QueryParams({'key': key})}"


def words(answer: httpx.Response) -> str:
    """What a page says, without its tags, on one line."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", answer.text)).split())
