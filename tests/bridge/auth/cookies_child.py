"""Django's signed cookies: ``["sign", settings, name, value, salt]`` or ``["read", settings, name, signed, salt, max_age]`` a line."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.conf import global_settings, settings
from django.core.signing import BadSignature
from django.http import HttpRequest, HttpResponse, parse_cookie
from django.test import override_settings

settings.configure(DATABASES={}, SECRET_KEY="x")


def sign(name: str, value: str, salt: str) -> str:
    """As a browser sends it back."""
    response = HttpResponse()
    response.set_signed_cookie(name, value, salt=salt)
    return parse_cookie(response.cookies[name].OutputString().partition(";")[0])[name]


def read(name: str, signed: str, salt: str, max_age: float | None) -> list[str]:
    request = HttpRequest()
    request.COOKIES = {name: signed}
    try:
        return ["value", request.get_signed_cookie(name, salt=salt, max_age=max_age)]
    except BadSignature:
        return ["refused"]


for line in sys.stdin:
    what, given, *arguments = json.loads(line)
    found: Any = hasattr(global_settings, "SIGNED_COOKIE_LEGACY_SALT_FALLBACK")
    if what != "versioned":
        with override_settings(**given):
            found = {"sign": sign, "read": read}[what](*arguments)
    print(json.dumps(found), flush=True)
