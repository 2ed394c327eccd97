"""The ``segue schema`` commands."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from segue.cli.options import HERE, AsJson, Project
from segue.commands.common import open_project

schema_app = typer.Typer(help="The database schema on both sides.", no_args_is_help=True)


class Owner(StrEnum):
    """Who may change a table."""

    django = "django"
    fastapi = "fastapi"


@schema_app.command("check")
def schema_check(
    project: Project = HERE,
    server: Annotated[
        str,
        typer.Option(
            "--server",
            help="PostgreSQL to build on, postgresql://user@host:port/ (else the project's own, if it uses one), or mysql://.",
            show_default=False,
        ),
    ] = "",
    sqlite: Annotated[
        bool, typer.Option("--sqlite", help="Build SQLite files whatever the project uses.")
    ] = False,
    reverse: Annotated[
        bool,
        typer.Option("--reverse", help="Instead: does Django accept a database that the baseline built?"),
    ] = False,
    fresh: Annotated[
        bool,
        typer.Option("--fresh", help="Run Django's migrations anew, whatever is kept of an earlier run."),
    ] = False,
    json: AsJson = False,
) -> None:
    """Compare the Alembic baseline with Django's migrations.

    Builds two empty databases, one with each, and compares their structure; asks Alembic what it would do in Django's one;
    tells what the project's own migrations lack. With --reverse, Django takes over the database that the baseline built
    and must find nothing to do; rows that its migrations insert are listed. Exits with 1 on differences.
    """
    from segue.commands import schema as command
    from segue.commands import schema_reverse

    check = schema_reverse.check if reverse else command.check
    raise typer.Exit(check(open_project(project), server=server, sqlite=sqlite, fresh=fresh, as_json=json))


@schema_app.command("baseline")
def schema_baseline(
    project: Project = HERE,
    stamp: Annotated[
        bool, typer.Option("--stamp", help="Mark the database as built by the baseline.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Say where the project's own database stands, and stamp it for Alembic.

    Lists data migrations, squashed and merged ones. Refuses, with 1, a database with unapplied migrations or with
    another structure than the baseline's. Without --stamp nothing is changed.
    """
    from segue.commands import schema_baseline as command

    raise typer.Exit(command.run(open_project(project), write=stamp, as_json=json))


@schema_app.command("own")
def schema_own(
    tables: Annotated[list[str], typer.Argument(help="Tables, as `segue schema owners` prints them.")],
    by: Annotated[Owner, typer.Option("--by", help="Who may change them from now on.", show_default=False)],
    project: Project = HERE,
    server: Annotated[
        str,
        typer.Option(
            "--server",
            help="PostgreSQL to build on, postgresql://user@host:port/ (else the project's own, if it uses one), or mysql://.",
            show_default=False,
        ),
    ] = "",
    sqlite: Annotated[
        bool, typer.Option("--sqlite", help="Build SQLite files whatever the project uses.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Give tables to one side: only its tool may change them.

    Refuses, with 1, when a table differs between both sides (built on empty databases as in `schema check`) or when the
    project's own database lacks migrations of the side that gives it away.
    """
    from segue.commands import owners as command

    raise typer.Exit(
        command.own(open_project(project), tables, by=by.value, server=server, sqlite=sqlite, as_json=json)
    )


@schema_app.command("owners")
def schema_owners(project: Project = HERE, json: AsJson = False) -> None:
    """List every table with its owner."""
    from segue.commands import owners as command

    raise typer.Exit(command.owners(open_project(project), as_json=json))
