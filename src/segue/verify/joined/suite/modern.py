"""The FastAPI side of a test: over the connection that Django has open, in the test's own transaction."""

from __future__ import annotations

import inspect
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..boot import Errors
from .effects import Done, Watch
from .keeping import Sequences
from .mirror import Mirror
from .settings import SettingsMirror

_CSRF_CHECKED = [False]


def not_joinable() -> str:
    """Why FastAPI cannot share this test's connection; '' when it can."""
    from django.db import connection

    try:
        connection.ensure_connection()
    except (RuntimeError, AssertionError):
        # pytest-django's blocker, and Django's for test cases without ``databases``
        return "the test may not use the database"
    if connection.vendor == "postgresql":
        if type(connection.connection).__module__.partition(".")[0] != "psycopg":
            return "psycopg2 connection"
    elif connection.vendor != "sqlite":
        return f"database {connection.vendor}"
    if connection.needs_rollback:
        return "the test's transaction is broken"
    return ""


def modern(state: Any) -> Any:
    """The application over the connection that Django has open now."""
    from django.db import connection

    connection.ensure_connection()
    if state.modern is None:
        from ..sides import FastApiSide

        if state.unloadable:
            raise RuntimeError(state.unloadable)
        sys.path.append(state.spec["overlay"])
        with _real_clock() as frozen:
            try:
                state.modern = FastApiSide(state.spec, connection, Errors("segue_bridge"))
            except Exception as error:
                state.unloadable = f"{type(error).__name__}: {error}"  # half of it is imported: no second try
                raise
        state.connected = connection.connection
        _obey_client()
        state.mirror = Mirror(state.spec, state.modern.package)
        state.settings = SettingsMirror(state.spec["settings"], state.modern.package)
        frozen(state.modern.package)
    elif state.connected is not connection.connection:
        state.modern.attach(connection)
        state.connected = connection.connection
    state.modern.reset()
    return state.modern


@contextmanager
def _real_clock() -> Iterator[Any]:
    """Import under the real ``datetime`` although ``freeze_time`` may be in force; the frozen one is put in afterwards.

    Pydantic builds its validators from the class that it finds. freezegun puts the real one back at its end, as
    it does for every module that came after its start.
    """
    import datetime

    api: Any = sys.modules.get("freezegun.api")
    fakes = {n: getattr(datetime, n) for n in ("datetime", "date")}
    if api is None or fakes["datetime"] is not api.FakeDatetime:
        yield lambda package: None
        return
    reals = {"datetime": api.real_datetime, "date": api.real_date}
    place: Any = datetime
    for name, value in reals.items():
        setattr(place, name, value)
    before = set(sys.modules)

    def frozen(package: str) -> None:
        for name in set(sys.modules) - before:
            if name.partition(".")[0] in (package, "segue_bridge"):
                space = vars(sys.modules[name])
                for bound, value in list(space.items()):
                    for which, real in reals.items():
                        if value is real:
                            space[bound] = fakes[which]

    try:
        yield frozen
    finally:
        for name, value in fakes.items():
            setattr(place, name, value)


def _obey_client() -> None:
    """The test client's "no CSRF checks" on the FastAPI side."""
    from segue_bridge.auth import csrf

    reason = csrf.reason
    csrf.reason = lambda settings, facts: reason(settings, facts) if _CSRF_CHECKED[0] else None


def _forced(state: Any, handler: Any) -> dict[str, Any]:
    """``force_authenticate`` as the ASGI scope key that names the user."""
    _CSRF_CHECKED[0] = bool(getattr(handler, "enforce_csrf_checks", True))
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


def ask(
    state: Any, handler: Any, request: dict[str, Any], plan: Any, watched: Watch | None
) -> dict[str, Any]:
    """FastAPI's answer with its ``effects``, ``queries`` and ``error``. A failure of ours is 599.

    With ``watched`` everything is undone and nothing of it is logged; without, it stays. Where FastAPI leaves a request to
    Django after it has written, it is asked once more before that is undone, and ``again`` is what it wrote then.
    """
    from django.db import connection

    side = state.modern
    undo = watched is not None
    done = Done(state.tasks, state.recorders)
    try:
        raw = connection.connection
        nested = connection.in_atomic_block or not connection.get_autocommit()
        # Where Django's callbacks wait for the COMMIT that a TestCase never sends, ours do not run either.
        side.database.held_hooks = [] if nested else None
        drawn = Sequences(raw) if undo and connection.vendor == "postgresql" else None
        _command(raw, "SAVEPOINT segue_case" if nested else "BEGIN")
        kept = False
        try:
            with done.sending(through=not undo), plan.applied(), _quiet(undo):
                answer: dict[str, Any] = side.ask(request, **_forced(state, handler))
            done.statements, done.hooks = side.statements, side.hooks
            if watched is not None:
                answer["effects"] = done.effects(watched)
            answer["queries"], answer["blocked"] = done.queries, done.blocked
            answer["error"] = side.error
            if undo and left_to_django(answer) and answer["effects"]:
                answer["again"] = _asked_again(state, handler, request, plan)
            kept = not undo and not left_to_django(answer)
            if kept and connection.in_atomic_block:
                _hand_over(side, plan)
        finally:
            if kept:
                _command(raw, "RELEASE SAVEPOINT segue_case" if nested else "COMMIT")
            else:
                _command(raw, "ROLLBACK TO SAVEPOINT segue_case" if nested else "ROLLBACK")
                if nested:
                    _command(raw, "RELEASE SAVEPOINT segue_case")
                if drawn is not None:
                    drawn.restore()
    except Exception as error:  # noqa: BLE001 - told as a difference: the test goes on
        text = f"{type(error).__name__}: {error}"
        answer = {"status": 599, "headers": [], "body": b"", "effects": {}, "queries": 0, "error": text}
    return answer


def _asked_again(state: Any, handler: Any, request: dict[str, Any], plan: Any) -> dict[str, Any]:
    """The effects of the same request on what it has left behind, and its status where it is not left to Django again."""
    side, done, watched = state.modern, Done(state.tasks, state.recorders), Watch(request["method"])
    side.reset()
    with done.sending(through=False), plan.applied(), _quiet(True):
        answer = side.ask(request, **_forced(state, handler))
    done.statements, done.hooks = side.statements, side.hooks
    return done.effects(watched) | ({} if left_to_django(answer) else {"(status)": answer["status"]})


def _hand_over(side: Any, plan: Any) -> None:
    """FastAPI's callbacks wait with Django's (``connection.run_on_commit``), where ``captureOnCommitCallbacks`` looks for them."""
    from django.db import transaction

    def waiting(hook: Any) -> Any:
        def run() -> None:
            with plan.applied():
                result = hook()
                if inspect.isawaitable(result):
                    side.loop.run_until_complete(_awaited(result))

        return run

    held, side.database.held_hooks = side.database.held_hooks, None
    for hook in held or []:
        transaction.on_commit(waiting(hook))


async def _awaited(result: Any) -> Any:
    return await result


def left_to_django(answer: dict[str, Any]) -> bool:
    """Whether FastAPI itself says that Django should answer this request."""
    return answer["status"] == 501 and any(k.lower() == "x-segue-unserved" for k, _ in answer["headers"])


@contextmanager
def _quiet(quiet: bool) -> Iterator[None]:
    """Let only this package's handlers hear what is logged: ``assertLogs`` and ``caplog`` wait for Django's records."""
    if not quiet:
        yield
        return
    kind: Any = logging.Logger
    original = kind.callHandlers
    own = __name__.partition(".")[0]

    def call(logger: Any, record: logging.LogRecord) -> None:
        at = logger
        while at is not None:
            for handler in at.handlers:
                if type(handler).__module__.partition(".")[0] == own and record.levelno >= handler.level:
                    handler.handle(record)
            at = at.parent if at.propagate else None

    kind.callHandlers = call
    try:
        yield
    finally:
        kind.callHandlers = original


def _command(raw: Any, sql: str) -> None:
    cursor = raw.cursor()
    try:
        cursor.execute(sql)
    finally:
        cursor.close()
