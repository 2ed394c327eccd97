"""UUID, JSON, binary and address columns."""

from __future__ import annotations

import contextlib
import ipaddress
import json
import uuid
from collections.abc import Callable
from typing import Any, ClassVar

from sqlalchemy import Column, Dialect, LargeBinary, String
from sqlalchemy import Text as SaText
from sqlalchemy import Uuid as SaUuid
from sqlalchemy.dialects.postgresql import INET, JSONB
from sqlalchemy.types import TypeEngine

from segue_bridge.db.types.base import DjangoType
from segue_bridge.schema.validators import clean_ipv6


class Uuid(DjangoType[uuid.UUID]):
    """``UUIDField``: ``uuid`` on PostgreSQL and MariaDB 10.7, 32 hexadecimal digits in ``char(32)`` elsewhere.

    ``native``: False for a MariaDB whose tables Django before 5.0 made, which has ``char(32)`` there.
    """

    impl = SaUuid
    ddl: ClassVar[dict[str, str]] = {"": "char(32)", "postgresql": "uuid", "mariadb": "uuid"}

    def __init__(self, native: bool = True) -> None:
        super().__init__()
        self.native = native

    def column_type(self, dialect: str, column: Column[Any] | None = None) -> str:
        return super().column_type("mysql" if dialect == "mariadb" and not self.native else dialect, column)

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(SaUuid() if dialect.name == "postgresql" else String())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        if value is None:
            return None
        if not isinstance(value, uuid.UUID):
            value = uuid.UUID(int=value) if isinstance(value, int) else uuid.UUID(value)
        return value if dialect.name == "postgresql" else value.hex

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        return _read_uuid


def _read_uuid(value: Any) -> Any:
    """asyncpg answers with its own subclass, which not every encoder knows."""
    if value is None or type(value) is uuid.UUID:
        return value
    return uuid.UUID(int=value.int) if isinstance(value, uuid.UUID) else uuid.UUID(value)


class Json(DjangoType[Any]):
    """``JSONField``: ``jsonb`` on PostgreSQL, ``json`` on MySQL, text elsewhere. ``None`` is SQL NULL, never JSON ``null``.

    Reading parses text; ``encoder`` is the ``json.JSONEncoder`` class given to the field.
    """

    impl = SaText
    ddl: ClassVar[dict[str, str]] = {"": "text", "postgresql": "jsonb", "mysql": "json"}
    cache_ok = True

    def __init__(self, encoder: type[json.JSONEncoder] | None = None) -> None:
        super().__init__()
        self.encoder = encoder

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(JSONB(none_as_null=True) if dialect.name == "postgresql" else SaText())

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        encoder = self.encoder
        wrap = _psycopg_json if getattr(dialect, "driver", "") == "psycopg" else None

        def process(value: Any) -> Any:
            if value is None:
                return None
            text = json.dumps(value, cls=encoder)
            return wrap(text) if wrap is not None else text

        return process

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        # SQLAlchemy has asyncpg parse; Django has its psycopg connection hand over the text
        parsed = getattr(dialect, "driver", "") == "asyncpg"
        return None if parsed else _read_json


def _psycopg_json(text: str) -> Any:
    from psycopg.types.json import Jsonb

    return Jsonb(text, dumps=_same)


def _same(text: str) -> str:
    return text


def _read_json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str | bytes) else value


class Binary(DjangoType[bytes]):
    """``BinaryField``: ``bytea`` on PostgreSQL, ``BLOB`` on SQLite, ``longblob`` on MySQL."""

    impl = LargeBinary
    ddl: ClassVar[dict[str, str]] = {"": "bytea", "sqlite": "BLOB", "mysql": "longblob"}
    empty = b""

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        return _as_bytes if dialect.name == "mysql" else _only_bytes

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        return _read_bytes


def _only_bytes(value: Any) -> Any:
    """Raises ``TypeError`` for what is no bytes, as the drivers' ``Binary`` does; SQLite itself would take a text."""
    if value is not None:
        memoryview(value)
    return value


def _as_bytes(value: Any) -> Any:
    """MySQL's driver writes bytes into the statement, and knows no other kind of them."""
    return None if value is None else bytes(memoryview(value))


def _read_bytes(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value


class Inet(DjangoType[str]):
    """``GenericIPAddressField``: ``inet`` on PostgreSQL, ``char(39)`` elsewhere; text on both sides.

    An empty text is written as NULL (``adapt_ipaddressfield_value``), an IPv6 address in its shortest spelling
    (``GenericIPAddressField.get_prep_value``). ``unpack``: one that holds an IPv4 address is written as that.
    """

    impl = String

    def __init__(self, unpack: bool = False) -> None:
        super().__init__()
        self.unpack = unpack

    ddl: ClassVar[dict[str, str]] = {"": "char(39)", "postgresql": "inet"}

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(INET() if dialect.name == "postgresql" else String())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        if value and ":" in value:
            with contextlib.suppress(ValueError):
                return clean_ipv6(value, unpack=self.unpack)
        if value and dialect.name == "postgresql":
            ipaddress.ip_address(value)  # Django's adapter makes one: a network is none
        return str(value) if value else None

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        return _read_address


def _read_address(value: Any) -> Any:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, ipaddress.IPv4Interface | ipaddress.IPv6Interface):
        full = value.network.prefixlen == value.max_prefixlen
        return str(value.ip) if full else str(value)
    return str(value)
