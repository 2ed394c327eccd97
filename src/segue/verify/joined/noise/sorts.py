"""Sorts of volatile values: how one is recognised by two answers of Django, and when the two sides' values agree."""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from ..compare import ABSENT, shape

CLOCK, RANDOM, ORDER, ID, DURATION, UNKNOWN = "clock", "random", "order", "id", "duration", "unknown"
SORTS = {
    CLOCK: "a moment: both sides' are as far apart as the two requests were",
    RANDOM: "a random text: the same form, length and version of UUID, claims of a token compared one by one",
    ORDER: "rows without ORDER BY: the same items in any order, or as many items with the same keys",
    ID: "a number of a row: a number",
    DURATION: "a measured time: a number of the same type; a text that tells about as long a time",
    UNKNOWN: "the same type and form of text",
}
SLACK = 1.5  # seconds: clocks are cut to whole seconds
_RANDOM_FORM = re.compile(r"<(?:uuid|hex|token)>")
_SHORT = re.compile(r"[A-Za-z0-9_-]{6,}")
_COLOUR = re.compile(r"#(?:[0-9a-fA-F]{6}|[0-9a-fA-F]{8})")
_JWT = re.compile(r"^[\w-]+\.([\w-]+)\.[\w-]*$")
_SPAN = re.compile(r"(?:(-?\d+) )?(\d{2}):(\d{2}):(\d{2}(?:\.\d+)?)")
_KEY = re.compile(r"(?:^|[._])(?:id|pk)(?:\[\d+\])*$")


def classify(path: str, one: Any, again: Any, apart: float) -> str:
    """The sort of a place where Django said ``one`` and, ``apart`` seconds of its clock later at most, ``again``.

    '' where two answers of such different kinds are not a value that moves but another behaviour.
    """
    if ABSENT in (one, again) or type(one) is not type(again) or isinstance(one, bool) or one is None:
        return ""
    if _near(one, again, apart):
        return CLOCK
    if isinstance(one, int | float):
        if isinstance(one, int) and _KEY.search(path):
            return ID
        return DURATION if isinstance(one, float) else UNKNOWN
    if not isinstance(one, str):
        return ""
    if span(one) is not None and span(again) is not None:
        return DURATION
    form = shape(one)
    if (claims(one) is not None and claims(again) is not None) or _are_colours(one, again):
        return RANDOM
    if form == shape(again):
        if _RANDOM_FORM.search(form) and len(one) == len(again):
            return RANDOM
        return CLOCK if "<moment" in form else UNKNOWN
    return RANDOM if _is_code(one, again) else ""


def agree(sort: str, django: Any, fastapi: Any, apart: float) -> bool:
    """Whether the two sides' values of a place of this sort say the same, asked ``apart`` seconds apart at most."""
    if type(django) is not type(fastapi) or ABSENT in (django, fastapi):
        return False
    if sort == CLOCK:
        if moment(django) is not None:
            return _near(django, fastapi, apart)
        return bool(shape(django) == shape(fastapi))
    if sort == RANDOM:
        if not isinstance(django, str):
            return False
        theirs, ours = claims(django), claims(fastapi)
        if theirs is not None or ours is not None:
            return theirs is not None and ours is not None and _same_claims(theirs, ours, apart)
        if len(django) != len(fastapi):
            return False
        if _uuid_version(django) != _uuid_version(fastapi):
            return False
        if _COLOUR.fullmatch(django):
            return _are_colours(django, fastapi)
        return shape(django) == shape(fastapi) or _is_code(django, fastapi)
    if sort == DURATION and isinstance(django, str):
        long, ours_long = span(django), span(fastapi)
        return long is not None and ours_long is not None and abs(long - ours_long) <= apart + SLACK
    return bool(shape(django) == shape(fastapi))


def span(value: str) -> float | None:
    """Seconds of a duration as Django writes it (``django.utils.duration.duration_string``)."""
    found = _SPAN.fullmatch(value)
    if found is None:
        return None
    days, hours, minutes, seconds = found.groups()
    return int(days or 0) * 86400 + int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def moment(value: Any) -> datetime | None:
    """The moment that a value tells: ISO 8601, an HTTP date, or seconds or milliseconds of this century's epoch."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        seconds = value / 1000 if abs(value) > 1e11 else value
        return datetime.fromtimestamp(seconds, UTC) if 1e9 < seconds < 5e9 else None
    if not isinstance(value, str) or len(value) < 10:
        return None
    text = value.removeprefix("datetime:").removeprefix("date:")
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        if not text.endswith(("GMT", "+0000", "-0000")):
            return None
        try:
            found = parsedate_to_datetime(text)
        except (ValueError, TypeError):
            return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def claims(value: Any) -> dict[str, Any] | None:
    """The claims of a JSON Web Token, unverified; None for any other value."""
    found = _JWT.match(value) if isinstance(value, str) else None
    if found is None:
        return None
    try:
        read = json.loads(base64.urlsafe_b64decode(found[1] + "=" * (-len(found[1]) % 4)))
    except ValueError:
        return None
    return read if isinstance(read, dict) else None


def _same_claims(theirs: dict[str, Any], ours: dict[str, Any], apart: float) -> bool:
    """The same names; each claim equal, or a moment, or an identifier of the same form."""
    if set(theirs) != set(ours):
        return False
    return all(
        value == ours[name]
        or (name in ("exp", "iat", "nbf", "orig_iat") and _near(value, ours[name], apart))
        or (name == "jti" and shape(value) == shape(ours[name]) and len(str(value)) == len(str(ours[name])))
        for name, value in theirs.items()
    )


def _near(one: Any, other: Any, apart: float) -> bool:
    first, second = moment(one), moment(other)
    if first is None or second is None:
        return False
    if isinstance(one, str) and shape(one) != shape(other):
        # Python's isoformat() leaves out a fraction of 0: everything but the fraction must look alike.
        without = [re.sub(r"\.\d+", "", v) for v in (one, other)]
        if shape(without[0]) != shape(without[1]):
            return False
    day = 86400 if isinstance(one, str) and len(one.removeprefix("date:")) == 10 else 0
    return abs((first - second).total_seconds()) <= apart + SLACK + day


def _is_code(one: str, other: str) -> bool:
    """Whether both are codes of one length: letters and digits without words between."""
    return len(one) == len(other) and bool(_SHORT.fullmatch(one)) and bool(_SHORT.fullmatch(other))


def _are_colours(one: str, other: str) -> bool:
    """Whether both are hexadecimal colours of one length; some of those look like numbers."""
    return len(one) == len(other) and bool(_COLOUR.fullmatch(one)) and bool(_COLOUR.fullmatch(other))


def _uuid_version(value: str) -> str:
    found = re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-([0-9a-f])[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", value)
    return found[1] if found else ""
