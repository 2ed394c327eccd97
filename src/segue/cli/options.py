"""What several commands are given."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Project = Annotated[
    Path,
    typer.Option(
        "--project", "-C", help="Folder with segue.toml or manage.py (else this one).", show_default=False
    ),
]
Python = Annotated[
    str, typer.Option("--python", help="The project's interpreter (else detected).", show_default=False)
]
SettingsModule = Annotated[
    str, typer.Option("--settings", help="The project's settings module (else detected).", show_default=False)
]
Html = Annotated[Path | None, typer.Option(help="Write a self-contained HTML report here.")]
JUnit = Annotated[Path | None, typer.Option(help="Write JUnit XML here.")]
GitHub = Annotated[bool, typer.Option("--github", help="Annotate the run of a GitHub workflow.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
HERE = Path()
