"""Fixtures of the command line's tests."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.cli.tiny import generated_once, write

__all__ = ["generated_once"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The tiny project, fresh."""
    return write(tmp_path / "project")


@pytest.fixture
def generated(generated_once: Path, tmp_path: Path) -> Path:
    """A copy of the generated tiny project."""
    return Path(shutil.copytree(generated_once, tmp_path / "project"))
