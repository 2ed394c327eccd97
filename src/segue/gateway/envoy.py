"""The gateway in Envoy's words (v3 API), as plain dicts.

The settings were each tried under load; docs/gateway.md says what happens without them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from ipaddress import ip_network

from segue import digest
from segue.gateway import leaving, tapping, telemetry, tls
from segue.gateway.clusters import Limits, address, clusters
from segue.gateway.routes import ACTIVE_PATH, INTERNAL, TYPE, UNSERVED, Json

_OBEYED = [
    INTERNAL,
    leaving.HEADER,
    "x-segue-synthetic",
    *(f"x-envoy-{name}" for name in (
        "retry-on", "retry-grpc-on", "max-retries", "retriable-status-codes", "retriable-header-names",
        "upstream-rq-timeout-ms", "upstream-rq-per-try-timeout-ms", "upstream-rq-timeout-alt-response",
        "upstream-alt-stat-name", "hedge-on-per-try-timeout", "expected-rq-timeout-ms", "original-path",
        "original-host", "force-trace", "decorator-operation", "ip-tags", "attempt-count",
    )),
]  # fmt: skip


PROGRAM = 100_000
"""Steps that a URL's pattern may have as RE2 compiles it."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Loopback TCP ports of everything."""

    gateway: int
    admin: int
    django: int
    fastapi: int


@dataclass(frozen=True, slots=True)
class Edge:
    """Who stands in front of the gateway, and who may choose a side.

    ``proxies`` are the proxies before it that are trusted (a load balancer, nginx): 0 where clients connect to it. ``internal`` are the
    networks (CIDR) from which ``x-segue-side`` is obeyed, when the request came through no proxy; none: nobody. With ``certificate``
    clients speak TLS. ``django`` and ``fastapi`` limit what it asks of each side. ``collector`` gets traces and statistics; by
    ``metrics`` Prometheus asks for the latter. ``health``: seconds that FastAPI may take to show that it is alive; 0: it is not asked.
    """

    proxies: int = 0
    internal: tuple[str, ...] = ("127.0.0.0/8", "::1/128")
    certificate: tls.Certificate | None = None
    django: Limits = field(default_factory=Limits)
    fastapi: Limits = field(default_factory=Limits)
    collector: telemetry.Collector | None = None
    metrics: telemetry.Metrics | None = None
    health: int = 0


def bootstrap(ports: Ports, folder: str, edge: Edge, *, static: Json | None = None) -> Json:
    """Envoy's start-up file. ``folder`` holds ``routes/rds.json``, ``tap/tap.json`` and the access log.

    With ``static`` the routes are built in instead of watched: that form is what
    ``envoy --mode validate`` can judge.
    """
    manager: Json = {
        "@type": f"{TYPE}.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "segue",
        "generate_request_id": True,
        **_addresses(edge),
        "early_header_mutation_extensions": [_unheard()],
        # The answer is the side's own, its Server header included.
        "server_header_transformation": "PASS_THROUGH",
        "stream_idle_timeout": "300s",
        "local_reply_config": {"mappers": _own_answers()},
        "upgrade_configs": [{"upgrade_type": "websocket"}],
        "normalize_path": False,
        "access_log": [_access_log(f"{folder}/access.jsonl")],
        "http_filters": [
            *([tapping.http_filter(folder)] if static is None else []),
            leaving.http_filter(),
            {
                "name": "envoy.filters.http.router",
                "typed_config": {
                    "@type": f"{TYPE}.extensions.filters.http.router.v3.Router",
                    "suppress_envoy_headers": True,
                    "upstream_log": [_left_log(f"{folder}/access.jsonl")],
                },
            },
        ],
    }
    collector = edge.collector
    if collector is not None:
        manager["tracing"] = telemetry.tracing(collector)
        manager["request_id_extension"] = telemetry.request_ids()
    if static is not None:
        manager["route_config"] = {k: v for k, v in static.items() if k != "@type"}
    else:
        manager["rds"] = watched_routes(folder)
    return {
        "node": {"id": "segue", "cluster": "segue"},
        "admin": {"address": address(ports.admin)},
        # By default 100: two UUIDs in a path, or a word of up to 255 letters, are more, and Envoy would refuse all routes for one of them.
        "layered_runtime": {
            "layers": [
                {
                    "name": "segue",
                    "static_layer": {
                        f"re2.max_program_size.{level}_level": PROGRAM for level in ("warn", "error")
                    },
                }
            ]
        },
        "stats_sinks": [telemetry.sink(collector)] if collector is not None else [],
        "static_resources": {
            "listeners": [
                {
                    "name": "segue",
                    "address": address(ports.gateway),
                    "filter_chains": [
                        {
                            "filters": [
                                {
                                    "name": "envoy.filters.network.http_connection_manager",
                                    "typed_config": manager,
                                }
                            ],
                            **_encryption(folder, edge, static=static is not None),
                        }
                    ],
                },
                *([telemetry.metrics_listener(edge.metrics)] if edge.metrics else []),
            ],
            "clusters": [
                *clusters(
                    {"django": ports.django, "fastapi": ports.fastapi},
                    {"django": edge.django, "fastapi": edge.fastapi},
                    edge.health,
                ),
                *([telemetry.cluster(collector)] if collector is not None else []),
                *([telemetry.admin_cluster(ports.admin)] if edge.metrics else []),
            ],
        },
    }


@cache
def made() -> str:
    """A digest of what this version of Segue starts Envoy with: a gateway with another one may not know the clusters and filters that routes name."""
    return digest.of_bytes(json.dumps(bootstrap(Ports(1, 2, 3, 4), "", Edge())).encode())[:16]


def watched_routes(folder: str) -> Json:
    """The routes of ``folder``, read anew whenever something in it has been renamed."""
    return {
        "route_config_name": "segue",
        "config_source": {
            "resource_api_version": "V3",
            "path_config_source": {
                "path": f"{folder}/routes/rds.json",
                "watched_directory": {"path": f"{folder}/routes"},
            },
        },
    }


def _encryption(folder: str, edge: Edge, *, static: bool) -> Json:
    if edge.certificate is None:
        return {}
    return tls.filter_chain(folder, edge.certificate, static=static)


def _own_answers() -> list[Json]:
    """What Envoy answers for a side that has enough to do (UO), or that took longer than it may (UMSDR: Envoy would say 408).

    The first that fits counts. A side that does not answer at all (UF) has UO as well, since it may not be asked again, and is not overloaded.
    """
    return [
        {"filter": {"response_flag_filter": {"flags": ["UF"]}}},
        {
            "filter": {"response_flag_filter": {"flags": ["UO"]}},
            "headers_to_add": [{"header": {"key": "x-segue-overloaded", "value": "%UPSTREAM_CLUSTER%"}}],
        },
        {"filter": {"response_flag_filter": {"flags": ["UMSDR"]}}, "status_code": 504},
    ]


def _addresses(edge: Edge) -> Json:
    """Where a request comes from: without proxies before Envoy from the connection, which it appends to X-Forwarded-For (X-Forwarded-Proto
    is its own then); with proxies from what they say, which stays as it came, so that Django counts the same proxies as before."""
    networks = [ip_network(network) for network in edge.internal]
    return {
        "use_remote_address": True,
        "xff_num_trusted_hops": edge.proxies,
        "skip_xff_append": edge.proxies > 0,
        "internal_address_config": {
            "cidr_ranges": [
                {"address_prefix": str(network.network_address), "prefix_len": network.prefixlen}
                for network in networks
            ]
        },
    }


def _unheard() -> Json:
    """Envoy obeys some headers of internal requests (when to try again, how long to wait): a client must not have a POST repeated."""
    return {
        "name": "envoy.http.early_header_mutation.header_mutation",
        "typed_config": {
            "@type": f"{TYPE}.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation",
            "mutations": [{"remove": name} for name in _OBEYED],
        },
    }


def _access_log(path: str) -> Json:
    return {
        "name": "envoy.access_loggers.file",
        # Segue's own question is no traffic.
        "filter": {
            "header_filter": {
                "header": {"name": ":path", "string_match": {"exact": ACTIVE_PATH}, "invert_match": True}
            }
        },
        "typed_config": {
            "@type": f"{TYPE}.extensions.access_loggers.file.v3.FileAccessLog",
            "path": path,
            "log_format": {
                "json_format": {
                    "at": "%START_TIME%",
                    "route": "%ROUTE_NAME%",
                    "method": "%REQ(:METHOD)%",
                    "status": "%RESPONSE_CODE%",
                    "side": "%RESP(X-SEGUE-ROUTE)%",
                    "cluster": "%UPSTREAM_CLUSTER%",  # the side as well, also where the client went away before an answer
                    "weight": "%METADATA(ROUTE:segue:weight)%",
                    "flags": "%RESPONSE_FLAGS%",
                    "us": "%COMMON_DURATION(DS_RX_BEG:DS_TX_END:us)%",
                    "upstream": "%UPSTREAM_HOST%",
                    "attempts": "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
                    "request_id": "%REQ(X-REQUEST-ID)%",
                    "traceparent": "%REQ(TRACEPARENT)%",
                }
            },
        },
    }


def _left_log(path: str) -> Json:
    """One line for each request that FastAPI left to Django of its own accord: that Django answers it is then no failure."""
    return {
        "name": "envoy.access_loggers.file",
        "filter": {
            "status_code_filter": {
                "comparison": {"op": "EQ", "value": {"default_value": 501, "runtime_key": "segue.left"}}
            }
        },
        "typed_config": {
            "@type": f"{TYPE}.extensions.access_loggers.file.v3.FileAccessLog",
            "path": path,
            "log_format": {
                "json_format": {
                    "at": "%START_TIME%",
                    "left": f"%RESP({UNSERVED})%",
                    "request_id": "%REQ(X-REQUEST-ID)%",
                }
            },
        },
    }
