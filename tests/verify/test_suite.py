"""``verify suite``: the project's own tests run unchanged, and every native request is compared."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from bench.faults.seed import Fault
from tests.verify.conftest import Shop

from segue import verify
from segue.errors import EnvironmentProblem, UsageError

EXTRA = """
from unittest import mock

from catalog.models import Category, Publisher
from django.core import mail
from django.test import TransactionTestCase, override_settings
from rest_framework.test import APIClient

from tests.base import ShopTestCase


class ForcedTests(ShopTestCase):
    def test_force_authenticate(self):
        self.client.force_authenticate(self.staff)
        response = self.client.post("/api/categories/", {"name": "Poems", "slug": "poems"})
        self.assertEqual(response.status_code, 201)
        self.assertEqual(response.data["slug"], "poems")
        self.assertTrue(Category.objects.filter(slug="poems").exists())

    def test_force_login(self):
        self.client.force_login(self.staff)
        self.assertEqual(self.client.delete("/api/categories/crime/").status_code, 204)

    def test_csrf_is_checked_on_demand(self):
        client = APIClient(enforce_csrf_checks=True)
        client.force_login(self.staff)
        self.assertEqual(client.delete("/api/categories/crime/").status_code, 403)

    def test_number_of_queries(self):
        with self.assertNumQueries(1):
            self.client.get("/api/tags/")

    def test_json_and_context(self):
        response = self.client.get("/api/tags/")
        self.assertEqual(response.json(), [{"id": self.tag.pk, "name": "classic"}])
        self.assertEqual(response.resolver_match.url_name, "tag-list")

    @mock.patch("orders.views.timezone.localdate")
    def test_patched_clock(self, localdate):
        import datetime

        from orders.models import Coupon

        localdate.return_value = datetime.date(1999, 1, 1)
        Coupon.objects.create(code="OLD", percent=5, valid_from=datetime.date(1998, 1, 1),
                              valid_until=datetime.date(1999, 6, 1))
        self.client.force_authenticate(self.reader)
        self.assertEqual(self.client.get("/api/coupons/check/old/").data, {"valid": True, "percent": 5})

    @override_settings(ORDER_CANCEL_HOURS=-1)
    def test_overridden_setting(self):
        from orders.models import Order

        order = Order.objects.create(customer=self.reader)
        self.client.force_authenticate(self.reader)
        self.assertEqual(self.client.post(f"/api/orders/{order.pk}/cancel/").status_code, 400)


class CommittedTests(TransactionTestCase):
    def test_outside_of_a_transaction(self):
        from accounts.models import User

        staff = User.objects.create_user("s", "s@example.com", "x", is_staff=True)
        client = APIClient()
        client.force_authenticate(staff)
        response = client.post("/api/categories/", {"name": "A", "slug": "a"}, format="json")
        self.assertEqual(response.status_code, 201)
        self.assertEqual(Category.objects.count(), 1)
        self.assertEqual(len(mail.outbox), 0)
"""


def _with_extra_tests(shop: Shop, folder: Path) -> verify.ProjectRef:
    root = folder / "shop"
    shutil.copytree(shop.project.root, root)
    (root / "tests" / "test_extra.py").write_text(EXTRA, encoding="utf-8")
    return replace(shop.project, root=root)


def test_the_bookshops_own_tests(shop: Shop) -> None:
    report = verify.suite(shop.project, ["python", "manage.py", "test"])
    assert report.tests == {"passed": 88, "failed": 0, "error": 0, "skipped": 0, "exit": 0}
    assert [(o.key, d.kind) for o in report.operations for d in o.differences] == []
    assert report.cases > 50
    assert sum(o.cases + o.unserved for o in report.operations) == int(report.notes[0].split()[2])
    assert sum(report.standing.values()) == 88
    assert report.standing["passed on both"] > 50
    # They ask for what the translation refuses: a raw cursor, a cache of what is shown, a generic relation, a method that is not there.
    assert {t.name for t in report.results if t.verdict == "route not native"} == {
        "tests.test_accounts.UserListTests.test_no_user_is_made_here",
        "tests.test_catalog.FigureTests.test_countries",
        "tests.test_catalog.FigureTests.test_stats_are_cached",
        "tests.test_catalog.ReviewTests.test_comments",
    }
    assert report.standing["differs"] == 0
    assert [(o.key, v) for o in report.operations for v in o.violations] == []


def test_parallel_workers_count_alike(shop: Shop) -> None:
    plain = verify.suite(
        shop.project, ["python", "manage.py", "test", "tests.test_catalog", "tests.test_orders"]
    )
    spread = verify.suite(
        shop.project,
        ["python", "manage.py", "test", "tests.test_catalog", "tests.test_orders", "--parallel", "2"],
    )
    assert spread.tests == plain.tests
    assert spread.standing == plain.standing
    assert {o.key: o.cases for o in spread.operations} == {o.key: o.cases for o in plain.operations}


def test_what_clients_can_do_and_what_is_patched(shop: Shop, tmp_path: Path) -> None:
    project = _with_extra_tests(shop, tmp_path)
    report = verify.suite(project, ["python", "manage.py", "test", "tests.test_extra"])
    assert report.tests["passed"] == 8, report.output
    assert report.different == 0
    verdicts = {test.name.rpartition(".")[2]: test for test in report.results}
    assert report.standing["passed on both"] == 6
    assert verdicts["test_number_of_queries"].verdict == "asserts Django internals"
    assert verdicts["test_number_of_queries"].reason == "assertNumQueries"
    assert verdicts["test_overridden_setting"].verdict == "asserts Django internals"
    assert "ORDER_CANCEL_HOURS" in verdicts["test_overridden_setting"].reason
    cases = {o.key: o.cases for o in report.operations}
    assert cases["POST /api/categories/"] == 2
    assert cases["DELETE /api/categories/{slug}/"] == 2
    left = [note for note in report.notes if note.startswith("answered by Django alone")]
    assert any("override_settings(ORDER_CANCEL_HOURS)" in note for note in left), left


def test_a_difference_is_told_and_the_test_does_not_notice(shop: Shop, tmp_path: Path) -> None:
    output = shop.project.output
    path = "app/catalog/presenters.py"
    text = (output / path).read_text(encoding="utf-8")
    broken = text.replace('"name": tag.name', '"name": tag.name.upper()')
    assert broken != text
    faulty = Fault("wrong value", path, "present_tag", broken, frozenset()).seed(output, tmp_path / "faulty")
    report = verify.suite(shop.with_output(faulty), ["python", "manage.py", "test", "tests.test_catalog"])
    assert report.tests["failed"] == report.tests["error"] == 0
    assert report.standing["differs"] > 0
    found = {o.key: o for o in report.operations}["GET /api/tags/"]
    assert found.different
    assert found.differences[0].paths[0][1:] == ("classic", "CLASSIC")
    assert found.differences[0].what.startswith("tests.test_catalog.")


CONFTEST = """
import django
import pytest

django.setup()


@pytest.fixture(scope="session", autouse=True)
def databases():
    from django.test.utils import get_runner, setup_test_environment, teardown_test_environment
    from django.conf import settings

    runner = get_runner(settings)(verbosity=0)
    setup_test_environment()
    kept = runner.setup_databases()
    yield
    runner.teardown_databases(kept)
    teardown_test_environment()
"""
PLAIN = """
import pytest
from django.db import connection, transaction
from rest_framework.test import APIClient


@pytest.fixture
def api():
    with transaction.atomic():
        from accounts.models import User

        client = APIClient()
        client.force_authenticate(User.objects.create_user("s", "s@example.com", "x", is_staff=True))
        yield client
        transaction.set_rollback(True)


def test_create(api):
    assert api.post("/api/categories/", {"name": "A", "slug": "a"}, format="json").status_code == 201


def test_patched_clock(api, monkeypatch):
    import datetime

    from orders.models import Coupon

    monkeypatch.setattr("orders.views.timezone.localdate", lambda: datetime.date(1999, 1, 1))
    Coupon.objects.create(code="OLD", percent=5, valid_from=datetime.date(1998, 1, 1),
                          valid_until=datetime.date(1999, 6, 1))
    assert api.get("/api/coupons/check/old/").data == {"valid": True, "percent": 5}


def test_without_database(monkeypatch):
    connection.close()

    def blocked(self):
        raise RuntimeError("Database access not allowed")

    monkeypatch.setattr("django.db.backends.base.base.BaseDatabaseWrapper.ensure_connection", blocked)
    assert APIClient().get("/api/health/").status_code == 200
"""


def test_pytest_runs_the_projects_tests(shop: Shop, tmp_path: Path) -> None:
    """Tests as functions, the generated folder inside the project, the command by its name alone."""
    root = tmp_path / "shop"
    shutil.copytree(shop.project.root, root)
    shutil.copytree(shop.project.output, root / "fastapi", ignore=shutil.ignore_patterns("__pycache__"))
    (root / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    (root / "tests" / "test_plain.py").write_text(PLAIN, encoding="utf-8")
    project = replace(shop.project, root=root, output=root / "fastapi")
    # pytest-django would forbid the database to tests that do not ask it for one.
    report = verify.suite(project, ["pytest", "-q", "-p", "no:django", "-k", "test_plain"])
    assert report.tests["passed"] == 3, report.output
    assert report.tests["exit"] == report.different == 0, report.output
    assert report.standing["passed on both"] == 2
    assert report.standing["not served"] == 1
    left = [note for note in report.notes if note.startswith("answered by Django alone")]
    assert any("monkeypatch(django.utils.timezone.localdate)" in note for note in report.notes), report.notes
    assert any("may not use the database" in note for note in left), left
    created = next(o for o in report.operations if o.key == "POST /api/categories/")
    assert (created.cases, created.excess_queries) == (1, 0), (
        "the forced user's query is not the application's"
    )


def test_clear_errors(shop: Shop) -> None:
    with pytest.raises(UsageError, match="No test command"):
        verify.suite(shop.project, [])
    with pytest.raises(EnvironmentProblem, match="cannot be run"):
        verify.suite(shop.project, ["no-such-command-anywhere"])
    with pytest.raises(EnvironmentProblem, match="did not end within 0 s"):
        verify.suite(shop.project, ["python", "-c", "import time; time.sleep(9)"], timeout=0.2)
    with pytest.raises(EnvironmentProblem, match="before Segue could hook into it"):
        verify.suite(shop.project, ["python", "-c", "pass"])
