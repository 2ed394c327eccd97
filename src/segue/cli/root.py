"""The ``segue`` command."""

from __future__ import annotations

import gc
import sys
from io import TextIOWrapper
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from segue import __version__
from segue.cli import project, traffic
from segue.cli.schema import schema_app
from segue.cli.split import split_app
from segue.cli.traffic import gateway_app
from segue.cli.verify import verify_app
from segue.commands.common import errors
from segue.errors import SegueError, of_system

# What Typer raises for a wrong command line. Some releases bring click inside, others beside, so the
# class is reached through a name that all of them have.
_CommandLineError: type[Any] = next(c for c in typer.BadParameter.__mro__ if c.__name__ == "ClickException")

_JOURNEY = (
    *("init", "assess", "brief", "generate", "verify", "serve", "status"),
    *("shadow", "shift", "rollout", "rollback", "ui"),
    *("gateway", "schema", "split", "bridge", "doctor", "demo"),
)


class _InOrder(TyperGroup):
    """Lists the commands in the order in which a project meets them."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Names of all commands; one that the journey forgets comes last."""
        names = super().list_commands(ctx)
        return [n for n in _JOURNEY if n in names] + [n for n in names if n not in _JOURNEY]


app = typer.Typer(
    name="segue",
    cls=_InOrder,
    help="Move a running Django REST Framework service to FastAPI, one route at a time, with proof.",
    epilog="The way: init, assess, generate, verify explore, serve, shift ROUTE --to 10 (to 100). "
    "Exit codes: 0 fine; 1 differences, or more refusals than allowed; 2 wrong usage or environment, "
    "told in one sentence on standard error.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for _command in (
    project.init, project.assess, project.brief, project.generate, project.bridge, project.status, project.doctor, project.demo,
    traffic.serve, traffic.shadow, traffic.shift, traffic.rollout, traffic.rollback, traffic.ui,
):  # fmt: skip
    app.command()(_command)
app.add_typer(verify_app, name="verify")
app.add_typer(gateway_app, name="gateway")
app.add_typer(schema_app, name="schema")
app.add_typer(split_app, name="split")


def _version(value: bool) -> None:
    if value:
        sys.stdout.write(f"segue {__version__}\n")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Options of every command."""


def main() -> None:
    """Entry point: user errors are one sentence and exit code 2, never a traceback."""
    # Code is read into trees of millions of small objects that live to the end: looking through them again and again for
    # garbage takes a tenth of the time.
    gc.set_threshold(100_000, 20, 100)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # that a terminal cannot show "●" is no reason to fail
    try:
        code = app(standalone_mode=False)
    except SegueError as error:
        show(error)
        code = error.exit_code
    except _CommandLineError as error:
        error.show()
        code = 2
    except (typer.Abort, KeyboardInterrupt):
        code = 130
    except OSError as error:
        show(of_system(error))
        code = 2
    sys.exit(code if isinstance(code, int) else 0)


def show(error: SegueError) -> None:
    """Print an error to standard error: detail first, then the sentence, then what to do."""
    if error.detail:
        errors.print(error.detail, markup=False, style="dim", soft_wrap=True)
    errors.print(f"[bold red]segue:[/] {_plain(error.message)}", soft_wrap=True)
    if error.hint:
        errors.print(_plain(error.hint), soft_wrap=True)


def _plain(text: str) -> str:
    return text.replace("[", "\\[")
