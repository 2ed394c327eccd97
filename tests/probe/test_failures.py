"""A project that cannot be loaded gives one sentence and its own traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.probe import sample

from segue.errors import EnvironmentProblem, SegueError, UsageError
from segue.snapshot.run import probe


def fail(root: Path, settings: str = "site_.settings", python: str = sys.executable) -> SegueError:
    with pytest.raises(SegueError) as caught:
        probe(root, python=python, settings=settings)
    return caught.value


def test_a_failing_import_shows_the_projects_traceback_and_not_ours(tmp_path: Path) -> None:
    error = fail(sample.write(tmp_path, {"shop/models.py": "import missing_module\n"}))
    assert "The project's apps cannot be loaded" in error.message
    assert "No module named 'missing_module'" in error.message
    assert f'File "{tmp_path}/shop/models.py", line 1' in error.detail
    assert "/segue/probe/" not in error.detail
    assert "manage.py check" in error.hint


def test_a_syntax_error_in_the_urls_is_shown_with_its_line(tmp_path: Path) -> None:
    error = fail(sample.write(tmp_path, {"shop/views.py": "def broken(:\n    pass\n"}))
    assert "URLconf cannot be loaded" in error.message
    assert "shop/views.py" in error.detail
    assert "def broken(:" in error.detail


def test_a_missing_settings_module(tmp_path: Path) -> None:
    error = fail(sample.write(tmp_path), settings="site_.nowhere")
    assert isinstance(error, UsageError)
    assert "There is no settings module site_.nowhere" in error.message


def test_settings_that_fail(tmp_path: Path) -> None:
    error = fail(sample.write(tmp_path, {"site_/settings.py": "raise RuntimeError('no database address')\n"}))
    assert (
        "The settings module site_.settings cannot be loaded: RuntimeError: no database address."
        in error.message
    )


def test_settings_that_exit(tmp_path: Path) -> None:
    error = fail(sample.write(tmp_path, {"site_/settings.py": "import sys\nsys.exit('set APP_ENV first')\n"}))
    assert "SystemExit: set APP_ENV first" in error.message


def test_an_interpreter_without_django(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "bare")], check=True)
    error = fail(sample.write(tmp_path / "project"), python=str(tmp_path / "bare" / "bin" / "python"))
    assert isinstance(error, EnvironmentProblem)
    assert "has no Django" in error.message
    assert "--python" in error.hint


def test_a_project_that_hangs(tmp_path: Path) -> None:
    root = sample.write(tmp_path, {"site_/settings.py": "import time\ntime.sleep(60)\n"})
    with pytest.raises(EnvironmentProblem, match="within 1 s"):
        probe(root, python=sys.executable, settings="site_.settings", timeout=1)


def test_an_interpreter_that_does_not_exist(tmp_path: Path) -> None:
    assert (
        "There is no Python interpreter at /nowhere/python"
        in fail(tmp_path, python="/nowhere/python").message
    )


def test_an_interpreter_that_dies(tmp_path: Path) -> None:
    root = sample.write(tmp_path, {"site_/settings.py": "import os\nos._exit(9)\n"})
    assert "ended (code 9)" in fail(root).message
