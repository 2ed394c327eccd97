"""Run Segue on real projects and record what comes out: ``python -m bench.conformance.run [CASE ...]``.

Writes ``bench/conformance/recorded.toml`` (counts; a test asserts that they do not fall) and
``docs/conformance.md``. Cases with ``packages`` are installed from PyPI into ``--work``; the others need
``--projects``, a folder with a checkout of each. A case that is not run keeps its last record and is listed as such.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import tomlkit
from bench.conformance.page import page
from bench.conformance.schema import psycopg_folder, run_schema
from tests.services import running_postgres

from segue.environment import ensure_environment

HERE = Path(__file__).resolve().parent
CASES = HERE / "cases.toml"
RECORDED = HERE / "recorded.toml"
SUITE_SETTINGS = "suite_settings"
PAGE = HERE.parents[1] / "docs" / "conformance.md"


def cases() -> dict[str, dict[str, Any]]:
    """The named projects."""
    return tomllib.loads(CASES.read_text(encoding="utf-8"))


def recorded() -> dict[str, dict[str, Any]]:
    """The last record of each case."""
    return tomllib.loads(RECORDED.read_text(encoding="utf-8")) if RECORDED.is_file() else {}


def prepare(
    name: str,
    case: dict[str, Any],
    work: Path,
    projects: Path | None,
    database: Mapping[str, Any] | None = None,
    schema: bool = False,
) -> Path | None:
    """A folder with ``segue.toml`` for the case; None when its sources are not at hand.

    ``database`` is the entry of ``DATABASES`` to use instead of the project's own. ``schema``: a folder of its own, with a
    driver for PostgreSQL on the project's path.
    """
    label = name if database is None else f"{name}-postgresql"
    folder = work / (f"{name}-schema" if schema else label)
    folder.mkdir(parents=True, exist_ok=True)
    driver = [] if database is None else ["psycopg[binary]"]
    environment = ensure_environment(
        work / "environments" / label,
        [*case["packages"], *case.get("test_packages", []), *driver],
        python=case.get("python", "3.11"),
    )
    if "source" in case:
        if projects is None or not (projects / name).is_dir():
            return None
        base = projects / name
    else:
        found = subprocess.run(
            [str(environment), "-c", "import sysconfig; print(sysconfig.get_paths()['purelib'])"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        base = Path(found.stdout.strip())
    fill = {"work": str(folder), "base": str(base)}
    document = tomlkit.document()
    project: dict[str, Any] = {"root": str((base / case["root"]).resolve()), "python": str(environment)}
    extra: dict[str, str] = {}
    if schema:
        extra["driver"] = str(psycopg_folder(work / "environments" / "psycopg-3.11", environment))
    if (
        "sqlite" in case or "overrides" in case
    ):  # the project's own settings ask for a server, or for built files
        base_settings = case.get("sqlite") or case["settings"]
        text = f"from {base_settings} import *\n\n{case.get('overrides', '')}"
        if "sqlite" in case:
            text += (
                "DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', "
                f"'NAME': {str(folder / 'db.sqlite3')!r}}}}}\n"
            )
        (folder / "conformance_settings.py").write_text(text, encoding="utf-8")
        project["settings"] = "conformance_settings"
        extra["PYTHONPATH"] = str(folder)
    elif "settings" in case:
        project["settings"] = case["settings"]
    if database is not None:
        (folder / "postgresql_settings.py").write_text(
            f"from {case.get('sqlite', project.get('settings'))} import *\n\nDATABASES = {{'default': {dict(database)!r}}}\n",
            encoding="utf-8",
        )
        project["settings"] = "postgresql_settings"
        extra["PYTHONPATH"] = str(folder)
    if "suite" in case:  # passwords of tests need not be safe
        (folder / SUITE_SETTINGS).with_suffix(".py").write_text(
            f"from {case.get('suite_settings', project.get('settings'))} import *\n\n"
            'PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]\n',
            encoding="utf-8",
        )
        extra["PYTHONPATH"] = str(folder)
    if "accepted_middleware" in case:
        project["accepted_middleware"] = case["accepted_middleware"]
    project["environment"] = {k: v.format(**fill) for k, v in case.get("environment", {}).items()}
    own = project["environment"].get("PYTHONPATH", "")
    tests = _tests_of(name, case, projects)
    if extra or own:
        paths = [own, *extra.values(), *([str(tests)] if tests else [])]
        project["environment"]["PYTHONPATH"] = os.pathsep.join(p for p in paths if p)
    document["project"] = project
    document["output"] = {"folder": "fastapi"}
    if "noise" in case:
        document["verify"] = {"noise": case["noise"]}
    (folder / "segue.toml").write_text(tomlkit.dumps(document), encoding="utf-8")
    return folder


def _tests_of(name: str, case: Mapping[str, Any], projects: Path | None) -> Path | None:
    """The folder whose ``tests`` a case from PyPI lacks; None where it has its own, or --projects has none."""
    found = projects / name if projects is not None and "tests" in case else None
    return found if found is not None and (found / case["tests"]).is_dir() else None


def suite_of(name: str, case: Mapping[str, Any], projects: Path | None) -> list[str] | None:
    """The command that runs the case's own tests; None where it has none, or they are not at hand."""
    tests = _tests_of(name, case, projects)
    if "suite" not in case or ("tests" in case and tests is None):
        return None
    return [word.format(tests=tests) for word in case["suite"]]


@contextmanager
def databases(wanted: bool) -> Iterator[Callable[[str], dict[str, Any]] | None]:
    """What makes a fresh PostgreSQL database of a name and gives its ``DATABASES`` entry; None where not wanted."""
    if not wanted:
        yield None
        return
    with running_postgres() as server:

        def make(name: str) -> dict[str, Any]:
            server.create(name)
            return server.django(name)

        yield make


def segue(
    folder: Path, *arguments: str, timeout: float = 900, environment: Mapping[str, str] = MappingProxyType({})
) -> dict[str, Any]:
    """One command with ``--json``. Raises ``RuntimeError`` with its words when it fails (exit code 2)."""
    done = subprocess.run(
        [sys.executable, "-m", "segue", *arguments],
        cwd=folder, capture_output=True, text=True, timeout=timeout, check=False, env={**os.environ, "COLUMNS": "200", **environment},
    )  # fmt: skip
    if done.returncode > 1 or not done.stdout.strip():
        raise RuntimeError(f"segue {' '.join(arguments)}: {done.stderr.strip()[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def run_case(
    folder: Path, case: dict[str, Any], suite: list[str] | None, *, seconds: int, count: int
) -> dict[str, Any]:
    """Assess, generate, explore, and the case's own tests (:func:`suite_of`). The counts of one case."""
    begin = time.monotonic()
    report = segue(folder, "assess", "--json")
    own = [e for e in report["endpoints"] if e["own"]]
    native = [e for e in own if e["verdict"] == "native"]
    reasons = Counter(e["reasons"][0]["code"] for e in own if e["verdict"] == "refused")
    out: dict[str, Any] = {
        "django": report["versions"]["django"],
        "drf": report["versions"]["djangorestframework"],
        "operations": len(own),
        "native": len(native),
        "refused": dict(sorted(reasons.items(), key=lambda r: (-r[1], r[0]))),
        "accepted_middleware": list(case.get("accepted_middleware", [])),
        "noise": list(case.get("noise", [])),
    }
    out["explore"] = {"operations": 0, "cases": 0, "differences": 0}
    of_drf = {f"{e['method']} {e['route']}" for e in native}
    plain = report["plain"]
    out["plain"] = {key: plain[key] for key in ("operations", "native", "pages")}
    if native:
        segue(folder, "generate", "--json")
        found = segue(folder, "verify", "explore", "--json", "--seconds", str(seconds), "--cases", str(count))
        out["explore"] = _counts(found, of_drf)
        if suite is not None:
            found = segue(
                folder, "verify", "suite", "--json", "--", *suite,
                environment={"DJANGO_SETTINGS_MODULE": SUITE_SETTINGS},
            )  # fmt: skip
            out["suite"] = {
                **_counts(found, of_drf), "tests": found.get("tests", {}),
                "standing": {k: v for k, v in found.get("standing", {}).items() if v},
            }  # fmt: skip
    out["seconds"] = round(time.monotonic() - begin)
    return out


def run_on_postgresql(folder: Path, *, seconds: int, count: int) -> dict[str, Any]:
    """Generate and explore: native operations, and the counts."""
    made = segue(folder, "generate", "--json")
    found = segue(folder, "verify", "explore", "--json", "--seconds", str(seconds), "--cases", str(count))
    return {
        "native": len(made["native"]) if isinstance(made.get("native"), list) else made.get("native", 0),
        **_counts(found, _of_drf(folder)),
    }


def _of_drf(folder: Path) -> set[str]:
    report = segue(folder, "assess", "--json")
    return {f"{e['method']} {e['route']}" for e in report["endpoints"]}


def _counts(found: dict[str, Any], of_drf: set[str]) -> dict[str, Any]:
    """``operations`` counts those of DRF alone, as the share of native ones does; cases and differences are of plain views, too."""
    return {
        "operations": sum(1 for o in found["operations"] if o["cases"] and o["operation"] in of_drf),
        "cases": found["cases"],
        "differences": found["different"],
    }


def main_of_schema(record: dict[str, dict[str, Any]], options: argparse.Namespace) -> int:
    """Compare the schemas of the cases on both databases and record that. Returns 1 if anything differs."""
    bad = False
    with running_postgres() as server:
        for name, case in cases().items():
            if options.cases and name not in options.cases:
                continue
            folder = prepare(name, case, options.work.resolve(), options.projects, schema=True)
            if folder is None or name not in record:
                sys.stderr.write(f"{name}: not run, its sources or its record are missing\n")
                continue
            found = run_schema(folder, segue, server.dsn)
            record[name]["schema"] = found
            bad |= any(counts["differences"] or counts["autogenerate"] for counts in found.values())
            sys.stderr.write(f"{name}: {found}\n")
            RECORDED.write_text(tomlkit.dumps(dict(sorted(record.items()))), encoding="utf-8")
            PAGE.write_text(page(record, set(cases())), encoding="utf-8")
    return 1 if bad else 0


def main() -> int:
    """Run the cases named (all by default), record, write the page. Returns 1 if anything differs."""
    parser = argparse.ArgumentParser()
    parser.add_argument("cases", nargs="*")
    parser.add_argument("--work", type=Path, default=HERE.parents[1] / ".cache" / "conformance")
    parser.add_argument("--projects", type=Path)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument(
        "--postgresql", action="store_true", help="explore on PostgreSQL, and record only that"
    )
    parser.add_argument("--only", choices=["schema"], help="run and record only that")
    options = parser.parse_args()
    record, bad = recorded(), False
    if options.only == "schema":
        return main_of_schema(record, options)
    with databases(options.postgresql) as database:
        for name, case in cases().items():
            if options.cases and name not in options.cases:
                continue
            if database and not record.get(name, {}).get("native"):
                continue
            entry = database(name.lower()) if database else None
            folder = prepare(name, case, options.work.resolve(), options.projects, entry)
            if folder is None:
                sys.stderr.write(f"{name}: not run, --projects has no checkout of it\n")
                continue
            if database:
                counts = run_on_postgresql(folder, seconds=options.seconds, count=options.count)
                record[name]["postgresql"] = counts
                bad |= bool(counts["differences"])
                sys.stderr.write(f"{name} on PostgreSQL: {counts}\n")
            else:
                suite = suite_of(name, case, options.projects)
                found = run_case(folder, case, suite, seconds=options.seconds, count=options.count)
                without = suite is None and "suite" in case
                if without:
                    sys.stderr.write(f"{name}: its tests not run, --projects has none of them\n")
                for kept in ("postgresql", "schema", "on_baseline", *(["suite"] if without else [])):
                    if kept in record.get(name, {}):
                        found[kept] = record[name][kept]
                record[name] = found
                bad |= bool(found["explore"]["differences"]) or bool(
                    found.get("suite", {}).get("differences")
                )
                sys.stderr.write(
                    f"{name}: {found['native']} of {found['operations']} native, {found['explore']}\n"
                )
            RECORDED.write_text(tomlkit.dumps(dict(sorted(record.items()))), encoding="utf-8")
            PAGE.write_text(page(record, set(cases())), encoding="utf-8")
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main())
