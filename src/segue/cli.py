"""The ``segue`` command."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from click.exceptions import ClickException

from segue import __version__
from segue.commands.common import errors, open_project
from segue.errors import SegueError

app = typer.Typer(
    name="segue",
    help="Move a running Django REST Framework service to FastAPI, one route at a time, with proof.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
verify_app = typer.Typer(help="Compare both sides: same request, same database state.", no_args_is_help=True)
gateway_app = typer.Typer(help="The Envoy gateway.", no_args_is_help=True)
schema_app = typer.Typer(help="The database schema on both sides.", no_args_is_help=True)
app.add_typer(verify_app, name="verify")
app.add_typer(gateway_app, name="gateway")
app.add_typer(schema_app, name="schema")

Project = Annotated[
    Path, typer.Option("--project", "-C", help="Folder with segue.toml or manage.py.", show_default=False)
]
Python = Annotated[
    str, typer.Option("--python", help="The project's interpreter (else detected).", show_default=False)
]
SettingsModule = Annotated[
    str, typer.Option("--settings", help="The project's settings module (else detected).", show_default=False)
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
HERE = Path()


def _version(value: bool) -> None:
    if value:
        sys.stdout.write(f"segue {__version__}\n")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True)] = False,
) -> None:
    """Options of every command."""


@app.command()
def init(project: Project = HERE, json: AsJson = False) -> None:
    """Write segue.toml with what can be detected."""
    from segue.commands import init as command

    raise typer.Exit(command.run(project, as_json=json))


@app.command()
def assess(
    project: Project = HERE,
    python: Python = "",
    settings: SettingsModule = "",
    json: AsJson = False,
    html: Annotated[Path | None, typer.Option(help="Write a self-contained HTML report here.")] = None,
    blockers: Annotated[
        bool, typer.Option("--blockers", help="List refusals by operations unblocked.")
    ] = False,
) -> None:
    """Say what the project has, what can move, what stands in the way, and in which order."""
    from segue.commands import assess as command

    raise typer.Exit(
        command.run(
            open_project(project, python=python, settings=settings),
            as_json=json,
            html=html,
            blockers=blockers,
        )
    )


@app.command()
def generate(
    project: Project = HERE,
    python: Python = "",
    settings: SettingsModule = "",
    json: AsJson = False,
    max_refused: Annotated[
        int | None, typer.Option(help="Exit with 1 when more operations than this are refused.")
    ] = None,
) -> None:
    """Translate the project and write the FastAPI one; hand edits are kept."""
    from segue.commands import generate as command

    raise typer.Exit(
        command.run(
            open_project(project, python=python, settings=settings), as_json=json, max_refused=max_refused
        )
    )


@app.command()
def status(project: Project = HERE, json: AsJson = False) -> None:
    """List every operation: state, weight, evidence; and the gateway's counts if it is up."""
    from segue.commands import status as command

    raise typer.Exit(command.run(open_project(project), as_json=json))


@verify_app.command()
def explore(
    project: Project = HERE,
    json: AsJson = False,
    route: Annotated[list[str] | None, typer.Option(help="Only these routes (glob).")] = None,
    cases: Annotated[int, typer.Option(help="At most this many cases.")] = 5000,
    seconds: Annotated[float, typer.Option(help="At most this long.")] = 300.0,
    seed: Annotated[int, typer.Option(help="Same seed, same cases.")] = 1,
    html: Annotated[Path | None, typer.Option(help="Write a self-contained HTML report here.")] = None,
) -> None:
    """Send derived requests to both sides and compare answers, rows and effects."""
    from segue.commands import verify as command

    raise typer.Exit(
        command.explore(
            open_project(project),
            as_json=json,
            routes=route or [],
            cases=cases,
            seconds=seconds,
            seed=seed,
            html=html,
        )
    )


@verify_app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def suite(
    context: typer.Context,
    project: Project = HERE,
    json: AsJson = False,
    html: Annotated[Path | None, typer.Option(help="Write a self-contained HTML report here.")] = None,
) -> None:
    """Run the project's own tests (after --) with native routes answered by both sides."""
    from segue.commands import verify as command

    raise typer.Exit(command.suite(open_project(project), context.args, as_json=json, html=html))


@app.command()
def serve(
    project: Project = HERE,
    port: Annotated[int | None, typer.Option(help="Port of the gateway (0: any free one).")] = None,
) -> None:
    """Start Django, FastAPI and the gateway in front of both, until Ctrl-C."""
    from segue.commands import serve as command

    raise typer.Exit(command.run(open_project(project), port=port))


@gateway_app.command("check")
def gateway_check(project: Project = HERE, json: AsJson = False) -> None:
    """Let Envoy judge the routes of the ledger."""
    from segue.commands import gateway as command

    raise typer.Exit(command.check(open_project(project), as_json=json))


@gateway_app.command("export")
def gateway_export(project: Project = HERE) -> None:
    """Print an Envoy configuration with the ledger's routes."""
    from segue.commands import gateway as command

    raise typer.Exit(command.export(open_project(project)))


@app.command()
def shift(
    routes: Annotated[list[str], typer.Argument(help="'GET /api/x/', '/api/x/' or a glob.")],
    to: Annotated[int, typer.Option("--to", help="FastAPI's share in percent.")],
    project: Project = HERE,
    force: Annotated[bool, typer.Option("--force", help="Even without fresh evidence.")] = False,
    json: AsJson = False,
) -> None:
    """Give FastAPI a share of a route's traffic, at once and without a dropped request."""
    from segue.commands import shift as command

    raise typer.Exit(command.run(open_project(project), routes, to, force=force, as_json=json))


@app.command()
def rollback(
    routes: Annotated[list[str] | None, typer.Argument()] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every route.")] = False,
    project: Project = HERE,
    json: AsJson = False,
) -> None:
    """Send routes back to Django in one step."""
    from segue.commands import shift as command

    raise typer.Exit(
        command.rollback(open_project(project), routes or [], everything=everything, as_json=json)
    )


@schema_app.command("check")
def schema_check(project: Project = HERE, json: AsJson = False) -> None:
    """Compare the generated schema with what Django's migrations build."""
    from segue.commands import schema as command

    raise typer.Exit(command.check(open_project(project), as_json=json))


@app.command()
def doctor(project: Project = HERE, json: AsJson = False) -> None:
    """Check the machine, the interpreter and the project's state."""
    from segue.commands import doctor as command

    raise typer.Exit(command.run(open_project(project), as_json=json))


@app.command()
def demo(
    project: Annotated[Path, typer.Option("--project", "-C", help="The example project.")],
    once: Annotated[bool, typer.Option("--once", help="Run through, then stop; exit 0 or 1.")] = False,
) -> None:
    """Show the whole journey on an example project."""
    from segue.commands import demo as command

    raise typer.Exit(command.run(project, once=once))


def main() -> None:
    """Entry point: user errors are one sentence and exit code 2, never a traceback."""
    try:
        code = app(standalone_mode=False)
    except SegueError as error:
        show(error)
        code = error.exit_code
    except ClickException as error:
        error.show()
        code = 2
    except (typer.Abort, KeyboardInterrupt):
        code = 130
    sys.exit(code if isinstance(code, int) else 0)


def show(error: SegueError) -> None:
    """Print an error to standard error: detail first, then the sentence, then what to do."""
    if error.detail:
        errors.print(error.detail, markup=False, style="dim")
    errors.print(f"[bold red]segue:[/] {_plain(error.message)}", soft_wrap=True)
    if error.hint:
        errors.print(_plain(error.hint), soft_wrap=True)


def _plain(text: str) -> str:
    return text.replace("[", "\\[")
