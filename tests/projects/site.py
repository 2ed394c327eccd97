"""A small Django project of one app, written for one test, and what both sides of it answer."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from segue import verify
from segue.emit import write
from segue.snapshot.model import Snapshot
from segue.snapshot.run import probe
from segue.target.ir import Program
from segue.translate.program import translate
from segue.verify import ProjectRef
from segue.verify.evidence import Report

_MANAGE = """\
import os, sys
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "site_.settings")
from django.core.management import execute_from_command_line
execute_from_command_line(sys.argv)
"""
_MIGRATE = """\
import importlib
import django
from django.core.management import call_command
from django.db.backends.signals import connection_created
django.setup()
connection_created.connect(
    lambda connection, **_: connection.vendor == "sqlite" and connection.cursor().execute("PRAGMA synchronous = OFF"), weak=False
)
call_command("makemigrations", "notes", verbosity=0)
importlib.invalidate_caches()
call_command("migrate", verbosity=0)
"""
SETTINGS = """\
SECRET_KEY = "x"
USE_TZ = True
ALLOWED_HOSTS = ["*"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "site_.urls"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions",
                  "rest_framework", "django_filters", "notes"]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware",
              "django.contrib.sessions.middleware.SessionMiddleware",
              "django.contrib.auth.middleware.AuthenticationMiddleware"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3"}}
REST_FRAMEWORK = {"DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"]}
"""


@dataclass(frozen=True)
class Site:
    """A project in ``root`` with ``site_/settings.py`` and the app ``notes``; migrations are made here.

    ``python`` has its Django and DRF: those of the tests, or others.
    """

    root: Path
    python: Path = Path(sys.executable)

    @classmethod
    def make(cls, root: Path, files: Mapping[str, str], python: Path = Path(sys.executable)) -> Site:
        """Write ``files`` (``notes/models.py``, ``notes/views.py``, ``site_/urls.py`` …) and migrate."""
        given = {
            "manage.py": _MANAGE, "site_/__init__.py": "", "site_/settings.py": SETTINGS,
            "notes/__init__.py": "", "notes/migrations/__init__.py": "", **files,
        }  # fmt: skip
        for name, text in given.items():
            file = root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        made = subprocess.run(
            [str(python), "-c", _MIGRATE],
            cwd=root,
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "site_.settings",
                "PYTHONHASHSEED": "0",
                "SEGUE_TEST_FORK": "1",
            },
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert made.returncode == 0, made.stderr
        return cls(root, python)

    def run(self, *arguments: str) -> list[str]:
        """Lines that Python prints in the project's folder (``manage.py shell …``, ``-c script``)."""
        asked = subprocess.run(
            [str(self.python), *arguments],
            cwd=self.root,
            env={**os.environ, "SEGUE_TEST_FORK": "1"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert asked.returncode == 0, asked.stderr
        return asked.stdout.splitlines()

    def snapshot(self, **environment: str) -> Snapshot:
        """What the probe sees."""
        return probe(self.root, python=str(self.python), settings="site_.settings", environment=environment)

    def explore(
        self, snapshot: Snapshot, output: Path, *, cases: int, seconds: float = 60
    ) -> tuple[Program, Report]:
        """Translate into ``output`` and ask both sides.

        ``seconds`` is what ``cases`` take on a quiet machine at most: a loaded one asks the same cases, and takes longer.
        """
        program = translate(snapshot)
        write(program, output)
        project = ProjectRef(self.root, output, self.root / ".segue", self.python, snapshot)
        return program, verify.explore(project, cases=cases, seconds=10 * seconds)


def differences(report: Report) -> list[tuple[str, str, object]]:
    """Operation, kind and paths of every difference: empty when both sides agree."""
    return [(o.key, d.kind, d.paths[:3]) for o in report.operations for d in o.differences]
