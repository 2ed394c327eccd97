"""Django as a real server on a free loopback port, in its own interpreter, on a clone of the database.

The WSGI application is the project's own (``WSGI_APPLICATION``), the server that of ``runserver``
(``django.core.servers.basehttp``), with one thread per connection.
"""

from __future__ import annotations

import os
import socketserver
import threading
from typing import Any


def main(spec: dict[str, Any], pipe: Any) -> None:
    """Listen, tell the port, then answer every line with what was done since the last: ``{"error", "effects"}``.

    ``spec``: ``settings``, ``profilers`` (middleware that is left out), ``databases`` (alias → name), ``media`` (a folder), ``open`` ((host, port) pairs that
    requests may reach), and for ``verify interleave`` ``gate`` (host, port; see :mod:`.turns`).
    """
    os.environ["DJANGO_SETTINGS_MODULE"] = spec["settings"]
    from django.conf import settings

    from .boot import Errors, hush, local_caches, unwatched, with_fast_hasher

    for alias, config in settings.DATABASES.items():
        if alias in spec["databases"]:
            config["NAME"] = spec["databases"][alias]
        else:
            config["ENGINE"] = "django.db.backends.dummy"
    settings.DEBUG = False
    settings.MIDDLEWARE = unwatched(settings.MIDDLEWARE, spec)
    settings.DEBUG_PROPAGATE_EXCEPTIONS = False
    if spec.get("replica"):
        settings.DATABASE_ROUTERS = []  # one clone stands for both: it is never behind
    settings.MEDIA_ROOT = spec["media"]
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.CACHES = local_caches(settings.CACHES)
    settings.CELERY_TASK_ALWAYS_EAGER = False
    settings.PASSWORD_HASHERS = with_fast_hasher(settings.PASSWORD_HASHERS)
    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "testserver"]
    import django

    django.setup()
    from django.core import mail
    from django.core.servers import basehttp

    from .fence import Fence
    from .hashing import remember_hashes
    from .recorders.outgoing import OutgoingCalls
    from .sent_tasks import Tasks

    class Server(socketserver.ThreadingMixIn, basehttp.WSGIServer):  # type: ignore[misc,unused-ignore]
        daemon_threads = True

    class Handler(basehttp.WSGIRequestHandler):  # type: ignore[misc,unused-ignore]
        disable_nagle_algorithm = True  # status line, headers and body are written one by one

        def log_message(self, format: str, *arguments: Any) -> None:
            """Nothing is logged: requests carry credentials."""

    mail.outbox = []
    remember_hashes()
    application = basehttp.get_internal_wsgi_application()
    if spec.get("gate"):
        from .turns import Turns

        spec["open"].append(spec["gate"])
        application = Turns(application, (spec["gate"][0], spec["gate"][1]))
    server = Server(("127.0.0.1", 0), Handler)
    server.set_app(application)
    hush()
    errors, tasks, calls = Errors(), Tasks(), OutgoingCalls()
    fence = Fence([(str(host), int(port)) for host, port in spec["open"]])
    threading.Thread(target=server.serve_forever, daemon=True).start()
    fence.closed = True
    pipe.write({"port": server.server_port})
    while pipe.read() is not None:
        pipe.write(
            {"error": errors.take(), "effects": _taken(tasks, calls), "refused": sorted(fence.refused)}
        )
    os._exit(0)  # no handler of the project's own may hold up the end


def _taken(tasks: Any, calls: Any) -> dict[str, Any]:
    """Mails, tasks and calls of other servers since the last time; caches are emptied."""
    from django.core import mail
    from django.core.cache import caches

    from .recorders.mail import described

    effects: dict[str, Any] = {}
    if mail.outbox:
        effects["(mail)"] = [described(m) for m in mail.outbox]
    if tasks.sent:
        effects["(tasks)"] = list(tasks.sent)
    if calls.take():
        effects["(http)"] = list(calls.take())
    mail.outbox = []
    tasks.sent.clear()
    calls.start()
    for alias in caches:
        caches[alias].clear()
    return effects
