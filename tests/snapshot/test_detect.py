"""Interpreter, settings and import path are found the way the project itself has them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from segue.errors import UsageError
from segue.snapshot.detect import detect_python, detect_settings, find_manage, import_path

MANAGE = 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "site.settings.dev")\n'


def put(root: Path, **files: str) -> Path:
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.fixture(autouse=True)
def _no_settings_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)


def test_settings_of_manage(tmp_path: Path) -> None:
    assert detect_settings(put(tmp_path, manage_dot_py=MANAGE)) == "site.settings.dev"


def test_settings_assigned_to_the_environment(tmp_path: Path) -> None:
    put(tmp_path, manage_dot_py='import os\nos.environ["DJANGO_SETTINGS_MODULE"] = "a.b"\n')
    assert detect_settings(tmp_path) == "a.b"


def test_the_environment_wins_over_manage_as_setdefault_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "from.environment")
    assert detect_settings(put(tmp_path, manage_dot_py=MANAGE)) == "from.environment"


def test_given_settings_win(tmp_path: Path) -> None:
    assert detect_settings(put(tmp_path, manage_dot_py=MANAGE), "x.y") == "x.y"


def test_settings_of_wsgi_and_of_pytest_and_the_only_ones(tmp_path: Path) -> None:
    assert detect_settings(put(tmp_path / "a", site__wsgi_dot_py=MANAGE)) == "site.settings.dev"
    ini = "[tool.pytest.ini_options]\nDJANGO_SETTINGS_MODULE = 'p.q'\n"
    assert detect_settings(put(tmp_path / "b", pyproject_dot_toml=ini)) == "p.q"
    assert (
        detect_settings(put(tmp_path / "c", setup_dot_cfg="[tool:pytest]\nDJANGO_SETTINGS_MODULE = r.s\n"))
        == "r.s"
    )
    assert detect_settings(put(tmp_path / "d", shop__settings_dot_py="")) == "shop.settings"


def test_no_settings(tmp_path: Path) -> None:
    put(tmp_path, a__settings_dot_py="", b__settings_dot_py="")
    with pytest.raises(UsageError, match="No Django settings module") as caught:
        detect_settings(tmp_path)
    assert "--settings" in caught.value.hint


def test_manage_in_a_folder_below_decides_the_import_path(tmp_path: Path) -> None:
    put(tmp_path, backend__manage_dot_py=MANAGE, tests__manage_dot_py="", pkg____init___dot_py="")
    assert find_manage(tmp_path) == tmp_path / "backend" / "manage.py"
    assert import_path(tmp_path) == tmp_path / "backend"


def test_a_package_is_imported_from_its_parent(tmp_path: Path) -> None:
    package = tmp_path / "pkg"
    package.mkdir()
    (package / "__init__.py").touch()
    assert import_path(package) == tmp_path


def make_environment(folder: Path) -> Path:
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(sys.executable)
    return folder / "bin" / "python"


@pytest.mark.parametrize("name", [".venv", "venv"])
def test_the_environment_of_the_project(tmp_path: Path, name: str) -> None:
    assert detect_python(tmp_path) == Path(sys.executable)
    python = make_environment(tmp_path / name)
    assert detect_python(tmp_path) == python


def test_the_environment_of_the_repository_above(tmp_path: Path) -> None:
    python = make_environment(tmp_path / ".venv")
    (tmp_path / ".git").mkdir()
    (tmp_path / "backend").mkdir()
    assert detect_python(tmp_path / "backend") == python


def test_an_activated_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = make_environment(tmp_path / "elsewhere")
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "elsewhere"))
    (tmp_path / "project").mkdir()
    assert detect_python(tmp_path / "project") == python


def test_a_given_interpreter_or_environment(tmp_path: Path) -> None:
    python = make_environment(tmp_path / "env3")
    assert detect_python(tmp_path, str(python)) == python
    assert detect_python(tmp_path, "env3/bin/python") == tmp_path / "env3/bin/python"
    assert detect_python(tmp_path, str(tmp_path / "env3")) == python
    with pytest.raises(UsageError, match="no Python interpreter"):
        detect_python(tmp_path, "env4/bin/python")
