"""What a request does beside its answer, in a test run: noted on both sides, undone on FastAPI's in ``both``, left standing in ``fastapi``.

The view and its translation are given the same effects by hand. The tests of the project, which Django passes, say
what must be there afterwards.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from tests.verify.suite.test_desk import COMMAND, desk

from segue.verify import ProjectRef, suite

__all__ = ["desk"]

LEGACY = """
        import logging
        import random
        from django.core.cache import cache
        from django.core.files.base import ContentFile
        from django.core.files.storage import default_storage
        from django.core.mail import send_mail
        from django.db import transaction
        title = serializer.validated_data["title"]
        cache.set("last", title, 60)
        cache.incr("count")
        default_storage.save("note.txt", ContentFile(title.encode()))
        default_storage.delete("old.txt")
        logging.getLogger(__name__).error("Created %s", title)
        transaction.on_commit(lambda: send_mail(title, random.choice("abcdef"), "a@example.com", ["b@example.com"]))
"""
MODERN = """
    import logging
    import random
    from django.core.cache import cache
    from django.core.files.base import ContentFile
    from django.core.files.storage import default_storage
    from django.core.mail import send_mail
    title = values["title"]
    cache.set("last", title, timeout=60)
    cache.incr("count")
    default_storage.save("note.txt", ContentFile(title.encode()))
    default_storage.delete("old.txt")
    logging.getLogger(__name__).error("Created %s", title)

    async def committed() -> None:
        send_mail(title, random.choice("abcdef"), "a@example.com", ["b@example.com"])

    await call.db.on_commit(committed)
"""
TESTS = """
import tempfile
from pathlib import Path

from django.core import mail
from django.core.cache import cache
from django.test import TransactionTestCase, override_settings
from rest_framework.test import APITestCase


class Effects:
    def setUp(self):
        super().setUp()
        cache.clear()
        cache.set("count", 4)
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.media = Path(place.name)
        (self.media / "old.txt").write_text("old")
        settings = override_settings(MEDIA_ROOT=place.name)
        settings.enable()
        self.addCleanup(settings.disable)

    def create(self):
        response = self.client.post("/api/tickets/", {"title": "Smoke"})
        self.assertEqual(response.status_code, 201, response.content)
        self.assertEqual((cache.get("last"), cache.get("count"), cache.get("other")), ("Smoke", 5, None))
        self.assertEqual([(p.name, p.read_text()) for p in self.media.iterdir()], [("note.txt", "Smoke")])


class Waiting(Effects, APITestCase):
    def test_callbacks_wait(self):
        with self.captureOnCommitCallbacks() as callbacks:
            self.create()
        self.assertEqual((len(callbacks), len(mail.outbox)), (1, 0))

    def test_callbacks_run(self):
        with self.captureOnCommitCallbacks(execute=True):
            self.create()
        self.assertEqual([m.subject for m in mail.outbox], ["Smoke"])

    def test_errors_are_logged(self):
        with self.assertLogs(level="ERROR") as logs:
            self.create()
        self.assertEqual([r.getMessage() for r in logs.records], ["Created Smoke"])


class Committed(Effects, TransactionTestCase):
    def test_callbacks_ran(self):
        self.create()
        self.assertEqual([m.subject for m in mail.outbox], ["Smoke"])
"""
FAULTS = {
    'cache.set("last", title, timeout=60)': ('cache.set("last", title, timeout=61)', "effects.(cache)[0][4]"),
    'cache.incr("count")': ('cache.incr("count"); cache.set("other", 1)', "effects.(cache).length"),
    '"note.txt"': ('"other.txt"', "effects.(storage)[0][2]"),
    'default_storage.delete("old.txt")': ("pass", "effects.(storage).length"),
    ".error(": (".warning(", "effects.(log)"),
    "await call.db.on_commit(committed)": ("_ = committed", "effects.(on_commit)"),
}


@pytest.fixture(scope="module")
def acting(desk: ProjectRef, tmp_path_factory: pytest.TempPathFactory) -> ProjectRef:
    """The desk whose creation of tickets does more than that."""
    folder = tmp_path_factory.mktemp("acting")
    shutil.copytree(desk.root, folder / "desk", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(desk.output, folder / "fastapi", ignore=shutil.ignore_patterns("__pycache__"))
    views = folder / "desk" / "tickets" / "views.py"
    text = views.read_text(encoding="utf-8")
    assert text.count("        serializer.save()\n") == 1
    views.write_text(
        text.replace("        serializer.save()\n", f"        serializer.save(){LEGACY}"), encoding="utf-8"
    )
    routes = _routes(folder / "fastapi")
    text = routes.read_text(encoding="utf-8")
    before = "    return call.created("
    assert text.count(before) == 1
    routes.write_text(text.replace(before, f"{MODERN}{before}"), encoding="utf-8")
    (folder / "desk" / "tests" / "test_effects.py").write_text(TESTS, encoding="utf-8")
    return replace(desk, root=folder / "desk", output=folder / "fastapi", state=desk.state)


def _routes(output: Path) -> Path:
    return output / "app" / "tickets" / "routes.py"


def test_the_same_effects_on_both_sides(acting: ProjectRef) -> None:
    report = suite(acting, [*COMMAND, "tests.test_effects"], answer="fastapi")
    assert report.tests == {"passed": 4, "failed": 0, "error": 0, "skipped": 0, "exit": 0}, report.output
    assert report.different == 0, [d.paths for o in report.operations for d in o.differences]
    assert {t.name.rpartition(".")[2]: (t.verdict, t.reason) for t in report.results} == dict.fromkeys(
        ("test_callbacks_wait", "test_callbacks_run", "test_errors_are_logged", "test_callbacks_ran"), ("passed on both", "")
    )  # fmt: skip


def test_other_effects_are_differences_that_the_test_does_not_notice(
    acting: ProjectRef, tmp_path: Path
) -> None:
    output = tmp_path / "fastapi"
    shutil.copytree(acting.output, output, ignore=shutil.ignore_patterns("__pycache__"))
    text = _routes(output).read_text(encoding="utf-8")
    for right, (wrong, _) in FAULTS.items():
        assert text.count(right) == 1
        text = text.replace(right, wrong)
    _routes(output).write_text(text, encoding="utf-8")
    test = "tests.test_effects.Waiting.test_callbacks_wait"
    report = suite(replace(acting, output=output), [*COMMAND, test])
    assert report.tests["passed"] == 1, report.output
    assert [t.verdict for t in report.results] == ["differs"]
    paths = {p for o in report.operations for d in o.differences for p, _, _ in d.paths}
    assert {path for _, path in FAULTS.values()} <= paths
