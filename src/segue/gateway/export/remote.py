"""Envoy's files for a gateway that runs in a container: both sides have names there, and its routes are a watched folder.

They are those of ``segue serve`` in all that decides where a request goes; what differs is where things are: the sides behind names that DNS
answers, the log on standard output, no place for ``segue shadow``.
"""

from __future__ import annotations

from typing import Any

from segue.errors import UsageError
from segue.gateway import envoy, routes
from segue.gateway.envoy import Edge, Ports
from segue.gateway.routes import ACTIVE_HEADER, ACTIVE_PATH, ITSELF, TYPE
from segue.gateway.table import Rule
from segue.gateway.telemetry import ADMIN as ADMIN_PAGE

Json = dict[str, Any]

FOLDER = "/etc/segue"
"""Where the files are in the container: ``boot/envoy.json`` and ``routes/rds.json``."""
LISTEN, SIDE, ADMIN = 8080, 8000, 9901
ANY = "any"
"""The version that is asked for to hear whether the gateway serves requests by any routes at all."""
_STDOUT = f"{TYPE}.extensions.access_loggers.stream.v3.StdoutAccessLog"


def bootstrap(edge: Edge, folder: str = FOLDER) -> Json:
    """Envoy's start-up file. Raises :class:`UsageError` for a certificate: its files are on another machine."""
    if edge.certificate is not None:
        raise UsageError(
            "gateway.certificate is not exported for containers: its files are on this machine.",
            hint="Let the proxy before the gateway speak TLS, set gateway.proxies, and take gateway.certificate out of segue.toml.",
        )
    if edge.metrics is not None and edge.metrics.port in (LISTEN, ADMIN):
        raise UsageError(
            f"Port {edge.metrics.port} of gateway.metrics is one that Envoy has in its container already.",
            hint=f"Give gateway.metrics in segue.toml another one than {LISTEN} and {ADMIN}.",
        )
    # Built with routes inside, which leaves out the watched folders of this machine; they are then taken out again.
    made = envoy.bootstrap(Ports(LISTEN, ADMIN, SIDE, SIDE), folder, edge, static={})
    resources = made["static_resources"]
    listener = resources["listeners"][0]
    listener["address"] = _address("0.0.0.0", LISTEN)
    manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
    del manager["route_config"]
    manager["rds"] = envoy.watched_routes(folder)
    router = manager["http_filters"][-1]["typed_config"]
    for log in (*manager["access_log"], *router["upstream_log"]):
        log["name"] = "envoy.access_loggers.stdout"
        log["typed_config"]["@type"] = _STDOUT
        del log["typed_config"]["path"]
    if edge.metrics is not None:
        resources["listeners"][1]["address"] = _address("0.0.0.0", edge.metrics.port)
    resources["clusters"] = [_by_name(one) for one in resources["clusters"]]
    return made


def discovery(rules: list[Rule]) -> str:
    """``routes/rds.json``. Who asks whether any version is in use hears 204: probes cannot know the version."""
    asked = {
        "path": ACTIVE_PATH,
        "headers": [{"name": ACTIVE_HEADER, "string_match": {"exact": ANY}}],
    }
    first = {"name": "segue|any", "match": asked, "direct_response": {"status": 204}}
    return routes.discovery(rules, [first])[1]


def _by_name(made: Json) -> Json:
    """``made`` with its host found by DNS, each of the addresses of a name (the pods of a headless Service) being a host of its own."""
    # Not one that is made of others, the collector, which has a name already, nor Envoy's own admin page.
    if "load_assignment" not in made or made["type"] == "STRICT_DNS" or made["name"] == ADMIN_PAGE:
        return made
    name = "fastapi" if made["name"] == ITSELF else "django"
    made["load_assignment"]["endpoints"][0]["lb_endpoints"] = [{"endpoint": {"address": _address(name)}}]
    return {**made, "type": "STRICT_DNS", "dns_lookup_family": "V4_PREFERRED"}


def _address(host: str, port: int = SIDE) -> Json:
    return {"socket_address": {"address": host, "port_value": port}}
