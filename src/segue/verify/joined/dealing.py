"""Cases for servers that run elsewhere: this process makes the copy of the database that they begin from, the rows
and the people in it, and deals out derived requests one by one."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any


def main(spec: dict[str, Any], pipe: Any) -> None:
    """Tell what was made, then answer ``{"next": operation, "learn": {…}}`` with ``{"case": …}`` until the end of
    the pipe; then the copy is removed."""
    from .boot import Legacy

    legacy = Legacy(spec)
    try:
        dealer = Dealer(spec, legacy)
        pipe.write(dealer.told())
        while True:
            question = pipe.read()
            if question is None:
                break
            pipe.write({"case": dealer.next(question)})
    finally:
        legacy.close()


class Dealer:
    """``spec`` has ``operations`` (all there are), ``wanted`` keys of them, ``models``, ``seed``, ``seed_command``."""

    def __init__(self, spec: dict[str, Any], legacy: Any) -> None:
        from django.core.management import call_command
        from django.test.utils import setup_test_environment

        from .cases import Generator
        from .furnishing import rows_for
        from .hashing import remember_hashes
        from .personas import users

        self.legacy = legacy
        setup_test_environment()
        remember_hashes()
        if spec["seed_command"]:
            words = [
                w for w in spec["seed_command"] if Path(w).name not in ("manage.py", "python", "python3")
            ]
            with open(os.devnull, "w") as nowhere:
                call_command(*words, stdout=nowhere)
        self.people = users(spec["operations"])
        self.made = rows_for(spec, self.people)
        wanted = set(spec["wanted"])
        self.generator = Generator(
            [o for o in spec["operations"] if o["key"] in wanted], self.people, spec["seed"]
        )
        self._cases = {operation["key"]: plan.cases() for operation, plan in self.generator.plans()}
        self._last: dict[str, Any] = {}

    def told(self) -> dict[str, Any]:
        """``databases`` (alias → vendor, name, and what a driver needs to connect), ``shared`` (environment of the
        FastAPI process: secrets, which are never written to a file), and what a report tells."""
        from django.conf import settings
        from django.db import connections

        from .boot import broker, jwt_key
        from .readable import unread

        databases = {}
        for alias in connections:
            connection = connections[alias]
            name = str(connection.settings_dict["NAME"])
            if alias != "default" and connection.vendor == "postgresql":
                own = self.legacy.connection.settings_dict
                if any(connection.settings_dict[k] != own[k] for k in ("HOST", "PORT")):
                    continue
                name = str(own["NAME"])
            if connection.vendor not in ("sqlite", "postgresql"):
                continue
            databases[alias] = {"vendor": connection.vendor, "name": name, "server": _server(connection)}
        for connection in connections.all():
            connection.close()  # a database that somebody is connected to cannot be cloned
        return {
            "databases": databases,
            "folder": str(self.legacy.copy.folder),
            "shared": {
                "SECRET_KEY": str(settings.SECRET_KEY),
                "SECRET_KEY_FALLBACKS": json.dumps(
                    [str(k) for k in getattr(settings, "SECRET_KEY_FALLBACKS", [])]
                ),
                **jwt_key(),
                # Nothing is sent (http/in_generated.py); should it be after all, then not to the real broker.
                **({"CELERY_BROKER_URL": "memory://"} if broker() else {}),
                **{k: v for k, v in broker().items() if k == "CELERY_RESULT_BACKEND"},
                # Never the project's own.
                "EMAIL_BACKEND": "locmem",
                "CACHE_URL": "redis://127.0.0.1:1",
                "CACHE_SERVERS": "127.0.0.1:1",
                "CACHE_FOLDER": str(self.legacy.copy.folder / "cache"),
                "SESSION_FOLDER": str(self.legacy.copy.folder / "sessions"),
            },
            "personas": [p.name for p in self.people],
            "made": self.made,
            "notes": [*self.legacy.copy.notes, *unread()],
        }

    def next(self, question: dict[str, Any]) -> Any:
        """The next case of an operation, None after its last. ``learn`` has Django's answer (``status``,
        ``headers``, ``body``) to the case dealt before."""
        if question.get("learn") is not None and self._last:
            self.generator.learn(self._last, question["learn"])
        case = next(self._cases[question["next"]], None)
        self._last = case or {}
        return None if case is None else {**case, "body": base64.b64encode(case["body"]).decode("ascii")}


def _server(connection: Any) -> dict[str, Any]:
    if connection.vendor == "sqlite":
        return {}
    wanted = ("host", "port", "user", "password", "sslmode")
    return {k: str(v) for k, v in connection.get_connection_params().items() if k in wanted}
