"""Celery's backend of django-celery-results in a project: stores a result and says what ``AsyncResult`` reads of it, one JSON line each."""

from __future__ import annotations

import builtins
import json
import sys
from typing import Any

import django
from django.conf import settings

settings.configure(
    INSTALLED_APPS=["django_celery_results"], USE_TZ=True, SECRET_KEY="x",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": json.loads(sys.argv[1])}},
)  # fmt: skip
django.setup()
from celery import Celery  # noqa: E402
from celery.result import AsyncResult  # noqa: E402
from django.core.management import call_command  # noqa: E402

call_command("migrate", verbosity=0)
app = Celery("worker", backend="django-db")


def told(value: Any) -> Any:
    if isinstance(value, BaseException):
        return [type(value).__name__, str(value)]
    return repr(value)


def stored(key: str, state: str, value: Any, error: str) -> list[Any]:
    """What is read of a result; ``error`` names the exception that has ``value`` as its arguments."""
    result = getattr(builtins, error)(*value) if error else value
    app.backend.store_result(key, result, state, traceback="Traceback: é" if error else None)
    found = AsyncResult(key, app=app)
    return [
        found.state,
        found.ready(),
        found.successful(),
        found.failed(),
        found.traceback,
        told(found.result),
    ]


for line in sys.stdin:
    print(json.dumps(stored(*json.loads(line))), flush=True)
