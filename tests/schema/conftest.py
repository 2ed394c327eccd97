"""The tiny project of the command line's tests, generated, for what is judged by both tools."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.cli.tiny import generated_once
from tests.schema.guarded import once, world

__all__ = ["generated_once", "once", "world"]


@pytest.fixture
def tiny(generated_once: Path, tmp_path: Path) -> Path:
    """A copy of the generated tiny project."""
    return Path(shutil.copytree(generated_once, tmp_path / "project"))
