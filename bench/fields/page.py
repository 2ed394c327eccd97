"""``docs/fields-figures.md`` from runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bench.fields.both import Outcome
from bench.fields.columns import FIELDS, OPTIONS

TITLES = {"sqlite": "SQLite", "postgresql": "PostgreSQL", "mysql": "MariaDB"}


@dataclass(frozen=True, slots=True)
class Run:
    """What came out on one database; ``types`` as the database tells them."""

    vendor: str
    outcome: Outcome
    seconds: int
    types: dict[str, dict[str, Any]]


def page(runs: list[Run], count: int, *, pairs: bool) -> str:
    """The whole page."""
    maria = " --mariadb" if any(run.vendor == "mysql" for run in runs) else ""
    lines = [
        "# Fields",
        "",
        "Every field class of `django.db.models` and `django.contrib.postgres` with every option that reaches the database, alone"
        f"{' and in pairs' if pairs else ''} ({', '.join(f'`{option.code}`' for option in OPTIONS)}), and as primary keys. "
        f"`python -m bench.fields.run --count {count}{'' if pairs else ' --singles'}{maria}` writes this page: it writes a Django project, has it translated, and has each side write rows that the "
        f"other reads: {count} values of each column inserted, every second row changed by an UPDATE, and one row that leaves out "
        "what has a default. Values are boundaries and random ones by a seed. Compared are the bytes in the database (SQLite: type "
        "and literal; PostgreSQL: the binary form; MariaDB: `CAST(… AS BINARY)`), and what each side reads, with its type. *Unfit* values are those that are not "
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
    return "\n".join([*lines, *different(runs)]) + "\n"


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
