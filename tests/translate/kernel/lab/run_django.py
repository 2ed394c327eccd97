"""Run every ``case_*`` method of the lab with Django: ``{name: [outcome, queries]}`` as JSON."""

import json
import os
import sys
from contextlib import nullcontext

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lab_settings")
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import django

django.setup()
from django.core import mail  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, reset_queries, transaction  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

if "LAB_POSTGRES" in os.environ or not os.path.exists(os.environ["LAB_DB"]):
    if "LAB_POSTGRES" in os.environ:
        with connection.cursor() as cursor:
            for extension in ("pg_trgm", "unaccent"):
                cursor.execute(f"CREATE EXTENSION {extension}")
    call_command("migrate", run_syncdb=True, verbosity=0)
    call_command("createcachetable", verbosity=0)
    from library.data import fill

    fill()
    if "LAB_POSTGRES" in os.environ:
        from stacks.models import fill as fill_stacks

        fill_stacks()
from django.contrib.auth.models import AnonymousUser, User  # noqa: E402
from django.contrib.contenttypes.models import ContentType  # noqa: E402
from library import state  # noqa: E402
from library.asking import Asking  # noqa: E402
from library.clients import Clients  # noqa: E402
from library.computing import Computing  # noqa: E402
from library.everyday import Everyday  # noqa: E402
from library.files import put_files  # noqa: E402
from library.language import Language  # noqa: E402
from library.letters import Letters  # noqa: E402
from library.libraries import Libraries  # noqa: E402
from library.mails import Mails  # noqa: E402
from library.relations import Relations  # noqa: E402
from library.sheets import Sheets  # noqa: E402
from library.views import Lab  # noqa: E402
from library.writing import Writing  # noqa: E402
from rest_framework.request import Request  # noqa: E402
from rest_framework.test import APIRequestFactory  # noqa: E402

QUERY = {"name": "Ada", "min": "6", "tag": "fun", "empty": ""}


if "LAB_POSTGRES" in os.environ:
    from library.postgres import Postgres


class Undo(Exception):
    pass


def outcome(method):
    try:
        return ["value", json.loads(json.dumps(state.shown(method()), default=str))]
    except Exception as error:  # noqa: BLE001  (the outcome is what is asked for)
        return ["error", type(error).__name__, str(error)]


def ask(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return json.loads(json.dumps(cursor.fetchall(), default=str))


def restart():
    statement = state.restart(TABLES, connection.vendor)
    if statement:
        ask(statement)


def rows():
    try:
        return {table: ask(state.rows(table, connection.vendor)) for table in TABLES}
    except transaction.TransactionManagementError:
        return "broken"


TABLES = sorted(
    t for t in connection.introspection.table_names() if t.startswith("library_") and t != "library_event"
)
results = {"#tables": TABLES}
classes = (
    (Language, Asking, Computing, Writing, Relations, Postgres)
    if "LAB_POSTGRES" in os.environ
    else (
        Lab,
        Language,
        Asking,
        Computing,
        Writing,
        Relations,
        Mails,
        Letters,
        Libraries,
        Clients,
        Sheets,
        Everyday,
    )
)
for cls, name in [(c, n) for c in classes for n in sorted(dir(c)) if n.startswith("case_")]:
    view = cls()
    request = APIRequestFactory().get("/lab/1/", QUERY)
    view.request = Request(request)
    view.request.user = AnonymousUser() if name.startswith("case_anon") else User.objects.get(username="ann")
    view.kwargs = {"pk": 1}
    view.args = ()
    view.action = None
    mail.outbox = []
    put_files(os.environ["LAB_MEDIA"])
    ContentType.objects.clear_cache()  # the other side's process is new for each case
    try:
        # Hooks of on_commit run in autocommit only; these cases leave the rows as they were.
        with nullcontext() if name.startswith("case_on_commit") else transaction.atomic():
            if cls in (Computing, Writing, Relations):
                restart()
            reset_queries()  # Django keeps 9000 statements; a full log counts no more of them
            with CaptureQueriesContext(connection) as captured:
                result = outcome(getattr(view, name))
            statements = [
                q["sql"]
                for q in captured.captured_queries
                if not (q["sql"] or "").startswith(("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN"))
            ]
            after = [[m.recipients(), state.as_sent(m.message().as_bytes())] for m in mail.outbox] or None
            results[name] = [
                result,
                len(statements),
                statements,
                rows() if cls in (Computing, Writing, Relations) else after,
            ]
            raise Undo
    except Undo:
        pass
print(json.dumps(results))
