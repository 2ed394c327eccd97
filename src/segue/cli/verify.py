"""The ``segue verify`` commands."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from segue.cli.options import HERE, AsJson, GitHub, Html, JUnit, Project
from segue.commands.common import open_project

verify_app = typer.Typer(help="Compare both sides: same request, same database state.", no_args_is_help=True)


class Answer(StrEnum):
    """Whose answers tests see."""

    both = "both"
    fastapi = "fastapi"


class Mode(StrEnum):
    """How both sides are run."""

    joined = "joined"
    http = "http"


@verify_app.command()
def explore(
    project: Project = HERE,
    json: AsJson = False,
    route: Annotated[
        list[str] | None, typer.Option(help="Only this path, 'GET /path/' or glob; may be repeated.")
    ] = None,
    cases: Annotated[int, typer.Option(min=1, help="At most this many cases.")] = 5000,
    seconds: Annotated[float, typer.Option(min=1.0, help="At most this long.")] = 300.0,
    budget: Annotated[
        str, typer.Option(help="Instead of both: 120s, 5m, or 5000 for cases.", show_default=False)
    ] = "",
    seed: Annotated[int, typer.Option(help="Same seed, same cases.")] = 1,
    write_cases: Annotated[
        Path | None, typer.Option(help="Write each difference as a pytest case here as well.")
    ] = None,
    mode: Annotated[
        Mode,
        typer.Option(help="Both sides in one process and transaction, or as servers on cloned databases."),
    ] = Mode.joined,
    html: Html = None,
    junit: JUnit = None,
    github: GitHub = False,
) -> None:
    """Send derived requests to both sides.

    Compares status, headers, body, rows written, mails and hooks; the evidence goes into the ledger.
    Exits with 1 on differences.
    """
    from segue.commands import verify as command

    if budget:
        cases, seconds = command.budget(budget)
    raise typer.Exit(
        command.explore(
            open_project(project),
            command.Outputs(json, html, junit, github),
            routes=route or [],
            cases=cases,
            seconds=seconds,
            seed=seed,
            write_cases=write_cases,
            mode=mode.value,
        )
    )


@verify_app.command()
def case(files: Annotated[list[Path], typer.Argument(help="Files of .segue/evidence/cases.")]) -> None:
    """Ask both sides again what a run found different.

    Exits with 1 when a case still differs.
    """
    from segue.commands import verify as command

    raise typer.Exit(command.case(files))


@verify_app.command()
def noise(
    project: Project = HERE,
    json: AsJson = False,
    cases: Annotated[int, typer.Option(min=1, help="At most this many cases.")] = 2000,
    seconds: Annotated[float, typer.Option(min=1.0, help="At most this long.")] = 120.0,
    seed: Annotated[int, typer.Option(help="Same seed, same cases.")] = 1,
) -> None:
    """Compare Django with itself.

    The same requests twice, the second time at a later clock and with unordered rows turned round. Lists what
    Django answers differently by itself; works before anything is translated. Exits with 1 on what no rule explains.
    """
    from segue.commands.noise import noise as command

    raise typer.Exit(command(open_project(project), as_json=json, cases=cases, seconds=seconds, seed=seed))


@verify_app.command()
def http(
    django: Annotated[str, typer.Option(help="Base URL of the running Django service.")],
    fastapi: Annotated[str, typer.Option(help="Base URL of the running FastAPI service.")],
    project: Project = HERE,
    json: AsJson = False,
    route: Annotated[
        list[str] | None, typer.Option(help="Only this path, 'GET /path/' or glob; may be repeated.")
    ] = None,
    credential: Annotated[
        list[str] | None,
        typer.Option(help="A person who asks, by a header: 'Authorization: Token …'; may be repeated."),
    ] = None,
    cases: Annotated[int, typer.Option(min=1, help="At most this many cases.")] = 2000,
    seconds: Annotated[float, typer.Option(min=1.0, help="At most this long.")] = 300.0,
    seed: Annotated[int, typer.Option(help="Same seed, same cases.")] = 1,
    html: Html = None,
    junit: JUnit = None,
    github: GitHub = False,
) -> None:
    """Compare two services that run already.

    Sends reads only (GET, HEAD, OPTIONS) and records no evidence; 'verify explore --mode http' starts both sides
    itself, compares writes too and records. Exits with 1 on differences.
    """
    from segue.commands import verify as command

    raise typer.Exit(
        command.http(
            open_project(project),
            django,
            fastapi,
            command.Outputs(json, html, junit, github),
            routes=route or [],
            credentials=credential or [],
            cases=cases,
            seconds=seconds,
            seed=seed,
        )
    )


@verify_app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def suite(
    context: typer.Context,
    project: Project = HERE,
    json: AsJson = False,
    answer: Annotated[
        Answer, typer.Option(help="Whose answers the tests see: Django's, compared, or FastAPI's as well.")
    ] = Answer.both,
    html: Html = None,
    junit: JUnit = None,
    github: GitHub = False,
) -> None:
    """Run the project's own tests on both sides.

    Their command comes after --, as in: segue verify suite -- python manage.py test
    Exits with 1 on differences or failed tests.
    """
    from segue.commands import verify as command

    raise typer.Exit(
        command.suite(
            open_project(project),
            context.args,
            command.Outputs(json, html, junit, github),
            answer=answer.value,
        )
    )


@verify_app.command()
def interleave(
    project: Project = HERE,
    json: AsJson = False,
    route: Annotated[
        list[str] | None, typer.Option(help="Only this path, 'POST /path/' or glob; may be repeated.")
    ] = None,
    count: Annotated[int, typer.Option(min=2, help="At most this many schedules.")] = 500,
    per_pair: Annotated[int, typer.Option(min=2, help="At most this many for the same requests.")] = 12,
    at_once: Annotated[
        int, typer.Option(min=2, max=3, help="Requests that run at the same time: 2 or 3.")
    ] = 2,
    seconds: Annotated[float, typer.Option(min=1.0, help="About this long.")] = 300.0,
    seed: Annotated[int, typer.Option(help="Same seed, same requests and schedules.")] = 1,
) -> None:
    """Run requests at the same time on both sides (PostgreSQL).

    Both sides are led through the same schedules, statement by statement; then answers and rows are compared: lost
    updates, deadlocks and refusals that one side has and the other has not. Exits with 1 on differences, with 2 if no requests ran
    at the same time.
    """
    from segue.commands import interleave as command

    raise typer.Exit(
        command.run(
            open_project(project),
            routes=route or [],
            count=count,
            seconds=seconds,
            per_pair=per_pair,
            at_once=at_once,
            seed=seed,
            json_only=json,
        )
    )


@verify_app.command("openapi")
def verify_openapi(
    project: Project = HERE,
    json: AsJson = False,
    cases: Annotated[int, typer.Option(min=1, help="At most this many cases.")] = 3000,
    seconds: Annotated[float, typer.Option(min=1.0, help="At most this long.")] = 60.0,
    seed: Annotated[int, typer.Option(help="Same seed, same cases.")] = 1,
) -> None:
    """Hold the generated OpenAPI schema against answers.

    Sends derived requests, checks every form of answer, and compares with the schema of drf-spectacular or drf-yasg where the
    project has one: the answers say who is right. Exits with 1 when an answer breaks the generated schema.
    """
    from segue.commands import openapi as command

    raise typer.Exit(
        command.run(open_project(project), as_json=json, cases=cases, seconds=seconds, seed=seed)
    )


@verify_app.command()
def replay(
    files: Annotated[list[Path], typer.Argument(help="Recordings, or folders of them.")],
    project: Project = HERE,
    json: AsJson = False,
    users: Annotated[
        list[str] | None,
        typer.Option("--as", help="TOKEN=USER: whose a recorded token, session key or Authorization is."),
    ] = None,
    host: Annotated[str, typer.Option(help="Only requests to this host.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="At most this many requests.")] = 100_000,
    seconds: Annotated[float, typer.Option(min=1.0, help="At most this long.")] = 3600.0,
    html: Html = None,
    junit: JUnit = None,
    github: GitHub = False,
) -> None:
    """Send recorded traffic to both sides.

    Reads HAR, JSON access logs of NGINX and Envoy, files of Envoy's tap filter, and GoReplay's files; runs on a
    copy of the project's own rows. Credentials and private fields are in no report. Exits with 1 on differences.
    """
    from segue.commands import verify as command

    raise typer.Exit(
        command.replay(
            open_project(project),
            files,
            command.Outputs(json, html, junit, github),
            users=users or [],
            host=host,
            limit=limit,
            seconds=seconds,
        )
    )
