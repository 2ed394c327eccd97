"""Django's side of ``test_sessions``: ``python sessions_child.py SETTINGS`` answers one JSON command a line."""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
import types
from importlib import import_module
from typing import Any

import django
from django.conf import settings


def main() -> None:
    """Serve until the input ends."""
    # A settings module, not settings.configure(): only Settings.__init__ sets the clock of the process.
    module = types.ModuleType("child_settings")
    module.INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions"]  # type: ignore[attr-defined]
    module.DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"  # type: ignore[attr-defined]
    vars(module).update(json.loads(sys.argv[1]))
    sys.modules["child_settings"] = module
    os.environ["DJANGO_SETTINGS_MODULE"] = "child_settings"
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    for line in sys.stdin:
        command, *arguments = json.loads(line)
        print(json.dumps(COMMANDS[command](*arguments), default=str), flush=True)


def store(key: str | None = None) -> Any:
    """The session store of the settings."""
    return import_module(settings.SESSION_ENGINE).SessionStore(key)


def write(data: dict[str, Any], expiry: Any) -> str:
    """A saved session; ``expiry`` in seconds, or ``until`` seconds from now as a moment."""
    session = store()
    session.update(data)
    if isinstance(expiry, list):
        from django.utils import timezone

        session.set_expiry(timezone.now() + dt.timedelta(seconds=expiry[0]))
    elif expiry is not None:
        session.set_expiry(expiry)
    session.save()
    return str(session.session_key)


def read(key: str) -> dict[str, Any]:
    """What is in the session of that key; its age and whether it ends with the browser."""
    session = store(key)
    data = dict(session.items())
    return {
        "data": data,
        "key": session.session_key,
        "age": session.get_expiry_age(),
        "browser": session.get_expire_at_browser_close(),
    }


def decode(text: str) -> Any:
    """``session_data`` of a row."""
    return store().decode(text)


def encode(data: dict[str, Any]) -> str:
    """``session_data`` for a row."""
    return str(store().encode(data))


def user(password: str) -> dict[str, str]:
    """The session auth hash of a user with that stored password."""
    from django.contrib.auth.models import User

    found = User(password=password)
    return {"hash": found.get_session_auth_hash(), "older": list(found.get_session_auth_fallback_hash())}  # type: ignore[dict-item]


def now() -> dict[str, str]:
    """The clocks of a Django process."""
    from django.utils import timezone

    return {
        "now": timezone.now().isoformat(),
        "today": dt.date.today().isoformat(),
        "wall": dt.datetime.now().isoformat(),
    }


COMMANDS: dict[str, Any] = {
    "write": write,
    "read": read,
    "decode": decode,
    "encode": encode,
    "user": user,
    "now": now,
}

if __name__ == "__main__":
    main()
