"""``django.utils.timezone``'s clocks in generated code: the bridge's, and ``datetime.now(UTC)``."""

from __future__ import annotations

import datetime as real
from collections.abc import Callable, Iterator
from typing import Any

from .around import Patch
from .closure import names

CLOCKS = ("now", "localdate", "localtime")
PREFIX = "django.utils.timezone."


def stand_ins(home: Any, clock: str, asked: Callable[[], Any]) -> dict[str, Any]:
    """Global names of the generated function ``home`` that tell this time, with what asks the test instead."""
    from segue_bridge import zone

    used = set(names(home.__code__))
    out: dict[str, Any] = {}
    for name, value in home.__globals__.items():
        if name not in used:
            continue
        if value is getattr(zone, clock):
            out[name] = _clock(value, asked)
        elif (
            clock == "now"
            and isinstance(value, type)
            and value.__name__ in ("datetime", "FakeDatetime")
            and "now" in used
        ):
            out[name] = _told_by(value, asked)
    return out


def everywhere(patch: Patch) -> Iterator[tuple[dict[str, Any], str, Any]]:
    """``timezone.now`` itself is patched: the bridge's clock, and that of its sessions."""
    from segue_bridge import zone
    from segue_bridge.auth import session_cookie
    from segue_bridge.auth.stores import database

    yield vars(zone), "now", lambda: patch.new()
    for module in (session_cookie, database):
        yield vars(module), "datetime", _told_by(vars(module)["datetime"], lambda: patch.new())


def _clock(original: Any, asked: Callable[[], Any]) -> Any:
    # A value given is converted, and no clock is asked.
    return lambda value=None: asked() if value is None else original(value)


def _told_by(kind: Any, asked: Callable[[], Any]) -> Any:
    class Meta(type):
        def __instancecheck__(cls, value: object) -> bool:
            return isinstance(value, real.datetime)

    class Datetime(kind, metaclass=Meta):  # type: ignore[misc]
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            """``timezone.now()`` of the test where it is aware."""
            return asked() if tz is not None else kind.now()

    return Datetime
