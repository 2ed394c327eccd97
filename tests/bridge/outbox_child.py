"""Django writes events of any content in transactions that are kept or undone: one JSON line each."""

from __future__ import annotations

import json
import sys

import django
from django.conf import settings

settings.configure(DATABASES={"default": json.loads(sys.argv[1])})
django.setup()

from django.db import transaction  # noqa: E402

from segue_bridge.legacy import outbox  # noqa: E402
from segue_bridge.trace.context import trace_of, tracing  # noqa: E402

outbox.create()
for line in sys.stdin:
    request, events, undone = json.loads(line)
    try:
        with tracing(trace_of(request)), transaction.atomic():
            ids = [outbox.add(topic, body, key=key) for topic, key, body in events]
            if undone:
                raise KeyError
    except KeyError:
        pass
    print(json.dumps(ids), flush=True)
