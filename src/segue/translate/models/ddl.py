"""Facts read from Django's own DDL (``Model.create_sql``): defaults, formulas, index texts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from segue.snapshot.model import Model

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


def split_top(text: str) -> list[str]:
    """Split at commas outside parentheses and quotes."""
    parts: list[str] = []
    depth = 0
    quote = ""
    start = 0
    for position, char in enumerate(text):
        if quote:
            if char == quote:
                quote = ""
        elif char in "'\"":
            quote = char
        elif char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
        elif char == "," and depth == 0:
            parts.append(text[start:position].strip())
            start = position + 1
    parts.append(text[start:].strip())
    return [part for part in parts if part]


def parenthesised(text: str, start: int) -> str:
    """What stands between the parenthesis at ``start`` and its partner."""
    depth = 0
    quote = ""
    for position in range(start, len(text)):
        char = text[position]
        if quote:
            if char == quote:
                quote = ""
        elif char in "'\"":
            quote = char
        elif char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
            if depth == 0:
                return text[start + 1 : position]
    return text[start + 1 :]


def column_text(model: Model, vendor: str, column: str) -> str:
    """The definition of ``column`` in Django's CREATE TABLE, without its name; '' when unknown."""
    for statement in model.create_sql.get(vendor, ()):
        if not statement.upper().startswith("CREATE TABLE"):
            continue
        for part in split_top(parenthesised(statement, statement.index("("))):
            name = f'"{column}" '
            if part.startswith(name):
                return part[len(name) :]
    return ""


_AFTER_DEFAULT = re.compile(r"\s+(NOT NULL|NULL|PRIMARY KEY|UNIQUE|CHECK|COLLATE|REFERENCES|GENERATED)\b")


def default_text(model: Model, vendor: str, column: str) -> str:
    """SQL of a column's ``DEFAULT``; '' when it has none."""
    text = column_text(model, vendor, column)
    _, found, rest = text.partition(" DEFAULT ")
    if not found:
        return ""
    if rest.startswith("("):
        return f"({parenthesised(rest, 0)})"
    match = None
    for candidate in _AFTER_DEFAULT.finditer(rest):
        if rest[: candidate.start()].count("'") % 2 == 0:
            match = candidate
            break
    return (rest[: match.start()] if match else rest).strip()


def generated_text(model: Model, vendor: str, column: str) -> tuple[str, bool] | None:
    """Formula of a generated column and whether it is stored."""
    text = column_text(model, vendor, column)
    marker = "GENERATED ALWAYS AS "
    if marker not in text:
        return None
    start = text.index(marker) + len(marker)
    formula = parenthesised(text, start)
    return formula, "STORED" in text[start + len(formula) :]


def vendors(model: Model) -> Iterator[str]:
    """Vendors with known DDL that the runtime library supports."""
    for vendor in ("postgresql", "sqlite"):
        if vendor in model.create_sql:
            yield vendor


def per_vendor(texts: Mapping[str, str]) -> dict[str, str]:
    """Texts of supported vendors only."""
    return {vendor: text for vendor, text in texts.items() if vendor in ("postgresql", "sqlite") and text}
