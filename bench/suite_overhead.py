"""What it costs to run a project's tests with both sides answering: ``python -m bench.suite_overhead [FOLDER] -- COMMAND``.

``FOLDER`` has a ``segue.toml`` and generated code (``bench.conformance.run`` prepares real projects); the bookshop example is
prepared in a temporary folder when none is given. The command runs plainly and under ``segue verify suite`` in turn,
``--runs`` times each; the medians and their ratios are printed, of the clock and of the CPU (which other load on the machine
disturbs less). One more plain run warms up first.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from segue import verify
from segue.commands.common import interpreter, open_project, read_snapshot
from segue.verify.project import ProjectRef, child_environment, ensure_overlay

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "bookshop"


def prepared(folder: Path) -> Path:
    """The bookshop, copied and generated."""
    left_out = shutil.ignore_patterns("*.sqlite3", "__pycache__", ".segue", "fastapi", "segue.toml")
    shutil.copytree(EXAMPLE, folder / "shop", ignore=left_out)
    for words in (["init"], ["assess"], ["generate"]):
        subprocess.run(
            [sys.executable, "-m", "segue", *words], cwd=folder / "shop", check=True, capture_output=True
        )
    return folder / "shop"


def project_of(folder: Path) -> ProjectRef:
    """The project of a folder with ``segue.toml``."""
    settings = open_project(folder)
    return ProjectRef(
        settings.root, settings.output, settings.state, interpreter(settings), read_snapshot(settings), settings.package,
        settings.environment, settings.seed_command,
    )  # fmt: skip


def plain(project: ProjectRef, command: list[str]) -> None:
    """Run the command without Segue, in the same environment. Raises ``RuntimeError`` when nothing ran."""
    words = [str(project.python) if word == "python" else word for word in command]
    environment = child_environment(project)
    environment |= {k: os.environ[k] for k in ("DJANGO_SETTINGS_MODULE",) if k in os.environ}
    environment |= {k: v for k, v in project.environment.items() if k == "PYTHONPATH"}
    environment["PATH"] = f"{project.python.parent}:{environment['PATH']}"
    root = project.import_root if (project.import_root / "manage.py").exists() else project.root
    done = subprocess.run(words, cwd=root, env=environment, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise RuntimeError(done.stderr[-2000:])


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock, and of the CPU in child processes."""
    begin, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    work()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - begin, spent


def main() -> int:
    """Measure and print one line of Markdown."""
    own, _, command = " ".join(sys.argv[1:]).partition("-- ")
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args(own.split())
    words = command.split() or ["python", "manage.py", "test"]
    with tempfile.TemporaryDirectory(prefix="segue-overhead-") as name:
        folder = options.folder or prepared(Path(name))
        project = project_of(folder.resolve())
        ensure_overlay(project)
        plain(project, words)
        alone, both, notes = [], [], ""
        for _ in range(options.runs):
            alone.append(timed(lambda: plain(project, words)))
            reports: list[verify.Report] = []
            both.append(timed(lambda found=reports: found.append(verify.suite(project, words))))
            notes = reports[0].notes[0]
        clock, cpu = (
            [statistics.median(pair[which] for pair in pairs) for pairs in (alone, both)] for which in (0, 1)
        )
        sys.stdout.write(
            f"| {folder.name} | {clock[0]:.1f} s | {clock[1]:.1f} s | {clock[1] / clock[0]:.2f} | "
            f"{cpu[0]:.1f} s | {cpu[1]:.1f} s | {cpu[1] / cpu[0]:.2f} | {notes} |\n"
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
