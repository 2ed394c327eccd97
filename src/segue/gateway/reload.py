"""The sides as Envoy knows them (CDS), in a file that is watched as the routes are: their limits change without another start."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path

from segue import digest
from segue.errors import EnvironmentProblem
from segue.files import write_atomic
from segue.gateway import control, telemetry
from segue.gateway.clusters import clusters
from segue.gateway.envoy import Edge, Ports
from segue.gateway.routes import TYPE, Json

_THEIR_OWN = (telemetry.CLUSTER, telemetry.ADMIN)
"""Clusters that no side is; they stay in the start-up file."""


def put_boot(folder: Path, boot: Json) -> Path:
    """Write the start-up file into the gateway's ``folder``, with its sides in a file of their own; where it is."""
    resources = boot["static_resources"]
    sides = [one for one in resources["clusters"] if one["name"] not in _THEIR_OWN]
    place = _file(folder)
    place.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(place, _text(sides)[1])
    watched = {"path": str(place), "watched_directory": {"path": str(place.parent)}}
    rest = [one for one in resources["clusters"] if one["name"] in _THEIR_OWN]
    start = {
        **boot,
        "static_resources": {**resources, "clusters": rest},
        "dynamic_resources": {"cds_config": {"resource_api_version": "V3", "path_config_source": watched}},
    }
    file = folder / "boot.json"
    file.write_text(json.dumps(start, indent=1), encoding="utf-8")
    return file


def follow(state: Path, ports: Ports, edge: Edge, *, timeout: float = 30.0) -> bool:
    """Let the running gateway ask of the sides what ``edge`` says; whether that is something else than before. Requests that are under way go on.

    Raises :class:`EnvironmentProblem` where Envoy refuses it or does not take it in time; it keeps what it had.
    """
    file = _file(control.folder(state))
    sides = clusters({"django": ports.django, "fastapi": ports.fastapi}, {"django": edge.django, "fastapi": edge.fastapi}, edge.health)  # fmt: skip
    version, text = _text(sides)
    before = file.read_text(encoding="utf-8")
    if text == before:
        return False
    control.check([], ports, Edge(django=edge.django, fastapi=edge.fastapi, health=edge.health))
    write_atomic(file, text)
    until = time.monotonic() + timeout
    while time.monotonic() < until:
        if control.active_clusters(ports) == version:
            return True
        time.sleep(0.02)
    write_atomic(file, before)
    raise EnvironmentProblem(
        f"The gateway did not take the new limits within {timeout:.0f} s.",
        hint=f"Look at {control.folder(state) / 'logs' / 'envoy.log'}.",
    )


def _file(folder: Path) -> Path:
    return folder / "clusters" / "cds.json"


def _text(sides: Sequence[Json]) -> tuple[str, str]:
    """Version and text of the CDS file."""
    resources = [{"@type": f"{TYPE}.config.cluster.v3.Cluster", **side} for side in sides]
    version = digest.of_bytes(json.dumps(resources).encode())[:16]
    return version, json.dumps({"version_info": version, "resources": resources}, indent=1) + "\n"
