"""What a throttle of the project asks of DRF's class: ``super().allow_request(…)``, ``super().get_cache_key(…)``, ``self.get_ident(…)``."""

from __future__ import annotations

from segue.target.ir import Import
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, quote
from segue.translate.kinds import AskedLimit, Scalar
from segue.translate.rules.registry import framework

_T = "rest_framework.throttling."


def _limit(frame: Frame) -> Val:
    frame.use(Import("segue_bridge.auth.throttles", "Asked"))
    return frame.extra_state("limit", lambda: "Asked", AskedLimit())


@framework(f"{_T}SimpleRateThrottle.allow_request")
def allow_request(frame: Frame, owner: Val, call: CallSite) -> Val:
    """DRF's own: is there room, and then the request is counted."""
    return _asked(frame, "allow", Scalar("bool"))


@framework(f"{_T}AnonRateThrottle.get_cache_key", f"{_T}UserRateThrottle.get_cache_key")
def get_cache_key(frame: Frame, owner: Val, call: CallSite) -> Val:
    """The key by which DRF's class counts; None where it does not."""
    return _asked(frame, "key", Scalar("str", True))


@framework(f"{_T}BaseThrottle.get_ident")
def get_ident(frame: Frame, owner: Val, call: CallSite) -> Val:
    """Where the request comes from (``NUM_PROXIES``)."""
    return _asked(frame, "address", Scalar("str"))


def _asked(frame: Frame, name: str, kind: Scalar) -> Val:
    limit = _limit(frame)
    assert limit.node is not None
    if name == "address":
        return Val(kind, quote("{0}.address()", limit.node))
    frame.is_async = True
    return Val(kind, quote(f"(await {{0}}.{name}())", limit.node))
