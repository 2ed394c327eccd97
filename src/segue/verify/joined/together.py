"""One request of a test on FastAPI, and its comparison with Django's answer."""

from __future__ import annotations

import sys
from typing import Any
from urllib.parse import quote

from .boot import Errors
from .compare import answer_of, disagreements, shape
from .served import Done, Watch, circumstances

MOST = 12


def operation_of(operations: list[Any], environ: dict[str, Any]) -> dict[str, Any] | None:
    """The native operation that a WSGI environment asks for."""
    from django.core.handlers.wsgi import get_path_info

    path, method = get_path_info(environ), environ["REQUEST_METHOD"]
    for operation, pattern in operations:
        wanted = operation["method"]
        if (method == wanted or (method == "HEAD" and wanted == "GET")) and pattern.match(path):
            found: dict[str, Any] = operation
            return found
    return None


def not_joinable() -> str:
    """Why FastAPI cannot share this test's connection; '' when it can."""
    from django.db import connection

    try:
        connection.ensure_connection()
    except (RuntimeError, AssertionError):
        # pytest-django's blocker, and Django's for test cases without ``databases``
        return "the test may not use the database"
    if connection.vendor == "postgresql":
        if not type(connection.connection).__module__.startswith("psycopg."):
            return "psycopg2 connection"
    elif connection.vendor != "sqlite":
        return f"database {connection.vendor}"
    if connection.needs_rollback:
        return "the test's transaction is broken"
    return ""


def request_of(environ: dict[str, Any]) -> dict[str, Any]:
    """A WSGI environment of the test client as a request; its body is put back."""
    from django.test.client import FakePayload

    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(length) if length else b""
    environ["wsgi.input"] = FakePayload(body)
    headers = [(k[5:].replace("_", "-").title(), str(v)) for k, v in environ.items() if k.startswith("HTTP_")]
    if environ.get("CONTENT_TYPE"):
        headers.append(("Content-Type", environ["CONTENT_TYPE"]))
    if not environ.get("HTTP_HOST") and environ.get("SERVER_NAME"):
        port = str(environ.get("SERVER_PORT", "80"))
        usual = port == ("443" if environ.get("wsgi.url_scheme") == "https" else "80")
        headers.append(("Host", environ["SERVER_NAME"] + ("" if usual else f":{port}")))
    path = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace")
    return {
        "method": environ["REQUEST_METHOD"],
        "path": quote(path, safe="/:@&+$,-_.!~*'()%="),
        "query": environ.get("QUERY_STRING", ""),
        "headers": headers,
        "body": body,
        "scheme": environ.get("wsgi.url_scheme", "http"),
    }


def fastapi(state: Any, handler: Any, request: dict[str, Any], watched: Watch) -> dict[str, Any]:
    """FastAPI's answer with its ``effects``, ``queries`` and ``error``, all undone. A failure of ours is 599."""
    from django.db import connection

    done = Done(state.tasks)
    try:
        modern = _modern(state)
        raw = connection.connection
        nested = connection.in_atomic_block or not connection.get_autocommit()
        # Where Django's callbacks wait for the COMMIT that a TestCase never sends, ours do not run either.
        modern.database.held_hooks = [] if nested else None
        _command(raw, "SAVEPOINT segue_case" if nested else "BEGIN")
        try:
            with done.sending(through=False):
                answer: dict[str, Any] = modern.ask(request, **_forced(state, handler))
            done.statements, done.hooks = modern.statements, modern.hooks
            answer["effects"] = done.effects(watched)
            answer["queries"] = done.queries
            answer["error"] = modern.error
        finally:
            _command(raw, "ROLLBACK TO SAVEPOINT segue_case" if nested else "ROLLBACK")
            if nested:
                _command(raw, "RELEASE SAVEPOINT segue_case")
    except Exception as error:  # noqa: BLE001 - told as a difference: the test goes on
        text = f"{type(error).__name__}: {error}"
        answer = {"status": 599, "headers": [], "body": b"", "effects": {}, "queries": 0, "error": text}
    return answer


def compare(
    state: Any,
    operation: dict[str, Any],
    request: dict[str, Any],
    response: Any,
    ours: dict[str, Any],
    watched: Watch,
    done: Done,
) -> None:
    """Count the request, and what differs. A difference while something is patched counts as not served."""
    from .suite_hook import test_name

    record = state.record(operation["key"])
    streaming = getattr(response, "streaming", False)
    raw = {
        "status": response.status_code,
        "headers": [
            *response.items(),
            *(("set-cookie", m.OutputString()) for m in response.cookies.values()),
        ],
        "body": b"" if streaming else response.content,
    }
    theirs = answer_of(raw, done.effects(watched, everywhere=True), request["method"])
    mine = answer_of(ours, ours["effects"], request["method"])
    found = [
        d
        for d in disagreements(theirs, mine)
        if not _volatile(d[1], d[2]) and not (streaming and d[0].startswith("body"))
    ]
    around = circumstances()
    if found and around:
        state.leave(operation["key"], f"differs under {', '.join(around)}")
        return
    record["cases"] += 1
    _count_queries(record, done.queries, ours["queries"])
    status = str(theirs["status"])
    record["statuses"][status] = record["statuses"].get(status, 0) + 1
    state.mark("different" if found else "equal")
    if not found:
        return
    record["different"] += 1
    if len(record["differences"]) < MOST:
        record["differences"].append(
            {
                "what": test_name(),
                "persona": "test",
                "method": request["method"],
                "path": request["path"],
                "query": request["query"],
                "kind": found[0][0],
                "headers": [
                    [k, "…" if k.lower() in ("authorization", "cookie") else v] for k, v in request["headers"]
                ],
                "body": request["body"].decode("utf-8", "replace")[:4000],
                "django": theirs,
                "fastapi": mine,
                "errors": ["", ours["error"]],
                "differences": [list(d) for d in found[:20]],
            }
        )
        state.write()


def _count_queries(record: dict[str, Any], django: int, fastapi: int) -> None:
    """FastAPI may send fewer queries, never more."""
    record["queries"] = [record["queries"][0] + django, record["queries"][1] + fastapi]
    if fastapi > django:
        record["excess_queries"] += 1
        worst = record["worst_queries"]
        if fastapi - django > worst[1] - worst[0]:
            record["worst_queries"] = [django, fastapi]


def _volatile(one: Any, other: Any) -> bool:
    """New each time on any side: clocks, random keys. They must have the same form all the same."""
    if not isinstance(one, str) or not isinstance(other, str) or one == other:
        return False
    form = shape(one)
    moving = any(name in form for name in ("<uuid>", "<moment", "<hex>", "<token>"))
    if not moving or form != shape(other):
        return False
    return not ("<moment" in form and _apart(one, other))


def _apart(one: str, other: str) -> bool:
    """Two moments that cannot both be now."""
    from datetime import datetime

    try:
        first, second = (
            datetime.fromisoformat(t.removeprefix("datetime:").replace("Z", "+00:00")).replace(tzinfo=None)
            for t in (one, other)
        )
    except ValueError:
        return False
    return abs((first - second).total_seconds()) > 60


def _modern(state: Any) -> Any:
    """The application over the connection that Django has open now."""
    from django.db import connection

    connection.ensure_connection()
    if state.modern is None:
        from .sides import FastApiSide

        sys.path.append(state.spec["overlay"])
        state.modern = FastApiSide(state.spec, connection, Errors("segue_bridge"))
        state.connected = connection.connection
        _obey_client()
    elif state.connected is not connection.connection:
        state.modern.attach(connection)
        state.connected = connection.connection
    state.modern.reset()
    return state.modern


_CSRF_CHECKED = [False]


def _obey_client() -> None:
    """The test client's "no CSRF checks" on the FastAPI side."""
    from segue_bridge.auth import csrf

    reason = csrf.reason
    csrf.reason = lambda settings, facts: reason(settings, facts) if _CSRF_CHECKED[0] else None


def _forced(state: Any, handler: Any) -> dict[str, Any]:
    """``force_authenticate`` as the ASGI scope key that names the user."""
    _CSRF_CHECKED[0] = bool(handler.enforce_csrf_checks)
    user, token = getattr(handler, "_force_user", None), getattr(handler, "_force_token", None)
    if user is None and token is None:
        return {}
    identity = sys.modules[f"{state.modern.package}.access"].IDENTITY

    async def name(db: Any) -> tuple[Any, Any]:
        if user is None or user.pk is None:
            from segue_bridge.auth.users import AnonymousUser

            return AnonymousUser(), token
        sent = len(state.modern.statements)
        found = await identity.load(db, user.pk)
        del state.modern.statements[sent:]  # Django is handed the user: this query is not the application's
        return found, token

    return {"segue.user": name}


def _command(raw: Any, sql: str) -> None:
    cursor = raw.cursor()
    try:
        cursor.execute(sql)
    finally:
        cursor.close()
