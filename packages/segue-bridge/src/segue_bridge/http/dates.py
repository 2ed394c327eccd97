"""Dates of HTTP headers, as ``django.utils.http.parse_http_date_safe`` reads them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_TIME = r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
_FORMS = (
    re.compile(rf"\w{{3}}, (?P<day>[0-9]{{2}}) (?P<month>\w{{3}}) (?P<year>[0-9]{{4}}) {_TIME} GMT$"),
    re.compile(rf"\w{{6,9}}, (?P<day>[0-9]{{2}})-(?P<month>\w{{3}})-(?P<year>[0-9]{{2}}) {_TIME} GMT$"),
    re.compile(rf"\w{{3}} (?P<month>\w{{3}}) (?P<day>[ 0-9][0-9]) {_TIME} (?P<year>[0-9]{{4}})$"),
)


def http_date(text: str) -> int | None:
    """Seconds since 1970; None for what is no date."""
    found = next((m for form in _FORMS if (m := form.match(text))), None)
    if found is None:
        return None
    try:
        month = _MONTHS.index(found["month"].lower()) + 1
        moment = datetime(
            _year(int(found["year"])), month, int(found["day"]), int(found["hour"]), int(found["minute"]), int(found["second"]), tzinfo=UTC
        )  # fmt: skip
        return int(moment.timestamp())
    except (ValueError, OverflowError):
        return None


def _year(year: int) -> int:
    """Two digits that would be more than 50 years ahead are of the past."""
    if year >= 100:
        return year
    now = datetime.now(UTC).year
    century = now - now % 100
    return year + century - 100 if year - now % 100 > 50 else year + century
