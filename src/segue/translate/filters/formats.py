"""The formats in which forms read dates and times: Django's for the language, else those of the settings.

Source: ``django.utils.formats.get_format`` (5.2). A language that Django has no formats for (``LANGUAGE_CODE = "custom"``) leaves
``DATE_INPUT_FORMATS`` and its kin of the settings, which need not hold ISO 8601.
"""

from __future__ import annotations

from collections.abc import Mapping

from segue.snapshot.model import Value
from segue.target.ir import Import
from segue.translate.context import Context
from segue.translate.language import by_language, chosen_by_request

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


def own_formats(ctx: Context, reader: str) -> tuple[str, set[Import]] | None:
    """Code of the formats of a reader of the form (``date``, ``time``, ``datetime``) where they are not English ones; else None.

    Where requests choose among languages that read dates in other ways it is a constant of all of them.
    """
    if reader not in _SETTINGS:
        return None
    names, known = _SETTINGS[reader]
    usual = _formats(names, ctx.snapshot.settings.formats)
    if usual is None:
        return None
    languages = ctx.snapshot.settings.languages
    others: dict[str, tuple[str, ...]] = {}
    if languages is not None and chosen_by_request(ctx.snapshot):
        for code, differing in languages.formats.items():
            found = _formats(names, {**ctx.snapshot.settings.formats, **differing})
            if found is not None and found != usual:
                others[code] = found
    if others:
        constant = by_language(ctx, names[0], usual, others)
        return constant.name, {constant}
    return None if usual == tuple(dict.fromkeys(known)) else (repr(usual), set())


def _formats(names: tuple[str, ...], values: Mapping[str, Value]) -> tuple[str, ...] | None:
    found: list[str] = []
    for name in names:
        value = values.get(name)
        if value is None:
            return None
        found += [str(item.data) for item in value.items]
    return tuple(dict.fromkeys(found))


__all__ = ["own_formats"]
