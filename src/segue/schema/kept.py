"""What Django's migrations made of an empty database, kept in ``.segue/schema`` for as long as all that they read is the same.

Django takes a minute for a hundred migrations and always makes the same of them. Everything that the run has read is known
(``in_django_watch.py``): files and folders are held by digest, with the interpreter, the environment and Segue's own scripts.
A run that asked a server or started another program is not kept.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from segue import digest
from segue.errors import EnvironmentProblem
from segue.files import write_atomic
from segue.schema.children import HERE, Legacy, child_environment

_RECORD = "django.json"
# Of a terminal, a session, and where a command was called; Segue sets the folder of the child itself.
_PASSING = frozenset(
    {
        *("_", "PWD", "OLDPWD", "SHLVL", "COLUMNS", "LINES", "WINDOWID", "STY", "TMUX", "TMUX_PANE"),
        *("TERM", "TERM_PROGRAM", "TERM_PROGRAM_VERSION", "TERM_SESSION_ID", "TERMINFO", "TERMINAL_EMULATOR"),
        *("SSH_CLIENT", "SSH_CONNECTION", "SSH_TTY", "SSH_AUTH_SOCK", "SSH_AGENT_PID"),
    }
)
_PASSING_PREFIXES = ("VSCODE_", "XDG_SESSION_")


@dataclass(frozen=True, slots=True)
class Keep:
    """The folder to keep in. ``fresh``: whatever is there is not used, and written anew."""

    folder: Path
    fresh: bool = False


def key(legacy: Legacy) -> str:
    """Digest of what is given to the run and not read by it: interpreter, settings, environment, and the scripts."""
    environment = child_environment(legacy.environment)
    given = {
        name: value
        for name, value in environment.items()
        if name not in _PASSING and not name.startswith(_PASSING_PREFIXES)
    }
    own = sorted([*HERE.glob("in_django*.py"), *HERE.glob("structure*.py")])
    scripts = {path.name: digest.of_file(path) for path in own}
    version = subprocess.run(
        [str(legacy.python), "-c", "import sqlite3, sys; print(sys.version, sys.path, sqlite3.sqlite_version)"],
        capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    ).stdout  # fmt: skip
    all_of_it = [str(legacy.python), version, str(legacy.path), legacy.settings, given, scripts]
    return digest.of_bytes(json.dumps(all_of_it, sort_keys=True).encode())


def take(keep: Keep, wanted: str, files: Mapping[str, Path]) -> dict[str, Any] | None:
    """What was kept under the same key, with its ``files`` copied to where they are wanted; None where nothing was, or where
    anything that it read is another by now."""
    if keep.fresh:
        return None
    record = _taken(keep, wanted, files)
    if record is None:
        for file in files.values():  # Django begins with an empty one, never with what could not be used
            file.unlink(missing_ok=True)
    return record


def _taken(keep: Keep, wanted: str, files: Mapping[str, Path]) -> dict[str, Any] | None:
    try:
        record: dict[str, Any] = json.loads((keep.folder / _RECORD).read_text(encoding="utf-8"))
        read = record["read"]
        same = (
            record["key"] == wanted
            and all(_of_folder(path) == had for path, had in read["folders"].items())
            and all(_of_file(path) == had for path, had in read["files"].items())
        )
        if not same:
            return None
        for name, had in record["databases"].items():
            shutil.copyfile(keep.folder / f"{name}.sqlite3", files[name])
            if _of_file(str(files[name])) != had:  # another run is writing there
                return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None  # damaged, or of another Segue
    return record


def put(keep: Keep, wanted: str, files: Mapping[str, Path], found: Mapping[str, Any], began: float) -> str:
    """Keep ``found`` and those of its ``files`` that there are; or the reason why not, for the user. ``began``: when the run that
    made them did, in seconds of the clock."""
    read = found["read"]
    if read["outside"]:
        return f"building it {read['outside'][0]}"
    changed = [path for path in (*read["files"], *read["folders"]) if _changed_since(path, began)]
    if changed:
        return f"{changed[0]} was written meanwhile"
    there = {name: path for name, path in files.items() if path.is_file()}
    record = {
        **found,
        "key": wanted,
        "read": {
            "files": {path: _of_file(path) for path in read["files"]},
            "folders": {path: _of_folder(path) for path in read["folders"]},
        },
        "databases": {name: _of_file(str(path)) for name, path in there.items()},
    }
    try:
        keep.folder.mkdir(parents=True, exist_ok=True)
        for name, path in there.items():
            staged = keep.folder / f"{name}.{os.getpid()}"
            shutil.copyfile(path, staged)
            staged.replace(keep.folder / f"{name}.sqlite3")
        write_atomic(keep.folder / _RECORD, json.dumps(record), mode=0o600)
    except (OSError, EnvironmentProblem) as error:
        return f"it could not be written: {error}"
    return ""


def _of_file(path: str) -> str:
    """Digest of a file's content; '' of what is no file or cannot be read."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return ""
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def _of_folder(path: str) -> str:
    """Digest of the names in a folder, without compiled Python's; '' of what is no folder."""
    try:
        names = sorted(name for name in os.listdir(path) if name != "__pycache__")
    except OSError:
        return ""
    return digest.of_bytes("\0".join(names).encode("utf-8", "surrogateescape"))


def _changed_since(path: str, began: float) -> bool:
    try:
        # not the time of its last change of any kind: uv gives files of its cache more names
        return os.stat(path).st_mtime >= began
    except OSError:
        return False
