"""The tests of real projects on a database that the generated Alembic baseline has built:
``python -m bench.conformance.on_baseline CASE [CASE ...]``.

For each case: generate, build a SQLite file with ``alembic upgrade head``, have Django take it for its own (what ``segue schema check
--reverse`` does), and run the case's own ``suite`` on that file (Django's runner with ``--keepdb``, pytest-django with ``--reuse-db``), then
once more on a database of Django's migrations. Both must end alike. Ends with 1 where they do not, where Django has something left to do, or where a case was not run. Records
``on_baseline`` of the case in ``recorded.toml``, and writes ``docs/conformance.md``.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import tomlkit
from bench.conformance.page import page
from bench.conformance.run import (
    HERE,
    PAGE,
    RECORDED,
    SUITE_SETTINGS,
    cases,
    prepare,
    recorded,
    segue,
    suite_of,
)

from segue import config
from segue.commands.schema import sides
from segue.schema.children import Generated, Legacy, generated_structure
from segue.schema.places import places
from segue.schema.reverse import accept

_RAN = re.compile(r"^Ran (\d+) tests? in", re.M)
_ENDED = re.compile(r"^(OK|FAILED)(?: \((.*)\))?$", re.M)


def accepted(legacy: Legacy, generated: Generated, folder: Path) -> tuple[Path, dict[str, Any]]:
    """A file that the baseline has built and Django has taken for its own, and what Django said."""
    both = places(folder, None)
    generated_structure(generated, folder, both.generated, "alembic", 300.0)
    said = accept(legacy, folder, both.generated, both.vendor)
    return folder / "generated.sqlite3", {key: said[key] for key in ("partly", "pending", "again")}


def suite(folder: Path, command: list[str], cwd: Path, file: Path | None, seconds: float) -> dict[str, Any]:
    """Run the case's tests in ``cwd``: on ``file``, or on a database of Django's migrations. Returns how many ran and how they ended."""
    settings = tomllib.loads((folder / "segue.toml").read_text(encoding="utf-8"))["project"]
    where = folder / "database_of_tests"
    shutil.rmtree(where, ignore_errors=True)
    where.mkdir()
    name = str(file or where / "own.sqlite3")
    (where / "database_of_tests.py").write_text(
        f"from {SUITE_SETTINGS} import *\n\nDATABASES['default']['TEST'] = {{'NAME': {name!r}}}\n"
    )
    environment = {**os.environ, **settings["environment"], "DJANGO_SETTINGS_MODULE": "database_of_tests"}
    environment["PYTHONPATH"] = os.pathsep.join([str(where), environment.get("PYTHONPATH", "")])
    python = settings["python"]
    words = [python if word == "python" else word for word in command]
    if words[1] == "-m":  # a folder of modules named as Python's own is no place to import from
        words.insert(1, "-P")
    results = where / "results.xml"
    if "pytest" in command:
        words += ["--ds", "database_of_tests", "--migrations", "--reuse-db" if file else "--create-db"]
        words += ["--junitxml", str(results)]
    elif file:
        words.append("--keepdb")
    done = subprocess.run(
        words, cwd=cwd, env=environment, capture_output=True, text=True, timeout=seconds, check=False
    )
    said = done.stdout + done.stderr
    found = _of_pytest(results) if "pytest" in command else _of_django(said)
    if found is None:
        raise RuntimeError(f"{' '.join(words)} did not run its tests: {said.strip()[-2000:]}")
    return found


def _of_django(said: str) -> dict[str, Any] | None:
    ran, ended = _RAN.search(said), _ENDED.search(said)
    if ran is None or ended is None:
        return None
    failed = sorted(re.findall(r"^(?:FAIL|ERROR): (.*)$", said, re.M))
    return {
        "tests": int(ran.group(1)),
        "ended": ended.group(1),
        "counts": ended.group(2) or "",
        "failed": failed,
    }


def _of_pytest(results: Path) -> dict[str, Any] | None:
    """As of Django's runner. None where pytest wrote no results, or only that it could not collect the tests."""
    if not results.is_file():
        return None
    ran = list(ElementTree.parse(results).iter("testcase"))
    # of a test that fails and cannot be torn down there are two
    names = {_test(case) for case in ran}
    failed = {
        _test(case) for case in ran if case.find("failure") is not None or case.find("error") is not None
    }
    if not names - failed:
        return None
    counts = {
        "failed": len(failed),
        "skipped": len({_test(case) for case in ran if case.find("skipped") is not None}),
    }
    return {
        "tests": len(names),
        "ended": "FAILED" if failed else "OK",
        "counts": ", ".join(f"{kind}={number}" for kind, number in counts.items() if number),
        "failed": sorted(failed),
    }


def _test(case: ElementTree.Element) -> str:
    return f"{case.get('classname')}.{case.get('name')}"


def main() -> int:
    """Run the cases, record."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("cases", nargs="+")
    parser.add_argument("--work", type=Path, default=HERE.parents[1] / ".cache" / "conformance")
    parser.add_argument("--projects", type=Path)
    parser.add_argument("--seconds", type=float, default=600.0, help="for one run of a case's tests")
    options = parser.parse_args()
    record = recorded()
    bad = False
    for name in options.cases:
        case = cases()[name]
        folder = prepare(name, case, options.work.resolve(), options.projects)
        tests = suite_of(name, case, options.projects)
        if folder is None or tests is None or name not in record:
            sys.stderr.write(f"{name}: not run, its sources, its record or its tests are missing\n")
            bad = True
            continue
        segue(folder, "generate", "--json")
        with (
            tempfile.TemporaryDirectory(prefix="segue-on-baseline-") as made,
            sides(config.load(folder), server="", sqlite=True, quiet=True) as both,
        ):
            built, said = accepted(both.legacy, both.generated, Path(made))
            root = config.load(folder).root
            # as `segue verify suite` runs it
            cwd = both.legacy.path if (both.legacy.path / "manage.py").exists() else root
            ours = suite(folder, tests, cwd, built, options.seconds)
            own = suite(folder, tests, cwd, None, options.seconds)
        bad |= ours != own or any(said.values())
        sys.stderr.write(f"{name}: Django {said}, on the baseline {ours}, on its migrations {own}\n")
        record[name]["on_baseline"] = {
            "tests": ours["tests"],
            "failed": len(ours["failed"]),
            "failed_on_migrations": len(own["failed"]),
            "counts": ours["counts"],
            "otherwise": len({*ours["failed"]} ^ {*own["failed"]}) + abs(ours["tests"] - own["tests"]),
            "left": sum(len(found) for found in said.values()),
        }
        RECORDED.write_text(tomlkit.dumps(dict(sorted(record.items()))), encoding="utf-8")
        PAGE.write_text(page(record, set(cases())), encoding="utf-8")
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main())
