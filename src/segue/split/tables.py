"""What PostgreSQL says of the tables that move."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from psycopg import sql

from segue.errors import UsageError
from segue.split.sides import Connection, one, rows


@dataclass(frozen=True, slots=True, order=True)
class Name:
    """A table by schema and name."""

    schema: str
    table: str

    def __str__(self) -> str:
        return self.table if self.schema == "public" else f"{self.schema}.{self.table}"

    @property
    def identifier(self) -> sql.Identifier:
        """Quoted, with its schema."""
        return sql.Identifier(self.schema, self.table)


@dataclass(frozen=True, slots=True)
class Column:
    """``type`` as ``format_type`` writes it, with its schema; ``default`` as SQL; ``generated`` '', ``s`` or ``v``; ``identity`` '', ``a`` or ``d``;
    ``collation`` '' where it is the type's own."""

    name: str
    type: str
    required: bool
    default: str = ""
    generated: str = ""
    identity: str = ""
    collation: str = ""


@dataclass(frozen=True, slots=True)
class Constraint:
    """``kind`` as in ``pg_constraint.contype``; ``refers`` is the other table of a foreign key."""

    name: str
    kind: str
    definition: str
    refers: Name | None = None


@dataclass(frozen=True, slots=True)
class Sequence:
    """A sequence that belongs to a column. ``options`` are those of ``CREATE SEQUENCE``."""

    schema: str
    name: str
    column: str
    type: str
    options: str
    identity: bool

    @property
    def identifier(self) -> sql.Identifier:
        """Quoted, with its schema."""
        return sql.Identifier(self.schema, self.name)


@dataclass(frozen=True, slots=True)
class Table:
    """A table. ``key`` are the columns of its primary key, ``identity`` is ``relreplident``, ``oddity`` says why it cannot be followed,
    ``rows`` is the planner's estimate, ``triggers`` their definitions by name (Segue's fence left out)."""

    name: Name
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    identity: str
    oddity: str = ""
    constraints: tuple[Constraint, ...] = ()
    indexes: Mapping[str, str] = field(default_factory=dict)
    sequences: tuple[Sequence, ...] = ()
    triggers: Mapping[str, str] = field(default_factory=dict)
    rows: int = 0
    size: int = 0


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A foreign key as the database has it."""

    table: Name
    name: str
    refers: Name
    definition: str


FENCE = "segue_split_fence"
_RELATION = """
SELECT c.oid, n.nspname, c.relname, c.relkind, c.relpersistence, c.relreplident, c.relrowsecurity, c.relispartition,
       EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE c.oid IN (i.inhrelid, i.inhparent)),
       greatest(c.reltuples, 0)::bigint, pg_catalog.pg_total_relation_size(c.oid)
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = pg_catalog.to_regclass(%s)
"""
_COLUMNS = """
SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull, coalesce(pg_catalog.pg_get_expr(d.adbin, d.adrelid), ''),
       a.attgenerated, a.attidentity,
       CASE WHEN a.attcollation NOT IN (0, t.typcollation) THEN pg_catalog.format('%%I.%%I', cn.nspname, co.collname) ELSE '' END
FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_attrdef d ON (d.adrelid, d.adnum) = (a.attrelid, a.attnum)
LEFT JOIN pg_catalog.pg_collation co ON co.oid = a.attcollation LEFT JOIN pg_catalog.pg_namespace cn ON cn.oid = co.collnamespace
WHERE a.attrelid = %s AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""
_CONSTRAINTS = """
SELECT c.conname, c.contype, pg_catalog.pg_get_constraintdef(c.oid), n.nspname, r.relname
FROM pg_catalog.pg_constraint c LEFT JOIN pg_catalog.pg_class r ON r.oid = c.confrelid LEFT JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
WHERE c.conrelid = %s AND c.contype IN ('p', 'u', 'c', 'f', 'x') ORDER BY c.contype = 'f', c.contype <> 'p', c.conname
"""
_KEY = """
SELECT a.attname FROM pg_catalog.pg_index i CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(number, place)
JOIN pg_catalog.pg_attribute a ON (a.attrelid, a.attnum) = (i.indrelid, k.number)
WHERE i.indrelid = %s AND i.indisprimary AND k.place <= i.indnkeyatts ORDER BY k.place
"""
_INDEXES = """
SELECT c.relname, pg_catalog.pg_get_indexdef(i.indexrelid) FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
WHERE i.indrelid = %s AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
ORDER BY c.relname
"""
_SEQUENCES = """
SELECT n.nspname, c.relname, a.attname, pg_catalog.format_type(s.seqtypid, NULL),
       pg_catalog.format('INCREMENT %%s MINVALUE %%s MAXVALUE %%s START %%s CACHE %%s%%s', s.seqincrement, s.seqmin, s.seqmax, s.seqstart, s.seqcache,
                         CASE WHEN s.seqcycle THEN ' CYCLE' ELSE '' END), d.deptype = 'i'
FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class c ON c.oid = d.objid AND c.relkind = 'S' JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_sequence s ON s.seqrelid = c.oid JOIN pg_catalog.pg_attribute a ON (a.attrelid, a.attnum) = (d.refobjid, d.refobjsubid)
WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
  AND d.refobjid = %s AND d.deptype IN ('a', 'i') ORDER BY c.relname
"""
_TRIGGERS = """
SELECT tgname, pg_catalog.pg_get_triggerdef(oid) FROM pg_catalog.pg_trigger WHERE tgrelid = %s AND NOT tgisinternal AND tgname <> %s ORDER BY tgname
"""
_KINDS = {"p": "is partitioned", "v": "is a view", "m": "is a materialized view", "f": "is a foreign table"}


def read(connection: Connection, names: Iterable[str | Name]) -> list[Table]:
    """The tables that ``names`` name (``table``, which is in ``public``, or ``schema.table``), sorted.

    Raises :class:`UsageError` for one that the database does not have.
    """
    found: dict[Name, Table] = {}
    for given in names:
        name = given if isinstance(given, Name) else named(given)
        table = find(connection, name)
        if table is None:
            raise UsageError(
                f"The database has no table {name}.",
                hint="Name tables as they are called there, schema.table.",
            )
        found[name] = table
    return [found[name] for name in sorted(found)]


def named(text: str) -> Name:
    """``table`` or ``schema.table``."""
    schema, dot, table = text.partition(".")
    return Name(schema, table) if dot else Name("public", schema)


def find(connection: Connection, name: Name) -> Table | None:
    """One table, None if the database does not have it."""
    quoted = name.identifier.as_string(connection)
    head = rows(connection, _RELATION, quoted)
    if not head:
        return None
    oid, _, _, kind, persistence, identity, secured, partition, inherits, estimate, size = head[0]
    oddity = _KINDS.get(kind, "" if kind == "r" else "is no table")
    if not oddity and (partition or inherits):
        oddity = "is a partition or inherits from another table"
    if not oddity and persistence != "p":
        oddity = "is unlogged or temporary, so PostgreSQL does not log its changes"
    if not oddity and secured:
        oddity = "has row-level security, which is not carried over"
    return Table(
        name=name,
        columns=tuple(Column(*row) for row in rows(connection, _COLUMNS, oid)),
        key=tuple(row[0] for row in rows(connection, _KEY, oid)),
        identity=identity,
        oddity=oddity,
        constraints=tuple(
            Constraint(n, k, text, Name(schema, other) if other else None)
            for n, k, text, schema, other in rows(connection, _CONSTRAINTS, oid)
        ),
        indexes=dict(rows(connection, _INDEXES, oid)),
        sequences=tuple(Sequence(*row) for row in rows(connection, _SEQUENCES, oid)),
        triggers=dict(rows(connection, _TRIGGERS, oid, FENCE)),
        rows=estimate,
        size=size,
    )


_FOREIGN_KEYS = """
SELECT n.nspname, t.relname, c.conname, rn.nspname, r.relname, pg_catalog.pg_get_constraintdef(c.oid)
FROM pg_catalog.pg_constraint c JOIN pg_catalog.pg_class t ON t.oid = c.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
JOIN pg_catalog.pg_class r ON r.oid = c.confrelid JOIN pg_catalog.pg_namespace rn ON rn.oid = r.relnamespace
WHERE c.contype = 'f' AND c.conparentid = 0 ORDER BY 1, 2, 3
"""


def crossing_keys(connection: Connection, moved: Iterable[Name]) -> list[ForeignKey]:
    """Foreign keys of which one end moves and the other stays."""
    inside = set(moved)
    found = [
        ForeignKey(Name(schema, table), name, Name(other_schema, other), definition)
        for schema, table, name, other_schema, other, definition in rows(connection, _FOREIGN_KEYS)
    ]
    return [key for key in found if (key.table in inside) != (key.refers in inside)]


def empty(connection: Connection, name: Name) -> bool:
    """Whether the table has no row."""
    return not one(connection, sql.SQL("SELECT EXISTS (SELECT FROM {})").format(name.identifier))
