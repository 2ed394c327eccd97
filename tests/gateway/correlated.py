"""A product with both sides, a database and a Celery worker, each of which names the request that it works for.

``python -m tests.gateway.correlated django|fastapi|worker PORT``; ``DATABASE`` and ``BROKER`` are URLs.
"""

from __future__ import annotations

import logging
import os
import sys
from typing import Any
from urllib.parse import urlsplit

from celery import Celery

from segue_bridge.trace.logs import JsonFormatter

ROLE, PORT = sys.argv[1], int(sys.argv[2])
DATABASE, BROKER = os.environ["DATABASE"], os.environ["BROKER"]


def shaped_logs() -> None:
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter(ROLE))
    logging.getLogger("app").addHandler(handler)
    logging.getLogger("app").propagate = False


def configure_django() -> None:
    import django
    from django.conf import settings

    where = urlsplit(DATABASE)
    settings.configure(
        SECRET_KEY="x",
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=__name__,
        MIDDLEWARE=["segue_bridge.legacy.trace.TraceMiddleware"],
        SEGUE_SQL_COMMENTS=True,
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql", "NAME": where.path[1:], "USER": where.username,
                "HOST": where.hostname, "PORT": where.port,
            }
        },
    )  # fmt: skip
    django.setup()


def ask(what: str) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::text", [what])
        cursor.fetchall()


def django_side() -> None:
    from wsgiref.simple_server import WSGIRequestHandler, make_server

    configure_django()
    from django.core.wsgi import get_wsgi_application
    from django.http import HttpRequest, HttpResponse
    from django.urls import path

    from segue_bridge.legacy.trace import install_celery

    install_celery()
    tasks = Celery(broker=BROKER)

    def article(request: HttpRequest, pk: str) -> HttpResponse:
        ask("django")
        logging.getLogger("app").warning("said")
        tasks.send_task("work")
        return HttpResponse("django")

    urlpatterns.append(path("api/articles/<pk>/", article))

    class Quiet(WSGIRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

    make_server("127.0.0.1", PORT, get_wsgi_application(), handler_class=Quiet).serve_forever()


urlpatterns: list[Any] = []


def fastapi_side() -> None:
    import structlog
    import uvicorn
    from fastapi import FastAPI
    from fastapi.responses import PlainTextResponse
    from sqlalchemy import String, literal, select

    from segue_bridge.db.database import Database
    from segue_bridge.tasks import TaskQueue
    from segue_bridge.trace.asgi import TraceMiddleware
    from segue_bridge.trace.celery import install_celery
    from segue_bridge.trace.logs import StructlogRenderer

    install_celery()
    structlog.configure(processors=[StructlogRenderer(ROLE)])
    log = structlog.get_logger(logger_name="app")
    database, tasks = Database(DATABASE, comments=True), TaskQueue(BROKER)
    app = FastAPI()
    app.add_middleware(TraceMiddleware)

    @app.get("/api/articles/{pk}/", response_class=PlainTextResponse)
    async def article(pk: str) -> str:
        async with database.session() as db:
            await db.all(select(literal("fastapi", String())))
        log.warning("said")
        await tasks.send("work")
        return "fastapi"

    uvicorn.run(app, port=PORT, log_level="error")


def worker() -> None:
    configure_django()
    from segue_bridge.legacy.trace import comment_statements, install_celery

    install_celery()
    comment_statements()
    app = Celery(broker=BROKER)
    app.conf.update(worker_hijack_root_logger=False, broker_connection_retry_on_startup=True)

    @app.task(name="work")
    def work() -> None:
        ask("worker")
        logging.getLogger("app").warning("said")

    app.worker_main(
        ["worker", "--pool", "solo", "--without-gossip", "--without-mingle", "--without-heartbeat"]
    )


if __name__ == "__main__":
    shaped_logs()
    {"django": django_side, "fastapi": fastapi_side, "worker": worker}[ROLE]()
