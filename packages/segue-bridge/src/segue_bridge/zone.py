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


def current_zone() -> tzinfo:
    """``django.utils.timezone.get_current_timezone()``, which Django has with ``USE_TZ = False`` too."""
    return _active.get() or _clock


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


def name() -> str:
    """``django.utils.timezone.get_current_timezone_name()``."""
    here = current_zone()
    return here.tzname(None) or str(here)


def make_aware(value: datetime, zone: tzinfo | None = None) -> datetime:
    """``django.utils.timezone.make_aware``: in ``zone``, or the current one. Raises ``ValueError`` for an aware value."""
    if value.utcoffset() is not None:
        raise ValueError(f"make_aware expects a naive datetime, got {value}")
    return value.replace(tzinfo=zone or current_zone())


def make_naive(value: datetime, zone: tzinfo | None = None) -> datetime:
    """``django.utils.timezone.make_naive``. Raises ``ValueError`` for a naive value."""
    if value.utcoffset() is None:
        raise ValueError("make_naive() cannot be applied to a naive datetime")
    return value.astimezone(zone or current_zone()).replace(tzinfo=None)


def timestamp(value: datetime) -> float:
    """``value.timestamp()`` in a Django process: a naive value is of ``TIME_ZONE``."""
    return (value if value.utcoffset() is not None else value.replace(tzinfo=_clock)).timestamp()


def astimezone(value: datetime, tz: tzinfo) -> datetime:
    """``value.astimezone(tz)`` in a Django process: a naive value is of ``TIME_ZONE``."""
    return (value if value.utcoffset() is not None else value.replace(tzinfo=_clock)).astimezone(tz)


def localtime(value: datetime | None = None, zone: tzinfo | None = None) -> datetime:
    """``django.utils.timezone.localtime``: an aware value, or now, in ``zone`` or the current one.

    Raises ``ValueError`` for a naive value, as Django does.
    """
    value = now() if value is None else value
    if value.utcoffset() is None:
        raise ValueError("localtime() cannot be applied to a naive datetime")
    return value.astimezone(zone or current_zone())


def localdate(value: datetime | None = None, zone: tzinfo | None = None) -> date:
    """``django.utils.timezone.localdate``: the date of :func:`localtime`."""
    return localtime(value, zone).date()
