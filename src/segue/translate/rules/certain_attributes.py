"""Attributes that are there whatever happens: ``getattr(request, "user", None)`` of middleware, ``getattr(response, "status_code", 0)``."""

from __future__ import annotations

from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import EarlyRequest, Response, User
from segue.translate.views.rules.early_request import has_user

_OF_REQUESTS = frozenset({"method", "path", "path_info", "GET", "META", "COOKIES", "headers"})
_OF_USERS = frozenset({"is_authenticated", "is_anonymous"})


def is_certain(frame: Frame, value: Val, name: str) -> bool:
    """Whether ``value``, a request of Django's, an answer or a user, has the attribute ``name`` in any case."""
    if isinstance(value.kind, EarlyRequest):
        return name in _OF_REQUESTS or has_user(frame, value, name)
    if isinstance(value.kind, User):
        return name in _OF_USERS
    return isinstance(value.kind, Response) and name == "status_code"
