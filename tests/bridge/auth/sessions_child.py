"""Django's side of ``test_sessions``: ``python sessions_child.py SETTINGS`` answers one JSON command a line."""

from __future__ import annotations

import datetime as dt
import json
import os
import pickle
import sys
import types
from fractions import Fraction
from importlib import import_module
from typing import Any

import django
from django.conf import settings


def main() -> None:
    """Serve until the input ends."""
    # A settings module, not settings.configure(): only Settings.__init__ sets the clock of the process.
    module = types.ModuleType("child_settings")
    module.INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions"]  # type: ignore[attr-defined]
    module.ROOT_URLCONF = ""  # type: ignore[attr-defined]
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
    if isinstance(expiry, dict):
        session["fraction"] = Fraction(expiry["fraction"])  # no plain class
    elif isinstance(expiry, list):
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


class PickleSerializer:
    """``django.contrib.sessions.serializers.PickleSerializer``, as Django had it before 5.0."""

    def dumps(self, value: Any) -> bytes:
        return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)

    def loads(self, content: bytes) -> Any:
        return pickle.loads(content)


HELD: dict[int, Any] = {}
OVERRIDE: list[Any] = []


def begin(changed: dict[str, Any]) -> None:
    """Forget the held sessions; other settings until the next one begins."""
    from django.test import override_settings

    HELD.clear()
    for old in OVERRIDE:
        old.disable()
    OVERRIDE[:] = [override_settings(**changed)]
    OVERRIDE[0].enable()


def step(name: str, number: int, *given: Any) -> Any:
    """One thing done with the held session of that number; ``["gone"]`` or the name of another error."""
    from django.contrib.sessions.backends.base import UpdateError
    from django.contrib.sessions.exceptions import InvalidSessionKey, SessionInterrupted

    try:
        return _step(name, number, *given)
    except (UpdateError, SessionInterrupted):
        return ["gone"]
    except KeyError:
        return ["KeyError"]
    except InvalidSessionKey:
        return ["invalid"]


def _step(name: str, number: int, *given: Any) -> Any:
    if name == "open":
        HELD[number] = store(given[0])
        return None
    session = HELD[number]
    if name == "facts":
        return [session.session_key, session.accessed, session.modified, session.is_empty()]
    if name == "all":
        return dict(session.items())
    if name == "age":
        return [session.get_expiry_age(), session.get_expire_at_browser_close()]
    if name == "set":
        session[given[0]] = given[1]
    elif name == "del":
        del session[given[0]]
    elif name == "expiry":
        session.set_expiry(moment(given[0]))
    elif name == "cycle":
        session.cycle_key()
    elif name == "finish":
        return finish(session, *given)
    else:
        return getattr(session, name)(*given)
    return None


def moment(value: Any) -> Any:
    """``{"in": seconds}`` as a moment, ``{"delta": seconds}`` as a duration."""
    from django.utils import timezone

    if not isinstance(value, dict):
        return value
    delta = dt.timedelta(seconds=next(iter(value.values())))
    return timezone.now() + delta if "in" in value else delta


def finish(session: Any, cookie: str | None, status: int) -> list[Any]:
    """The session cookie and ``Vary`` of a response."""
    from django.contrib.sessions.middleware import SessionMiddleware
    from django.http import HttpRequest, HttpResponse

    request, response = HttpRequest(), HttpResponse(status=status)
    request.session = session
    if cookie is not None:
        request.COOKIES[settings.SESSION_COOKIE_NAME] = cookie
    response = SessionMiddleware(lambda _: response).process_response(request, response)
    found = response.cookies.get(settings.SESSION_COOKIE_NAME)
    return [None if found is None else found.OutputString(), response.headers.get("Vary")]


COMMANDS: dict[str, Any] = {
    "begin": begin,
    "step": step,
    "write": write,
    "read": read,
    "decode": decode,
    "encode": encode,
    "user": user,
    "now": now,
}

if __name__ == "__main__":
    main()
