"""DRF's own classes asked by code: ``super().has_permission(...)``, ``IsAuthenticated().has_permission(...)``."""

from __future__ import annotations

from segue.translate.backends import check_flag
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, const, quote
from segue.translate.kinds import Object, Scalar
from segue.translate.rules.registry import framework, function
from segue.translate.rules.request_state import check_user

_P = "rest_framework.permissions."
_ASKED = ("AllowAny", "IsAuthenticated", "IsAdminUser", "IsAuthenticatedOrReadOnly")


def _made(name: str) -> None:
    @function(f"{_P}{name}")
    def make(frame: Frame, call: CallSite) -> Val:
        call.only()
        return Val(Object(f"{_P}{name}"))

    make.__doc__ = f"``{name}()``, which holds nothing."


for _name in _ASKED:
    _made(_name)


@framework(
    f"{_P}BasePermission.has_permission",
    f"{_P}BasePermission.has_object_permission",
    f"{_P}AllowAny.has_permission",
    *(f"{_P}{name}.has_object_permission" for name in _ASKED),
)
def always(frame: Frame, owner: Val, call: CallSite) -> Val:
    """Granted."""
    return const(True)


@framework(f"{_P}IsAuthenticated.has_permission")
def authenticated(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``IsAuthenticated``."""
    check_user(frame.ctx, frame.function.where, "IsAuthenticated")
    helper = frame.imported("segue_bridge.auth.users", "is_authenticated")
    return Val(Scalar("bool"), quote("{0}({1})", helper, frame.state("user")))


@framework(f"{_P}IsAdminUser.has_permission")
def staff(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``IsAdminUser``."""
    check_user(frame.ctx, frame.function.where, "IsAdminUser")
    check_flag(frame.ctx, "is_staff", frame.function.where)
    helper = frame.imported("segue_bridge.auth.permissions", "is_staff")
    return Val(Scalar("bool"), quote("{0}({1})", helper, frame.state("user")))


@framework(f"{_P}IsAuthenticatedOrReadOnly.has_permission")
def read_only(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``IsAuthenticatedOrReadOnly``."""
    check_user(frame.ctx, frame.function.where, "IsAuthenticatedOrReadOnly")
    helper = frame.imported("segue_bridge.auth.permissions", "is_authenticated_or_read_only")
    return Val(Scalar("bool"), quote("{0}({1}, {2})", helper, frame.state("user"), frame.state("method")))
