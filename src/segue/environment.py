"""Python environments that Segue makes beside the user's: never inside it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from segue.errors import EnvironmentProblem


def uv_binary() -> str:
    """Path of the ``uv`` that came with Segue, else the one on ``PATH``."""
    try:
        from uv import find_uv_bin

        return os.fsdecode(find_uv_bin())
    except (ImportError, FileNotFoundError):
        found = shutil.which("uv")
        if found:
            return found
        raise EnvironmentProblem("uv was not found.", hint="Install it with `pip install uv`.") from None


def bridge_requirement(extras: str = "") -> str:
    """What to ask uv for to get segue-bridge: its folder in a source checkout, or the one that came with Segue. ``extras`` as in
    ``[jwt]``. No registry is asked: the bridge is the one that this Segue was tested with."""
    here = Path(__file__).resolve().parent
    checkout, carried = here.parents[1] / "packages" / "segue-bridge", here / "_bridge"
    return f"{checkout if (checkout / 'pyproject.toml').is_file() else carried}{extras}"


def build_wheel(folder: Path) -> Path:
    """Build the wheel of segue-bridge into ``folder``; returns its path. Raises :class:`EnvironmentProblem` with uv's words."""
    _uv("build", "--quiet", "--wheel", "--out-dir", str(folder), bridge_requirement())
    return next(folder.glob("segue_bridge-*.whl"))


def ensure_environment(folder: Path, requirements: Sequence[str], *, python: str = "3.11") -> Path:
    """Make or refresh the virtual environment at ``folder``; returns its ``python``.

    Nothing is done when it was made from the same ``requirements`` and the same bridge sources.
    Raises :class:`EnvironmentProblem` with uv's words when an installation fails.
    """
    interpreter = folder / "bin" / "python"
    stamp = folder / ".segue-requirements"
    wanted = _fingerprint(requirements)
    if interpreter.exists() and stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return interpreter
    _uv("venv", "--quiet", "--clear", "--python", python, str(folder))
    _uv("pip", "install", "--quiet", "--python", str(interpreter), *requirements)
    stamp.write_text(wanted, encoding="utf-8")
    return interpreter


def ensure_overlay(
    folder: Path, requirements: Sequence[str], *, python: Path, version: tuple[int, int]
) -> Path:
    """A folder below ``folder`` with ``requirements`` installed for the interpreter ``python`` (of ``version``), whose own environment is
    left alone; it is complete or not there. Raises :class:`EnvironmentProblem` with uv's words when an installation fails."""
    made_for = hashlib.sha256(f"{version} {_fingerprint(requirements)}".encode()).hexdigest()[:12]
    found = folder / made_for
    if not (found / ".complete").is_file():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as made:
            _uv("pip", "install", "--quiet", "--target", made, "--python", str(python), *requirements)
            Path(made, ".complete").touch()
            with contextlib.suppress(OSError):  # another command was quicker
                os.rename(made, found)
                Path(made).mkdir()
    return found


def _fingerprint(requirements: Sequence[str]) -> str:
    digest = hashlib.sha256()
    for text in requirements:
        digest.update(text.encode() + b"\0")
        folder = Path(text.partition("[")[0])
        if folder.is_dir():
            for file in sorted(folder.rglob("*.py")):
                digest.update(file.read_bytes())
    return digest.hexdigest()


def _uv(*arguments: str) -> None:
    done = subprocess.run([uv_binary(), *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise EnvironmentProblem(
            "An environment could not be prepared.",
            hint="Check the network and the package index settings of uv, then try again.",
            detail=done.stderr.strip(),
        )
