"""The two PostgreSQL servers of a split, and sessions on them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from segue.errors import EnvironmentProblem, UsageError


class Connection(psycopg.Connection[tuple[Any, ...]]):
    """A session that knows its side, so that an error can name the server that it came from."""

    side: Side | None = None

    def execute(self, *arguments: Any, **options: Any) -> psycopg.Cursor[tuple[Any, ...]]:
        """As psycopg's."""
        try:
            return super().execute(*arguments, **options)
        except psycopg.Error as error:
            error.__dict__["side"] = self.side
            raise


# How texts of values look, the same on both servers whatever they are set to.
TEXT_FORMS = {
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "TimeZone": "UTC",
    "bytea_output": "hex",
    "extra_float_digits": "3",
    "lc_monetary": "C",
    "client_encoding": "UTF8",
    "search_path": "",
}


class Unreachable(EnvironmentProblem):
    """A server does not answer now; it may later."""


@dataclass(frozen=True, slots=True)
class Side:
    """A database. ``name``: ``source`` (where the tables come from) or ``target``. ``url`` reaches it from here, ``route`` from the other
    server ('' when that is the same). Either may hold a password, which is never printed and never written to a file."""

    name: str
    url: str
    route: str = ""

    @property
    def address(self) -> str:
        """``host:port/database`` for people."""
        asked = _parts(self.url)
        host, port = asked.get("host", "localhost"), asked.get("port", "5432")
        return f"{host}:{port}/{asked.get('dbname', '')}"

    @property
    def with_password(self) -> bool:
        """Whether the connection string that the other server uses has a password."""
        return "password" in _parts(self.route or self.url)

    @property
    def for_server(self) -> str:
        """The connection string that the other server uses."""
        return make_conninfo("", **{**_parts(self.route or self.url), "application_name": "segue_split"})


def without_password(url: str) -> str:
    """``url`` as a connection string that may be written down."""
    return make_conninfo("", **{k: v for k, v in _parts(url).items() if k not in ("password", "sslpassword")})


def _parts(url: str) -> dict[str, str]:
    try:
        return {k: str(v) for k, v in conninfo_to_dict(url).items() if v is not None}
    except psycopg.ProgrammingError as error:
        # The text of the error may quote the string, with its password.
        raise UsageError(
            "A database address is not understood.", hint="Write it as postgresql://user@host:5432/name."
        ) from error


def checked(url: str) -> str:
    """``url``; raises :class:`UsageError` when it is no address of a database."""
    if not _parts(url).get("dbname"):
        raise UsageError(
            "A database address names no database.", hint="Write it as postgresql://user@host:5432/name."
        )
    return url


@contextlib.contextmanager
def session(side: Side, *, texts: bool = False, timeout: float = 0.0) -> Iterator[Connection]:
    """An autocommit session. ``texts``: values as text look the same on both servers. ``timeout``: seconds that a statement may take (0: any).

    Raises :class:`Unreachable` when the server does not answer or goes away, :class:`EnvironmentProblem` when it refuses something.
    """
    try:
        connection = Connection.connect(
            side.url, autocommit=True, connect_timeout=10, application_name="segue split",
            keepalives_idle=5, keepalives_interval=2, keepalives_count=3,
        )  # fmt: skip
    except psycopg.OperationalError as error:
        raise Unreachable(
            f"The {side.name} {side.address} cannot be reached: {_first_line(error)}.",
            hint="Check that it runs, its address and the password (PGPASSWORD or ~/.pgpass).",
        ) from error
    connection.side = side
    with told(connection, side), contextlib.closing(connection):
        forms = TEXT_FORMS if texts else {"search_path": ""}
        for name, value in forms.items():
            connection.execute("SELECT set_config(%s, %s, false)", (name, value))
        if timeout:
            connection.execute(
                "SELECT set_config('statement_timeout', %s, false)", (str(max(1, int(timeout * 1000))),)
            )
        yield connection


@contextlib.contextmanager
def told(connection: Connection, own: Side) -> Iterator[None]:
    """Errors of the server as one sentence."""
    try:
        yield
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        side = getattr(error, "side", None)
        if side is None and not connection.broken and not connection.closed:
            raise  # of a session around this one
        side = side or own
        if isinstance(error, psycopg.errors.QueryCanceled | psycopg.errors.LockNotAvailable):
            raise EnvironmentProblem(
                f"The {side.name} took too long: {_first_line(error)}.",
                hint="Try again when it is less busy.",
            ) from error
        raise Unreachable(
            f"The {side.name} {side.address} went away: {_first_line(error)}.",
            hint="When it runs again, go on with --resume.",
        ) from error
    except psycopg.Error as error:
        side = getattr(error, "side", None) or own
        raise EnvironmentProblem(
            f"The {side.name} {side.address} refused: {_first_line(error)}.",
            hint="Correct that on the server, then run the command again.",
        ) from error


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__


def one(connection: Connection, query: str | sql.Composable, *values: Any) -> Any:
    """The first value of the first row, None without rows."""
    row = connection.execute(query, values or None).fetchone()
    return None if row is None else row[0]


def rows(connection: Connection, query: str | sql.Composable, *values: Any) -> list[tuple[Any, ...]]:
    """All rows."""
    return connection.execute(query, values or None).fetchall()
