"""Who serves what: ``serve``, ``shadow``, ``shift``, ``rollout``, ``rollback``, ``ui`` and ``segue gateway``."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from segue.cli.options import HERE, AsJson, Project
from segue.commands.common import open_project
from segue.errors import UsageError

gateway_app = typer.Typer(help="The Envoy gateway.", no_args_is_help=True)


class Export(StrEnum):
    """Gateways that the ledger's routes can be printed for."""

    envoy = "envoy"
    in_process = "in-process"
    nginx = "nginx"
    kubernetes = "kubernetes"
    compose = "compose"
    manifests = "manifests"


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
