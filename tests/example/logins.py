"""One story of logins through the gateway, told by any browser: who asks what of which side, and what became of it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import httpx
from tests.example.conftest import Example

from segue.commands import serve
from segue.commands.common import open_project

Pick = Callable[[], str]
"""Which side is asked next: ``django`` or ``fastapi``."""
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')
_NAMES = ("annegret", "berthold", "clotilde")
_PEOPLE = """
from accounts.models import User
from django.contrib.auth.hashers import make_password
for name in {names!r}:
    User.objects.create_superuser(name, f"{{name}}@example.com", "first-" + name)
"""


class Browser(Protocol):
    """What the story needs of a browser; it keeps cookies."""

    def ask(self, method: str, path: str, side: str, body: Any = None, *, token: bool = True) -> list[Any]:
        """A request of a script: status, the side that answered, and the user name in the answer ('' for none)."""

    def visit(self, path: str) -> str:
        """Open a page of Django's; the path where that ends."""

    def submit(self, path: str, fields: dict[str, str], action: str = "") -> str:
        """Fill in a form of a page of Django's, which is sent to ``action`` or the page itself; the path where that ends."""


@dataclass
class HttpBrowser:
    """Cookies, redirects and forms, as a client library has them."""

    client: httpx.Client

    def ask(self, method: str, path: str, side: str, body: Any = None, *, token: bool = True) -> list[Any]:
        headers = {"x-segue-side": side, "accept": "application/json"}
        if token:
            headers["x-csrftoken"] = self.client.cookies.get("csrftoken", "")
        found = self.client.request(method, path, headers=headers, json=body)
        shown = found.json() if found.content else {}
        return [found.status_code, found.headers.get("x-segue-route", ""), shown.get("username", "")]

    def visit(self, path: str) -> str:
        return self.client.get(path, follow_redirects=True).url.path

    def submit(self, path: str, fields: dict[str, str], action: str = "") -> str:
        page = self.client.get(path, follow_redirects=True)
        token = _TOKEN.search(page.text)
        assert token is not None, path
        data = {**fields, "csrfmiddlewaretoken": token[1]}
        return self.client.post(action or path, data=data, follow_redirects=True).url.path


def story(one: Browser, other: Browser, name: str, pick: Pick) -> Iterator[tuple[str, list[Any]]]:
    """What happens, step by step, as (what, outcome). ``name`` is a superuser whose password is ``first-{name}``."""

    def said(password: str) -> dict[str, str]:
        return {"username": name, "password": f"{password}-{name}"}

    def changed(old: str, new: str) -> dict[str, str]:
        return {"old_password": f"{old}-{name}", "new_password": f"{new}-{name}"}

    form = {
        "old_password": f"second-{name}",
        "new_password1": f"third-{name}",
        "new_password2": f"third-{name}",
    }
    yield "one logs in at Django's form", [one.submit("/admin/login/?next=/admin/", said("first"))]
    yield "and is known", one.ask("GET", "/api/me/", pick())
    yield "the other tries a wrong password", other.ask("POST", "/api/auth/login/", pick(), said("wrong"))
    yield "and logs in by the API", other.ask("POST", "/api/auth/login/", pick(), said("first"))
    yield "and is let into Django's pages", [other.visit("/admin/")]
    yield "writes need the token", other.ask("PATCH", "/api/me/", pick(), {"first_name": "B"}, token=False)
    yield "with it they pass", other.ask("PATCH", "/api/me/", pick(), {"first_name": "B"})
    yield (
        "no new password without the token",
        one.ask("POST", "/api/auth/password/", pick(), changed("first", "second"), token=False),
    )
    yield (
        "one takes a new password",
        one.ask("POST", "/api/auth/password/", pick(), changed("first", "second")),
    )
    yield "and stays logged in", one.ask("GET", "/api/me/", pick())
    yield "in Django's pages as well", [one.visit("/admin/")]
    yield "the other is logged out", other.ask("GET", "/api/me/", pick())
    yield "there as well", [other.visit("/admin/")]
    yield "the old password is none", other.ask("POST", "/api/auth/login/", pick(), said("first"))
    yield "the new one is", other.ask("POST", "/api/auth/login/", pick(), said("second"))
    yield "the other changes it in Django's form", [other.submit("/admin/password_change/", form)]
    yield "and stays logged in", other.ask("GET", "/api/me/", pick())
    yield "now one is logged out", one.ask("GET", "/api/me/", pick())
    yield "the other logs out by the API", other.ask("POST", "/api/auth/logout/", pick())
    yield "and is out of Django's pages", [other.visit("/admin/")]
    yield "one logs in by the API", one.ask("POST", "/api/auth/login/", pick(), said("third"))
    yield "and logs out of Django's pages", [one.submit("/admin/", {}, "/admin/logout/")]
    yield "and is gone", one.ask("GET", "/api/me/", pick())


def tell(one: Browser, other: Browser, name: str, pick: Pick) -> list[list[Any]]:
    """The whole story; what is the user's name is told as ``name``."""
    return [
        [what, *("name" if o == name else o for o in outcome)]
        for what, outcome in story(one, other, name, pick)
    ]


@contextmanager
def served(example: Example) -> Iterator[tuple[serve.Service, tuple[str, ...]]]:
    """The example behind the gateway, and the names of superusers."""
    for code in (
        ["migrate", "--verbosity", "0"],
        ["shell", "--verbosity", "0", "-c", _PEOPLE.format(names=_NAMES)],
    ):
        subprocess.run([sys.executable, "manage.py", *code], cwd=example.folder, check=True, timeout=60)
    with serve.started(open_project(example.folder), port=0) as service:
        yield service, _NAMES
