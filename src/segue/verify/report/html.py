"""A run as one HTML file that needs nothing else: no network, styles and scripts inside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from segue.verify.evidence import Difference, OperationResult, Report
from segue.verify.kinds import KINDS
from segue.verify.report import effects, marked
from segue.verify.report.sources import Sources
from segue.verify.report.words import request_line, short


@dataclass(frozen=True, slots=True)
class Shown:
    """A difference as the page shows it. ``effects`` are lines per side, with whether the other side lacks them."""

    number: int
    operation: OperationResult
    difference: Difference
    bodies: tuple[Markup, Markup]
    effects: tuple[list[tuple[str, bool]], list[tuple[str, bool]]]


def page(report: Report, sources: Mapping[str, Sources], *, title: str = "") -> str:
    """The whole document. ``sources`` has the code of both sides by operation; ``title`` names the project."""
    assets = resources.files("segue.verify.report") / "assets"
    shared = resources.files("segue.assess") / "assets"  # the look of all of Segue's pages
    environment = Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
    template = environment.from_string((assets / "report.html.j2").read_text(encoding="utf-8"))
    shown = [
        _shown(number, operation, difference)
        for number, (operation, difference) in enumerate(
            ((o, d) for o in report.operations for d in o.differences), 1
        )
    ]
    counts = Counter(kind for item in shown for kind in item.difference.kinds)
    if report.violations:
        counts["openapi"] = report.violations
    text = template.render(
        report=report,
        title=title,
        shown=shown,
        counts=[(kind, KINDS.get(kind, kind), number) for kind, number in counts.most_common()],
        sources=sources,
        python=marked.python,
        short=short,
        request_line=request_line,
        style=Markup(
            (shared / "report.css").read_text(encoding="utf-8")
            + (assets / "report.css").read_text(encoding="utf-8")
            + marked.colours()
        ),
        script=Markup(
            (shared / "sorting.js").read_text(encoding="utf-8")
            + (assets / "report.js").read_text(encoding="utf-8")
        ),
    )
    return text.rstrip() + "\n"


def _shown(number: int, operation: OperationResult, difference: Difference) -> Shown:
    paths = {path for path, _, _ in difference.paths}
    one, other = (
        effects.lines(side.get("effects") or {}) for side in (difference.django, difference.fastapi)
    )
    return Shown(
        number,
        operation,
        difference,
        (_body(difference.django, paths), _body(difference.fastapi, paths)),
        ([(line, line not in other) for line in one], [(line, line not in one) for line in other]),
    )


def _body(answer: Mapping[str, Any], paths: set[str]) -> Markup:
    value = answer.get("body")
    return marked.body("" if value is None else value, paths)
