"""From a project to generated code: ``init``, ``assess``, ``brief``, ``generate``, ``bridge``, ``status``, ``doctor``, ``demo``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from segue.cli.options import HERE, AsJson, Project, Python, SettingsModule
from segue.commands.common import open_project


def init(
    project: Project = HERE, python: Python = "", settings: SettingsModule = "", json: AsJson = False
) -> None:
    """Write segue.toml with what was detected."""
    from segue.commands import init as command

    raise typer.Exit(command.run(project, python=python, settings=settings, as_json=json))


def assess(
    project: Project = HERE,
    python: Python = "",
    settings: SettingsModule = "",
    json: AsJson = False,
    html: Annotated[Path | None, typer.Option(help="Write a self-contained HTML report here.")] = None,
    blockers: Annotated[
        bool, typer.Option("--blockers", help="List every reason with all its places.")
    ] = False,
    transactions: Annotated[
        bool,
        typer.Option(
            "--transactions", help="Say where transactions begin and end, on both sides, and no more."
        ),
    ] = False,
) -> None:
    """Say what can move, and what stands in the way.

    Reads the project, translates it in memory and reports: operations, reasons with file and line,
    coupling of the apps, and an order to move in. Writes nothing but .segue/snapshot.json.
    """
    from segue.commands import assess as command

    raise typer.Exit(
        command.run(
            open_project(project, python=python, settings=settings),
            as_json=json,
            html=html,
            blockers=blockers,
            transactions=transactions,
        )
    )


def brief(
    route: Annotated[str, typer.Argument(help='The operation, as "GET /articles/{pk}/".')],
    project: Project = HERE,
    output: Annotated[Path | None, typer.Option(help="Write the page into this file.")] = None,
    examples: Annotated[
        bool, typer.Option(help="Ask Django for example answers, on a copy of its database.")
    ] = True,
    json: AsJson = False,
) -> None:
    """Write down what porting one operation by hand needs.

    The reasons with their places and what to do, the contract, what is generated already to call, answers of
    Django, the legacy code that it runs, and how the port is checked.
    """
    from segue.commands import brief as command

    raise typer.Exit(command.run(open_project(project), route, to=output, as_json=json, examples=examples))


def generate(
    project: Project = HERE,
    python: Python = "",
    settings: SettingsModule = "",
    json: AsJson = False,
    max_refused: Annotated[
        int | None, typer.Option(min=0, help="Exit with 1 when more operations than this are refused.")
    ] = None,
) -> None:
    """Write the FastAPI project; hand edits are kept.

    What cannot be translated with the same behaviour is refused with a reason and stays on Django.
    Where a hand edit and new code touch the same lines, nothing is written and both are named.
    """
    from segue.commands import generate as command

    raise typer.Exit(
        command.run(
            open_project(project, python=python, settings=settings), as_json=json, max_refused=max_refused
        )
    )


def bridge(
    folder: Annotated[Path, typer.Argument(help="Where to write it; made if need be.")] = Path("wheels"),
    json: AsJson = False,
) -> None:
    """Write the wheel that generated projects install.

    It is segue-bridge, for images and for package indexes of your own that do not have it.
    """
    from segue.commands import bridge as command

    raise typer.Exit(command.run(folder, as_json=json))


def status(project: Project = HERE, json: AsJson = False) -> None:
    """Say who serves what, on what evidence.

    Lists every operation with its state, weight and evidence, and the gateway's counts if it is up.
    """
    from segue.commands import status as command

    raise typer.Exit(command.run(open_project(project), as_json=json))


def doctor(project: Project = HERE, json: AsJson = False) -> None:
    """Check machine, interpreter and state files.

    Says what is there, what is wrong and what to do about it. Exits with 2 when a check fails.
    """
    from segue.commands import doctor as command

    raise typer.Exit(command.run(open_project(project), as_json=json))


def demo(
    project: Annotated[Path, typer.Option("--project", "-C", help="The example project.")],
    once: Annotated[bool, typer.Option("--once", help="Run through, then stop; exit 0 or 1.")] = False,
) -> None:
    """Show the whole journey on an example project."""
    from segue.commands import demo as command

    raise typer.Exit(command.run(project, once=once))
