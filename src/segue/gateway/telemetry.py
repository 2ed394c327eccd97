"""What Envoy sees, for a collector of the team's own: traces and statistics by OTLP over HTTP; or statistics for Prometheus, who asks for them.

``/v1/traces`` and ``/v1/metrics`` below the collector's address, protobuf, as the OpenTelemetry protocol has it.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from segue.gateway.routes import TYPE, Json

CLUSTER, ADMIN = "otlp", "admin"
_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Collector:
    """``url`` is its address (``http://host:4318``); ``share`` the percentage of requests that are traced, if their client has not decided."""

    url: str
    share: int = 100


@dataclass(frozen=True, slots=True)
class Metrics:
    """Where Prometheus asks: ``address`` (IPv4) and ``port``."""

    address: str
    port: int


def metrics_listener(metrics: Metrics) -> Json:
    """Statistics on a port of their own: ``GET /metrics`` and nothing else of what Envoy's admin page has, which can also end it."""
    asked = {
        "prefix": "/metrics",
        # Its whole text, so that no query is handed on.
        "headers": [
            {"name": ":method", "string_match": {"exact": "GET"}},
            {"name": ":path", "string_match": {"exact": "/metrics"}},
        ],
    }
    manager = {
        "@type": f"{TYPE}.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "metrics",
        "request_timeout": f"{_SECONDS}s",
        "stream_idle_timeout": f"{_SECONDS}s",
        "route_config": {
            "virtual_hosts": [
                {
                    "name": "metrics",
                    "domains": ["*"],
                    "routes": [
                        {"match": asked, "route": {"cluster": ADMIN, "prefix_rewrite": "/stats/prometheus"}}
                    ],
                }
            ]
        },
        "http_filters": [
            {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": f"{TYPE}.extensions.filters.http.router.v3.Router"},
            }
        ],
    }
    network = {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}
    return {
        "name": "metrics",
        "address": {"socket_address": {"address": metrics.address, "port_value": metrics.port}},
        "filter_chains": [{"filters": [network]}],
    }


def admin_cluster(port: int) -> Json:
    """Envoy's admin page, on loopback, as a cluster."""
    at = {"socket_address": {"address": "127.0.0.1", "port_value": port}}
    return {
        "name": ADMIN,
        "type": "STATIC",
        "connect_timeout": "1s",
        "load_assignment": {
            "cluster_name": ADMIN,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": at}}]}],
        },
    }


def tracing(collector: Collector) -> Json:
    """``tracing`` of the connection manager. A ``traceparent`` that comes in is gone on with; the sides get Envoy's span as their parent."""
    return {
        "provider": {
            "name": "envoy.tracers.opentelemetry",
            "typed_config": {
                "@type": f"{TYPE}.config.trace.v3.OpenTelemetryConfig",
                "service_name": "segue-gateway",
                "http_service": _service(collector, "traces"),
                "sampler": _sampler(collector),
            },
        },
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


def request_ids() -> Json:
    """``request_id_extension`` of the connection manager, which leaves it to :func:`_sampler` what is traced. By itself Envoy asks the request's id,
    and traces nothing whose id is no UUID (that of nginx, ``$request_id``, has no hyphens)."""
    return {
        "typed_config": {
            "@type": f"{TYPE}.extensions.request_id.uuid.v3.UuidRequestIdConfig",
            "pack_trace_reason": False,
            "use_request_id_for_trace_sampling": False,
        }
    }


def _sampler(collector: Collector) -> Json:
    """What ``traceparent`` says, else a share of all."""
    kinds = f"{TYPE}.extensions.tracers.opentelemetry.samplers.v3"
    return {
        "name": "envoy.tracers.opentelemetry.samplers.parent_based",
        "typed_config": {
            "@type": f"{kinds}.ParentBasedSamplerConfig",
            "wrapped_sampler": {
                "name": "envoy.tracers.opentelemetry.samplers.trace_id_ratio_based",
                "typed_config": {
                    "@type": f"{kinds}.TraceIdRatioBasedSamplerConfig",
                    "sampling_percentage": {"numerator": collector.share},
                },
            },
        },
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
