"""A tiny Django project for tests of the command line, and the real ``segue`` in a child process."""

from __future__ import annotations

import atexit
import ctypes
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from tests.zygote import Zygote

MANAGE = """\
import os, sys
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "site_.settings")
from django.core.management import execute_from_command_line
execute_from_command_line(sys.argv)
"""
SETTINGS = """\
SECRET_KEY = "x"
USE_TZ = True
ALLOWED_HOSTS = ["*"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "site_.urls"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "rest_framework", "notes"]
MIDDLEWARE = []
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3"}}
REST_FRAMEWORK = {"DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"],
                  "DEFAULT_AUTHENTICATION_CLASSES": []}
"""
URLS = """\
from django.urls import include, path
from rest_framework.routers import DefaultRouter
from notes import views

router = DefaultRouter()
router.register("notes", views.NoteViewSet)
urlpatterns = [path("api/", include(router.urls)), path("api/load/", views.load)]
"""
MODELS = """\
from django.db import models


class Note(models.Model):
    title = models.CharField(max_length=40, unique=True)
    stars = models.PositiveSmallIntegerField(default=0)
"""
MIGRATION = """\
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel("Note", [
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("title", models.CharField(max_length=40, unique=True)),
            ("stars", models.PositiveSmallIntegerField(default=0)),
        ]),
    ]
"""
VIEWS = """\
import os

from rest_framework import serializers, viewsets
from rest_framework.decorators import api_view
from rest_framework.response import Response

from notes.models import Note


class NoteSerializer(serializers.ModelSerializer):
    class Meta:
        model = Note
        fields = ["id", "title", "stars"]


class NoteViewSet(viewsets.ModelViewSet):
    queryset = Note.objects.order_by("id")
    serializer_class = NoteSerializer


@api_view(["GET"])
def load(request):
    return Response({"load": os.getloadavg()[0]})
"""
FILES = {
    "manage.py": MANAGE,
    "site_/__init__.py": "",
    "site_/settings.py": SETTINGS,
    "site_/urls.py": URLS,
    "notes/__init__.py": "",
    "notes/models.py": MODELS,
    "notes/views.py": VIEWS,
    "notes/migrations/__init__.py": "",
    "notes/migrations/0001_initial.py": MIGRATION,
}
CONFIG = f'[project]\npython = "{sys.executable}"\n'

PR_CAPBSET_DROP = 24
CAPABILITIES = (1, 2)  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH: what lets root pass by permission bits


def write(root: Path, changed: Mapping[str, str] | None = None) -> Path:
    """The tiny project in ``root``, with other texts for some of its files; returns ``root``."""
    for name, text in {**FILES, "segue.toml": CONFIG, **(changed or {})}.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return root


@dataclass(frozen=True)
class Ran:
    """What a command answered."""

    code: int
    out: str
    err: str

    def sentence(self) -> str:
        """The one sentence of a refused command; everything that each of them must be is asserted here."""
        assert self.code == 2, self
        assert self.out == "", self
        lines = self.err.splitlines()
        told = [line for line in lines if line.startswith("segue: ")]
        assert len(told) == 1, self.err
        assert told[0].endswith("."), told
        at = lines.index(told[0])
        assert len(lines) == at + 2, self.err  # the sentence, what to do next, nothing more
        assert lines[-1].endswith((".", "?")), lines
        assert "/segue/commands/" not in self.err
        assert "/segue/probe/" not in self.err
        return told[0]


def segue(
    root: Path,
    *words: str,
    environment: Mapping[str, str] | None = None,
    before: Callable[[], None] | None = None,
) -> Ran:
    """Run the installed command in ``root``: in a fork that has Segue's imports done, or anew where ``before`` runs first."""
    command = Path(sys.executable).parent / "segue"
    assert command.is_file()
    left_out = {"DJANGO_SETTINGS_MODULE", "VIRTUAL_ENV", "COLUMNS", "PYTHONWARNINGS"}
    env = {k: v for k, v in os.environ.items() if k not in left_out} | dict(environment or {})
    done = None
    if before is None and not os.environ.get("SEGUE_TESTS_SPAWN"):
        done = _forks().run([str(command), *words], cwd=root, env=env, timeout=120)
    if done is None:
        done = subprocess.run(
            [str(command), *words],
            cwd=root,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            preexec_fn=before,
        )
    return Ran(done.returncode, done.stdout, done.stderr)


@cache
def _forks() -> Zygote:
    made = Zygote(_IMPORTS)
    atexit.register(made.close)
    return made


_IMPORTS = """
import importlib, pkgutil
import segue.commands, segue.translate.program, segue.verify
for module in pkgutil.iter_modules(segue.commands.__path__):
    importlib.import_module("segue.commands." + module.name)
"""


def obey_permissions() -> None:
    """In the child: permission bits count for root too, from its next exec on."""
    if os.getuid() == 0:
        for capability in CAPABILITIES:
            if ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
                os._exit(99)


def tree(root: Path) -> dict[str, bytes]:
    """Every file below ``root`` with its content, and every folder; bytecode apart."""
    return {
        p.relative_to(root).as_posix(): p.read_bytes() if p.is_file() else b"folder"
        for p in sorted(root.rglob("*"))
        if "__pycache__" not in p.parts and not p.is_symlink()
    }


@pytest.fixture(scope="session")
def generated_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny project after ``segue generate``; not to be changed."""
    root = write(tmp_path_factory.mktemp("generated") / "project")
    done = segue(root, "generate")
    assert done.code == 0, done.err
    return root
