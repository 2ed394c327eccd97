"""The routing table in Envoy's words (v3 API), as plain dicts.

The settings were each tried under load; docs/gateway.md says what happens without them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

from segue.gateway.table import Rule

SIDE_HEADER = "x-segue-side"
INTERNAL = "x-envoy-internal"  # set by Envoy itself: the request comes from a network of Edge.internal
UNSERVED = "x-segue-unserved"  # with this header FastAPI says that it did nothing and Django should answer
Json = dict[str, Any]

_TYPE = "type.googleapis.com/envoy"
_SAFE = "GET|HEAD|OPTIONS"
_OBEYED = [
    INTERNAL,
    *(f"x-envoy-{name}" for name in (
        "retry-on", "retry-grpc-on", "max-retries", "retriable-status-codes", "retriable-header-names",
        "upstream-rq-timeout-ms", "upstream-rq-per-try-timeout-ms", "upstream-rq-timeout-alt-response",
        "upstream-alt-stat-name", "hedge-on-per-try-timeout", "expected-rq-timeout-ms", "original-path",
        "original-host", "force-trace", "decorator-operation", "ip-tags", "attempt-count",
    )),
]  # fmt: skip


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
    networks (CIDR) from which ``x-segue-side`` is obeyed, when the request came through no proxy; none: nobody.
    """

    proxies: int = 0
    internal: tuple[str, ...] = ("127.0.0.0/8", "::1/128")


def route_configuration(rules: Sequence[Rule]) -> Json:
    """The RDS resource: one virtual host, routes in order, Django last."""
    routes: list[Json] = []
    for rule in rules:
        match = _match(rule)
        if rule.possible:
            if rule.html_to_legacy:
                routes.append(
                    _route(
                        {**match, "headers": [*match["headers"], _header("accept", "text/html")]},
                        0,
                        rule,
                        "html",
                    )
                )
                routes.append(
                    _route(
                        {**match, "query_parameters": [{"name": "format", "string_match": {"exact": "api"}}]},
                        0,
                        rule,
                        "api",
                    )
                )
            for side, weight in (("django", 0), ("fastapi", 100)):
                chosen = [_exact(SIDE_HEADER, side), _exact(INTERNAL, "true")]
                forced = {**match, "headers": [*match["headers"], *chosen]}
                routes.extend(_by_method(forced, weight, rule, f"forced-{side}"))
        routes.extend(_by_method(match, rule.weight, rule, "weighted"))
    routes.append(
        {
            "name": "django",
            "match": {"prefix": "/"},
            "route": {"cluster": "django", "timeout": "0s", "retry_policy": _retry_unsent()},
            "response_headers_to_add": [_side("django")],
        }
    )
    return {
        "@type": f"{_TYPE}.config.route.v3.RouteConfiguration",
        "name": "segue",
        "validate_clusters": True,
        "request_headers_to_remove": [SIDE_HEADER, INTERNAL, "x-envoy-external-address"],
        "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": routes}],
    }


def discovery(rules: Sequence[Rule]) -> tuple[str, str]:
    """``(version, text)`` of the RDS file; the version is a digest of the routes."""
    resource = route_configuration(rules)
    version = hashlib.sha256(json.dumps(resource, sort_keys=True).encode()).hexdigest()[:16]
    return version, json.dumps({"version_info": version, "resources": [resource]}, indent=1)


def bootstrap(ports: Ports, folder: str, edge: Edge, *, static: Json | None = None) -> Json:
    """Envoy's start-up file. ``folder`` holds ``routes/rds.json`` and the access log.

    With ``static`` the routes are built in instead of watched: that form is what
    ``envoy --mode validate`` can judge.
    """
    manager: Json = {
        "@type": f"{_TYPE}.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "segue",
        "generate_request_id": True,
        **_addresses(edge),
        "early_header_mutation_extensions": [_unheard()],
        # The answer is the side's own, its Server header included.
        "server_header_transformation": "PASS_THROUGH",
        "stream_idle_timeout": "300s",
        "upgrade_configs": [{"upgrade_type": "websocket"}],
        "normalize_path": False,
        "access_log": [_access_log(f"{folder}/access.jsonl")],
        "http_filters": [
            {
                "name": "envoy.filters.http.router",
                "typed_config": {
                    "@type": f"{_TYPE}.extensions.filters.http.router.v3.Router",
                    "suppress_envoy_headers": True,
                },
            }
        ],
    }
    if static is not None:
        manager["route_config"] = {k: v for k, v in static.items() if k != "@type"}
    else:
        manager["rds"] = {
            "route_config_name": "segue",
            "config_source": {
                "resource_api_version": "V3",
                "path_config_source": {
                    "path": f"{folder}/routes/rds.json",
                    "watched_directory": {"path": f"{folder}/routes"},
                },
            },
        }
    return {
        "node": {"id": "segue", "cluster": "segue"},
        "admin": {"address": _address(ports.admin)},
        "static_resources": {
            "listeners": [
                {
                    "name": "segue",
                    "address": _address(ports.gateway),
                    "filter_chains": [
                        {
                            "filters": [
                                {
                                    "name": "envoy.filters.network.http_connection_manager",
                                    "typed_config": manager,
                                }
                            ]
                        }
                    ],
                }
            ],
            "clusters": [
                _cluster("django", [ports.django]),
                _cluster("fastapi", [ports.fastapi, ports.django]),
            ],
        },
    }


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
            "@type": f"{_TYPE}.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation",
            "mutations": [{"remove": name} for name in _OBEYED],
        },
    }


def _match(rule: Rule) -> Json:
    headers: list[Json] = []
    if rule.methods:
        headers.append(_one_of(":method", rule.methods))
    return {"safe_regex": {"regex": rule.regex}, "headers": headers}


def _by_method(match: Json, weight: int, rule: Rule, name: str) -> list[Json]:
    """Safe methods may be tried again on Django after an error; others only if never sent."""
    if rule.methods:
        return [_route(match, weight, rule, name, safe="GET" in rule.methods)]
    if weight == 0:
        return [_route(match, weight, rule, name)]
    safe = {
        **match,
        "headers": [*match["headers"], {"name": ":method", "string_match": {"safe_regex": {"regex": _SAFE}}}],
    }
    return [_route(safe, weight, rule, f"{name}-safe", safe=True), _route(match, weight, rule, name)]


def _route(match: Json, weight: int, rule: Rule, name: str, *, safe: bool = False) -> Json:
    retry = _retry_safe() if safe else _retry_unsent()
    action: Json = {"timeout": "0s", "retry_policy": retry}
    out: Json = {"name": f"{rule.key}|{name}", "match": match, "route": action}
    if weight in (0, 100):
        side = "fastapi" if weight else "django"
        action["cluster"] = side
        out["response_headers_to_add"] = [_side(side)]
    else:
        action["weighted_clusters"] = {
            "clusters": [
                {"name": side, "weight": share, "response_headers_to_add": [_side(side)]}
                for side, share in (("fastapi", weight), ("django", 100 - weight))
            ]
        }
    return out


def _retry_safe() -> Json:
    return {
        "retry_on": "5xx,reset,connect-failure,refused-stream",
        "num_retries": 2,
        "retry_back_off": {"base_interval": "0.005s", "max_interval": "0.020s"},
        "retry_priority": _previous_priorities(),
    }


def _retry_unsent() -> Json:
    """Only what FastAPI did not begin: it was never reached, or says that it did nothing."""
    return {
        **_retry_safe(),
        "retry_on": "connect-failure,refused-stream,reset-before-request,retriable-headers",
        "retriable_headers": [{"name": UNSERVED, "present_match": True}],
    }


def _previous_priorities() -> Json:
    return {
        "name": "envoy.retry_priorities.previous_priorities",
        "typed_config": {
            "@type": f"{_TYPE}.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig",
            "update_frequency": 1,
        },
    }


def _cluster(name: str, ports: list[int]) -> Json:
    return {
        "name": name,
        "type": "STATIC",
        "connect_timeout": "1s",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [
                {"priority": priority, "lb_endpoints": [{"endpoint": {"address": _address(port)}}]}
                for priority, port in enumerate(ports)
            ],
        },
        "common_lb_config": {"healthy_panic_threshold": {"value": 0}} if len(ports) > 1 else {},
        "circuit_breakers": {
            "thresholds": [
                {
                    "priority": "DEFAULT",
                    "max_retries": 1024,
                    "max_connections": 4096,
                    "max_pending_requests": 4096,
                    "max_requests": 4096,
                }
            ]
        },
        **({"outlier_detection": _outliers()} if len(ports) > 1 else {}),
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": f"{_TYPE}.extensions.upstreams.http.v3.HttpProtocolOptions",
                "common_http_protocol_options": {"idle_timeout": "30s"},
                "explicit_http_config": {"http_protocol_options": {}},
            }
        },
    }


def _outliers() -> Json:
    return {
        "consecutive_5xx": 5,
        "consecutive_local_origin_failure": 3,
        "split_external_local_origin_errors": True,
        "interval": "1s",
        "base_ejection_time": "2s",
        "max_ejection_time": "10s",
        "max_ejection_percent": 100,
        # 5xx answers are the application's; they are retried per request, not ejected for.
        "enforcing_consecutive_5xx": 0,
    }


def _access_log(path: str) -> Json:
    return {
        "name": "envoy.access_loggers.file",
        "typed_config": {
            "@type": f"{_TYPE}.extensions.access_loggers.file.v3.FileAccessLog",
            "path": path,
            "log_format": {
                "json_format": {
                    "at": "%START_TIME%",
                    "route": "%ROUTE_NAME%",
                    "method": "%REQ(:METHOD)%",
                    "status": "%RESPONSE_CODE%",
                    "flags": "%RESPONSE_FLAGS%",
                    "ms": "%DURATION%",
                    "upstream": "%UPSTREAM_HOST%",
                    "attempts": "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
                    "request_id": "%REQ(X-REQUEST-ID)%",
                    "traceparent": "%REQ(TRACEPARENT)%",
                }
            },
        },
    }


def _side(side: str) -> Json:
    return {
        "header": {"key": "x-segue-route", "value": side},
        "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
    }


def _exact(name: str, value: str) -> Json:
    return {"name": name, "string_match": {"exact": value}}


def _header(name: str, part: str) -> Json:
    return {"name": name, "string_match": {"contains": part, "ignore_case": True}}


def _one_of(name: str, values: Sequence[str]) -> Json:
    return {"name": name, "string_match": {"safe_regex": {"regex": "|".join(values)}}}


def _address(port: int) -> Json:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}
