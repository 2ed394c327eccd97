"""django-guardian's own answers, for :mod:`identity_child`; the objects are groups called ``o0``, ``o1``, …"""

from __future__ import annotations

from typing import Any

CODES = ["add_group", "change_group", "view_group"]


def _user(pk: int | None) -> Any:
    from django.contrib.auth.models import AnonymousUser, User

    return AnonymousUser() if pk is None else User.objects.get(pk=pk)


def objects(count: int) -> list[int]:
    """Keys of some objects."""
    from django.contrib.auth.models import Group

    return [Group.objects.get_or_create(name=f"o{number}")[0].pk for number in range(count)]


def grant(pk: int | None, code: str, obj: int, by_group: bool, remove: bool) -> None:
    """``assign_perm`` or ``remove_perm`` for the user, the guardian's anonymous user, or a group of the user."""
    from django.contrib.auth.models import Group
    from guardian.shortcuts import assign_perm, remove_perm
    from guardian.utils import get_anonymous_user

    who = get_anonymous_user() if pk is None else _user(pk)
    if by_group:
        group, _ = Group.objects.get_or_create(name=f"of {who.pk}")
        who.groups.add(group)
        who = group
    (remove_perm if remove else assign_perm)(code, who, Group.objects.get(pk=obj))


def told(pk: int | None, obj: int, wanted: list[str], options: dict[str, bool]) -> Any:
    """What the backend, the checker and ``get_objects_for_user`` say."""
    from django.contrib.auth.models import Group
    from guardian.backends import ObjectPermissionBackend
    from guardian.exceptions import WrongAppError
    from guardian.shortcuts import get_objects_for_user

    user, target, backend = _user(pk), Group.objects.get(pk=obj), ObjectPermissionBackend()
    try:
        backend.has_perm(user, "other.view_group", target)
        other = "answered"
    except WrongAppError:
        other = "WrongAppError"
    found = get_objects_for_user(user, list(wanted), Group.objects.filter(name__startswith="o"), **options)
    every = set(Group.objects.filter(name__startswith="o").values_list("pk", flat=True))
    return {
        "has": {c: backend.has_perm(user, c, target) for c in [*CODES, "auth.view_group", "nothing"]},
        "other": other,
        "names": sorted(backend.get_all_permissions(user, target)),
        "keys": sorted(found.values_list("pk", flat=True)),
        "every": sorted(every),
    }
