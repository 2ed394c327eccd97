"""Formatting and clean-up of generated Python, by ruff: what is translated line by line is not always written as one would."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from ruff.__main__ import find_ruff_bin

from segue.errors import EnvironmentProblem

# The output's own pyproject may be edited by its owner; what Segue writes must not depend on it.
_CONFIG = """\
line-length = 100
target-version = "py311"
[lint]
select = [
  "I", "F401", "UP037", "TC005", "RET501", "RET505", "RET506", "PLR1711",
  # what the generated project's own rules would complain of
  "UP034", "E713", "E714", "F541", "SIM102", "SIM105", "SIM114", "SIM208", "C403", "C406", "C416",
]
# Unsafe only where comments would be lost, which ruff does not do here, or for what is no list or dict.
extend-safe-fixes = ["SIM102", "SIM105", "SIM114", "C403", "C406", "C416"]
[lint.isort]
known-first-party = ["{package}"]
"""


def format_sources(sources: Mapping[str, str], *, package: str) -> dict[str, str]:
    """Return ``sources`` (path → Python text) formatted, imports sorted, unused ones dropped.

    Raises :class:`EnvironmentProblem` with ruff's words if a text is not valid Python: that is
    a defect of Segue and must never reach the user's repository.
    """
    if not sources:
        return {}
    with tempfile.TemporaryDirectory(prefix="segue-format-") as folder:
        root = Path(folder)
        (root / "ruff.toml").write_text(_CONFIG.format(package=package), encoding="utf-8")
        for path, text in sources.items():
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        for arguments in (["check", "--fix", "--quiet", "--exit-zero"], ["format"]):
            done = subprocess.run(
                [find_ruff_bin(), *arguments, "--no-cache", "--config", "ruff.toml", "."],
                cwd=root,
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode != 0:
                raise EnvironmentProblem(
                    "Segue produced Python that ruff cannot read; nothing was written.",
                    hint="This is a defect of Segue: please report it with the lines above.",
                    detail=done.stderr.strip() or done.stdout.strip(),
                )
        return {path: (root / path).read_text(encoding="utf-8") for path in sources}
