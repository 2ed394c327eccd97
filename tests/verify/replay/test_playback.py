"""A recording on both sides of the bookshop: what it created has another id today, and nothing private is written."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bench.faults.seed import Fault
from tests.verify.conftest import Shop

from segue import verify
from segue.errors import EnvironmentProblem
from segue.verify import OperationResult, Report
from segue.verify import report as reports
from segue.verify.replay.gor import SEPARATOR

Message = tuple[str, str, dict[str, str], Any]


@pytest.fixture(scope="module")
def staff(shop: Shop) -> str:
    """A token that is in the database."""
    with sqlite3.connect(shop.database.removeprefix("sqlite://")) as connection:
        [key] = connection.execute(
            "SELECT t.key FROM authtoken_token t JOIN accounts_user u ON u.id = t.user_id WHERE u.username = 'staff'"
        ).fetchone()
    return str(key)


def recording(
    file: Path, exchanges: Sequence[tuple[Message, tuple[int, dict[str, str], Any] | None]]
) -> Path:
    """A GoReplay file."""
    payloads = []
    for number, ((method, target, headers, body), answer) in enumerate(exchanges):
        data = json.dumps(body).encode() if body is not None else b""
        head = {"Host": "shop.example", **headers, "Content-Length": str(len(data))}
        if body is not None:
            head["Content-Type"] = "application/json"
        payloads.append(f"1 {number} 1 0\n{method} {target} HTTP/1.1\r\n{_lines(head)}\r\n".encode() + data)
        if answer is not None:
            told = json.dumps(answer[2]).encode()
            head = {**answer[1], "Content-Length": str(len(told))}
            payloads.append(f"2 {number} 1 0\nHTTP/1.1 {answer[0]} X\r\n{_lines(head)}\r\n".encode() + told)
    file.write_bytes(SEPARATOR.join(payloads) + SEPARATOR)
    return file


def _lines(headers: dict[str, str]) -> str:
    return "".join(f"{k}: {v}\r\n" for k, v in headers.items())


def operation(report: Report, key: str) -> OperationResult:
    return next(o for o in report.operations if o.key == key)


def test_what_the_recording_created_is_found_under_todays_id(shop: Shop, staff: str, tmp_path: Path) -> None:
    mine = {"Authorization": f"Token {staff}"}
    author = {"first_name": "Ada", "last_name": "New"}
    file = recording(
        tmp_path / "a.gor",
        [
            (("POST", "/api/authors/", mine, author), (201, {}, {"id": 90001, **author})),
            (("GET", "/api/authors/90001/", mine, None), (200, {}, {"id": 90001, **author})),
            (("PATCH", "/api/authors/90001/", mine, {"last_name": "Newer"}), (200, {}, {})),
            (("GET", "/api/authors/90001/?a=1", {}, None), None),
            (("DELETE", "/api/authors/90001/", mine, None), (204, {}, {})),
            (("GET", "/api/authors/90001/", mine, None), (404, {}, {})),
        ],
    )
    report = verify.replay(shop.project, [file])
    assert report.different == 0
    assert operation(report, "POST /api/authors/").statuses == {"201": 1}
    assert operation(report, "GET /api/authors/{pk}/").statuses == {"200": 2, "404": 1}
    assert operation(report, "PATCH /api/authors/{pk}/").statuses == {"200": 1}
    assert operation(report, "DELETE /api/authors/{pk}/").statuses == {"204": 1}
    assert "Django today, status as recorded: 5" in report.notes


def test_a_recorded_login_leads_to_todays_session(shop: Shop, tmp_path: Path) -> None:
    """The login itself is played and not compared: FastAPI leaves it to Django, for the stored hash is of old strength."""
    old = {"Cookie": "sessionid=recordedsession123"}
    login = {"username": "reader", "password": "bookshop"}
    file = recording(
        tmp_path / "a.gor",
        [
            (("GET", "/api/me/", old, None), (200, {}, {})),
            (("POST", "/api/auth/login/", {}, login), (200, {"Set-Cookie": "sessionid=recordedsession123; Path=/"}, {})),
            (("GET", "/api/me/", old, None), (200, {}, {})),
        ],
    )  # fmt: skip
    report = verify.replay(shop.project, [file])
    assert report.different == 0
    assert sorted(operation(report, "GET /api/me/").statuses.items())[0] == ("200", 1)
    assert sum(operation(report, "GET /api/me/").statuses.values()) == 2
    assert "3 requests were sent, 2 compared" in report.notes


def test_a_token_of_another_database_can_be_given_to_a_user(shop: Shop, tmp_path: Path) -> None:
    file = recording(
        tmp_path / "a.gor",
        [(("GET", "/api/me/", {"Authorization": "Token 0123456789abcdef"}, None), (200, {}, {}))],
    )
    refused = verify.replay(shop.project, [file])
    assert operation(refused, "GET /api/me/").statuses == {"401": 1}
    assert any("--as TOKEN=USER" in note for note in refused.notes)
    known = verify.replay(shop.project, [file], users={"0123456789abcdef": "reader"})
    assert operation(known, "GET /api/me/").statuses == {"200": 1}
    with pytest.raises(EnvironmentProblem) as raised:
        verify.replay(shop.project, [file], users={"0123456789abcdef": "nobody-here"})
    assert "no user is named 'nobody-here'" in (raised.value.detail or "")


def test_what_cannot_be_sent_is_counted_by_name(shop: Shop, tmp_path: Path) -> None:
    lines = [
        {"method": "GET", "path": "/api/tags/", "host": "shop.example", "status": 200},
        {"method": "GET", "path": "/api/tags/", "host": "cdn.example", "status": 200},
        {"method": "POST", "path": "/api/categories/", "host": "shop.example", "status": 201},
        {"method": "GET", "path": "/somewhere/", "host": "shop.example", "status": 404},
    ]
    file = tmp_path / "access.log"
    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    report = verify.replay(shop.project, [file], host="shop.example")
    assert report.cases == 1
    for told in (
        "not sent, 1 requests: another host",
        "not sent, 1 requests: its body was not recorded",
        "not native, 1 requests: GET /somewhere/",
        "2 requests were sent, 1 compared",
    ):
        assert told in report.notes


def test_nothing_private_is_written_anywhere(shop: Shop, staff: str, tmp_path: Path) -> None:
    """The fault makes both requests differ, so both are written with bodies, headers, rows and answers."""
    output = shop.project.output
    routes = (output / "app/catalog/routes.py").read_text(encoding="utf-8")
    changed = routes.replace("return call.created(await present_category(call.db, category))", 'return call.reply({"token": "tok-of-the-answer", "mail": "ann@example.com"})', 1)  # fmt: skip
    assert changed != routes
    key = "POST /api/categories/"
    fault = Fault("answer", "app/catalog/routes.py", "category_create", changed, frozenset({key}))
    state, temporary = tmp_path / "state", tmp_path / "tmp"
    temporary.mkdir()
    project = replace(shop.project, output=fault.seed(output, tmp_path / "faulty"))
    secrets = {
        "password": "hunter2hunter2", "csrf": "csrfcsrfcsrf1", "cookie": "trackingcookie77", "iban": "AT001234567890",
        "mail": "somebody@private.example",
    }  # fmt: skip
    body = {
        "name": "Private", "slug": "private", "password": secrets["password"], "iban": secrets["iban"],
        "note": f"by {secrets['mail']} and {staff}",
    }  # fmt: skip
    headers = {
        "Authorization": f"Token {staff}",
        "Cookie": f"csrftoken={secrets['csrf']}; track={secrets['cookie']}",
        "X-CSRFToken": secrets["csrf"],
    }
    file = recording(
        tmp_path / "a.gor",
        [
            (("POST", f"/api/categories/?token={secrets['cookie']}", headers, body), (201, {}, body)),
            (("POST", "/api/categories/", headers, {**body, "slug": "private2"}), (201, {}, body)),
        ],
    )
    before = os.environ.get("TMPDIR")
    os.environ["TMPDIR"] = str(temporary)
    try:
        report = verify.replay(project, [file], redacted=["iban"])
    finally:
        os.environ.pop("TMPDIR") if before is None else os.environ.update(TMPDIR=before)
    assert operation(report, key).different == 2
    state.mkdir()
    (state / "report.json").write_text(json.dumps(reports.as_json(report), default=str))
    (state / "report.xml").write_text(reports.document(report))
    (state / "report.html").write_text(reports.page(report, {}, title="shop"))
    text = (state / "report.json").read_text()
    assert '"slug": "private"' in text.replace("\\", ""), "what is not private is told"
    for written in [*state.iterdir(), *(f for f in temporary.rglob("*") if f.is_file())]:
        content = written.read_bytes()
        for name, secret in {**secrets, "token": staff, "answer": "tok-of-the-answer"}.items():
            assert secret.encode() not in content, (name, written)


def test_the_command(shop: Shop, tmp_path: Path) -> None:
    file = recording(tmp_path / "a.gor", [(("GET", "/api/tags/", {}, None), (200, {}, {}))])
    (tmp_path / "segue.toml").write_text(
        f'[project]\nroot = "{shop.project.root}"\npython = "{sys.executable}"\n'
        f'environment = {{ DATABASE_URL = "{shop.database}" }}\n\n[verify]\nredact = ["iban"]\n'
    )

    def segue(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "segue", *words],
            cwd=tmp_path, capture_output=True, text=True, timeout=200, check=False,
        )  # fmt: skip

    assert segue("generate").returncode == 0
    done = segue("verify", "replay", str(file), "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["cases"] == 1
    assert "replay" in (tmp_path / ".segue" / "ledger.toml").read_text()
    wrong = segue("verify", "replay", str(tmp_path / "segue.toml"))
    assert wrong.returncode == 2
    assert "no recording that Segue knows" in wrong.stderr
