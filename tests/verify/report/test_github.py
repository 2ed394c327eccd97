"""GitHub annotations, read back by the rules of the runner (``ActionCommand.TryParseV2``)."""

from __future__ import annotations

from pathlib import Path

from tests.verify.report.sample import difference, report, write_sources

from segue.verify.evidence import OperationResult, Report
from segue.verify.report import commands
from segue.verify.report.github import MOST
from segue.verify.report.sources import collect


def read(line: str) -> tuple[str, dict[str, str], str]:
    """Command, properties and message of one line, unescaped."""
    head, _, data = line.removeprefix("::").partition("::")
    name, _, given = head.partition(" ")
    properties = dict(p.split("=", 1) for p in given.split(",") if p)
    for code, text in (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        properties = {k: v.replace(code, text) for k, v in properties.items()}
        data = data if code in ("%3A", "%2C") else data.replace(code, text)
    return name, properties, data


def test_a_difference_points_at_the_generated_function(tmp_path: Path) -> None:
    output, root = write_sources(tmp_path)
    found = report()
    lines = commands(found, collect(found.operations, output, root), tmp_path)
    assert len(lines) == 2
    assert all("\n" not in line for line in lines)
    name, properties, text = read(lines[0])
    assert name == "error"
    assert properties == {
        "file": "fastapi/app/shop/routes.py", "line": "6", "endLine": "8", "title": "Segue: GET /api/books/",
    }  # fmt: skip
    assert "3 of 20 cases differ\nGET /api/books/?q=<script>" in text


def test_percent_signs_colons_and_commas_survive() -> None:
    odd = difference(query="q=100%25,a:b")
    found = Report("explore", (OperationResult("GET /a,b:c%/", 1, 1, differences=(odd,)),), 1.0)
    _, properties, text = read(commands(found, {}, Path())[0])
    assert properties == {"title": "Segue: GET /a,b:c%/"}
    assert "?q=100%25,a:b as staff" in text


def test_what_is_above_githubs_limit_is_told() -> None:
    operations = tuple(
        OperationResult(f"GET /{n}/", 1, 1, differences=(difference(),)) for n in range(MOST + 3)
    )
    lines = commands(Report("explore", operations, 1.0), {}, Path())
    assert len(lines) == MOST + 1
    assert lines[-1].startswith("::notice title=Segue::3 more operations differ: GET /10/, ")
