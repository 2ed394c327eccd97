"""Ask one side of a project what ``stdin`` says, step by step. Arguments: ``django`` or the folder of the service.

A step is ``[method, path, body, who]``. ``{"$": [step, key]}`` is what an earlier answer holds, ``{"reset": [name, part]}`` the
``uid`` or ``token`` of a password reset as Django makes it; ``who`` is a header's text, or a dict of cookies and headers.
Printed are the answers, with their cookies, and what the tables hold.
"""

from __future__ import annotations

import json
import re
import sys

import django
import jwt

django.setup()
from django.contrib.auth.models import User  # noqa: E402
from django.contrib.auth.tokens import default_token_generator  # noqa: E402
from django.contrib.sessions.models import Session  # noqa: E402
from django.utils.encoding import force_bytes  # noqa: E402
from django.utils.http import urlsafe_base64_encode  # noqa: E402

PASSWORDS = ("secret-1", "secret-2", "secret-3", "secret-4")
_EXPIRES = re.compile(r"expires=[^;]+")
_VALUE = re.compile(r"^([^=]+)=([^;]+)")


def main() -> None:
    """Print a JSON list: one entry a step, then the rows."""
    steps = json.load(sys.stdin)
    ask = _django() if sys.argv[1] == "django" else _service()
    raw, shown = [], []
    for method, path, body, who in steps:
        sent = {k: _filled(v, raw) for k, v in body.items()}
        headers = {
            k: _filled(v, raw) if not isinstance(v, list) else v[0] + _filled(v[1], raw)
            for k, v in who.items()
        }
        status, text, cookies = ask(method, path, sent, headers)
        raw.append(_json(text))
        told = sorted(_EXPIRES.sub("expires=*", _VALUE.sub(r"\1=*", c)) for c in cookies)
        shown.append([method, path, status, _readable(raw[-1]), told])
    people = [
        [
            u.username,
            u.email,
            u.is_active,
            u.last_login is not None,
            [p for p in PASSWORDS if u.check_password(p)],
            hasattr(u, "auth_token"),
        ]
        for u in User.objects.order_by("username")
    ]
    print(json.dumps([*shown, [people, Session.objects.count()]]))


def _json(text):
    try:
        return json.loads(text)
    except ValueError:
        return None


def _filled(value, raw):
    if not isinstance(value, dict):
        return value
    if "$" in value:
        step, key = value["$"]
        return raw[step][key]
    name, part = value["reset"]
    user = User.objects.get(username=name)
    return (
        urlsafe_base64_encode(force_bytes(user.pk))
        if part == "uid"
        else default_token_generator.make_token(user)
    )


def _readable(value):
    if isinstance(value, dict):
        return {k: _readable(v) for k, v in value.items()}
    if isinstance(value, str) and re.fullmatch("[0-9a-f]{40}", value):
        return "a key"
    if isinstance(value, str) and value.startswith("ey") and value.count(".") == 2:
        claims = jwt.decode(value, options={"verify_signature": False, "verify_exp": False})
        return {
            "type": claims["token_type"],
            "user": claims["user_id"],
            "lasts": round(claims["exp"] - claims["iat"], -1),  # two readings of the clock
        }
    return value


def _django():
    from django.test import Client

    def ask(method, path, body, headers):
        client = Client(raise_request_exception=False)
        found = client.generic(
            method.upper(), path, json.dumps(body), content_type="application/json", headers=headers
        )
        if found.status_code == 500:
            return 500, "", []
        return found.status_code, found.content.decode(), [c.OutputString() for c in found.cookies.values()]

    return ask


def _service():
    sys.path.insert(0, sys.argv[1])
    from app.main import create_app
    from starlette.testclient import TestClient

    client = TestClient(create_app(), raise_server_exceptions=False)
    client.__enter__()

    def ask(method, path, body, headers):
        client.cookies.clear()
        found = client.request(method, path, json=body, headers=headers)
        if found.status_code == 500:
            return 500, "", []
        return found.status_code, found.text, found.headers.get_list("set-cookie")

    return ask


main()
