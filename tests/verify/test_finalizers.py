"""A test client that asks for long does not fill the memory, and Django still notices receivers that are gone."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import gc, sys, weakref
from django.conf import settings
settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"])
import django
django.setup()
from django.dispatch import Signal
from django.http import HttpResponse
from django.test import Client
from django.urls import path
urlpatterns = [path("", lambda request: HttpResponse("x"))]
if sys.argv[1] == "once":
    from segue.verify.joined.finalizers import finalize_once
    finalize_once()
client = Client()
client.get("/")
count = lambda: sum(isinstance(o, weakref.finalize) for o in gc.get_objects())
before = count()
for _ in range(20):
    client.get("/")
class Receiver:
    def __call__(self, **more): told.append(1)
told = []
signal, receiver = Signal(), Receiver()
signal.connect(receiver); signal.disconnect(receiver); signal.connect(receiver)
signal.send(None)
del receiver
gc.collect()
gc.collect()
print(count() - before, told, signal.send(None), signal.has_listeners())
"""


def _told(how: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, how], capture_output=True, text=True, check=True, timeout=120
    )
    return done.stdout.strip()


def test_requests_leave_no_finalizers_and_dead_receivers_are_noticed() -> None:
    left, _, rest = _told("once").partition(" ")
    plain, _, same = _told("plain").partition(" ")
    assert rest == same, "signals behave as Django's own"
    assert int(plain) >= 20, "what Django leaves behind"
    assert int(left) <= 1
