"""Tests as pytest-django's users write them: its fixtures, xdist, pytest-mock, freezegun, and DRF's client over requests."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from tests.verify.suite.test_desk import FAULTS, desk

from segue.verify import ProjectRef, suite

__all__ = ["desk"]

TESTS = """
from urllib.request import urlopen

import pytest
from freezegun import freeze_time
from rest_framework.test import APIClient, RequestsClient
from tickets.models import Ticket


@pytest.fixture
def ticket(db):
    return Ticket.objects.create(title="Leak")


def test_client_of_pytest_django(client, ticket):
    assert [t["title"] for t in client.get("/api/tickets/").json()] == ["Leak"]


def test_user(admin_client, ticket):
    assert admin_client.delete(f"/api/tickets/{ticket.pk}/").status_code == 204
    assert not Ticket.objects.exists()


def test_mocker(mocker, ticket):
    score = mocker.patch("tickets.views.score", return_value=77)
    assert APIClient().get(f"/api/tickets/{ticket.pk}/priority/").data == {"score": 77}
    score.assert_called_once_with(ticket, factor=3)


@freeze_time("1999-05-01 10:00:00")
def test_frozen_clock(db):
    assert APIClient().get("/api/now/").data == {"year": 1999}
    response = APIClient().post("/api/tickets/", {"title": "Smoke"})
    assert Ticket.objects.get(pk=response.data["id"]).created.isoformat() == "1999-05-01T10:00:00+00:00"


def test_client_over_requests(ticket):
    response = RequestsClient().post("http://testserver/api/tickets/", json={"title": "Smoke"})
    assert (response.status_code, response.json()["title"]) == (201, "Smoke")
    assert response.headers["Content-Type"] == "application/json"
    assert Ticket.objects.count() == 2


def test_live_server(live_server):
    Ticket.objects.create(title="Wire")
    with urlopen(f"{live_server.url}/api/tickets/", timeout=10) as answer:
        assert b"Wire" in answer.read()


@pytest.mark.django_db(transaction=True)
def test_outside_of_a_transaction():
    assert APIClient().post("/api/tickets/", {"title": "Smoke"}).status_code == 201
    assert Ticket.objects.count() == 1


@pytest.mark.parametrize("title", ["One", "Two [x]"])
def test_parameters(db, title):
    assert APIClient().post("/api/tickets/", {"title": title}).data["title"] == title


def test_number_of_queries(ticket, django_assert_num_queries):
    with django_assert_num_queries(1):
        APIClient().get("/api/tickets/")


def test_setting(settings, db):
    settings.TICKETS_OPEN_AT_MOST = 8
    assert APIClient().get("/api/limit/").data == {"limit": 8}


def test_without_database():
    assert APIClient().get("/api/limit/").data == {"limit": 3}


@pytest.mark.xfail(strict=True)
def test_expected_failure(ticket):
    assert APIClient().get("/api/tickets/").data == []


@pytest.mark.skip
def test_skipped():
    raise AssertionError
"""
OTHERS = {
    "test_number_of_queries": "asserts Django internals",
    "test_setting": "asserts Django internals",
    "test_without_database": "not served",
    "test_skipped": "skipped",
}


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["one process", "xdist"])
def test_every_test_has_its_verdict(desk: ProjectRef, tmp_path: Path, workers: list[str]) -> None:
    root = tmp_path / "desk"
    shutil.copytree(desk.root, root, ignore=shutil.ignore_patterns("__pycache__"))
    (root / "tests" / "test_plugins.py").write_text(TESTS, encoding="utf-8")
    report = suite(
        replace(desk, root=root), ["pytest", "-q", *workers, "tests/test_plugins.py"], answer="fastapi"
    )
    assert report.tests == {"passed": 12, "skipped": 1, "exit": 0}, report.output
    assert report.different == 0, [d for o in report.operations for d in o.differences]
    verdicts = {t.name.rpartition("::")[2]: t.verdict for t in report.results}
    assert len(verdicts) == 14
    assert verdicts == {name: OTHERS.get(name, "passed on both") for name in verdicts}
    carried = [note for note in report.notes if note.startswith("carried over")]
    assert any("mock.patch(tickets.views.score)" in note for note in carried), carried


def test_what_pytest_mock_patches_excuses_no_difference(desk: ProjectRef, tmp_path: Path) -> None:
    """It rewrites the assertions of mocks in every run of pytest; a wrong answer is a difference all the same."""
    output, root = tmp_path / "fastapi", tmp_path / "desk"
    shutil.copytree(desk.output, output, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(desk.root, root, ignore=shutil.ignore_patterns("__pycache__"))
    (root / "tests" / "test_plugins.py").write_text(TESTS, encoding="utf-8")
    for file, right, wrong, _ in FAULTS:
        module = output / "app" / "tickets" / f"{file}.py"
        module.write_text(module.read_text(encoding="utf-8").replace(right, wrong), encoding="utf-8")
    report = suite(
        replace(desk, root=root, output=output), ["pytest", "-q", "tests/test_plugins.py::test_mocker"]
    )
    assert report.tests == {"passed": 1, "exit": 0}, report.output
    assert [(t.verdict, t.bad) for t in report.results] == [("differs", True)]


LEFT = """
import pytest
from rest_framework.test import APIClient
from tickets.models import Ticket


def test_left(db):
    Ticket.objects.create(title="Leak")
    assert APIClient().post("/api/tickets/", {"title": "Smoke"}).status_code == 201
"""


@pytest.mark.parametrize(
    ("legacy", "generated", "verdict"),
    [
        ('.update(urgent=True)', ".values(urgent=True)", "not served"),
        ('.update(title=Concat("title", Value("!")))', '.values(title=Ticket.title + "!")', "differs"),
        (".delete()", None, "differs"),
    ],
    ids=["found done", "done twice", "not done by Django"],
)  # fmt: skip
def test_requests_left_to_django_after_a_write(
    desk: ProjectRef, tmp_path: Path, legacy: str, generated: str | None, verdict: str
) -> None:
    """The gateway asks Django on what FastAPI has written: no difference only where that is what Django finds done."""
    output, root = tmp_path / "fastapi", tmp_path / "desk"
    shutil.copytree(desk.output, output, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(desk.root, root, ignore=shutil.ignore_patterns("__pycache__"))
    (root / "tests" / "test_plugins.py").write_text(LEFT, encoding="utf-8")
    views = root / "tickets" / "views.py"
    text = views.read_text(encoding="utf-8")
    first = f'        Ticket.objects.filter(title__startswith="Leak"){legacy}\n'
    text = text.replace("        if is_full():\n", f"{first if generated else ''}        if is_full():\n")
    views.write_text(
        f"from django.db.models import Value\nfrom django.db.models.functions import Concat\n\n{text}"
    )
    routes = output / "app" / "tickets" / "routes.py"
    text = routes.read_text(encoding="utf-8")
    written = f'update(Ticket).where(Ticket.title.startswith("Leak")){generated or ".values(urgent=True)"}'
    text = text.replace(
        "    values = await validate_ticket(data)\n",
        f"    await call.db.execute({written})\n"
        "    call.db.repeatable = call.db.kept  # as after what an authentication writes\n"
        '    raise Unserved("a try")\n',
    ).replace("import ValidationError", "import Unserved, ValidationError")
    routes.write_text(text.replace("import select", "import select, update"), encoding="utf-8")
    report = suite(replace(desk, root=root, output=output), ["pytest", "-q", "tests/test_plugins.py"])
    assert report.tests == {"passed": 1, "exit": 0}, report.output
    assert [t.verdict for t in report.results] == [verdict], [t.reason for t in report.results]
    assert all("501 on FastAPI" in t.reason for t in report.results if t.bad)
