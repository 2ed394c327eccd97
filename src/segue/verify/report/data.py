"""A run as data: what ``--json`` prints and ``.segue/evidence/`` keeps (documented in docs/verify/reports.md)."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from segue.verify.evidence import Difference, OperationResult, Report
from segue.verify.report.words import request_line

VERSION = 1


def as_json(report: Report) -> dict[str, Any]:
    """The whole run."""
    return {
        "version": VERSION,
        "kind": report.kind,
        "cases": report.cases,
        "different": report.different,
        "violations": report.violations,
        "seconds": round(report.seconds, 1),
        "noise": list(report.noise),
        "notes": list(report.notes),
        "tests": dict(report.tests),
        "standing": dict(report.standing),
        "results": [asdict(t) for t in report.results],
        "operations": [_operation(o) for o in report.operations],
    }


def _operation(o: OperationResult) -> dict[str, Any]:
    return {
        "operation": o.key, "cases": o.cases, "different": o.different, "unserved": o.unserved, "statuses": dict(o.statuses),
        "left": dict(o.left), "receivers": dict(o.receivers), "effects": list(o.effects), "excess_queries": o.excess_queries, "worst_queries": list(o.worst_queries),
        "queries": list(o.queries), "reordered": o.reordered, "steps": o.steps, "function": o.function, "place": o.place,
        "coverage": None if o.coverage is None else {
            "reached": o.coverage.reached, "total": o.coverage.total, "missed": list(o.coverage.missed),
            "entered": o.coverage.entered,
        },
        "violations": [asdict(v) for v in o.violations],
        "differences": [_difference(d) for d in o.differences],
    }  # fmt: skip


def _difference(d: Difference) -> dict[str, Any]:
    return {
        "request": request_line(d), "what": d.what, "persona": d.persona, "body": d.body, "kind": d.kind,
        "kinds": list(d.kinds), "headers": [list(h) for h in d.headers], "errors": list(d.errors),
        "paths": [{"path": p, "kind": k, "django": a, "fastapi": b} for p, k, a, b in d.labelled],
        "django": d.django, "fastapi": d.fastapi, "sequence": [dict(s) for s in d.sequence], "shrunk": d.shrunk,
        "file": d.file,
    }  # fmt: skip
