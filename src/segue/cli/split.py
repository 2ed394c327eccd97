"""The ``segue split`` commands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from segue.cli.options import HERE, AsJson, Project
from segue.commands.common import open_project
from segue.commands.split_open import Given
from segue.errors import UsageError

split_app = typer.Typer(
    help="Move tables into a database of their own: copy, follow, compare, cut over, and back.",
    no_args_is_help=True,
)

Apps = Annotated[
    str, typer.Option(help="Django apps whose tables move, with commas between.", show_default=False)
]
Tables = Annotated[str, typer.Option(help="Tables that move, with commas between.", show_default=False)]
Source = Annotated[
    str,
    typer.Option(
        "--from",
        help="The database to move from, postgresql://… (else the project's own).",
        show_default=False,
    ),
]
Target = Annotated[
    str, typer.Option("--to", help="The database to move to, postgresql://…", show_default=False)
]


@split_app.command()
def plan(
    project: Project = HERE, apps: Apps = "", tables: Tables = "", source: Source = "", json: AsJson = False
) -> None:
    """Say what would cross between the databases.

    Relations in both directions with the code that joins over them, functions with models of both sides, sequences and triggers, and an advice for each. Reads the
    snapshot of the last assess, and the database where it is a PostgreSQL; changes nothing.
    """
    from segue.commands import split_plan as command

    raise typer.Exit(
        command.run(open_project(project), apps=apps, tables=tables, source=source, as_json=json)
    )


@split_app.command()
def copy(
    project: Project = HERE,
    apps: Apps = "",
    tables: Tables = "",
    source: Source = "",
    target: Target = "",
    source_route: Annotated[
        str,
        typer.Option(
            help="How the target's server reaches the source, if not as you do.", show_default=False
        ),
    ] = "",
    target_route: Annotated[
        str,
        typer.Option(
            help="How the source's server reaches the target, if not as you do.", show_default=False
        ),
    ] = "",
    resume: Annotated[bool, typer.Option("--resume", help="Go on after a stop or a crash.")] = False,
    poll: Annotated[
        bool,
        typer.Option(
            "--poll", help="Without subscriptions: `segue split follow` reads the slots and writes the rows."
        ),
    ] = False,
    json: AsJson = False,
) -> None:
    """Copy tables and follow their changes.

    Checks both servers, builds the tables on the target (closed to writes until the cut-over) and starts PostgreSQL's logical replication in
    both directions. Returns when every row is copied; changes are followed from then on, whether Segue runs or not. With --poll they are carried over
    by `segue split follow`, as long as that runs.
    """
    from segue.commands import split as command

    given = Given(source, target, source_route, target_route)
    raise typer.Exit(
        command.copy(
            open_project(project), given, apps=apps, tables=tables, resume=resume, as_json=json, polled=poll
        )
    )


@split_app.command()
def follow(
    project: Project = HERE,
    source: Source = "",
    target: Target = "",
    seconds: Annotated[float, typer.Option(min=0.0, help="At most this long (0: until Ctrl-C).")] = 0.0,
    json: AsJson = False,
) -> None:
    """Show progress and lag.

    A line every few seconds, with --json one document for each look; at the end the lag's p50 and p99.
    """
    from segue.commands import split as command

    raise typer.Exit(
        command.watch(open_project(project), Given(source, target), seconds=seconds, as_json=json)
    )


@split_app.command()
def status(project: Project = HERE, source: Source = "", target: Target = "", json: AsJson = False) -> None:
    """Say which side is written, and how both directions are.

    Exits with 1 when a cut was left half-way.
    """
    from segue.commands import split as command

    raise typer.Exit(command.status(open_project(project), Given(source, target), as_json=json))


@split_app.command()
def check(
    project: Project = HERE,
    source: Source = "",
    target: Target = "",
    repair_plan: Annotated[
        Path | None, typer.Option(help="Write SQL here that makes one side equal to the other.")
    ] = None,
    repair: Annotated[
        str,
        typer.Option(
            help="The side that it changes: source or target (else the one that is not written).",
            show_default=False,
        ),
    ] = "",
    limit: Annotated[int, typer.Option(min=1, help="List at most this many rows.")] = 100,
    json: AsJson = False,
) -> None:
    """Compare every row of both databases.

    By checksums of ranges, then row by row, while the databases are written: what is on its way is no difference. Exits with 1 on differences.
    """
    from segue.commands import split_check as command

    raise typer.Exit(
        command.run(
            open_project(project),
            Given(source, target),
            plan=repair_plan,
            changed=repair,
            limit=limit,
            as_json=json,
        )
    )


@split_app.command()
def cut(
    project: Project = HERE,
    over: Annotated[bool, typer.Option("--over", help="The target is written from now on.")] = False,
    back: Annotated[bool, typer.Option("--back", help="The source is written again.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Bring a cut that was killed to its end.")] = False,
    within: Annotated[
        float, typer.Option(min=0.5, help="Writers wait at most so many seconds; else nothing is changed.")
    ] = 30.0,
    check: Annotated[bool, typer.Option(help="Compare every row while writers wait.")] = True,
    force: Annotated[
        bool, typer.Option("--force", help="Although constraints or triggers are left behind.")
    ] = False,
    source: Source = "",
    target: Target = "",
    json: AsJson = False,
) -> None:
    """Move the writes to the other database.

    Writers wait while the other side gets the rest and rows are compared; then they get an error on the side that was left (SQLSTATE 25006). Changes
    flow the other way from then on, so that going back loses nothing. Exits with 1 when rows differ, and then nothing was changed.
    """
    from segue.commands import split_cut as command

    if over + back + resume != 1:
        raise UsageError(
            "Say what to do: --over, --back or --resume.", hint="`segue split status` says how it stands."
        )
    settings, given = open_project(project), Given(source, target)
    if resume:
        raise typer.Exit(command.resume(settings, given, as_json=json))
    raise typer.Exit(
        command.run(settings, given, back=back, within=within, compare=check, force=force, as_json=json)
    )


@split_app.command()
def stop(
    project: Project = HERE,
    source: Source = "",
    target: Target = "",
    without: Annotated[
        str, typer.Option(help="source or target: that side is gone for good.", show_default=False)
    ] = "",
    json: AsJson = False,
) -> None:
    """End the split: nothing is followed any more.

    Takes subscriptions, slots and publications away on both servers. Rows stay; the side that is not written stays closed.
    """
    from segue.commands import split as command

    raise typer.Exit(
        command.stop(open_project(project), Given(source, target), without=without, as_json=json)
    )
