"""Django runs programs of nested ``atomic`` blocks, one JSON line each, and tells what happened in them and what stayed."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

import django
from django.conf import settings

settings.configure(
    DATABASES={"default": json.loads(sys.argv[1])}, SECRET_KEY="x", INSTALLED_APPS=[], LOGGING_CONFIG=None
)
django.setup()
logging.disable()

from django.db import connection, models, transaction  # noqa: E402


class Row(models.Model):
    class Meta:
        app_label = "units"


class Boom(Exception):
    pass


def hook(told: list[Any], number: int, fails: bool) -> None:
    told.append(["hook", number])
    if fails:
        raise Boom


def run(steps: list[Any], told: list[Any]) -> None:
    for what, *given in steps:
        if what == "atomic":
            savepoint, durable, caught, body = given
            try:
                with transaction.atomic(savepoint=savepoint, durable=durable):
                    run(body, told)
            except Exception as error:
                told.append(["left by", type(error).__name__])
                if not caught:
                    raise
            else:
                told.append(["left", connection.in_atomic_block])
        elif what == "hook":
            number, fails, robust = given
            transaction.on_commit(lambda n=number, f=fails: hook(told, n, f), robust=robust)
        elif what == "write":
            Row.objects.create(pk=given[0])
        elif what == "write, caught":
            try:
                Row.objects.create(pk=given[0])
            except Exception as error:  # noqa: BLE001
                told.append(["not written", type(error).__name__])
        elif what == "delete":
            told.append(["deleted", Row.objects.filter(pk=given[0]).delete()[0]])
        elif what == "read":
            told.append(["rows", list(Row.objects.order_by("pk").values_list("pk", flat=True))])
        elif what == "level":
            with connection.cursor() as cursor:
                cursor.execute("SHOW transaction_isolation")
                told.append(cursor.fetchone()[0])
        elif what == "set_rollback":
            transaction.set_rollback(given[0])
        else:
            raise Boom


with connection.schema_editor() as editor:
    editor.create_model(Row)
for line in sys.stdin:
    Row.objects.all().delete()
    told: list[Any] = []
    try:
        run(json.loads(line), told)
    except Exception as error:  # noqa: BLE001
        told.append(["ended by", type(error).__name__])
    print(json.dumps([told, list(Row.objects.order_by("pk").values_list("pk", flat=True))]), flush=True)
