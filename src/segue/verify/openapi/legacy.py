"""The generated document beside drf-spectacular's or drf-yasg's of the legacy project, with what was answered as the judge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from segue.verify.evidence import Report, Violation
from segue.verify.explore import explored
from segue.verify.openapi.check import violations
from segue.verify.openapi.compare import SchemaDifference, compare
from segue.verify.openapi.document import Document
from segue.verify.openapi.swagger import as_openapi3
from segue.verify.project import ProjectRef


@dataclass(frozen=True, slots=True)
class Legacy:
    """``why`` there is no legacy schema ('' if there is one); ``violations`` of it by operation."""

    report: Report
    why: str
    violations: Mapping[str, tuple[Violation, ...]] = field(default_factory=dict)
    differences: tuple[SchemaDifference, ...] = ()


def legacy_schema(project: ProjectRef, *, cases: int, seconds: float, seed: int) -> Legacy:
    """Explore with the budget given, and hold both documents against the answers."""
    report, raw = explored(project, cases=cases, seconds=seconds, seed=seed, legacy_openapi=True)
    found, answers = raw["openapi"], raw["answers"]
    if found["legacy"] is None:
        return Legacy(report, found["why"])
    own = found["legacy"]
    generated = Document(found["generated"])
    legacy = Document(as_openapi3(own) if str(own.get("swagger", "")).startswith("2.") else own)
    operations = {}
    for operation in report.operations:
        method, _, route = operation.key.partition(" ")
        operations[operation.key] = (method, found["paths"].get(operation.function, route), route)
    wrong = {
        key: violations(legacy, method, url, answers.get(key, ()))
        for key, (method, _, url) in operations.items()
    }
    return Legacy(report, "", wrong, tuple(compare(generated, legacy, operations, answers)))
