"""Programs that come with a key of djangorestframework-api-key, where a permission of the view asks for one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone


def programs_for(view: Any) -> list[dict[str, Any]]:
    """``{"name", "headers", "user"}`` for a good key and for some that are not, as ``personas.people_for``."""
    try:
        asked = [p for permission in view.get_permissions() for p in _leaves(permission)]
    except Exception:  # noqa: BLE001 - a view that computes its permissions of more than we have
        return []
    wanted = next((p for p in asked if _asks_for_keys(p)), None)
    if wanted is None or wanted.model is None:
        return []
    good = _key(wanted)
    if good is None:
        return []
    keys = {
        "program": good,
        "program with a forged key": f"{good[:-4]}0000",
        "program with a cut key": good.partition(".")[0],
        "program with a revoked key": _key(wanted, revoked=True),
        "program with an expired key": _key(wanted, expiry_date=timezone.now() - timedelta(hours=1)),
    }
    return [
        {"name": n, "headers": [_header(wanted, k)], "user": None} for n, k in keys.items() if k is not None
    ]


def _asks_for_keys(permission: Any) -> bool:
    return any(
        c.__module__ == "rest_framework_api_key.permissions" and c.__name__ == "BaseHasAPIKey"
        for c in type(permission).__mro__
    )


def _leaves(permission: Any) -> Iterator[Any]:
    """The permissions below ``&``, ``|`` and ``~``."""
    parts = [getattr(permission, name) for name in ("op1", "op2") if hasattr(permission, name)]
    if not parts:
        yield permission
    for part in parts:
        yield from _leaves(part)


def _key(permission: Any, **values: Any) -> str | None:
    try:
        with transaction.atomic():
            return str(permission.model.objects.create_key(name="segue", **values)[1])
    except Exception:  # noqa: BLE001 - a model of the project's own that wants more
        return None


def _header(permission: Any, key: str) -> tuple[str, str]:
    own = getattr(settings, "API_KEY_CUSTOM_HEADER", None)
    if own is not None:
        return own.replace("HTTP_", "", 1).replace("_", "-").title(), key
    return "Authorization", f"{permission.key_parser.keyword} {key}"
