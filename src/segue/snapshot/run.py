"""Run the probe in the project's interpreter and load what it says."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from segue.errors import EnvironmentProblem, SegueError, UsageError
from segue.snapshot.detect import detect_python, detect_settings, import_path
from segue.snapshot.load import loads
from segue.snapshot.model import Snapshot

__all__ = ["detect_python", "detect_settings", "probe"]

PROBE = Path(__file__).resolve().parents[1] / "probe"


def probe(
    root: Path,
    python: str | None = None,
    settings: str | None = None,
    timeout: float = 300.0,
    environment: Mapping[str, str] | None = None,
) -> Snapshot:
    """Take a snapshot of the Django project at ``root``.

    ``python`` and ``settings`` are detected when not given (:mod:`segue.snapshot.detect`);
    ``environment`` is added to the child's environment; ``timeout`` is in seconds.
    Raises :class:`SegueError`: the project's own traceback, if there is one, is its ``detail``.
    """
    root = root.resolve()
    if not root.is_dir():
        raise UsageError(f"There is no folder {root}.", hint="Give the folder that has manage.py.")
    interpreter = detect_python(root, python)
    module = settings if settings else (environment or {}).get("DJANGO_SETTINGS_MODULE")
    module = detect_settings(root, module)
    base = import_path(root)
    with tempfile.TemporaryDirectory(prefix="segue-probe-") as folder:
        out = Path(folder) / "snapshot.json"
        command = [
            str(interpreter), str(PROBE), "--settings", module, "--root", str(root), "--out", str(out),
            "--path", str(base),
        ]  # fmt: skip
        done = _run(command, base, timeout, environment or {}, interpreter)
        if not out.is_file():
            raise _died(done, interpreter)
        text = out.read_text(encoding="utf-8")
    if text.startswith('{"error":'):
        raise _failed(json.loads(text)["error"], interpreter, module, root)
    return loads(text, "the probe's answer")


def _run(
    command: list[str], cwd: Path, timeout: float, extra: Mapping[str, str], interpreter: Path
) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONHOME"}
    environment["PYTHONHASHSEED"] = "0"  # projects make choices and look-ups out of sets
    environment.update(extra)
    environment["PYTHONIOENCODING"] = "utf-8"
    try:
        return subprocess.run(
            command, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, encoding="utf-8", errors="replace", timeout=timeout, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise EnvironmentProblem(
            f"The project did not finish loading within {timeout:.0f} s.",
            hint="Check that its settings do not wait for a service that is not running.",
        ) from error
    except OSError as error:
        raise EnvironmentProblem(
            f"{interpreter} cannot be run: {error.strerror}.", hint="Give --python another interpreter."
        ) from error


def _died(done: subprocess.CompletedProcess[str], interpreter: Path) -> SegueError:
    tail = "\n".join(done.stderr.strip().splitlines()[-30:])
    return EnvironmentProblem(
        f"{interpreter} ended (code {done.returncode}) before the project could be read.",
        hint="Check that it is Python 3.8 or newer and that the project starts with it.",
        detail=tail,
    )


_STAGES = {
    "settings": (
        "The settings module {settings} cannot be loaded",
        "Check --settings, and that it imports with {python}.",
    ),
    "setup": ("The project's apps cannot be loaded", "Make `{python} manage.py check` pass, then try again."),
    "urls": (
        "The project's URLconf cannot be loaded",
        "Make `{python} manage.py check` pass, then try again.",
    ),
    "probe": (
        "The probe failed on this project",
        "This is an error of Segue: please report it with the traceback.",
    ),
}


_CONFIGURATIONS = (
    "Segue reads settings from a module, as Django does. Name one with --settings that sets DJANGO_CONFIGURATION and "
    "DJANGO_SETTINGS_MODULE in os.environ, calls configurations.importer.install(), imports the module with the classes, and takes "
    "its names in capitals over into globals()."
)


def _failed(error: dict[str, Any], interpreter: Path, module: str, root: Path) -> SegueError:
    stage, text = str(error["stage"]), str(error["traceback"]).rstrip()
    first = (str(error["message"]).strip().splitlines() or [""])[0].rstrip(".")
    if stage == "django":
        return EnvironmentProblem(
            f"{interpreter} has no Django.",
            hint="Give --python the interpreter of the project's environment.",
            detail=text,
        )
    if (
        stage == "settings"
        and error["type"] == "ModuleNotFoundError"
        and (module == error["name"] or module.startswith(f"{error['name']}."))
    ):
        return UsageError(
            f"There is no settings module {module} in {root}.",
            hint="Name the right one with --settings, or as project.settings in segue.toml.",
            detail=text,
        )
    message, hint = _STAGES.get(stage, _STAGES["probe"])
    if stage == "settings" and "django-configurations" in first:
        hint = _CONFIGURATIONS
    return EnvironmentProblem(
        f"{message.format(settings=module)}: {error['type']}: {first}.",
        hint=hint.format(python=interpreter),
        detail=text,
    )
