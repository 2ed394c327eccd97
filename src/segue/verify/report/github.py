"""Differences as annotations of a GitHub Actions run, at the generated function.

Workflow commands and their escaping: ``@actions/core``'s ``command.ts`` (``escapeData``, ``escapeProperty``).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from segue.verify.evidence import OperationResult, Report
from segue.verify.report.sources import Sources
from segue.verify.report.words import request_line, summary

MOST = 10  # GitHub shows that many errors of one step


def commands(report: Report, sources: Mapping[str, Sources], workspace: Path) -> list[str]:
    """One ``::error …::`` line per operation that differs, with paths relative to ``workspace``; what is above
    GitHub's limit is told by one notice."""
    bad = [o for o in report.operations if o.different or o.violations]
    lines = [_error(item, sources.get(item.key), workspace) for item in bad[:MOST]]
    if len(bad) > MOST:
        left = ", ".join(o.key for o in bad[MOST:])
        lines.append(f"::notice title=Segue::{_data(f'{len(bad) - MOST} more operations differ: {left}')}")
    return lines


def _error(item: OperationResult, found: Sources | None, workspace: Path) -> str:
    properties = {}
    if found is not None and found.generated is not None:
        properties = {
            "file": _relative(found.generated.path, workspace),
            "line": str(found.generated.line),
            "endLine": str(found.generated.last),
        }
    properties["title"] = f"Segue: {item.key}"
    told = [f"{request_line(d)} as {d.persona}: {summary(d)}" for d in item.differences[:4]]
    told += [f"{v.request} {v.status}: {v.where}: {v.what}" for v in item.violations[:4]]
    if item.place:
        told.append(f"Django: {item.place}")
    head = f"{item.different} of {item.cases} cases differ" if item.different else "OpenAPI schema violated"
    text = "\n".join([head, *told])
    given = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::error {given}::{_data(text)}"


def _relative(path: Path, workspace: Path) -> str:
    try:
        return path.resolve().relative_to(workspace.resolve()).as_posix()
    except ValueError:
        return path.as_posix()


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
