"""Where both sides build: files of a temporary folder, or temporary databases of a PostgreSQL, a MySQL or a MariaDB."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from segue.errors import EnvironmentProblem
from segue.schema import mysql
from segue.schema.mysql import is_mysql

DECLARED = "segue_declared"  # as in_django.py names it
# Keys of a connection string that Django has a setting of its own for.
_SETTINGS = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD"}


@dataclass(frozen=True, slots=True)
class Place:
    """An empty database to build in: what Django's ``DATABASES`` says of it, and the URL the generated project takes."""

    entry: dict[str, Any]
    url: str


@dataclass(frozen=True, slots=True)
class Server:
    """A PostgreSQL (``url``: ``postgresql://user:password@host:port/any``) with two empty databases to build in, or a MySQL or
    MariaDB (``mysql://…``) with a third, ``django`` and :data:`DECLARED` behind it."""

    url: str
    django: str
    generated: str


@dataclass(frozen=True, slots=True)
class Places:
    """One place for each side. ``declared`` is where the child of Django's side leaves what its models alone make."""

    vendor: str
    django: Place
    generated: Place
    declared: Place


def places(folder: Path, server: Server | None) -> Places:
    """Places in ``folder`` (SQLite), or those of ``server``."""
    if server is None:
        names = ("django.sqlite3", "generated.sqlite3", f"django.sqlite3.{DECLARED}")
        return Places("SQLite", *(_file(folder / name) for name in names))
    if is_mysql(server.url):
        names = (server.django, server.generated, f"{server.django}_{DECLARED}")
        return Places("MySQL or MariaDB", *(Place(*mysql.place(server.url, name)) for name in names))
    # the same database, seen through declared()
    names = (server.django, server.generated, server.django)
    return Places("PostgreSQL", *(_on(server.url, name) for name in names))


@contextlib.contextmanager
def declared(server: Server | None) -> Iterator[None]:
    """Who connects to Django's database of ``server`` meanwhile sees the schema of what its models declare."""
    if server is None or is_mysql(server.url):
        yield
        return
    import psycopg
    from psycopg import sql

    name = sql.Identifier(server.django)
    with psycopg.connect(_named(server.url, "postgres"), autocommit=True) as connection:
        connection.execute(
            sql.SQL("ALTER DATABASE {} SET search_path TO {}, public").format(name, sql.Identifier(DECLARED))
        )
        try:
            yield
        finally:
            connection.execute(sql.SQL("ALTER DATABASE {} RESET search_path").format(name))


@contextlib.contextmanager
def temporary(url: str) -> Iterator[Server]:
    """Two new databases on the server at ``url``, dropped at the end. Raises :class:`EnvironmentProblem` when the server
    cannot be reached or its user may not make databases."""
    import psycopg
    from psycopg import sql

    names = [f"segue_schema_{os.getpid()}_{side}" for side in ("django", "generated")]
    if is_mysql(url):
        with mysql.databases(url, [*names, f"{names[0]}_{DECLARED}"]):
            yield Server(url, *names)
        return
    made: list[str] = []
    try:
        try:
            with psycopg.connect(_named(url, "postgres"), autocommit=True, connect_timeout=10) as connection:
                for name in names:
                    connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
                    made.append(name)
        except psycopg.Error as error:
            raise EnvironmentProblem(
                f"No databases could be made on the PostgreSQL server: {str(error).strip().splitlines()[0]}.",
                hint="Name a running server with --server, whose user has the right CREATEDB.",
            ) from error
        yield Server(url, *names)
    finally:
        if made:
            with psycopg.connect(_named(url, "postgres"), autocommit=True) as connection:
                for name in made:
                    connection.execute(
                        sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
                    )


def _file(path: Path) -> Place:
    return Place({"ENGINE": "django.db.backends.sqlite3", "NAME": str(path)}, f"sqlite:///{path}")


def _on(url: str, name: str) -> Place:
    from psycopg.conninfo import conninfo_to_dict

    asked = {k: v for k, v in conninfo_to_dict(url).items() if v is not None and k != "dbname"}
    entry: dict[str, Any] = {"NAME": name}
    entry |= {_SETTINGS[key]: str(value) for key, value in asked.items() if key in _SETTINGS}
    entry["OPTIONS"] = {key: value for key, value in asked.items() if key not in _SETTINGS}
    return Place(entry, _named(url, name))


def _named(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))
