"""``segue gateway check|export``."""

from __future__ import annotations

import sys

from segue.commands.common import console, count, print_json, read_ledger, read_snapshot
from segue.config import Config
from segue.gateway import control, envoy, in_process, routes
from segue.gateway.envoy import Ports
from segue.gateway.export import kubernetes, nginx

_PORTS = Ports(gateway=8080, admin=9901, django=8000, fastapi=8001)


def check(settings: Config, *, as_json: bool) -> int:
    """Compile the ledger and let Envoy judge the result; nothing is changed."""
    snapshot, book = read_snapshot(settings), read_ledger(settings)
    rules = control.rules(settings, snapshot, book.entries)
    control.check(rules, _PORTS, control.edge(settings))
    if as_json:
        print_json({"rules": len(rules), "accepted": True})
    else:
        console.print(f"Envoy accepts the routes of the ledger ({count(len(rules), 'rule')}).")
    return 0


def export(settings: Config, kind: str) -> int:
    """Print the ledger's routes for a gateway of the team's own; ``kind`` is a value of ``segue.cli.traffic.Export``."""
    snapshot, book = read_snapshot(settings), read_ledger(settings)
    rules = control.rules(settings, snapshot, book.entries)
    edge = control.edge(settings)
    if kind == "envoy":
        print_json(envoy.bootstrap(_PORTS, ".", edge, static=routes.route_configuration(rules)))
    elif kind == "kubernetes":
        print_json(kubernetes.routes(rules))
    elif kind == "nginx":
        sys.stdout.write(nginx.configuration(rules, _PORTS, edge))
    else:
        sys.stdout.write(in_process.table(rules, edge)[1] + "\n")
    return 0
