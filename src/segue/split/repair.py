"""SQL that makes one side equal to the other, for the rows that were found different; written to a file for people, never executed here."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from psycopg import sql

from segue.split.polling import MARK
from segue.split.reconcile import Difference
from segue.split.rows import Key, Rows, stored_columns
from segue.split.sides import TEXT_FORMS
from segue.split.tables import Column

_ORIGIN = "segue_split_repair"
_MOST = 500


def head(changed: str, *, polled: bool = False) -> str:
    """The beginning of a plan that changes the side ``changed``. ``polled``: without subscriptions, which tell a repair by its mark."""
    other = "source" if changed == "target" else "target"
    settings = "".join(f"SET LOCAL {name} = '{value}';\n" for name, value in TEXT_FORMS.items())
    if polled:
        return (
            f"-- Makes the {changed} equal to the {other} in the rows that `segue split check` found different.\n"
            f"-- Run it on the {changed}: psql -v ON_ERROR_STOP=1 -f FILE. A row that has changed since is left alone.\n"
            "BEGIN;\n"
            "-- Past the fence, triggers and foreign keys, and marked so that it is not carried over to the other side.\n"
            "SET LOCAL session_replication_role = replica;\n"
            f"SELECT pg_catalog.pg_logical_emit_message(true, '{MARK}', 'repair');\n"
            f"{settings}"
        )
    return (
        f"-- Makes the {changed} equal to the {other} in the rows that `segue split check` found different.\n"
        f"-- Run it on the {changed} as a superuser: psql -v ON_ERROR_STOP=1 -f FILE. A row that has changed since is left alone.\n"
        f"SELECT pg_catalog.pg_replication_origin_create('{_ORIGIN}')\n"
        f"  WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_replication_origin WHERE roname = '{_ORIGIN}');\n"
        "BEGIN;\n"
        "-- Past the fence, triggers and foreign keys, and marked so that replication does not send it to the other side.\n"
        "SET LOCAL session_replication_role = replica;\n"
        f"SELECT pg_catalog.pg_replication_origin_session_setup('{_ORIGIN}');\n"
        f"{settings}"
    )


def tail(*, polled: bool = False) -> str:
    """Its end."""
    return "COMMIT;\n" if polled else "COMMIT;\nSELECT pg_catalog.pg_replication_origin_session_reset();\n"


class Plan:
    """Collects differences and writes statements by ``write``. ``changed`` is the side that they are for, ``written`` the one that is written now."""

    def __init__(self, changed: str, written: str, write: Callable[[str], object]) -> None:
        self._changed, self._written, self._write = changed, written, write
        self._waiting: list[Difference] = []
        self._sides: tuple[Rows, Rows] | None = None

    def add(self, difference: Difference, ahead: Rows, behind: Rows) -> None:
        """One more; both sides' rows, the written side's first."""
        self._sides = (ahead, behind)
        self._waiting.append(difference)
        if len(self._waiting) >= _MOST:
            self.flush()

    def flush(self) -> None:
        """Write what is waiting; to be called while the rows can be read, at the end of each table at the latest."""
        if not self._waiting or self._sides is None:
            return
        model, wrong = self._sides if self._changed != self._written else reversed(self._sides)
        keys = [d.key for d in self._waiting]
        right = {key: values for key, values, _ in model.values(keys)}
        seen = {key: digest for key, _, digest in wrong.values(keys)}
        for key in keys:
            for statement in _statements(wrong, key, right.get(key), seen.get(key)):
                self._write(statement.as_string(None) + ";\n")
        self._waiting = []


def _statements(rows: Rows, key: Key, right: list[str] | None, seen: str | None) -> Iterator[sql.Composed]:
    table = rows.table.name.identifier
    names = stored_columns(rows.table)
    where = sql.SQL(" AND ").join(
        sql.SQL("{} = {}").format(sql.Identifier("t", name), sql.Literal(value))
        for name, value in zip(rows.table.key, key, strict=True)
    )
    unchanged = sql.SQL("{} = {}").format(rows.digest_expression(), sql.Literal(seen))
    if right is None and seen is not None:
        yield sql.SQL("DELETE FROM {} AS t WHERE {} AND {}").format(table, where, unchanged)
    elif right is not None and seen is None:
        yield sql.SQL(
            "INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE VALUES ({}) ON CONFLICT DO NOTHING"
        ).format(
            table,
            sql.SQL(", ").join(map(sql.Identifier, names)),
            sql.SQL(", ").join(sql.SQL(value) for value in right),
        )
    elif right is not None:
        always = {column.name for column in rows.table.columns if _fixed(column)}
        changes = sql.SQL(", ").join(
            sql.SQL("{} = {}").format(sql.Identifier(name), sql.SQL(value))
            for name, value in zip(names, right, strict=True)
            if name not in always and name not in rows.table.key
        )
        yield sql.SQL("UPDATE {} AS t SET {} WHERE {} AND {}").format(table, changes, where, unchanged)


def _fixed(column: Column) -> bool:
    """Whether an UPDATE cannot give the column a value."""
    return column.identity == "a"
