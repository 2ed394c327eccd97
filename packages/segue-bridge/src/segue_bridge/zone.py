"""The current time zone: Django's ``TIME_ZONE`` / ``USE_TZ`` and ``timezone.activate``.

``configure`` is called once by the generated ``create_app``; ``activate`` follows
``django.utils.timezone.activate`` for one request (a context variable).
"""

from __future__ import annotations

from contextvars import ContextVar
from datetime import UTC, date, datetime, tzinfo
from zoneinfo import ZoneInfo

_default: tzinfo | None = UTC
_clock: tzinfo = UTC
_active: ContextVar[tzinfo | None] = ContextVar("segue_zone", default=None)


def configure(name: str = "UTC", *, use_tz: bool = True) -> None:
    """Set the project's zone. With ``use_tz=False`` all datetimes are naive, as in Django."""
    global _clock, _default
    _clock = ZoneInfo(name)
    _default = _clock if use_tz else None


def activate(zone: tzinfo | str) -> None:
    """Use ``zone`` for the rest of this request (``django.utils.timezone.activate``)."""
    _active.set(ZoneInfo(zone) if isinstance(zone, str) else zone)


def deactivate() -> None:
    """Return to the project's zone (``django.utils.timezone.deactivate``)."""
    _active.set(None)


def current() -> tzinfo | None:
    """The zone input is read in and output is written in; ``None`` with ``USE_TZ = False``."""
    if _default is None:
        return None
    return _active.get() or _default


def default() -> tzinfo | None:
    """The project's zone (``django.utils.timezone.get_default_timezone``); ``None`` with ``USE_TZ = False``."""
    return _default


def clock() -> tzinfo:
    """The zone of ``TIME_ZONE``, to which Django sets the clock of its process, with ``USE_TZ`` or without."""
    return _clock


def now() -> datetime:
    """``django.utils.timezone.now()``: aware in UTC, or naive in ``TIME_ZONE`` with ``USE_TZ = False``."""
    return datetime.now(UTC) if _default is not None else wall_time()


def wall_time() -> datetime:
    """``datetime.datetime.now()`` in a Django process: naive, as Django sets the clock of the process to ``TIME_ZONE``."""
    return datetime.now(_clock).replace(tzinfo=None)


def today() -> date:
    """``datetime.date.today()`` in a Django process, whose clock is set to ``TIME_ZONE``."""
    return wall_time().date()


def naive(moment: datetime) -> datetime:
    """An aware moment as ``USE_TZ = False`` stores it: naive in ``TIME_ZONE``."""
    return moment.astimezone(_clock).replace(tzinfo=None)


def make_aware(value: datetime, zone: tzinfo) -> datetime:
    """``django.utils.timezone.make_aware``: raises ``ValueError`` for an aware value."""
    if value.utcoffset() is not None:
        raise ValueError(f"make_aware expects a naive datetime, got {value}")
    return value.replace(tzinfo=zone)


def localtime(value: datetime | None = None) -> datetime:
    """``django.utils.timezone.localtime``: an aware value, or now, in the current zone.

    Raises ``ValueError`` for a naive value, as Django does.
    """
    value = now() if value is None else value
    if value.utcoffset() is None:
        raise ValueError("localtime() cannot be applied to a naive datetime")
    return value.astimezone(current() or UTC)


def localdate(value: datetime | None = None) -> date:
    """``django.utils.timezone.localdate``: the date of :func:`localtime`."""
    return localtime(value).date()
