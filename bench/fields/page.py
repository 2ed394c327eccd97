"""``docs/fields.md`` from runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bench.fields.both import Outcome
from bench.fields.columns import FIELDS, OPTIONS

# Kept by hand: each line is a rule of ``segue.translate.models``.
MODELS = """
## Models

| of Django | in the generated project |
|---|---|
| `GeneratedField`, `db_default`, `db_collation`, `db_comment` | the same DDL; a formula or default that databases spell differently is written for each |
| indexes by expressions, with conditions, covering, with operator classes; `contrib.postgres.indexes` | the same |
| check, unique (by expressions, with conditions, deferrable, `nulls_distinct`) and exclusion constraints | the same |
| multi-table inheritance, proxies, `managed = False`, through models, self references, `to_field` | mapped |
| `CompositePrimaryKey` | no table: `model-composite-key` |
| two parent tables | no table: `model-many-parents` |
| swapped models | no table: `model-swapped` |
| a field class with a `db_type` of its own (PostGIS) | the column with its DDL; what reads or writes values is refused: `field-custom` |
| a field class with descriptors, `pre_save` and the like of its own | the column of the class it comes from; what reads or writes values is refused: `field-custom` |
| text field classes with `from_db_value`, `get_prep_value`, `to_python` | the functions are translated, else `field-custom` |
| `JSONField(decoder=…)`, `JSONField(encoder=…)` but Django's | what reads (decoder) or writes values is refused: `field-custom` |
| `ArrayField` of `JSONField`, ranges with `default_bounds` | what writes values is refused: `field-custom` |
| `db_tablespace` | **not carried over**: tables and indexes lie where the database puts them; `schema check` tells it of tables |
| MySQL, MariaDB | no runtime library for it |
""".rstrip().splitlines()
TITLES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


@dataclass(frozen=True, slots=True)
class Run:
    """What came out on one database; ``types`` as the database tells them."""

    vendor: str
    outcome: Outcome
    seconds: int
    types: dict[str, dict[str, Any]]


def page(runs: list[Run], count: int) -> str:
    """The whole page."""
    lines = [
        "# Fields",
        "",
        "Every field class of `django.db.models` and `django.contrib.postgres` with every option that reaches the database, alone "
        f"and in pairs ({', '.join(f'`{option.code}`' for option in OPTIONS)}), and as primary keys. `python -m bench.fields.run "
        f"--count {count}` writes this page: it writes a Django project, has it translated, and has each side write rows that the "
        f"other reads: {count} values of each column inserted, every second row changed by an UPDATE, and one row that leaves out "
        "what has a default. Values are boundaries and random ones by a seed. Compared are the bytes in the database (SQLite: type "
        "and literal; PostgreSQL: the binary form), and what each side reads, with its type. *Unfit* values are those that are not "
        "what the field wants (texts for dates, numbers out of range, `NaN`): both sides store the same, or both refuse.",
        "",
        "*Columns*: combinations of options. *Values*: those compared, unfit ones included, each as it lies in the database and as "
        "it is read. A type in parentheses is the one where it differs between databases.",
        "",
        f"| field | {' | '.join(f'{TITLES[r.vendor]} type | columns | values | different' for r in runs)} |",
        f"|---|{'|'.join('---|---:|---:|---:' for _ in runs)}|",
    ]
    names = list(dict.fromkeys(t.field for run in runs for t in run.outcome.tables))
    for name in names:
        cells = [cell for run in runs for cell in _cells(run, name)]
        lines.append(f"| {_title(name)} | {' | '.join(cells)} |")
    lines.append(f"| all | {' | '.join(cell for run in runs for cell in _sum(run))} |")
    return "\n".join([*lines, *different(runs), *MODELS]) + "\n"


def different(runs: list[Run]) -> list[str]:
    """What differs, one line for each kind."""
    seen = dict.fromkeys(
        f"- {TITLES[run.vendor]}, {_title(item.field)}, {item.column.split(' row ')[0]}: Django {_short(item.django)}, generated {_short(item.generated)}"
        for run in runs
        for item in run.outcome.mismatches
    )
    return ["", "## What differs", "", *seen] if seen else []


def _short(text: str) -> str:
    return f"`{text[:60].replace('|', '¦').replace('`', '')}`" if text else "nothing"


def _title(name: str) -> str:
    code = next((f.code for f in FIELDS if f.name == name), f"models.{name}()")
    return f"`{code.replace(', {}', '').replace('{}', '').removeprefix('models.').removeprefix('pg.')}`"


def _cells(run: Run, name: str) -> list[str]:
    tables = [t for t in run.outcome.tables if t.field == name]
    if not tables:
        return ["", "", "", ""]
    shown = run.types.get(f"catalogue_{tables[0].model.lower()}", {})
    first = tables[0].columns[0].name
    column = shown.get(first) or shown.get(f"{first}_id") or {"type": ""}
    different = sum(m.field == name for m in run.outcome.mismatches)
    columns = sum(len(t.columns) for t in tables if not t.loose)
    return [f"`{column['type']}`", str(columns), str(run.outcome.cases[name]), str(different)]


def _sum(run: Run) -> list[str]:
    columns = sum(len(t.columns) for t in run.outcome.tables if not t.loose)
    return ["", str(columns), str(sum(run.outcome.cases.values())), str(len(run.outcome.mismatches))]
