"""What it costs to run a project's tests with both sides answering: ``python -m bench.suite_overhead [FOLDER] -- COMMAND``.

``FOLDER`` has a ``segue.toml`` and generated code (``bench.conformance.run`` prepares real projects); the bookshop example is
prepared in a temporary folder when none is given. The command runs plainly and under ``segue verify suite`` in turn,
``--runs`` times each; the medians and their ratio are printed. One more plain run warms up first.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
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


def plain(project: ProjectRef, command: list[str]) -> float:
    """Seconds of the command without Segue, in the same environment. Raises ``RuntimeError`` when nothing ran."""
    words = [str(project.python) if word == "python" else word for word in command]
    environment = child_environment(project)
    if "PYTHONPATH" in project.environment:
        environment["PYTHONPATH"] = project.environment["PYTHONPATH"]
    environment["PATH"] = f"{project.python.parent}:{environment['PATH']}"
    root = project.import_root if (project.import_root / "manage.py").exists() else project.root
    begin = time.monotonic()
    done = subprocess.run(words, cwd=root, env=environment, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise RuntimeError(done.stderr[-2000:])
    return time.monotonic() - begin


def main() -> int:
    """Measure and print one line of Markdown."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    command = [w for w in options.command if w != "--"] or ["python", "manage.py", "test"]
    with tempfile.TemporaryDirectory(prefix="segue-overhead-") as name:
        folder = options.folder or prepared(Path(name))
        project = project_of(folder.resolve())
        ensure_overlay(project)
        plain(project, command)
        alone, both = [], []
        report = None
        for _ in range(options.runs):
            alone.append(plain(project, command))
            begin = time.monotonic()
            report = verify.suite(project, command)
            both.append(time.monotonic() - begin)
        assert report is not None
        one, two = statistics.median(alone), statistics.median(both)
        native = report.notes[0]
        sys.stdout.write(f"| {folder.name} | {one:.1f} s | {two:.1f} s | {two / one:.2f} | {native} |\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
