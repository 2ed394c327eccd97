"""Ask one side of a project what ``stdin`` says, step by step. Arguments: ``django`` or the folder of the service.

A step is ``[path, body, bearer]``; ``{"$": [step, key]}`` in a body, and such a bearer, is what an earlier answer holds.
Printed are the answers (tokens as their claims, without what is drawn or told by the clock) and what the tables hold.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import time

import jwt

DRAWN = ("jti", "iat", "exp", "refresh_exp")


def main() -> None:
    """Print a JSON list: one entry a step, then the rows."""
    steps = json.load(sys.stdin)
    ask, end = _django() if sys.argv[1] == "django" else _service()
    raw, shown = [], []
    for path, body, bearer in steps:
        sent = {k: _filled(v, raw) for k, v in body.items()}
        token = _filled(bearer, raw)
        status, text, challenge = ask(path, sent, {"Authorization": f"Bearer {token}"} if token else {})
        raw.append(json.loads(text) if text else None)
        shown.append([path, status, challenge, _readable(raw[-1])])
    end()
    print(json.dumps([*shown, *_rows()]))


def _filled(value, raw):
    if not isinstance(value, dict):
        return value
    step, key = value["$"]
    return raw[step][key]


def _readable(value):
    if isinstance(value, dict):
        return {k: _readable(v) for k, v in value.items()}
    if isinstance(value, str) and value.count(".") == 2 and value.startswith("ey"):
        claims = jwt.decode(value, options={"verify_signature": False, "verify_exp": False})
        if claims.get("token_type") == "access":
            # Until simplejwt 5.5 its ``iat`` is the refresh token's.
            now = time.time()
            times = {"exp": round(claims["exp"] - now, -2), "iat": round((now - claims["iat"]) / 1000)}
            return {**{k: v for k, v in claims.items() if k not in DRAWN}, **times, "jti": len(claims["jti"])}
        # In tens of seconds: Simple JWT dates an access token by the refresh token's clock reading, and ``iat`` by another.
        times = {k: round(claims[k] - claims["iat"], -1) for k in DRAWN[2:] if k in claims}
        return {**{k: v for k, v in claims.items() if k not in DRAWN}, **times, "jti": len(claims["jti"])}
    return value


def _rows():
    with sqlite3.connect("db.sqlite3") as base:
        try:
            noted = base.execute(
                "SELECT o.user_id, o.created_at IS NULL, b.id IS NOT NULL, o.token, length(o.jti), round((julianday(o.expires_at)"
                " - julianday(o.created_at)) * 24) FROM token_blacklist_outstandingtoken o"
                " LEFT JOIN token_blacklist_blacklistedtoken b ON b.token_id = o.id ORDER BY o.id"
            ).fetchall()
        except sqlite3.OperationalError:
            noted = []
        table = "notes_person" if os.environ.get("PERSON") else "auth_user"
        # The key of the other one is drawn.
        users = base.execute(
            f"SELECT username, last_login IS NOT NULL FROM {table} ORDER BY username"
        ).fetchall()
    return [
        [[u, b, _readable(t), *others] for u, *others, b, t, n, h in noted for others in [[*others, n, h]]],
        users,
    ]


def _django():
    import django

    django.setup()
    from django.test import Client

    client = Client(raise_request_exception=False)

    def ask(path, body, headers):
        found = client.post(path, body, content_type="application/json", headers=headers)
        if found.status_code == 500:
            return 500, "", None
        return found.status_code, found.content.decode(), found.headers.get("WWW-Authenticate")

    return ask, lambda: None


def _service():
    sys.path.insert(0, sys.argv[1])
    from app.main import create_app
    from starlette.testclient import TestClient

    client = TestClient(create_app(), raise_server_exceptions=False)
    client.__enter__()
    documented = client.get("/openapi.json").json()["paths"]

    def ask(path, body, headers):
        found = client.post(path, json=body, headers=headers)
        if found.status_code == 500:
            return 500, "", None
        assert str(found.status_code) in documented[path]["post"]["responses"], (path, found.status_code)
        return found.status_code, found.text, found.headers.get("WWW-Authenticate")

    return ask, lambda: client.__exit__(None, None, None)


main()
