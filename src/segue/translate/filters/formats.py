"""The formats in which forms read dates and times: Django's for the language, else those of the settings.

Source: ``django.utils.formats.get_format`` (5.2). A language that Django has no formats for (``LANGUAGE_CODE = "custom"``) leaves
``DATE_INPUT_FORMATS`` and its kin of the settings, which need not hold ISO 8601.
"""

from __future__ import annotations

from segue.translate.context import Context

# ``segue_bridge.filters.cleaning`` has these: ``django.conf.locale.en.formats``.
_DATE = (
    "%Y-%m-%d", "%m/%d/%Y", "%m/%d/%y", "%b %d %Y", "%b %d, %Y", "%d %b %Y", "%d %b, %Y", "%B %d %Y", "%B %d, %Y", "%d %B %Y",
    "%d %B, %Y",
)  # fmt: skip
_TIME = ("%H:%M:%S", "%H:%M:%S.%f", "%H:%M")
_MOMENT = tuple(f"{date} {time}" for date in _DATE[:3] for time in _TIME)
_SETTINGS = {
    "date": (("DATE_INPUT_FORMATS",), _DATE),
    "time": (("TIME_INPUT_FORMATS",), _TIME),
    # ``DateTimeFormatsIterator``
    "datetime": (("DATETIME_INPUT_FORMATS", "DATE_INPUT_FORMATS"), (*_MOMENT, *_DATE)),
}


def own_formats(ctx: Context, reader: str) -> tuple[str, ...] | None:
    """The formats of a reader of the form (``date``, ``time``, ``datetime``) where they are not English ones; else None."""
    if reader not in _SETTINGS:
        return None
    names, known = _SETTINGS[reader]
    found: list[str] = []
    for name in names:
        value = ctx.snapshot.settings.formats.get(name)
        if value is None:
            return None
        found += [str(item.data) for item in value.items]
    formats = tuple(dict.fromkeys(found))
    return None if formats == tuple(dict.fromkeys(known)) else formats


__all__ = ["own_formats"]
