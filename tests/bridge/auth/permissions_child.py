"""Django's side of ``test_permissions``: ``python permissions_child.py SETTINGS`` answers one JSON line each."""

from __future__ import annotations

import json
import sys
from types import SimpleNamespace
from typing import Any

import django
from django.conf import settings


def main() -> None:
    """Serve until the input ends."""
    apps = ["django.contrib.contenttypes", "django.contrib.auth", "rest_framework"]
    settings.configure(
        INSTALLED_APPS=apps,
        SECRET_KEY="x",
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        **json.loads(sys.argv[1]),
    )
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)


def answer(command: dict[str, Any]) -> dict[str, Any]:
    """Store the user that is described, and say what Django and DRF let it do."""
    from django.contrib.auth.models import AnonymousUser, Group, Permission, User

    def named(names: list[str]) -> list[Permission]:
        return [p for p in Permission.objects.all() if f"{p.content_type.app_label}.{p.codename}" in names]

    if "revoke" in command:
        User.objects.get(pk=command["revoke"]).user_permissions.clear()
        return {}
    made = command["user"]
    if made is None:
        user: Any = AnonymousUser()
    else:
        Group.objects.all().delete()
        User.objects.all().delete()
        user = User.objects.create(username="u", **made["flags"])
        user.user_permissions.set(named(made["own"]))
        for number, names in enumerate(made["groups"]):
            group = Group.objects.create(name=str(number))
            group.permissions.set(named(names))
            user.groups.add(group)
        user = User.objects.get(pk=user.pk)
    return {
        "pk": user.pk,
        "all": sorted(user.get_all_permissions()),
        "has_perm": {name: user.has_perm(name) for name in command["names"]},
        "has_perms": user.has_perms(command["names"]),
        "modules": {app: user.has_module_perms(app) for app in command["apps"]},
        **classes(user, command["maps"]),
    }


def classes(user: Any, maps: list[Any]) -> dict[str, Any]:
    """What DRF's permission classes say: True, False, or the name of what they raise."""
    from django.contrib.auth.models import Group
    from rest_framework import permissions as drf

    view = SimpleNamespace(queryset=Group.objects.none())
    out: dict[str, Any] = {}
    for number, given in enumerate(maps):
        for base in (
            "DjangoModelPermissions",
            "DjangoModelPermissionsOrAnonReadOnly",
            "DjangoObjectPermissions",
        ):
            attributes = {} if given is None else {"perms_map": given}
            checker = type("Checker", (getattr(drf, base),), attributes)()
            for method in ("GET", "HEAD", "OPTIONS", "POST", "PATCH", "DELETE", "PURGE"):
                request = SimpleNamespace(user=user, method=method)
                if base == "DjangoObjectPermissions":
                    say = told(lambda: checker.has_object_permission(request, view, Group()))  # noqa: B023
                else:
                    say = told(lambda: checker.has_permission(request, view))  # noqa: B023
                out[f"{number} {base} {method}"] = say
    for name in ("IsAdminUser", "IsAuthenticated"):
        out[name] = getattr(drf, name)().has_permission(SimpleNamespace(user=user), view)
    return out


def told(ask: Any) -> Any:
    """The answer, or the name of the exception."""
    from django.http import Http404
    from rest_framework.exceptions import APIException

    try:
        return ask()
    except (APIException, Http404) as error:
        return type(error).__name__


if __name__ == "__main__":
    main()
