"""``verify explore`` asks again, in the languages of the project, what was answered with a text that is new."""

from __future__ import annotations

from typing import Any

import pytest

from segue.verify.joined import translated
from segue.verify.joined.translated import Said, again, in_language


def _sent(number: int, *headers: tuple[str, str]) -> dict[str, Any]:
    return {"path": f"/{number}/", "headers": list(headers)}


def test_each_new_text_of_an_error_is_asked_for_in_every_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(translated, "spoken", lambda: ("de", "pl"))
    said = Said()
    asked = again(said)
    assert next(asked) is None
    said.hear(_sent(1), {"status": 400, "body": {"title": ["This field is required."]}})
    said.hear(_sent(2), {"status": 400, "body": {"title": ["This field is required."]}})
    said.hear(
        _sent(3), {"status": 400, "body": {"title": ["This field is required."], "price": ["Too much."]}}
    )
    said.hear(_sent(4), {"status": 200, "body": {"title": "new"}})
    said.hear(_sent(5), {"status": 500, "body": "new"})
    said.hear(_sent(6, ("Accept-Language", "de")), {"status": 404, "body": {"detail": "new"}})
    found = [next(asked), next(asked)]
    assert next(asked) is None
    assert [(case["path"], case["headers"]) for case in found if case is not None] == [
        ("/1/", [("Accept-Language", "de")]),
        ("/3/", [("Accept-Language", "pl")]),
    ]


def test_where_nobody_chooses_a_language_nothing_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(translated, "spoken", lambda: ())
    said = Said()
    said.hear(_sent(1), {"status": 400, "body": ["no"]})
    assert list(again(said)) == []
    assert in_language(_sent(1, ("Accept-Language", "fr")), "de") == _sent(1, ("Accept-Language", "fr"))
