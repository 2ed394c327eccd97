"""Facts read from Django's own DDL (``Model.create_sql``): defaults, formulas, index texts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from segue.snapshot.model import Model, Snapshot

# What ``text()`` of SQLAlchemy takes for a parameter, in quotes too, and what it takes for an escape
# (``sqlalchemy.sql.elements.TextClause._bind_params_regex``, ``sqlalchemy.sql.compiler.BIND_PARAMS_ESC``).
_PARAMETER = re.compile(r"(?<![:\w\x5c]):(\w+)(?![:\w])")
_ESCAPE = re.compile(r"\x5c(:\w*)(?![:\w])")


def expression(text: str) -> tuple[str, str]:
    """Python text of a piece of SQL, and the function of ``sqlalchemy`` that it calls: one that leaves the SQL as it is."""
    for escaped in (text, re.sub(r"(?<![:\w\x5c]):(?=\w)", r"\\:", text)):
        if not _PARAMETER.search(escaped) and _ESCAPE.sub(r"\1", escaped) == text:
            return f"text({escaped!r})", "text"
    return f"literal_column({text!r})", "literal_column"


def plain(text: str, start: int = 0, *, mysql: bool = False) -> Iterator[tuple[int, str]]:
    """Position and character of what stands outside of quotes. In MySQL's texts, which whole statements are told by their
    backticks, a backslash takes the next character with it."""
    escapes = mysql or "`" in text
    quote = ""
    skip = False
    for position in range(start, len(text)):
        char = text[position]
        if skip:
            skip = False
        elif quote:
            skip = escapes and char == "\\" and quote != "`"
            if char == quote:
                quote = ""
        elif char in "'\"`":
            quote = char
        else:
            yield position, char


def split_top(text: str) -> list[str]:
    """Split at commas outside parentheses and quotes."""
    parts: list[str] = []
    depth = 0
    start = 0
    for position, char in plain(text):
        depth += {"(": 1, ")": -1}.get(char, 0)
        if char == "," and depth == 0:
            parts.append(text[start:position].strip())
            start = position + 1
    parts.append(text[start:].strip())
    return [part for part in parts if part]


def parenthesised(text: str, start: int, *, mysql: bool = False) -> str:
    """What stands between the parenthesis at ``start`` and its partner."""
    depth = 0
    for position, char in plain(text, start, mysql=mysql):
        depth += {"(": 1, ")": -1}.get(char, 0)
        if char == ")" and depth == 0:
            return text[start + 1 : position]
    return text[start + 1 :]


def quoted(vendor: str, name: str) -> str:
    """A name as it is quoted there."""
    mark = "`" if vendor == "mysql" else '"'
    return mark + name.replace(mark, mark * 2) + mark


def column_text(model: Model, vendor: str, column: str) -> str:
    """The definition of ``column`` in Django's CREATE TABLE, without its name; '' when unknown."""
    name = quoted(vendor, column) + " "
    for statement in model.create_sql.get(vendor, ()):
        for part in _parts_of_table(statement):
            if part.startswith(name):
                return part[len(name) :]
    return ""


@lru_cache(maxsize=4096)
def _parts_of_table(statement: str) -> tuple[str, ...]:
    """Columns and constraints of a CREATE TABLE; none of other statements. Kept, for each column is asked for several times."""
    if not statement.upper().startswith("CREATE TABLE"):
        return ()
    return tuple(split_top(parenthesised(statement, statement.index("("))))


_AFTER_DEFAULT = re.compile(r"\s+(NOT NULL|NULL|PRIMARY KEY|UNIQUE|CHECK|COLLATE|REFERENCES|GENERATED)\b")


def default_text(model: Model, vendor: str, column: str) -> str:
    """SQL of a column's ``DEFAULT``; '' when it has none."""
    mysql = vendor == "mysql"
    text = column_text(model, vendor, column)
    outside = {position for position, _ in plain(text, mysql=mysql)}
    start = next((m.end() for m in re.finditer(" DEFAULT ", text) if m.start() in outside), None)
    if start is None:
        return ""
    rest = text[start:]
    if rest.startswith("("):
        return f"({parenthesised(rest, 0, mysql=mysql)})"
    ends = (m.start() for m in _AFTER_DEFAULT.finditer(rest) if m.start() + start in outside)
    return rest[: next(ends, None)].strip()


def generated_text(model: Model, vendor: str, column: str) -> tuple[str, bool] | None:
    """Formula of a generated column and whether it is stored."""
    text = column_text(model, vendor, column)
    marker = "GENERATED ALWAYS AS "
    if marker not in text:
        return None
    start = text.index(marker) + len(marker)
    formula = parenthesised(text, start, mysql=vendor == "mysql")
    return formula, "STORED" in text[start + len(formula) :]


def is_mysql(snapshot: Snapshot) -> bool:
    """Whether the default database is a MySQL or a MariaDB: a generated project is for these, or for PostgreSQL and SQLite."""
    return snapshot.settings.vendor == "mysql"


def supported(snapshot: Snapshot) -> tuple[str, ...]:
    """The databases that the generated project is for, by the names that the snapshot has for them."""
    return ("mysql",) if is_mysql(snapshot) else ("postgresql", "sqlite")


def vendors(snapshot: Snapshot, model: Model) -> Iterator[str]:
    """Those of :func:`supported` with known DDL."""
    for vendor in supported(snapshot):
        if vendor in model.create_sql:
            yield vendor


def per_vendor(snapshot: Snapshot, texts: Mapping[str, str]) -> dict[str, str]:
    """Texts of :func:`supported` databases only."""
    return {vendor: text for vendor, text in texts.items() if vendor in supported(snapshot) and text}


def made_by_mysql(model: Model, name: str) -> frozenset[str]:
    """Which of ``mysql`` and ``mariadb`` Django makes the constraint or index ``name`` on, by its statements."""
    places = [f"{before} {quoted('mysql', name)} " for before in ("CONSTRAINT", "INDEX")]
    return frozenset(
        vendor
        for vendor in ("mysql", "mariadb")
        if any(place in text for text in model.create_sql.get(vendor, ()) for place in places)
    )
