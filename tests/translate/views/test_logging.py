"""Each record goes to the logger that Django's code asks, with what Django's record holds."""

from __future__ import annotations

from pathlib import Path

from tests.projects.site import Site

from segue.emit import write
from segue.translate.program import translate

MODELS = """\
from django.db import models


class Note(models.Model):
    title = models.CharField(max_length=10)
"""
AUDIT = """\
import logging

journal = logging.getLogger("security.audit")
LOG = logging.getLogger(__name__)


class Log:
    entries = []

    def info(self, text):
        self.entries.append(text)


log = Log()
logger = logging.LoggerAdapter(journal, {"who": "me"})


def told(text):
    LOG.warning("told %s", text)
    logging.getLogger("notes").info("told %s", text)
    logging.getLogger(__name__).info("again")
"""
VIEWS = """\
import logging

from rest_framework.response import Response
from rest_framework.views import APIView

from notes import audit
from notes.audit import LOG, journal, log, logger, told
from notes.models import Note

own = logging.getLogger(__name__)
root = logging.getLogger()


class Base(APIView):
    authentication_classes = permission_classes = []


class Named(Base):
    def get(self, request):
        inner = logging.getLogger("inner")
        inner.info("in a function", extra={"count": 3, "parts": ["a", request.query_params.get("q", "none")]})
        journal.warning("by another module")
        audit.journal.error("by its module: %s", request.query_params.get("q"))
        LOG.info("the other module's own")
        own.info("its own")
        root.info("the root")
        logging.getLogger().info("the root as well")
        logging.getLogger(name="notes.views").info("its own by name")
        told("twice")
        return Response({"logged": True})


class Adapted(Base):
    def get(self, request):
        logger.info("with more")
        return Response({})


class NoLogger(Base):
    def get(self, request):
        log.info("no logger at all")
        return Response(log.entries)


class PutTogether(Base):
    def get(self, request):
        logging.getLogger("notes." + request.query_params.get("q", "x")).info("somewhere")
        return Response({})


class WithRow(Base):
    def get(self, request):
        own.info("a row", extra={"note": Note.objects.first()})
        return Response({})


class WithRequest(Base):
    def get(self, request):
        own.info("the request", extra={"about": request})
        return Response({})
"""
URLS = """\
from django.urls import path
from notes import views

names = "Named Adapted NoLogger PutTogether WithRow WithRequest"
urlpatterns = [path(f"{name.lower()}/", getattr(views, name).as_view()) for name in names.split()]
"""
ASK = """
import logging, os, sys
os.environ.update(DJANGO_SETTINGS_MODULE="site_.settings", DATABASE_URL="sqlite:///db.sqlite3", SECRET_KEY="x")
import django
django.setup()
from django.test import Client
from fastapi.testclient import TestClient

sys.path.insert(0, sys.argv[1])
from app.main import create_app

KNOWN = set(vars(logging.makeLogRecord({}))) | {"taskName"}


class Told(logging.Handler):
    def emit(self, record):
        if record.pathname.startswith(os.getcwd()) or record.pathname.startswith(sys.argv[1]):
            more = {k: v for k, v in vars(record).items() if k not in KNOWN and k != "message"}
            print(record.name, record.levelname, record.getMessage(), sorted(more.items()))


root = logging.getLogger()
root.addHandler(Told())
root.setLevel(logging.INFO)
print(200, Client().get("/named/?q=b").json())
print("====")
with TestClient(create_app()) as ours:
    found = ours.get("/named/?q=b")
    print(found.status_code, found.json())
"""


def test_records_go_to_the_logger_of_that_name(tmp_path: Path) -> None:
    files = {
        "site_/urls.py": URLS, "notes/models.py": MODELS, "notes/views.py": VIEWS, "notes/audit.py": AUDIT,
    }  # fmt: skip
    site = Site.make(tmp_path / "site", files)
    program = translate(site.snapshot())
    write(program, tmp_path / "fastapi")
    refused = {r.route_id: r.reasons[0].code for r in program.refused}
    assert refused.pop("/nologger/") != "logging"
    assert refused.pop("/adapted/") != "logging"
    assert refused == {"/puttogether/": "logging", "/withrow/": "logging", "/withrequest/": "logging"}

    lines = site.run("-c", ASK, str(tmp_path / "fastapi"))
    django, ours = lines[: lines.index("====")], lines[lines.index("====") + 1 :]
    assert len(django) == 12
    # A module's own logger is named after the module, which has another name here; every other name stays.
    assert [_of_module(line) for line in ours] == [_of_module(line) for line in django]
    text = (tmp_path / "fastapi" / "app" / "notes" / "routes.py").read_text()
    assert 'logging.getLogger("notes.audit").info("the other' in text


def _of_module(line: str) -> str:
    name, _, rest = line.partition(" ")
    return f"{'the module' if name in ('notes.views', 'notes.audit') or name.startswith('app.') else name} {rest}"
