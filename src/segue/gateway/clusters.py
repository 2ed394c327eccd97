"""The two sides as Envoy's clusters, as plain dicts.

The settings were each tried under load; docs/gateway.md says what happens without them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from segue.gateway import whole
from segue.gateway.routes import ITSELF, STANDIN, TYPE, Json


@dataclass(frozen=True, slots=True)
class Limits:
    """What a side may be asked at once. ``connections``: open ones, each with one request in work. ``requests``: so many may wait for a
    connection; what comes then gets 503. ``timeout``: seconds from sending a request to the end of its answer; 0: any time."""

    connections: int = 4096
    requests: int = 4096
    timeout: int = 0


HEALTH_PATH = "/.segue/alive"
"""What FastAPI is asked to see whether it answers at all: any answer is one, 404 as well, so that no project need know the path."""


def clusters(ports: Mapping[str, int], limits: Mapping[str, Limits], health: int = 0) -> list[Json]:
    """Both sides, by ``django`` and ``fastapi``. ``health``: seconds that FastAPI may take to answer :data:`HEALTH_PATH`; 0: it is not asked.

    ``fastapi`` is FastAPI itself and, after it, Django as its stand-in. They are clusters of their own since Envoy leaves out whatever host of a
    cluster is slow or resets: Django, which has nobody to stand in for it, would be left out as well after some reads that take long on both
    sides, and a read that FastAPI then fails would be asked of FastAPI again, or answered with 503.
    """
    mine, django = limits["fastapi"], limits["django"]
    return [
        _side("django", ports["django"], django),
        {
            "name": "fastapi",
            "connect_timeout": "1s",
            "lb_policy": "CLUSTER_PROVIDED",
            "cluster_type": {
                "name": "envoy.clusters.aggregate",
                "typed_config": {
                    "@type": f"{TYPE}.extensions.clusters.aggregate.v3.ClusterConfig",
                    "clusters": [ITSELF, STANDIN],
                },
            },
            "common_lb_config": {"healthy_panic_threshold": {"value": 0}},
            "circuit_breakers": {"thresholds": [{"priority": "DEFAULT", "max_retries": 1024}]},
            "typed_extension_protocol_options": _protocol(mine, whole.upstream_filters()),
        },
        {
            **_side(ITSELF, ports["fastapi"], mine),
            "outlier_detection": _outliers(),
            **({"health_checks": [_health(health)]} if health else {}),
            "common_lb_config": {"healthy_panic_threshold": {"value": 0}},
        },
        _side(STANDIN, ports["django"], mine),
    ]


def _side(name: str, port: int, limits: Limits) -> Json:
    """Nobody stands in for it here, so it is never asked twice: Django's answers and its slowness pass through as without a gateway."""
    return {
        "name": name,
        "type": "STATIC",
        "connect_timeout": "1s",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address(port)}}]}],
        },
        "circuit_breakers": {
            "thresholds": [
                {
                    "priority": "DEFAULT",
                    "max_retries": 0,
                    "max_connections": limits.connections,
                    "max_pending_requests": limits.requests,
                    "max_requests": max(limits.connections, limits.requests),
                }
            ]
        },
        "typed_extension_protocol_options": _protocol(limits, []),
    }


def _protocol(limits: Limits, filters: list[Json]) -> Json:
    return {
        "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
            "@type": f"{TYPE}.extensions.upstreams.http.v3.HttpProtocolOptions",
            # Shorter than servers keep idle connections (gunicorn 2 s, uvicorn 5 s): who sends on one that is just being closed loses
            # the request.
            "common_http_protocol_options": {
                "idle_timeout": "1s",
                **({"max_stream_duration": f"{limits.timeout}s"} if limits.timeout else {}),
            },
            "explicit_http_config": {"http_protocol_options": {}},
            **({"http_filters": filters} if filters else {}),
        }
    }


def _health(seconds: int) -> Json:
    """A process that is stopped, or whose event loop is blocked, takes connections and answers none of them; what costs reads their patience until
    three have waited in vain would hold writes for good."""
    return {
        "timeout": f"{seconds}s",
        "interval": f"{seconds}s",
        "no_traffic_interval": f"{seconds}s",
        "unhealthy_interval": "1s",
        "unhealthy_threshold": 2,
        "healthy_threshold": 1,
        "http_health_check": {
            "path": HEALTH_PATH,
            "method": "HEAD",
            "host": "localhost",
            "expected_statuses": [{"start": 100, "end": 600}],
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


def address(port: int) -> Json:
    """A loopback address."""
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}
