"""``segue bridge``: the wheel of segue-bridge, for images and package indexes of the user's own."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from segue.commands.common import console, print_json
from segue.environment import build_wheel


def run(folder: Path, *, as_json: bool) -> int:
    """Write ``segue_bridge-….whl`` into ``folder``, which is made if need be.

    Raises ``EnvironmentProblem`` where uv cannot build it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as made:
        built = build_wheel(Path(made))
        wheel = folder / built.name
        os.replace(built, wheel)
    if as_json:
        print_json({"wheel": str(wheel)})
        return 0
    console.print(f"Wrote {wheel}", soft_wrap=True, markup=False, highlight=False)
    console.print(
        f"In the generated project's Dockerfile: COPY {folder.name} {folder.name}, "
        f"then pip install --find-links {folder.name} .",
        soft_wrap=True,
        markup=False,
        highlight=False,
    )
    return 0
