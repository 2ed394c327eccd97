"""Prometheus metrics that cost a request nothing: plain numbers that are read when somebody asks for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from segue_bridge.watch.stalls import StallWatch

if TYPE_CHECKING:
    from fastapi import FastAPI
    from prometheus_client.registry import Collector

    from segue_bridge.db.database import Database
else:
    Collector = object


class ServiceMetrics(Collector):
    """A collector of ``prometheus_client`` for one process: ``REGISTRY.register(ServiceMetrics(database, watch))``.

    ==================================== ======= ==========================================================
    ``segue_loop_lag_seconds``           gauge   how long the loop last took to answer the watch
    ``segue_loop_lag_worst_seconds``     gauge   the most since the process started
    ``segue_loop_stalls_total``          counter stalls that were seen
    ``segue_pool_connections``           gauge   the pool's size, by ``state``: ``in_use``, ``free``
    ``segue_pool_waiting``               gauge   requests that wait for a connection now
    ``segue_pool_waits_total``           counter requests that had to wait
    ``segue_pool_wait_seconds_total``    counter how long all of them waited
    ``segue_pool_refused_total``         counter requests that were turned away with 503
    ``segue_requests_in_flight``         gauge   requests that generated routes work on now
    ==================================== ======= ==========================================================
    """

    def __init__(self, database: Database, watch: StallWatch | None = None) -> None:
        self._database, self._watch = database, watch

    def collect(self) -> Iterator[Any]:
        """The metrics as of now."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        watch, use = self._watch, self._database.use
        if watch is not None:
            yield GaugeMetricFamily("segue_loop_lag_seconds", "Last lag of the event loop.", watch.lag)
            yield GaugeMetricFamily(
                "segue_loop_lag_worst_seconds", "Worst lag of the event loop.", watch.worst
            )
            yield CounterMetricFamily("segue_loop_stalls", "Stalls of the event loop.", watch.stalls)
        pool = GaugeMetricFamily(
            "segue_pool_connections", "Database connections of this process.", labels=["state"]
        )
        pool.add_metric(["in_use"], use.taken)
        pool.add_metric(["free"], (self._database.pool_size or use.taken) - use.taken)
        yield pool
        yield GaugeMetricFamily("segue_pool_waiting", "Requests that wait for a connection.", use.waiting)
        yield CounterMetricFamily(
            "segue_pool_waits", "Requests that had to wait for a connection.", use.waits
        )
        yield CounterMetricFamily(
            "segue_pool_wait_seconds", "Time that requests waited for a connection.", use.waited
        )
        yield CounterMetricFamily("segue_pool_refused", "Requests turned away: no connection.", use.refused)
        yield GaugeMetricFamily("segue_requests_in_flight", "Requests in work.", use.in_flight)


def add_metrics(app: FastAPI, path: str = "/metrics", watch: StallWatch | None = None) -> None:
    """Serve the metrics of ``app.state.database`` and of all that ``prometheus_client`` knows at ``path``.

    Needs the package ``prometheus-client`` (``segue-bridge[watch]``). The page is for the inside of your network: do not
    route it from outside.
    """
    from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest

    collector = ServiceMetrics(app.state.database, watch)
    REGISTRY.register(collector)

    async def metrics(request: Request) -> Response:
        return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)

    app.add_route(path, metrics, methods=["GET"], include_in_schema=False)
