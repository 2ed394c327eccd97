"""What is installed for the generated project is what it asks for, the extras of the bridge included."""

from __future__ import annotations

from pathlib import Path

from segue.commands import serve
from segue.environment import bridge_requirement


def test_the_extras_of_the_bridge_are_installed(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "app"\ndependencies = ["fastapi>=0.115", "segue-bridge[jwt]"]\n', encoding="utf-8"
    )
    assert serve.requirements(tmp_path) == [bridge_requirement("[jwt]"), "fastapi>=0.115"]
    assert "[jwt]" in bridge_requirement("[jwt]")
