"""Temporary databases of a MySQL or a MariaDB, whose driver (PyMySQL) is an extra of Segue's."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

from segue.errors import EnvironmentProblem

SCHEMES = ("mysql://", "mariadb://")


def is_mysql(url: str) -> bool:
    """Whether ``url`` names a MySQL or a MariaDB."""
    return url.startswith(SCHEMES)


def place(url: str, name: str) -> tuple[dict[str, Any], str]:
    """The database ``name`` on the server at ``url``: Django's entry of ``DATABASES``, and the URL that the generated project takes."""
    parts = urlsplit(url)
    entry: dict[str, Any] = {
        "ENGINE": "django.db.backends.mysql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": dict(parse_qsl(parts.query)).get("unix_socket") or parts.hostname or "",
        "PORT": str(parts.port or ""),
    }
    return entry, urlunsplit(parts._replace(path=f"/{name}"))


@contextlib.contextmanager
def databases(url: str, names: list[str]) -> Iterator[None]:
    """Make these, and drop them at the end. Raises :class:`EnvironmentProblem` when the server cannot be reached or its user may
    not make databases."""
    pymysql = _driver()
    made: list[str] = []
    try:
        try:
            with contextlib.closing(_connected(pymysql, url)) as connection:
                for name in names:
                    # as `manage.py migrate` finds what a team made for Django: with the charset that Django speaks
                    connection.cursor().execute(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4")
                    made.append(name)
        except pymysql.err.MySQLError as error:
            raise EnvironmentProblem(
                f"No databases could be made on the MySQL server: {error.args[-1]}.",
                hint="Name a running server with --server, whose user has the rights CREATE and DROP.",
            ) from error
        yield
    finally:
        if made:
            with contextlib.closing(_connected(pymysql, url)) as connection:
                for name in made:
                    connection.cursor().execute(f"DROP DATABASE IF EXISTS `{name}`")


def _connected(pymysql: Any, url: str) -> Any:
    entry, _ = place(url, "")
    host = entry["HOST"]
    socket = {"unix_socket": host} if host.startswith("/") else {"host": host or "127.0.0.1"}
    return pymysql.connect(
        user=entry["USER"], password=entry["PASSWORD"], port=int(entry["PORT"] or 3306), connect_timeout=10, **socket
    )  # fmt: skip


def _driver() -> Any:
    try:
        import pymysql
    except ImportError as error:
        raise EnvironmentProblem(
            "Segue has no driver for MySQL here, with which it makes temporary databases.",
            hint="Install it beside Segue: pip install 'segue[mysql]'.",
        ) from error
    return pymysql
