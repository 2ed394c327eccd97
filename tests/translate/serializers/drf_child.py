"""Real Django and DRF over the project's SQLite file, in a process of its own.

Protocol as in tests/bridge/schema/drf_child.py. A request names the serializer and ``op``:
``read``, ``validate``, ``create``, ``update``; the answer is ``(kind, payload, queries)``.
"""

import json
import os
import pickle
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "project"))
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.core.exceptions import ValidationError as DjangoValidationError  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, reset_queries  # noqa: E402
from django.test import RequestFactory  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from rest_framework.renderers import JSONRenderer  # noqa: E402
from shop import serializers as project  # noqa: E402


def plain(value):
    return json.loads(JSONRenderer().render(value))


def answer(request):
    if request["op"] == "migrate":
        call_command("migrate", run_syncdb=True, verbosity=0)
        return ("ok", None, 0)
    if request["op"] == "close":
        connection.close()
        connection.settings_dict["NAME"] = request["database"]
        return ("ok", None, 0)
    cls = getattr(project, request["serializer"])
    reset_queries()  # Django keeps 9000 statements; a full log counts no more of them
    with CaptureQueriesContext(connection) as captured:
        found = run(cls, request)
    return (
        *found,
        len([q for q in captured if not q["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT"))]),
    )


# user 1 as it stands in the seed; made here so that asking for it is no query
USER = User(pk=1, username="ada")


def run(cls, request):
    op = request["op"]
    try:
        http = RequestFactory().get("/", HTTP_HOST="testserver")
        http.user = USER
        context = {"request": http}
        if op == "read":
            return ("ok", plain(cls(cls.Meta.model.objects.get(pk=request["pk"]), context=context).data))
        instance = cls.Meta.model.objects.get(pk=request["pk"]) if op == "update" else None
        serializer = cls(
            instance, data=request["data"], partial=request.get("partial", False), context=context
        )
        if not serializer.is_valid():
            return ("errors", plain(serializer.errors))
        if op == "validate":
            return ("ok", plain(dict(serializer.validated_data)))
        serializer.save()
        return ("ok", plain(serializer.data))
    except DjangoValidationError as exc:
        return ("invalid", exc.messages)
    except Exception as exc:  # noqa: BLE001 - the oracle reports whatever was raised
        return ("raised", type(exc).__name__)


while True:
    line = sys.stdin.buffer.readline()
    if not line:
        break
    reply = pickle.dumps(answer(pickle.loads(sys.stdin.buffer.read(int(line)))))
    sys.stdout.buffer.write(b"%d\n" % len(reply) + reply)
    sys.stdout.buffer.flush()
