"""Differences as pytest cases: one file each, which asks both sides again."""

from __future__ import annotations

import importlib.util
import os
import pprint
import re
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from segue.errors import UsageError
from segue.files import write_atomic
from segue.verify.evidence import Difference, Report

_FIRST = '"""Found by `segue verify explore`: '
_TEXT = '''{first}{what}

{request}
{spent} Ask both sides again: `segue verify case {name}`, or pytest where segue is installed.
"""

from pathlib import Path

from segue.verify import ask_both

PROJECT = Path(__file__).resolve().parent / {project!r}
CASE = {case}
# The tables that the request touches hold just these rows; all others are the project's own.
ROWS = {rows}


def {test}() -> None:
    assert ask_both(PROJECT, CASE, ROWS).differences == []
'''


def write_cases(report: Report, folder: Path, project: Path, *, renew: bool = False) -> Report:
    """Write a file ``test_<operation>_<n>.py`` into ``folder`` for every difference that can be asked again.

    ``project`` is the folder of ``segue.toml``. ``renew`` removes the files of earlier runs first. Returns the
    report with the names of the files.
    """
    if renew and folder.is_dir():
        for old in folder.glob("test_*.py"):
            if old.read_text(encoding="utf-8").startswith(_FIRST):
                old.unlink()
    count: Counter[str] = Counter()
    operations = []
    for operation in report.operations:
        differences = []
        for difference in operation.differences:
            if difference.case:
                stem = _name(operation.key)
                count[stem] += 1
                file = folder / f"test_{stem}_{count[stem]}.py"
                write_atomic(file, case_text(difference, operation.key, file, project))
                difference = replace(difference, file=str(file))
            differences.append(difference)
        operations.append(replace(operation, differences=tuple(differences)))
    return replace(report, operations=tuple(operations))


def case_text(difference: Difference, key: str, file: Path, project: Path) -> str:
    """The text of a case file."""
    steps = difference.case.get("steps", [difference.case])
    lines = [
        f"    {step['method']} {step['path']}{'?' if step['query'] else ''}{step['query']} as {step['persona']}"
        for step in steps
    ]
    return _TEXT.format(
        first=_FIRST,
        what=_quoted(f"{key} differs in {difference.kind}."),
        request=_quoted("\n".join(lines)),
        spent=f"Shrunk by {difference.shrunk} requests.",
        name=file.name,
        project=Path(os.path.relpath(project, file.parent)).as_posix(),
        case=_literal(difference.case),
        rows=_literal(difference.rows),
        test=f"test_{_name(key)}",
    )


def run_file(file: Path) -> list[tuple[str, str]]:
    """Run the tests of a case file without pytest: (name, what failed or '').

    Raises :class:`UsageError` for a file without tests, and what :func:`segue.verify.ask_both` raises.
    """
    spec = importlib.util.spec_from_file_location(f"segue_case_{file.stem}", file)
    if spec is None or spec.loader is None or not file.is_file():
        raise UsageError(f"{file} is not a Python file.", hint="Give a file of .segue/evidence/cases.")
    module = importlib.util.module_from_spec(spec)
    written, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        spec.loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = written
    tests: dict[str, Callable[[], None]] = {n: f for n, f in vars(module).items() if n.startswith("test_")}
    if not tests:
        raise UsageError(f"{file} has no test.", hint="Give a file of .segue/evidence/cases.")
    return [(name, _failure(module, test)) for name, test in tests.items()]


def _failure(module: object, test: Callable[[], None]) -> str:
    """Why the test fails, by the differences that it was told."""
    told: list[str] = []
    asked = vars(module).get("ask_both")

    def asking(*arguments: object) -> object:
        assert asked is not None
        both = asked(*arguments)
        told.extend(f"{path}: Django {one!r}, FastAPI {other!r}" for path, one, other in both.differences)
        return both

    vars(module)["ask_both"] = asking
    try:
        test()
    except AssertionError as error:
        return "\n".join(told) or str(error) or "the assertion fails"
    return ""


def _name(key: str) -> str:
    return re.sub(r"\W+", "_", key.lower()).strip("_")


def _quoted(text: str) -> str:
    """As it may stand in a docstring."""
    return text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')


def _literal(value: object) -> str:
    return pprint.pformat(value, width=110, sort_dicts=False)
