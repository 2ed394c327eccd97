"""The text of the baseline revision in its parts: so that a table can be kept as an earlier text had it."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

PATH = "migrations/versions/0001_baseline.py"
_COMPLETES = re.compile(r'ALTER TABLE "([^"]+)" ADD ')


@dataclass(frozen=True, slots=True)
class Baseline:
    """``imports``: module by imported name. ``tables``: the call ``Table(…)`` by the table's name, in order. ``completed``:
    statements for PostgreSQL that complete tables, in order, each with its table. ``models``: what the list ``MODELS`` holds.
    ``site``: the number of the first site, as text, or ''."""

    imports: Mapping[str, str]
    tables: Mapping[str, str]
    completed: Sequence[tuple[str, str]]
    models: Sequence[str]
    site: str


def render(baseline: Baseline) -> str:
    """The revision as Python text, before formatting."""
    lines = ['"""The schema that Django\'s migrations built, as the first revision."""', ""]
    lines += ["from __future__ import annotations", ""]
    imports = {
        **baseline.imports,
        "op": "alembic",
        "MetaData": "sqlalchemy",
        "Table": "sqlalchemy",
        "create_tables": "segue_bridge.db.migrations",
        "Registered": "segue_bridge.db.registered",
        "register": "segue_bridge.db.registered",
    }
    lines += [
        f"from {module} import {name}"
        for module, name in sorted((module, name) for name, module in imports.items())
    ]
    lines += ["", 'revision = "0001"', "down_revision = None", "branch_labels = None", "depends_on = None"]
    lines += ["", "metadata = MetaData()", "", *baseline.tables.values(), ""]
    lines += ["MODELS = [", *(f"    {model}," for model in baseline.models), "]"]
    lines += ["", "", "def upgrade() -> None:"]
    lines += [
        '    """Make all tables, with the rows that Django makes by itself."""',
        "    create_tables(op.get_bind(), metadata)",
    ]
    if baseline.completed:
        lines.append('    if op.get_context().dialect.name == "postgresql":')
        lines += [f"        op.execute({statement!r})" for _table, statement in baseline.completed]
    site = f", site={baseline.site}" if baseline.site else ""
    lines.append(f"    register(op.get_bind(), MODELS{site})")
    lines += ["", "", "def downgrade() -> None:"]
    lines += ['    """Drop all tables."""', "    metadata.drop_all(op.get_bind())"]
    return "\n".join(lines) + "\n"


def parse(text: str) -> Baseline:
    """What :func:`render` was given, from its text, formatted or not. Raises :class:`SyntaxError` for what is no Python."""
    tree = ast.parse(text)
    imports: dict[str, str] = {}
    tables: dict[str, str] = {}
    completed: list[tuple[str, str]] = []
    models: list[str] = []
    site = ""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module != "__future__":
            imports |= {alias.name: node.module for alias in node.names}
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.List):
            models = [_source(text, item) for item in node.value.elts]
        elif isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            first = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None
            if called == "Table" and isinstance(first, str):
                tables[first] = _source(text, node)
            elif called == "op.execute" and isinstance(first, str) and (of := _COMPLETES.match(first)):
                completed.append((of.group(1), first))
            elif called == "register":
                site = next((ast.unparse(k.value) for k in node.keywords if k.arg == "site"), "")
    return Baseline(imports, tables, completed, models, site)


def _source(text: str, node: ast.AST) -> str:
    found = ast.get_source_segment(text, node)
    assert found is not None  # the node is of this text
    return found
