"""Django's side of the tests of tokens and identities: ``python identity_child.py SETTINGS`` answers one JSON line each.

A line is ``[command, *arguments]``; commands are the public functions of ``identity_*_child`` modules and of this one.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import types
import warnings
from typing import Any

_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions", "rest_framework"]


def main() -> None:
    """Serve until the input ends."""
    given = json.loads(sys.argv[1])
    commands = [importlib.import_module(name) for name in given.pop("COMMANDS", [])]
    module = types.ModuleType("child_settings")
    vars(module).update(
        {
            "SECRET_KEY": "x" * 40,
            "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
            "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],
            "USE_TZ": True,
            "AUTHENTICATION_BACKENDS": [
                "django.contrib.auth.backends.ModelBackend",
                "django.contrib.auth.backends.AllowAllUsersModelBackend",
            ],
            **given,
            "INSTALLED_APPS": [*_APPS, *given.get("INSTALLED_APPS", [])],
        }
    )
    sys.modules["child_settings"] = module
    os.environ["DJANGO_SETTINGS_MODULE"] = "child_settings"
    warnings.simplefilter("ignore")
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0, run_syncdb=True)
    for line in sys.stdin:
        command, *arguments = json.loads(line)
        function = next(
            getattr(m, command) for m in [*commands, sys.modules[__name__]] if hasattr(m, command)
        )
        print(json.dumps(function(*arguments), default=str), flush=True)


def ready() -> None:
    """Say that the tables are there."""


def user(name: str, values: dict[str, Any]) -> int:
    """A new user; its key."""
    from django.contrib.auth.models import User

    return User.objects.create_user(name, password="p", **values).pk


def change(pk: int, values: dict[str, Any]) -> None:
    """Change columns of a user; ``password`` as plain text."""
    from django.contrib.auth.models import User

    found = User.objects.get(pk=pk)
    if "password" in values:
        found.set_password(values.pop("password"))
    for name, value in values.items():
        setattr(found, name, value)
    found.save()


def delete(pk: int) -> None:
    """Remove a user."""
    from django.contrib.auth.models import User

    User.objects.get(pk=pk).delete()


def permit(pk: int, names: list[str], by_group: bool) -> None:
    """Grant the permissions with those code names, and no others, to the user itself or to a group of its own."""
    from django.contrib.auth.models import Group, Permission, User

    found = User.objects.get(pk=pk)
    wanted = Permission.objects.filter(codename__in=names)
    if by_group:
        group, _ = Group.objects.get_or_create(name=f"of {pk}")
        group.permissions.set(wanted)
        found.groups.add(group)
    else:
        found.user_permissions.set(wanted)


def login(pk: int, backend: str = "ModelBackend") -> str:
    """A session of that user; its key."""
    from django.contrib.auth import login as log_in
    from django.contrib.auth.models import User

    request = _request("")
    log_in(request, User.objects.get(pk=pk), f"django.contrib.auth.backends.{backend}")
    request.session.save()
    return str(request.session.session_key)


def take_over(key: str, other: str) -> None:
    """Put into the session ``key`` what is in ``other``."""
    mine, theirs = _request(key).session, _request(other).session
    if not mine.exists(key):
        return
    data = dict(theirs.items())
    mine.clear()
    mine.update(data)
    mine.save()


def flush(key: str) -> None:
    """Log out."""
    _request(key).session.flush()


def exists(key: str) -> bool:
    """Whether the session is there."""
    return bool(_request("").session.exists(key))


def whoami(key: str) -> dict[str, Any]:
    """Who a request with that session is from, and what is permitted."""
    from django.contrib.auth import get_user
    from django.db import connection, reset_queries
    from django.test.utils import CaptureQueriesContext

    reset_queries()  # Django keeps 9000 statements; a full log counts no more of them
    with CaptureQueriesContext(connection) as seen:
        found = get_user(_request(key))
        found = found if found.is_active else None
        all_of_them = sorted(found.get_all_permissions()) if found is not None else []
    return {"user": found and found.pk, "permissions": all_of_them, "queries": len(seen)}


def _request(key: str) -> Any:
    from django.contrib.sessions.backends.db import SessionStore
    from django.http import HttpRequest

    request = HttpRequest()
    request.session = SessionStore(key or None)
    return request


if __name__ == "__main__":
    main()
