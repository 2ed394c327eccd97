"""``LocaleMiddleware``: the language of a request, and what of it is left to Django."""

from __future__ import annotations

import dataclasses
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.translate.middleware import stacks

from segue.emit import write
from segue.snapshot.model import Snapshot
from segue.snapshot.run import probe
from segue.translate.language import middleware_problem
from segue.translate.program import translate

LOCALE = "django.middleware.locale.LocaleMiddleware"
WANTED = [
    "", "en", "en-us", "EN-US;q=0.5", "en-gb", "en-us, de;q=0.9", "de", "de-at", "de-CH-1996", "de;q=0.3, en;q=0.4", "xx", "xx, de",
    "*", "xx, *, de", "de;q=0", "de;q=2", ", de", "de,", "de ,en", " de", "zh-cn", "zh-tw", "zh-hans-cn", "zh", "pt-br", "pt_BR",
    "es-419", "sr-latn-rs", "no", "nb", "a" * 9, "en-" + "abcdefgh-" * 3, "fr;q=0.1234", "fr; q=0.5, en ;q=0.6", "fr;Q=0.9, en;q=0.1", "kk, en",
]  # fmt: skip
COOKIES = ["en", "de", "en-us", "xx", "EN", "de_AT", "zh-tw", "de.utf8", ""]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stacks.create(tmp_path_factory.mktemp("language"))


@pytest.fixture(scope="module")
def english(root: Path) -> Snapshot:
    """The project with ``LocaleMiddleware`` and all languages of Django."""
    return _probed(root, "en-us", LOCALE)


def _probed(root: Path, language: str, *middleware: str) -> Snapshot:
    environment = {"MIDDLEWARE": " ".join(middleware), "SITE_LANGUAGE": language}
    return probe(root, python=sys.executable, settings="site_.settings", environment=environment)


def test_a_request_is_answered_in_the_language_that_django_chooses(
    root: Path, english: Snapshot, tmp_path: Path
) -> None:
    snapshot = english
    program = translate(snapshot)
    assert ("POST", "/api/notes/") in {(o.method, o.route_id) for o in program.native}
    write(program, tmp_path)
    headers: list[dict[str, Any]] = [{"headers": {"Accept-Language": w}} for w in WANTED]
    cookies: list[dict[str, Any]] = [
        {"cookies": {"django_language": c}, "headers": {"Accept-Language": "fr"}} for c in COOKIES
    ]
    requests = [{"method": "GET", "path": "/api/notes/", **one} for one in headers + cookies]
    requests += [
        {"method": "GET", "path": "/api/nothing-here/"}, {"method": "GET", "path": "/api/notes"},
        {"method": "GET", "path": "/api/told/"},
    ]  # fmt: skip
    left = 0
    for request, (legacy, modern) in zip(
        requests, stacks.both(root, tmp_path, [LOCALE], requests), strict=True
    ):
        if modern["status"] == 501:
            # Cookies that only Django can judge.
            assert modern["headers"]["x-segue-unserved"] == "language"
            assert "content-language" not in modern["headers"]
            assert request.get("cookies", {}).get("django_language") in ("EN", "de_AT", "de.utf8")
            left += 1
            continue
        assert modern["status"] == legacy["status"], request
        assert modern["status"] != 200 or modern["body"] == legacy["body"], request
        for name in ("content-language", "vary", "location"):
            assert modern["headers"].get(name) == legacy["headers"].get(name), (request, name)
    assert left == 3


def test_a_language_that_ends_before_the_answer_is_named_is_not_in_its_header(
    root: Path, tmp_path: Path
) -> None:
    """``deactivate()`` of middleware further in: the answer is in the language of the request, its header names ``LANGUAGE_CODE``."""
    site = {"SITE_LANGUAGE": "en-US", "SITE_LANGUAGES": "en fr"}
    environment = {"MIDDLEWARE": f"{LOCALE} Personal", **site}
    program = translate(
        probe(root, python=sys.executable, settings="site_.settings", environment=environment)
    )
    assert ("POST", "/api/notes/") in {(o.method, o.route_id) for o in program.native}
    write(program, tmp_path)
    french = {"headers": {"Accept-Language": "fr"}}
    requests: list[dict[str, Any]] = [
        {"method": "GET", "path": "/api/notes/"}, {"method": "GET", "path": "/api/notes/99/", **french},
        {"method": "POST", "path": "/api/notes/", "json": {}, **french}, {"method": "GET", "path": "/api/nothing-here/", **french},
        {"method": "GET", "path": "/api/notes", **french}, {"method": "GET", "path": "/api/notes/", "login": True, **french},
    ]  # fmt: skip
    both = stacks.both(root, tmp_path, [LOCALE, "Personal"], requests, **site)
    for request, (legacy, modern) in zip(requests, both, strict=True):
        if request.get("login"):
            assert modern["headers"]["x-segue-unserved"] == "middleware"
            continue
        assert modern["status"] == legacy["status"], request
        if modern["status"] != 404 or "/99/" in request["path"]:
            assert modern["body"] == legacy["body"], request
        for name in ("content-language", "location"):
            assert modern["headers"].get(name) == legacy["headers"].get(name), (request, name)
    assert "champ" in both[2][1]["body"]


def test_without_the_middleware_texts_are_those_of_the_project_s_own_language(
    root: Path, tmp_path: Path
) -> None:
    write(translate(_probed(root, "de")), tmp_path)
    requests: list[dict[str, Any]] = [
        {"method": "GET", "path": "/api/notes/"}, {"method": "GET", "path": "/api/notes/x/"}, {"method": "GET", "path": "/api/told/"},
        {"method": "POST", "path": "/api/notes/", "json": {}},
        *({"method": "POST", "path": "/api/notes/", "json": {}, "headers": {"Accept-Language": c}} for c in ("fr", "en", "xx")),
    ]  # fmt: skip
    for request, (legacy, modern) in zip(
        requests, stacks.both(root, tmp_path, [], requests, SITE_LANGUAGE="de"), strict=True
    ):
        assert (modern["status"], modern["body"]) == (legacy["status"], legacy["body"]), request
        assert "Not found." not in modern["body"]
        for name in ("content-language", "vary"):
            assert modern["headers"].get(name) == legacy["headers"].get(name)


@pytest.mark.parametrize(
    ("path", "patterns", "prefixed", "why"),
    [
        ("/api/notes/", False, False, ""), ("/api/notes/", True, False, ""), ("/api/notes/", True, True, ""),
        ("/other/{slug}/", True, True, "redirect"), ("/others/{slug}/", True, True, ""), ("/{slug}/notes/", True, True, "may be"), ("/de/notes/", True, True, "begins"), ("/other/", True, True, "redirect"),
    ],
)  # fmt: skip
def test_paths_under_a_language_are_refused(
    english: Snapshot, path: str, patterns: bool, prefixed: bool, why: str
) -> None:
    snapshot = english
    languages = snapshot.settings.languages
    assert languages is not None
    languages = dataclasses.replace(languages, patterns=patterns, prefixed=prefixed)
    twin = dataclasses.replace(snapshot.routes[0], path="/en/other/x/", regex=r"^/en/other/[\s\S]*?x/\Z")
    home = dataclasses.replace(twin, path="/en/", regex=r"^/en/\Z")
    settings = dataclasses.replace(snapshot.settings, languages=languages)
    snapshot = dataclasses.replace(snapshot, settings=settings, routes=(twin, home))
    regex = re.sub(r"\{\w+\}", "[^/]+", f"^{path}\\Z")
    found = middleware_problem(snapshot, dataclasses.replace(twin, path=path, regex=regex))
    assert why in found
    assert bool(why) == bool(found)
