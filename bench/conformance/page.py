"""``docs/conformance.md`` from what was recorded."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

_HEAD = """\
# Real projects

Written by `python -m bench.conformance.run`; do not edit. Projects that nobody here wrote, at the versions named in `bench/conformance/cases.toml`. Operations are the project's own DRF (route, method) pairs. *Native* is what `segue generate` translates; everything else is refused with its reason and stays on Django. *Verified* operations were asked at least once by `segue verify explore`, on both sides, on the same database state; *differences* must be 0.

| project | Django / DRF | operations | native | share | verified | cases | differences | on PostgreSQL: verified | cases | differences |
|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|"""
_SUITES = """
## Their own tests

`segue verify suite`, answered by both sides: every test of the suite and what became of it. *Passed on both*: it sent requests to native routes, both sides answered them alike and did the same, and the test passes. *Asserts internals*: of Django, or of what the generated code does not have. The rest never asks a native route.

| project | tests | passed on both | asserts internals | route not native | no request | other | requests compared | differences |
|---|---:|---:|---:|---:|---:|---:|---:|---:|"""

_SCHEMAS = """
## Their schema

`segue schema check`: the database of the generated Alembic baseline against that of Django's migrations, and what Alembic's autogenerate would write for Django's (`--only schema` of the recording). *The project's own*: where its migrations build something else than its models declare, by Django's own word.

| project | database | tables | refused | differences | autogenerate | the project's own |
|---|---|---:|---:|---:|---:|---:|"""


_REVERSE = """
The reverse (`segue schema check --reverse`, same recording): Django takes a database that the baseline built for its own. *Left*: what it complains of or has still to do; *rows*: those that only Django's migrations make, or only the baseline. Missing rows are those of data migrations (`RunPython`, `RunSQL`): the baseline has none of them by design, the command lists each with the function that inserts it, and whoever makes a database with Alembic runs it there or copies the rows.

| project | database | migrations marked | apps migrated | tables missing | left | rows missing | rows surplus |
|---|---|---:|---:|---:|---:|---:|---:|"""

_ON_BASELINE = """
Their own tests on a SQLite file that the baseline built and Django took (`python -m bench.conformance.on_baseline`), and on one of Django's migrations. *Otherwise*: tests that end differently on the two.

| project | tests | failed on the baseline | failed on Django's migrations | otherwise | also |
|---|---:|---:|---:|---:|---|"""


def page(record: Mapping[str, Mapping[str, Any]], known: Collection[str]) -> str:
    """The page: counts, the projects' own tests, and why operations are refused. ``known`` are all cases there are."""
    lines = [_HEAD, *(_row(name, item) for name, item in sorted(record.items())), _total(record)]
    suites = [(name, item["suite"]) for name, item in sorted(record.items()) if item.get("suite")]
    if suites:
        lines += [_SUITES, *(_suite(name, suite) for name, suite in suites)]
    schemas = [(name, item["schema"]) for name, item in sorted(record.items()) if item.get("schema")]
    if schemas:
        lines += [_SCHEMAS, *(row for name, found in schemas for row in _schema(name, found))]
        reverse = [row for name, found in schemas for row in _reverse(name, found)]
        lines += [_REVERSE, *reverse] if reverse else []
    tests = [(name, item["on_baseline"]) for name, item in sorted(record.items()) if item.get("on_baseline")]
    if tests:
        lines += [_ON_BASELINE, *(_on_baseline(name, found) for name, found in tests)]
    lines += ["", "## Why operations are refused", ""]
    for name, item in sorted(record.items()):
        shown = ", ".join(f"{code} {number}" for code, number in item["refused"].items()) or "none"
        lines.append(f"- **{name}**: {shown}")
        if item["accepted_middleware"]:
            lines.append(f"  - middleware accepted for this run: {', '.join(item['accepted_middleware'])}")
        if item.get("noise"):
            lines.append(
                f"  - said to be noise in its segue.toml: {', '.join(f'`{line}`' for line in item['noise'])}"
            )
    missing = sorted(set(known) - set(record))
    if missing:
        lines += ["", f"Never run so far: {', '.join(missing)}."]
    return "\n".join([*lines, ""])


def _row(name: str, item: Mapping[str, Any]) -> str:
    explore, other = item["explore"], item.get("postgresql")
    on_server = f"{other['operations']} | {other['cases']} | {other['differences']}" if other else "– | – | –"
    return (
        f"| {name} | {item['django']} / {item['drf']} | {item['operations']} | {item['native']} | "
        f"{_share(item['native'], item['operations'])} | {explore['operations']} | {explore['cases']} | "
        f"{explore['differences']} | {on_server} |"
    )


def _total(record: Mapping[str, Mapping[str, Any]]) -> str:
    native, operations = (sum(item[key] for item in record.values()) for key in ("native", "operations"))
    explored = [item["explore"] for item in record.values()]
    sums = [str(sum(e[key] for e in explored)) for key in ("operations", "cases", "differences")]
    return (
        f"| **all** | | {operations} | {native} | {_share(native, operations)} | {' | '.join(sums)} | | | |"
    )


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "–"


def _suite(name: str, suite: Mapping[str, Any]) -> str:
    standing = dict(suite.get("standing", {}))
    tests = sum(standing.values())
    shown = [
        standing.pop(key, 0)
        for key in ("passed on both", "asserts Django internals", "route not native", "no request")
    ]
    other = ", ".join(f"{number} {key}" for key, number in standing.items()) or "0"
    counts = " | ".join(map(str, shown))
    return f"| {name} | {tests} | {counts} | {other} | {suite['cases']} | {suite['differences']} |"


def _schema(name: str, found: Mapping[str, Any]) -> list[str]:
    return [
        f"| {name} | {'SQLite' if vendor == 'sqlite' else 'PostgreSQL'} | {c['tables']} | {c['refused']} | "
        f"{c['differences']} | {c['autogenerate']} | {c['own']} |"
        for vendor, c in found.items()
    ]


def _reverse(name: str, found: Mapping[str, Any]) -> list[str]:
    keys = ("marked", "apps_migrated", "tables_missing", "left", "rows_missing", "rows_surplus")
    return [
        f"| {name} | {'SQLite' if vendor == 'sqlite' else 'PostgreSQL'} | "
        + " | ".join(str(counts["reverse"][key]) for key in keys)
        + " |"
        for vendor, counts in found.items()
        if "reverse" in counts
    ]


def _on_baseline(name: str, found: Mapping[str, Any]) -> str:
    return (
        f"| {name} | {found['tests']} | {found['failed']} | {found['failed_on_migrations']} | {found['otherwise']} | "
        f"{found['counts'] or '–'} |"
    )
