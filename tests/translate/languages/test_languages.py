"""Texts of a service in every language of its project: what Django says, the generated service says."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.translate.languages import site

from segue.emit import write
from segue.snapshot.run import probe
from segue.target.ir import Program
from segue.translate.bridge_texts import PLURALS, TEXTS
from segue.translate.program import translate
from segue_bridge.errors import MethodNotAllowed, Throttled, UnsupportedMediaType, ValidationError
from segue_bridge.formats import date_format
from segue_bridge.schema.validators import Digits, MaxLength, MaxValue, MinLength, ValidIp
from segue_bridge.translation import Catalogues, begin, end

CODES = ("en", "de", "de-ch", "pl", "fr")
SAID = ("some", "closed", "gone", "missing")
LONG = "t" * 30
BODIES: list[Any] = [
    {}, [], {"title": ""}, {"title": None}, {"title": LONG, "code": LONG, "plain": "A"}, {"title": "x", "code": "A"}, {"title": "ok", "code": ""},
    {"title": "first"}, {"title": "wrong"}, {"title": "whole"}, {"title": "odd"}, {"title": "even"}, {"title": "many things"}, {"title": "same", "code": "same"},
    {"title": "ok", "price": "much"}, {"title": "ok", "price": 1000}, {"title": "ok", "price": "1.234"}, {"title": "ok", "price": 100.5},
    {"title": "ok", "kind": "z"}, {"title": "ok", "made": "31.12.2020"}, {"title": "ok", "shelf": 99}, {"title": "ok", "shelf": "x"},
    {"title": "ok", "count": "x"}, {"title": "ok", "count": 4},
]  # fmt: skip
SHELVES: list[Any] = [{"name": "first"}, {"name": "other", "row": 0, "column": 0}, {"name": LONG, "row": "x"}]
READS = (
    "items/",
    "items/?page=9",
    "items/?page=x",
    "items/?kind=z",
    "items/?since=nonsense",
    "items/?since=31.12.2020",
    "items/?since=2/1/2020",
    "items/?since=03/04/2020",
    "items/?cheap=x",
    "items/99/",
    "sealed/",
    "sealed/?open",
)
FIRST: list[dict[str, Any]] = [
    {"method": "POST", "path": "/api/items/", "json": {"title": "first", "kind": "o", "made": "2020-03-20"}},
    {"method": "POST", "path": "/api/shelves/", "json": {"name": "first"}},
]  # fmt: skip


def _made(root: Path, out: Path, **environment: str) -> Program:
    program = translate(
        probe(root, python=sys.executable, settings="site_.settings", environment=environment)
    )
    write(program, out)
    return program


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return site.create(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def generated(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("generated")
    program = _made(root, out)
    left = {r.route_id: r.reasons[0].why for r in program.refused}
    assert sorted(left) == ["/api/computed/", "/api/early/"], left
    assert "computed" in left["/api/computed/"]
    assert "default" in left["/api/early/"]
    return out


def _requests(code: str) -> list[dict[str, Any]]:
    headers = {"Accept-Language": code}
    found = [{"method": "GET", "path": f"/api/say/{what}/"} for what in SAID]
    found += [{"method": "GET", "path": f"/api/{path}"} for path in READS]
    found += [{"method": "POST", "path": "/api/items/", "json": body} for body in BODIES]
    found += [{"method": "POST", "path": "/api/shelves/", "json": body} for body in SHELVES]
    found += [{"method": "PUT", "path": "/api/say/some/"}, {"method": "DELETE", "path": "/api/sealed/1/"}]
    return [{**one, "headers": headers} for one in found]


def test_each_language_says_what_django_says(root: Path, generated: Path) -> None:
    requests = FIRST + [one for code in CODES for one in _requests(code)]
    wrong = [
        (request, legacy, modern)
        for request, (legacy, modern) in zip(requests, site.both(root, generated, requests), strict=True)
        if legacy != modern
    ]
    assert not wrong, json.dumps(wrong[:3], indent=1, ensure_ascii=False)


def test_requests_in_a_language_that_django_cannot_read_are_left_to_it(root: Path, generated: Path) -> None:
    headers = [
        {"Accept-Language": "rn"},
        {"Accept-Language": "rn-bi, de"},
        {"Accept-Language": "xx, rn;q=0.5"},
    ]
    requests = [{"method": "GET", "path": "/api/say/some/", "headers": one} for one in headers]
    for legacy, modern in site.both(root, generated, requests):
        assert (legacy["status"], modern["status"]) == (500, 501), (legacy, modern)


def test_a_wrong_text_is_not_what_django_says(root: Path, generated: Path, tmp_path: Path) -> None:
    """The comparison above can fail: a text of another language is seen."""
    requests = [{"method": "GET", "path": "/api/say/some/", "headers": {"Accept-Language": "pl"}}]
    file = generated / "app" / "locale" / "pl.po"
    text = file.read_text(encoding="utf-8")
    try:
        file.write_text(text.replace("Cześć", "Hallo"), encoding="utf-8")
        ((legacy, modern),) = site.both(root, generated, requests)
    finally:
        file.write_text(text, encoding="utf-8")
    assert legacy != modern


def test_a_project_in_german_falls_back_to_german(root: Path, tmp_path: Path) -> None:
    _made(root, tmp_path, SITE_LANGUAGE="de")
    requests = FIRST + [one for code in ("de", "fr", "en", "xx") for one in _requests(code)]
    for request, (legacy, modern) in zip(
        requests, site.both(root, tmp_path, requests, SITE_LANGUAGE="de"), strict=True
    ):
        assert legacy == modern, request


def _raised() -> list[str]:
    """What :data:`site.TEXTS` has Django raise, raised by the bridge."""
    wrong: list[Any] = [
        Throttled(1), Throttled(5), Throttled(), MethodNotAllowed("PUT"), UnsupportedMediaType("a/b"),
        *(_error(v, x) for v, x in ((MaxLength(1), "abc"), (MinLength(5), "abc"), (MaxValue(1.5), 2), (ValidIp(), "x"), (Digits(2, 1), Decimal("1.23")))),
    ]  # fmt: skip
    said = [
        str(text)
        for error in wrong
        for text in (error.detail if isinstance(error.detail, list) else [error.detail])
    ]
    return said + [
        date_format(datetime(2024, m, m, m * 2 - 1, 0), "a A b D E F l M N P") for m in range(1, 13)
    ]


def _error(validate: Callable[[Any], None], value: Any) -> ValidationError:
    with pytest.raises(ValidationError) as found:
        validate(value)
    return found.value


def test_the_bridge_says_what_django_and_drf_say_in_all_their_languages(root: Path, tmp_path: Path) -> None:
    settings = root / "site_" / "every.py"
    settings.write_text("from site_.settings import *\ndel LANGUAGES, LOCALE_PATHS\n")
    snapshot = probe(root, python=sys.executable, settings="site_.every")
    write(translate(snapshot), tmp_path)
    assert snapshot.settings.languages is not None
    codes = sorted(snapshot.settings.languages.texts)
    assert len(codes) > 90
    numbers = [0, 1, 2, 3, 5, 8, 11, 21, 100, 101, 1000000]
    asked = {"codes": codes, "texts": TEXTS, "plurals": PLURALS, "numbers": numbers}
    (root / "site_" / "settings.py").rename(root / "site_" / "kept.py")
    try:
        (root / "site_" / "settings.py").write_text("from site_.kept import *\ndel LANGUAGES, LOCALE_PATHS\n")
        found = json.loads(site.run(root, ["-c", site.TEXTS], json.dumps(asked)))
    finally:
        (root / "site_" / "kept.py").rename(root / "site_" / "settings.py")
    catalogues = Catalogues(tmp_path / "app" / "locale", "en")
    for code in codes:
        texts = catalogues.of(code)
        said = [texts.gettext(text) for text in TEXTS]
        said += [texts.ngettext(one, more, n) for one, more in PLURALS for n in numbers]
        begin(code, catalogues)
        said += _raised()
        end()
        assert said == found[code], code
