"""What Envoy sees, for a collector of the team's own: traces and statistics by OTLP over HTTP.

``/v1/traces`` and ``/v1/metrics`` below the collector's address, protobuf, as the OpenTelemetry protocol has it.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from segue.gateway.routes import TYPE, Json

CLUSTER = "otlp"
_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Collector:
    """``url`` is its address (``http://host:4318``); ``share`` the percentage of requests that are traced, if their client has not decided."""

    url: str
    share: int = 100


def tracing(collector: Collector) -> Json:
    """``tracing`` of the connection manager. A ``traceparent`` that comes in is gone on with; the sides get Envoy's span as their parent."""
    share = {"value": collector.share}
    return {
        "provider": {
            "name": "envoy.tracers.opentelemetry",
            "typed_config": {
                "@type": f"{TYPE}.config.trace.v3.OpenTelemetryConfig",
                "service_name": "segue-gateway",
                "http_service": _service(collector, "traces"),
            },
        },
        "random_sampling": share,
        "spawn_upstream_span": False,
        "custom_tags": [
            {
                "tag": "segue.weight",
                "metadata": {
                    "kind": {"route": {}},
                    "metadata_key": {"key": "segue", "path": [{"key": "weight"}]},
                },
            }
        ],
    }


def sink(collector: Collector) -> Json:
    """An entry of ``stats_sinks``: what the admin page's ``/stats`` has, every five seconds."""
    return {
        "name": "envoy.stat_sinks.open_telemetry",
        "typed_config": {
            "@type": f"{TYPE}.extensions.stat_sinks.open_telemetry.v3.SinkConfig",
            "http_service": _service(collector, "metrics"),
        },
    }


def cluster(collector: Collector) -> Json:
    """The collector, as a cluster."""
    parts = urlsplit(collector.url)
    at = {"socket_address": {"address": parts.hostname, "port_value": parts.port or 80}}
    return {
        "name": CLUSTER,
        "type": "STRICT_DNS",
        "connect_timeout": "1s",
        "dns_lookup_family": "V4_PREFERRED",
        "load_assignment": {
            "cluster_name": CLUSTER,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": at}}]}],
        },
    }


def _service(collector: Collector, what: str) -> Json:
    uri = f"{collector.url.rstrip('/')}/v1/{what}"
    return {"http_uri": {"uri": uri, "cluster": CLUSTER, "timeout": f"{_SECONDS}s"}}
