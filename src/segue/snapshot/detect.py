"""Find a project's interpreter, settings module and import path, without importing it."""

from __future__ import annotations

import ast
import configparser
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from segue.errors import UsageError

SETTINGS_VARIABLE = "DJANGO_SETTINGS_MODULE"
_SKIP = {"node_modules", "site-packages", "venv", "env", "tests", "test", "docs", "static", "templates"}


def detect_python(root: Path, python: str | None = None) -> Path:
    """The interpreter to probe with.

    In this order: ``python`` as given (a path or a command), ``.venv`` or ``venv`` in the root or
    its parents up to the repository, the environment of Poetry or uv when the project uses one,
    an activated environment, the interpreter that runs Segue.
    Raises :class:`UsageError` when ``python`` is given and does not exist.
    """
    if python:
        return _given(root, python)
    for folder in _up_to_repository(root):
        for name in (".venv", "venv", "env", ".env"):
            found = _interpreter_of(folder / name)
            if found is not None:
                return found
        if (folder / "poetry.lock").is_file() or _tool_table(folder, "poetry"):
            found = _asked(folder, "poetry", "env", "info", "--executable")
            if found is not None:
                return found
        if (folder / "uv.lock").is_file():
            found = _asked(folder, "uv", "python", "find")
            if found is not None:
                return found
        if (folder / "Pipfile").is_file():
            found = _asked(folder, "pipenv", "--py")
            if found is not None:
                return found
    active = os.environ.get("VIRTUAL_ENV")
    found = _interpreter_of(Path(active)) if active else None
    return found or Path(sys.executable)


def _given(root: Path, python: str) -> Path:
    path = Path(python).expanduser()
    if path.is_dir():
        inside = _interpreter_of(path)
        if inside is not None:
            return inside
    for candidate in (path, root / path):
        if candidate.is_file():
            # not resolved: the link inside of a virtual environment is what makes it one
            return candidate.absolute()
    command = shutil.which(python)
    if command:
        return Path(command)
    raise UsageError(f"There is no Python interpreter at {python}.", hint="Give --python a path to one.")


def _interpreter_of(environment: Path) -> Path | None:
    for name in ("bin/python", "Scripts/python.exe"):
        if (environment / name).is_file():
            return (environment / name).absolute()
    return None


def _up_to_repository(root: Path) -> list[Path]:
    folders = [root]
    for parent in root.parents:
        if (folders[-1] / ".git").exists() or len(folders) == 4:
            break
        folders.append(parent)
    return folders


def _tool_table(folder: Path, tool: str) -> bool:
    file = folder / "pyproject.toml"
    try:
        return tool in tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {})
    except (OSError, ValueError):
        return False


def _asked(folder: Path, *command: str) -> Path | None:
    if shutil.which(command[0]) is None:
        return None
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    path = (
        Path(done.stdout.strip().splitlines()[-1]) if done.returncode == 0 and done.stdout.strip() else None
    )
    return path if path is not None and path.is_file() else None


def find_manage(root: Path) -> Path | None:
    """``manage.py`` in the root, else the only one (or the shallowest) up to three folders below."""
    if (root / "manage.py").is_file():
        return root / "manage.py"
    level = [root]
    for _depth in range(3):
        level = [
            child
            for folder in level
            for child in _children(folder)
            if child.is_dir() and not child.name.startswith(".") and child.name not in _SKIP
        ]
        found = [folder / "manage.py" for folder in level if (folder / "manage.py").is_file()]
        if found:
            return found[0]
    return None


def _children(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def import_path(root: Path) -> Path:
    """The folder that goes on ``sys.path``: where ``manage.py`` is, else the root, or its nearest
    parent that is not itself a package."""
    manage = find_manage(root)
    if manage is not None:
        return manage.parent
    folder = root
    while (folder / "__init__.py").is_file():
        folder = folder.parent
    return folder


def detect_settings(root: Path, settings: str | None = None) -> str:
    """The settings module.

    In this order: ``settings`` as given, the environment variable (as Django's own
    ``setdefault`` in manage.py has it), manage.py, wsgi.py and asgi.py, pytest's configuration,
    the only settings module in the tree. Raises :class:`UsageError` when none is found.
    """
    if settings:
        return settings
    if os.environ.get(SETTINGS_VARIABLE):
        return os.environ[SETTINGS_VARIABLE]
    manage = find_manage(root)
    base = import_path(root)
    candidates = [manage] if manage is not None else []
    for name in ("wsgi.py", "asgi.py"):
        candidates += sorted(base.glob(f"*/{name}")) + sorted(base.glob(name))
    for file in candidates:
        found = settings_in_source(file)
        if found:
            return found
    for folder in dict.fromkeys((base, root)):
        found = _pytest_settings(folder)
        if found:
            return found
    single = [
        file
        for file in sorted(base.glob("*/settings.py")) + sorted(base.glob("settings.py"))
        if file.parent.name not in _SKIP
    ]
    if len(single) == 1:
        return ".".join(single[0].relative_to(base).with_suffix("").parts)
    raise UsageError(
        f"No Django settings module was found for {root}"
        + ("." if manage is not None else ", which has no manage.py either."),
        hint="Give the folder of the project with -C, or name the module with --settings, for example "
        "--settings mysite.settings.",
    )


def settings_in_source(file: Path) -> str:
    """The module that a script sets ``DJANGO_SETTINGS_MODULE`` to, or ''."""
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return ""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and len(node.args) >= 2 and _is_variable(node.args[0]):
            return _last_text(node.args[1])
        if not isinstance(node, ast.Assign):
            continue
        target = node.targets[0]
        if isinstance(target, ast.Subscript) and _is_variable(target.slice):
            return _last_text(node.value)
    return ""


def _is_variable(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value == SETTINGS_VARIABLE


def _last_text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _pytest_settings(folder: Path) -> str:
    try:
        document = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
        options = document.get("tool", {}).get("pytest", {}).get("ini_options", {})
        if isinstance(options.get(SETTINGS_VARIABLE), str):
            return str(options[SETTINGS_VARIABLE])
    except (OSError, ValueError):
        pass
    for name, section in (("pytest.ini", "pytest"), ("setup.cfg", "tool:pytest"), ("tox.ini", "pytest")):
        parser = configparser.ConfigParser(interpolation=None)
        try:
            parser.read(folder / name, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError):
            continue
        value = parser.get(section, SETTINGS_VARIABLE, fallback="").strip()
        if value:
            return value
    return ""
