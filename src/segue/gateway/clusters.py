"""The two sides as Envoy's clusters, as plain dicts.

The settings were each tried under load; docs/gateway.md says what happens without them.
"""

from __future__ import annotations

from dataclasses import dataclass

from segue.gateway import whole
from segue.gateway.routes import TYPE, Json


@dataclass(frozen=True, slots=True)
class Limits:
    """What a side may be asked at once. ``connections``: open ones, each with one request in work. ``requests``: so many may wait for a
    connection; what comes then gets 503. ``timeout``: seconds from sending a request to the end of its answer; 0: any time."""

    connections: int = 4096
    requests: int = 4096
    timeout: int = 0


def cluster(name: str, ports: list[int], limits: Limits = Limits()) -> Json:
    """``ports``: the side itself, then who stands in for it. A side that nobody stands in for is never asked twice: Django's
    answers and its slowness pass through as without a gateway."""
    return {
        "name": name,
        "type": "STATIC",
        "connect_timeout": "1s",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [
                {"priority": priority, "lb_endpoints": [{"endpoint": {"address": address(port)}}]}
                for priority, port in enumerate(ports)
            ],
        },
        "common_lb_config": {"healthy_panic_threshold": {"value": 0}} if len(ports) > 1 else {},
        "circuit_breakers": {
            "thresholds": [
                {
                    "priority": "DEFAULT",
                    "max_retries": 1024 if len(ports) > 1 else 0,
                    "max_connections": limits.connections,
                    "max_pending_requests": limits.requests,
                    "max_requests": max(limits.connections, limits.requests),
                }
            ]
        },
        **({"outlier_detection": _outliers()} if len(ports) > 1 else {}),
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": f"{TYPE}.extensions.upstreams.http.v3.HttpProtocolOptions",
                # Shorter than servers keep idle connections (gunicorn 2 s, uvicorn 5 s): who sends on one that is just being closed loses
                # the request.
                "common_http_protocol_options": {
                    "idle_timeout": "1s",
                    **({"max_stream_duration": f"{limits.timeout}s"} if limits.timeout else {}),
                },
                "explicit_http_config": {"http_protocol_options": {}},
                **({"http_filters": whole.upstream_filters()} if len(ports) > 1 else {}),
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


def address(port: int) -> Json:
    """A loopback address."""
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}
