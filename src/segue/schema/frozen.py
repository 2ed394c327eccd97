"""The baseline revision once FastAPI owns tables: what later revisions change or make stays in it as it was.

Django's migrations go on for Django's tables, so the baseline follows the models there. The models of a table of FastAPI's have what
its revisions have added, too (Django takes it over as state only): from them the baseline would make it a first time, and the
revision could not run on an empty database. For these the text of the last baseline is taken.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from segue.ledger.owners import Handover, owner
from segue.translate.models.baseline import PATH, Baseline, parse, render


@dataclass(frozen=True, slots=True)
class Frozen:
    """``text``: the revision, before formatting. ``kept``: tables that differ from what the models say now and are as they
    were. ``left``: tables that later revisions make. ``behind``: tables of Django's that refer to what the baseline does not make, by table
    with what it is; they are as they were, or missing. ``lost``: there was no last baseline, although FastAPI owns tables."""

    text: str
    kept: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    behind: Mapping[str, str] = field(default_factory=dict)
    lost: bool = False

    def sentences(self) -> list[str]:
        """What a person has to know of it."""
        found = []
        if self.lost:
            found.append(
                f"{PATH} is from today's models, although FastAPI owns tables: neither it nor its copy in the ledger's folder was "
                "there, so it may make what later revisions make again; restore both from version control and run "
                "`segue generate` again."
            )
        if self.kept:
            found.append(f"{PATH} keeps as they were, for later revisions: {', '.join(self.kept)}.")
        if self.left:
            found.append(f"{PATH} leaves to later revisions: {', '.join(self.left)}.")
        found += [
            f"{PATH} has not all of {table}: it refers to {other}, which a later revision makes, so `alembic upgrade head` does "
            f"not build it on an empty database; hand it over with `segue schema own {table} --by fastapi` and write a revision."
            for table, other in self.behind.items()
        ]
        return found


def later_revisions(output: Path) -> dict[str, str]:
    """The revisions of the generated project beside the baseline: text by file name."""
    folder = (output / PATH).parent
    return {
        file.name: file.read_text(encoding="utf-8", errors="replace")
        for file in sorted(folder.glob("*.py"))
        if file.name != Path(PATH).name
    }


def frozen(new: str, old: str | None, *, later: Mapping[str, str], handovers: Sequence[Handover]) -> Frozen:
    """The baseline from today's models, ``new``, with what has to stay from the last one, ``old`` (None: there was none).

    Stays: a table that FastAPI owns; one that FastAPI has owned or the last baseline does not know, and that a file of ``later`` names.
    Raises :class:`SyntaxError` when ``old`` is no Python.
    """
    if old is None or not (later or handovers):
        return Frozen(new, lost=old is None and any(handover.by == "fastapi" for handover in handovers))
    now, was = parse(new), parse(old)
    ever = {table for handover in handovers for table in handover.tables if handover.by == "fastapi"}
    known = [*now.tables, *(table for table in was.tables if table not in now.tables)]
    named = _named(known, later)

    def stays(table: str) -> bool:
        if owner(table, handovers) == "fastapi":
            return table in was.tables or table in named
        return table in named and (table in ever or table not in was.tables)

    old_ones = {table for table in known if stays(table)}
    chosen = {
        table: source
        for table in known
        if (source := (was if table in old_ones else now).tables.get(table)) is not None
    }
    left = sorted(table for table in old_ones if table not in was.tables)
    behind = _settle(chosen, was.tables, old_ones)
    same = {table for table in chosen if _same(chosen[table], now.tables.get(table))}
    if not left and not behind and same == set(now.tables) == set(chosen):
        return Frozen(new)
    text = render(_composed(now, was, chosen))
    kept = sorted(set(chosen) - same - set(behind))
    return Frozen(text, tuple(kept), tuple(left), behind)


def _composed(now: Baseline, was: Baseline, chosen: Mapping[str, str]) -> Baseline:
    from_old = {table for table, source in chosen.items() if source != now.tables.get(table)}
    completed = [item for item in was.completed if item[0] in from_old]
    completed += [item for item in now.completed if item[0] in chosen and item[0] not in from_old]
    return replace(now, imports={**was.imports, **now.imports}, tables=chosen, completed=completed)


def _settle(chosen: dict[str, str], was: Mapping[str, str], old_ones: set[str]) -> dict[str, str]:
    """Leave no foreign key in ``chosen`` that names what is not there: take the old text of the other table for what must stay, and of
    the table itself for what is Django's, or nothing. Returns the latter with what they name."""
    behind: dict[str, str] = {}
    stay = set(old_ones)  # with the tables that theirs refer to: these must have what they refer to in turn
    gone: set[str] = set()
    while True:
        columns = {table: _columns(source) for table, source in chosen.items()}
        broken = [
            (table, other, column)
            for table, source in chosen.items()
            for other, column in _references(source)
            if column not in columns.get(other, ())
        ]
        if not broken:
            return behind
        table, other, column = broken[0]
        if table in stay and other in was and other not in gone and chosen.get(other) != was[other]:
            chosen[other] = was[other]
            stay.add(other)
        elif table in was and chosen[table] != was[table]:
            chosen[table] = was[table]
            behind.setdefault(table, f"{other}.{column}")
        else:
            del chosen[table]
            gone.add(table)
            behind.setdefault(table, f"{other}.{column}")


def _references(source: str) -> list[tuple[str, str]]:
    """The (table, column) that foreign keys of a ``Table(…)`` name, other tables' only."""
    tree = ast.parse(source, mode="eval").body
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("ForeignKey", "ForeignKeyConstraint"):
            given = node.args[0] if ast.unparse(node.func) == "ForeignKey" else node.args[1]
            for item in given.elts if isinstance(given, ast.List) else [given]:
                if isinstance(item, ast.Constant) and isinstance(item.value, str):
                    table, _, column = item.value.rpartition(".")
                    found.append((table, column))
    own = _name(tree)
    return [(table, column) for table, column in found if table != own]


def _columns(source: str) -> set[str]:
    tree = ast.parse(source, mode="eval").body
    return {_name(node) for node in ast.walk(tree) if isinstance(node, ast.Call) and _calls_column(node)}


def _calls_column(node: ast.Call) -> bool:
    return ast.unparse(node.func) == "Column" and bool(node.args) and isinstance(node.args[0], ast.Constant)


def _name(node: ast.AST) -> str:
    assert isinstance(node, ast.Call)
    first = node.args[0]
    return str(first.value) if isinstance(first, ast.Constant) else ""


def _same(one: str, other: str | None) -> bool:
    return other is not None and ast.dump(ast.parse(one)) == ast.dump(ast.parse(other))


def _named(tables: Iterable[str], later: Mapping[str, str]) -> set[str]:
    """The tables that the text of a revision names, but for those of which it has a column only (``ForeignKey("tag.id")``): a table
    that refers to another neither makes nor changes that."""
    text = "\n".join(later.values())
    return {table for table in tables if re.search(rf"(?<!\w){re.escape(table)}(?![\w.])", text)}
