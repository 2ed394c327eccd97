"""``super().has_permission(...)`` and friends: DRF's own classes called from overrides."""

from __future__ import annotations

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, const, quote
from segue.translate.kinds import Scalar
from segue.translate.rules.registry import framework

_P = "rest_framework.permissions."


@framework(
    f"{_P}BasePermission.has_permission",
    f"{_P}BasePermission.has_object_permission",
    f"{_P}AllowAny.has_permission",
)
def always(frame: Frame, owner: Val, call: CallSite) -> Val:
    """Granted."""
    return const(True)


@framework(f"{_P}IsAuthenticated.has_permission")
def authenticated(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``IsAuthenticated``."""
    helper = frame.imported("segue_bridge.auth.users", "is_authenticated")
    return Val(Scalar("bool"), quote("{0}({1})", helper, frame.state("user")))


@framework(f"{_P}IsAdminUser.has_permission")
def staff(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``IsAdminUser``."""
    helper = frame.imported("segue_bridge.auth.permissions", "is_staff")
    return Val(Scalar("bool"), quote("{0}({1})", helper, frame.state("user")))


@framework(f"{_P}IsAuthenticatedOrReadOnly.has_permission")
def read_only(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``IsAuthenticatedOrReadOnly``."""
    helper = frame.imported("segue_bridge.auth.permissions", "is_authenticated_or_read_only")
    return Val(Scalar("bool"), quote("{0}({1}, {2})", helper, frame.state("user"), frame.state("method")))
