"""``LocaleMiddleware``: the language of a request, and what of it is left to Django."""

from __future__ import annotations

import dataclasses
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


def _probed(root: Path, language: str, *middleware: str) -> Snapshot:
    environment = {"MIDDLEWARE": " ".join(middleware), "SITE_LANGUAGE": language}
    return probe(root, python=sys.executable, settings="site_.settings", environment=environment)


def test_a_request_is_answered_in_the_language_that_django_chooses(root: Path, tmp_path: Path) -> None:
    snapshot = _probed(root, "en-us", LOCALE)
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
    foreign = 0
    for request, (legacy, modern) in zip(
        requests, stacks.both(root, tmp_path, [LOCALE], requests), strict=True
    ):
        if modern["status"] == 501:
            # The texts of another language: Told shows one, so all reads of the service may.
            assert modern["headers"]["x-segue-unserved"] == "language"
            assert "content-language" not in modern["headers"]
            odd = request.get("cookies", {}).get("django_language") in ("EN", "de_AT", "de.utf8")
            assert odd or legacy["headers"]["content-language"] != "en", request
            foreign += 1
            continue
        assert modern["status"] == legacy["status"], request
        for name in ("content-language", "vary", "location"):
            assert modern["headers"].get(name) == legacy["headers"].get(name), (request, name)
    assert 15 < foreign < 30


def test_where_no_text_is_shown_reads_that_succeed_are_answered_in_every_language(
    root: Path, tmp_path: Path
) -> None:
    snapshot = _probed(root, "en-us", LOCALE)
    routes = tuple(r for r in snapshot.routes if r.path != "/api/told/")
    write(translate(dataclasses.replace(snapshot, routes=routes)), tmp_path)
    german = {"headers": {"Accept-Language": "de"}}
    cases = [("GET", "/api/notes/", 200), ("HEAD", "/api/notes/", 200), ("GET", "/api/notes/77/", 501), ("OPTIONS", "/api/notes/", 501),
             ("DELETE", "/api/notes/77/", 501)]  # fmt: skip
    requests: list[dict[str, Any]] = [{"method": m, "path": p, **german} for m, p, _ in cases]
    for (method, path, status), (legacy, modern) in zip(
        cases, stacks.both(root, tmp_path, [LOCALE], requests), strict=True
    ):
        assert modern["status"] == status, (method, path)
        if status == 200:
            assert modern["body"] == legacy["body"]
            assert modern["headers"]["content-language"] == legacy["headers"]["content-language"] == "de"


@pytest.mark.parametrize("middleware", [(), (LOCALE,)])
def test_texts_that_are_not_those_of_the_source_are_left_to_django(
    root: Path, tmp_path: Path, middleware: tuple[str, ...]
) -> None:
    program = translate(_probed(root, "de", *middleware))
    refused = {(r.method, r.route_id): r.reasons[0].code for r in program.refused}
    assert refused["POST", "/api/notes/"] == "language"
    assert refused["GET", "/api/told/"] == "gettext"
    write(program, tmp_path)
    requests: list[dict[str, Any]] = [{"method": "GET", "path": p} for p in ("/api/notes/", "/api/notes/x/")]
    found, missing = stacks.both(root, tmp_path, list(middleware), requests, SITE_LANGUAGE="de")
    assert found[1]["body"] == found[0]["body"]
    for name in ("content-language", "vary"):
        assert found[1]["headers"].get(name) == found[0]["headers"].get(name)
    assert missing[0]["status"] == 404
    assert "Not found." not in missing[0]["body"]
    assert missing[1]["status"] == 501


@pytest.mark.parametrize(
    ("path", "patterns", "prefixed", "why"),
    [
        ("/api/notes/", False, False, ""), ("/api/notes/", True, False, ""), ("/api/notes/", True, True, ""),
        ("/{slug}/notes/", True, True, "may be"), ("/de/notes/", True, True, "begins"), ("/other/", True, True, "redirect"),
    ],
)  # fmt: skip
def test_paths_under_a_language_are_refused(
    root: Path, path: str, patterns: bool, prefixed: bool, why: str
) -> None:
    snapshot = _probed(root, "en-us", LOCALE)
    languages = snapshot.settings.languages
    assert languages is not None
    languages = dataclasses.replace(languages, patterns=patterns, prefixed=prefixed)
    twin = dataclasses.replace(snapshot.routes[0], path="/en/other/x/")
    snapshot = dataclasses.replace(
        snapshot, settings=dataclasses.replace(snapshot.settings, languages=languages), routes=(twin,)
    )
    found = middleware_problem(snapshot, dataclasses.replace(twin, path=path))
    assert why in found
    assert bool(why) == bool(found)
