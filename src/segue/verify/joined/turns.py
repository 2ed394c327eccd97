"""Requests that stop before each of their statements until they are told to go on (``segue verify interleave``).

A request says which one it is by the header ``X-Segue-Turn``. It opens a connection of its own to the run that sent it, and over
that says in JSON lines what it is about to do; one line back lets it go on. Requests without the header run as they always do.
"""

from __future__ import annotations

import json
import socket
import threading
from contextlib import ExitStack
from typing import Any

HEADER = "HTTP_X_SEGUE_TURN"
PATIENCE = 60.0  # seconds that a request waits to be told to go on; a run that has ended must not keep it
_HERE = threading.local()


class Turn:
    """One request's line to the run at ``gate`` (host, port)."""

    def __init__(self, name: str, gate: tuple[str, int]) -> None:
        self._socket = socket.create_connection(gate, timeout=PATIENCE)
        self._file = self._socket.makefile("rb")
        self.say({"request": name})

    def say(self, document: Any) -> None:
        """Tell, and wait to be let go on."""
        self.tell(document)
        if not self._file.readline():
            raise ConnectionError("The run of interleavings has ended.")

    def tell(self, document: Any) -> None:
        """Tell, and go on."""
        self._socket.sendall(json.dumps(document).encode() + b"\n")

    def statement(self, execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        """An ``execute_wrapper`` of Django's connection."""
        connection = context["connection"]
        self.say({"sql": str(sql), "pid": backend_of(connection)})
        try:
            return execute(sql, params, many, context)
        except Exception as error:
            self.tell({"failed": state_of(error)})
            raise

    def close(self) -> None:
        """The request has ended."""
        self._file.close()
        self._socket.close()


class Turns:
    """A WSGI application around ``application``."""

    def __init__(self, application: Any, gate: tuple[str, int]) -> None:
        self._application, self._gate = application, gate
        stop_before_commits()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Answer. The whole answer is made before the turn ends."""
        from django.db import connections

        name = environ.pop(HEADER, None)
        if name is None:
            return self._application(environ, start_response)
        turn = Turn(name, self._gate)
        try:
            with ExitStack() as stack:
                for connection in connections.all():
                    stack.enter_context(connection.execute_wrapper(turn.statement))
                _HERE.turn = turn
                result = self._application(environ, start_response)
                try:
                    return list(result)
                finally:
                    if hasattr(result, "close"):
                        result.close()
        finally:
            _HERE.turn = None
            turn.close()


def stop_before_commits() -> None:
    """Django commits without a statement that a wrapper of ``execute`` would see."""
    from django.db.backends.base.base import BaseDatabaseWrapper

    commit = BaseDatabaseWrapper._commit

    def stopped(self: Any) -> Any:
        turn = getattr(_HERE, "turn", None)
        if turn is None or self.connection is None:
            return commit(self)
        turn.say({"sql": "COMMIT", "pid": backend_of(self)})
        try:
            return commit(self)
        except Exception as error:
            turn.tell({"failed": state_of(error)})
            raise

    BaseDatabaseWrapper._commit = stopped


def backend_of(connection: Any) -> int:
    """The number of PostgreSQL's process behind it, 0 before it is connected."""
    open_one = connection.connection
    if open_one is None:
        return 0
    return int(open_one.info.backend_pid)


def state_of(error: BaseException) -> str:
    """PostgreSQL's code of what went wrong (``40P01`` is a deadlock), '' for anything else."""
    cause = error.__cause__ or error
    return str(getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None) or "")
