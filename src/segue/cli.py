"""The ``segue`` command."""

from __future__ import annotations

import gc
import sys
from dataclasses import replace
from enum import StrEnum
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from segue import __version__
from segue.cli_split import split_app
from segue.commands.common import errors, open_project
from segue.errors import SegueError, UsageError, of_system

# What Typer raises for a wrong command line. Some releases bring click inside, others beside, so the
# class is reached through a name that all of them have.
_CommandLineError: type[Any] = next(c for c in typer.BadParameter.__mro__ if c.__name__ == "ClickException")

_JOURNEY = (
    *("init", "assess", "brief", "generate", "verify", "serve", "status"),
    *("shadow", "shift", "rollout", "rollback", "ui"),
    *("gateway", "schema", "split", "doctor", "demo"),
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


class Answer(StrEnum):
    """Whose answers tests see."""

    both = "both"
    fastapi = "fastapi"


class Export(StrEnum):
    """Gateways that the ledger's routes can be printed for."""

    envoy = "envoy"
    in_process = "in-process"
    nginx = "nginx"
    kubernetes = "kubernetes"
    compose = "compose"
    manifests = "manifests"


class Mode(StrEnum):
    """How both sides are run."""

    joined = "joined"
    http = "http"


verify_app = typer.Typer(help="Compare both sides: same request, same database state.", no_args_is_help=True)
gateway_app = typer.Typer(help="The Envoy gateway.", no_args_is_help=True)
schema_app = typer.Typer(help="The database schema on both sides.", no_args_is_help=True)
app.add_typer(verify_app, name="verify")
app.add_typer(gateway_app, name="gateway")
app.add_typer(schema_app, name="schema")
app.add_typer(split_app, name="split")

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


@app.command()
def init(
    project: Project = HERE, python: Python = "", settings: SettingsModule = "", json: AsJson = False
) -> None:
    """Write segue.toml with what was detected."""
    from segue.commands import init as command

    raise typer.Exit(command.run(project, python=python, settings=settings, as_json=json))


@app.command()
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


@app.command()
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


@app.command()
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


@app.command()
def status(project: Project = HERE, json: AsJson = False) -> None:
    """Say who serves what, on what evidence.

    Lists every operation with its state, weight and evidence, and the gateway's counts if it is up.
    """
    from segue.commands import status as command

    raise typer.Exit(command.run(open_project(project), as_json=json))


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


@app.command()
def serve(
    project: Project = HERE,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Port of the gateway (else as in segue.toml; 0: any free one)."),
    ] = None,
    in_process: Annotated[
        bool, typer.Option("--in-process", help="Both sides in one process, without Envoy.")
    ] = False,
    shadow: Annotated[
        int | None,
        typer.Option(
            min=0, max=100, help="Percent of the reads to compare on both sides, as `segue shadow` does."
        ),
    ] = None,
) -> None:
    """Run Django, FastAPI and the gateway.

    The gateway sends every request to the side that the ledger names. Runs until Ctrl-C.
    """
    from segue.commands import one_process
    from segue.commands import serve as command

    if in_process:
        if shadow:
            raise UsageError(
                "--shadow needs Envoy, which --in-process does without.", hint="Leave out one of the two."
            )
        raise typer.Exit(one_process.run(open_project(project), port=port))
    raise typer.Exit(command.run(open_project(project), port=port, shadow=shadow))


@app.command()
def shadow(
    routes: Annotated[
        list[str] | None, typer.Argument(help="A path, 'GET /path/' or a glob (else all).")
    ] = None,
    share: Annotated[
        int | None,
        typer.Option(min=1, max=100, help="Percent of the reads (else as in segue.toml, or 10)."),
    ] = None,
    seconds: Annotated[float | None, typer.Option(min=1.0, help="End after this long.")] = None,
    forgetting: Annotated[
        bool, typer.Option("--forget", help="Take what live reads showed out of the ledger.")
    ] = False,
    project: Project = HERE,
    json: AsJson = False,
) -> None:
    """Compare live reads on both sides.

    Beside a running `segue serve`: what a user was answered is compared with what the other side answers, off the request's way.
    Only reads that write nothing; differences go into the ledger. Runs until Ctrl-C. Exits with 1 if there was a difference.
    """
    from segue.commands import shadow as command

    settings = open_project(project)
    if forgetting:
        raise typer.Exit(command.forget(settings, routes or []))
    raise typer.Exit(command.run(settings, routes or [], share=share, seconds=seconds, as_json=json))


@gateway_app.command("check")
def gateway_check(project: Project = HERE, json: AsJson = False) -> None:
    """Let Envoy judge the ledger's routes."""
    from segue.commands import gateway as command

    raise typer.Exit(command.check(open_project(project), as_json=json))


@gateway_app.command("export")
def gateway_export(
    project: Project = HERE,
    to: Annotated[Export, typer.Option("--to", help="What reads them.")] = Export.envoy,
    output: Annotated[
        Path | None, typer.Option(help="Folder that compose and manifests are written to.")
    ] = None,
) -> None:
    """Print the ledger's routes for another gateway, or write what runs all of it in containers.

    By default a complete Envoy bootstrap as JSON.
    """
    if to in (Export.compose, Export.manifests):
        from segue.commands import containers

        raise typer.Exit(containers.export(open_project(project), to.value, output))
    if output is not None:
        raise UsageError(
            f"--to {to.value} is printed.", hint="Leave out --output and redirect it (`> FILE`)."
        )
    from segue.commands import gateway as command

    raise typer.Exit(command.export(open_project(project), to.value))


@app.command()
def shift(
    routes: Annotated[list[str], typer.Argument(help="A path, 'GET /path/' or a glob.")],
    to: Annotated[int, typer.Option("--to", help="FastAPI's share in percent.")],
    project: Project = HERE,
    force: Annotated[
        bool, typer.Option("--force", help="Even without fresh evidence; the ledger says so.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Give FastAPI a share of a route's traffic.

    Takes effect at once and without a dropped request. More traffic needs fresh evidence without
    differences, or --force; less is always allowed.
    """
    from segue.commands import shift as command

    raise typer.Exit(command.run(open_project(project), routes, to, force=force, as_json=json))


@app.command()
def rollout(
    routes: Annotated[list[str] | None, typer.Argument(help="A path, 'GET /path/' or a glob.")] = None,
    pausing: Annotated[bool, typer.Option("--pause", help="Take no more traffic for now.")] = False,
    resuming: Annotated[
        bool, typer.Option("--resume", help="Go on after a pause, a stop or a crash.")
    ] = False,
    synthetic: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=100,
            help="Reads a second that are sent where users send too few (default: as in segue.toml, 0).",
        ),
    ] = None,
    reads: Annotated[
        list[Path] | None, typer.Option("--reads", help="Recorded traffic whose GETs are sent for that.")
    ] = None,
    project: Project = HERE,
) -> None:
    """Shift routes step by step, and back by itself.

    Each operation takes the next step of rollout.steps (segue.toml) when enough requests have shown that FastAPI fails and
    delays no more than Django; what shows otherwise goes back to 0 at once. Needs a running `segue serve`. Exits with 1 if an
    operation went back.
    """
    from segue.commands import rollout as command

    if bool(routes) + pausing + resuming != 1:
        raise UsageError(
            "Say what to do: routes, or --pause, or --resume.", hint="`segue status` lists the routes."
        )
    settings = open_project(project)
    if synthetic is not None:
        settings = replace(settings, rollout_synthetic=synthetic)
    if pausing:
        raise typer.Exit(command.pause(settings))
    raise typer.Exit(
        command.resume(settings, reads or [])
        if resuming
        else command.run(settings, routes or [], reads or [])
    )


@app.command()
def rollback(
    routes: Annotated[list[str] | None, typer.Argument(help="A path, 'GET /path/' or a glob.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every route.")] = False,
    project: Project = HERE,
    json: AsJson = False,
) -> None:
    """Send routes back to Django in one step."""
    from segue.commands import shift as command

    raise typer.Exit(
        command.rollback(open_project(project), routes or [], everything=everything, as_json=json)
    )


@app.command()
def ui(
    project: Project = HERE,
    host: Annotated[
        str,
        typer.Option("--host", help="Address or name to listen on; others than loopback ask for a token."),
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on (0: any free one).")] = 8089,
    token: Annotated[bool, typer.Option("--token", help="Ask for a token on loopback, too.")] = False,
) -> None:
    """Show the migration in a browser.

    Operations by state and weight, live traffic per side, evidence, history and blockers; shifts and rolls back as
    the commands do. On 127.0.0.1 until Ctrl-C.
    """
    from segue.commands import ui as command

    raise typer.Exit(command.run(project, host=host, port=port, token=token))


@schema_app.command("check")
def schema_check(
    project: Project = HERE,
    server: Annotated[
        str,
        typer.Option(
            "--server",
            help="PostgreSQL to build on, postgresql://user@host:port/ (else the project's own, if it uses one).",
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
    raise typer.Exit(check(open_project(project), server=server, sqlite=sqlite, as_json=json))


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


class Owner(StrEnum):
    """Who may change a table."""

    django = "django"
    fastapi = "fastapi"


@schema_app.command("own")
def schema_own(
    tables: Annotated[list[str], typer.Argument(help="Tables, as `segue schema owners` prints them.")],
    by: Annotated[Owner, typer.Option("--by", help="Who may change them from now on.", show_default=False)],
    project: Project = HERE,
    server: Annotated[
        str,
        typer.Option(
            "--server",
            help="PostgreSQL to build on, postgresql://user@host:port/ (else the project's own, if it uses one).",
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


@app.command()
def doctor(project: Project = HERE, json: AsJson = False) -> None:
    """Check machine, interpreter and state files.

    Says what is there, what is wrong and what to do about it. Exits with 2 when a check fails.
    """
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
