"""Runs real DRF serializers in a process of its own (Django can be configured once per process).

Protocol on stdin/stdout: a length line, then that many bytes of pickle. A request is a dict with
``source`` (body of a Serializer class), ``data``, ``form`` (is ``data`` a list of form pairs?),
``partial``; the answer is ``("ok", values, output)``, ``("errors", detail)`` or ``("raised", name)``.
"""

import pickle
import sys
import warnings

import django
from django.conf import settings

settings.configure(
    USE_TZ=True,
    TIME_ZONE="America/New_York",
    USE_I18N=False,
    DEFAULT_CHARSET="utf-8",
    INSTALLED_APPS=["rest_framework"],
    REST_FRAMEWORK={"UNAUTHENTICATED_USER": None},
)
django.setup()
warnings.simplefilter("ignore")

import datetime  # noqa: E402
import decimal  # noqa: E402
import re  # noqa: E402
import uuid  # noqa: E402

from django.core import validators  # noqa: E402
from django.core.files.uploadedfile import SimpleUploadedFile  # noqa: E402
from django.http import QueryDict  # noqa: E402
from django.utils.datastructures import MultiValueDict  # noqa: E402
from rest_framework import serializers  # noqa: E402

NAMES = {
    "serializers": serializers,
    "validators": validators,
    "datetime": datetime,
    "decimal": decimal,
    "re": re,
    "uuid": uuid,
}
CACHE = {}


def plain(value):
    """Error details and results without DRF's own classes."""
    if isinstance(value, dict):
        return {key if isinstance(key, int) else str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, str):
        return str(value)
    if isinstance(value, SimpleUploadedFile):
        return ("file", value.name, value.size)
    return value


def answer(request):
    source = request["source"]
    if source not in CACHE:
        body = "class S(serializers.Serializer):\n" + "\n".join("    " + line for line in source.splitlines())
        scope = dict(NAMES)
        exec(body, scope)  # test input written in this repository
        CACHE[source] = scope["S"]
    cls = CACHE[source]
    data = request["data"]
    if request["form"]:
        form = QueryDict(mutable=True) if request["form"] == "query" else MultiValueDict()
        for key, value in data:
            if isinstance(value, tuple):
                value = SimpleUploadedFile(value[0], value[1])
            form.appendlist(key, value)
        data = form
    serializer = cls(data=data, partial=request["partial"])
    try:
        if not serializer.is_valid():
            return ("errors", plain(serializer.errors))
    except Exception as exc:  # noqa: BLE001 - the oracle reports whatever DRF raised
        return ("raised", type(exc).__name__)
    return ("ok", plain(serializer.validated_data))


def represent(request):
    scope = dict(NAMES)
    field = eval(request["field"], scope)  # test input written in this repository
    field.bind("x", serializers.Serializer())
    try:
        return ("ok", field.to_representation(request["value"]))
    except Exception as exc:  # noqa: BLE001 - the oracle reports whatever DRF raised
        return ("raised", type(exc).__name__)


def main():
    while True:
        line = sys.stdin.buffer.readline()
        if not line:
            return
        request = pickle.loads(sys.stdin.buffer.read(int(line)))
        reply = pickle.dumps(represent(request) if "field" in request else answer(request))
        sys.stdout.buffer.write(b"%d\n" % len(reply) + reply)
        sys.stdout.buffer.flush()


main()
