"""What is written of a difference."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from segue.shadow.judge import Kind, Place, Verdict
from segue.shadow.redacting import example, hidden, redactor
from segue.verify.replay.recorded import Recorded

READ = Recorded(
    "GET", "/api/users/ada@example.org/", "page=2&api_key=query-key-77", "shop.example",
    (
        ("Accept", "application/json"), ("Authorization", "Token 9944b09199c62bcf"), ("Cookie", "sessionid=session-4711; theme=dark"),
        ("X-Own-Credential", "own-credential-1"), ("User-Agent", "curl/8.0"),
    ),
)  # fmt: skip


def written(*places: Place, answers: tuple[Any, ...] = (), fields: tuple[str, ...] = ()) -> dict[str, Any]:
    by = redactor(READ, "/api/users/{email}/", answers, fields)
    return example(READ, Verdict(Kind.DIFFERENT, places, (200, 200)), by)


def test_credentials_are_hidden_wherever_they_stand() -> None:
    found = written(
        ("body.next", "/x/?t=9944b09199c62bcf", "session-4711"),
        ("headers.x-seen", "own-credential-1", "curl/8.0"),
        ("body.owner", {"key": "9944b09199c62bcf"}, None),
    )
    text = json.dumps(found)
    for secret in ("9944b09199c62bcf", "session-4711", "own-credential-1", "query-key-77", "ada@example.org"):
        assert secret not in text
    assert found["differences"][1][2] == "curl/8.0"  # what everybody sends is no secret
    assert found["headers"] == [["Accept", "application/json"]]
    assert found["persona"] == "a user"


def test_private_fields_are_hidden_with_all_that_is_in_them_and_stay_different() -> None:
    first, second, third = written(
        ("body.passwords[0].old", "abc", "abd"),
        ("body.secrets", {"a": 1234, "b": ["x"]}, {"a": 1235, "b": ["x"]}),
        ("body.iban", "AT12", "AT13"),
        fields=("iban",),
    )["differences"]
    for path, left, right in (first, second, third):
        assert left.startswith("<redacted"), path
        assert right.startswith("<redacted"), path
        assert left != right, path


def test_value_of_a_private_field_is_hidden_in_other_fields() -> None:
    answers = ({"token": "abcdef123456", "link": "/reset/abcdef123456/"},)
    found = written(("body.link", "/reset/abcdef123456/", "/reset/"), answers=answers)
    assert "abcdef123456" not in json.dumps(found)


def test_of_text_without_fields_only_the_place_is_told_and_of_much_only_the_beginning() -> None:
    text, long = written(("body", "name;Ada", "name;Bob"), ("body.note", "x" * 5000, ["y"] * 5000))[
        "differences"
    ]
    assert text[1:] == ["(8 characters, others from 5 on)"] * 2
    assert len(json.dumps(long)) < 1000
    many = written(*((f"body[{n}]", 1, 2) for n in range(500)))
    assert len(many["differences"]) == 20


def test_secret_part_of_a_path_is_hidden_and_the_name_of_a_cookie_is_not() -> None:
    read = replace(READ, path="/reset/by/abcdef123456/")
    by = redactor(read, "/reset/by/{token}/", (), ())
    found = example(read, Verdict(Kind.DIFFERENT, (("cookies.sessionid", "*", "(absent)"),), (200, 200)), by)
    assert found["path"].startswith("/reset/by/<redacted")
    assert found["differences"][0][0] == "cookies.sessionid"


def test_names_of_places_tell_no_address_and_no_credential() -> None:
    by = redactor(READ, "/api/users/{email}/", (), ())
    places = (("body.ada@example.org.seen", 1, 2), ("body.session-4711", 1, 2), ("body.title", 1, 2))
    shown = [path for path, _, _ in hidden(Verdict(Kind.VOLATILE, places), by).places]
    assert shown == ["body.<redacted 1>.seen", "body.<redacted 2>", "body.title"]


def test_text_that_is_json_on_the_other_side_is_told_by_its_length() -> None:
    ((_, left, right),) = written(("body", "Ada Lovelace, 1815", {"detail": "gone"}))["differences"]
    assert (left, right) == ("(18 characters)", {"detail": "gone"})
