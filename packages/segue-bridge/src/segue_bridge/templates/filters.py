"""Django's built-in filters, for templates of Jinja2: the same results, safe where Django's are.

Source: ``django.template.defaultfilters``, ``django.utils.text.Truncator``, ``django.utils.html.linebreaks`` (5.2).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date as Date
from datetime import datetime as DateTime
from datetime import time as Time
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation, getcontext
from typing import Any
from urllib.parse import quote

from segue_bridge import formats as letters
from segue_bridge import text as texts
from segue_bridge.templates.safe import SafeText, conditional_escape, escape
from segue_bridge.templates.shown import Formats, local, number
from segue_bridge.translation import Text, gettext, pgettext

FILTERS: dict[str, Callable[..., Any]] = {}
"""Filters by name: each takes the value and the filter's arguments."""
ESCAPING: dict[str, Callable[..., Any]] = {}
"""The same for those whose first argument tells whether the template escapes."""
FORMATTING: dict[str, Callable[..., Any]] = {}
"""The same for those whose first argument are the project's :class:`Formats`."""

_SCRIPT = {ord(c): f"\\u{ord(c):04X}" for c in "\\'\"><&=-;`\u2028\u2029"} | {
    code: f"\\u{code:04X}" for code in range(32)
}


def _filter(
    *,
    text: bool = False,
    safe: bool = False,
    name: str = "",
    table: dict[str, Callable[..., Any]] = FILTERS,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """``text``: it is given a text (``stringfilter``). ``safe``: what it makes of a safe text is safe."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        def applied(*given: Any) -> Any:
            at = 0 if table is FILTERS else 1
            value = str(given[at]) if text else given[at]
            made = function(*given[:at], value, *given[at + 1 :])
            return SafeText(made) if safe and isinstance(given[at], SafeText) else made

        table[name or function.__name__] = applied
        return function

    return register


# Texts ----------------------------------------------------------------------------------------


@_filter(text=True, safe=True)
def addslashes(value: str) -> str:
    return re.sub(r"""([\\"'])""", r"\\\1", value)


@_filter(text=True, safe=True)
def capfirst(value: str) -> str:
    return value[:1].upper() + value[1:]


@_filter(text=True)
def escapejs(value: str) -> str:
    return SafeText(value.translate(_SCRIPT))


@_filter(text=True, safe=True)
def lower(value: str) -> str:
    return value.lower()


@_filter(text=True)
def upper(value: str) -> str:
    return value.upper()


@_filter(text=True, safe=True)
def slugify(value: str) -> str:
    return texts.slugify(value)


@_filter(text=True, safe=True)
def title(value: str) -> str:
    found = re.sub("([a-z])'([A-Z])", lambda m: m[0].lower(), value.title())
    return re.sub(r"\d([A-Z])", lambda m: m[0].lower(), found)


@_filter(text=True, safe=True)
def truncatechars(value: str, length: object) -> str:
    try:
        limit = int(length)  # type: ignore[call-overload]
    except ValueError:
        return value
    if limit <= 0:
        return ""
    value = unicodedata.normalize("NFC", value)
    # Marks over other characters do not count.
    places = [at for at, char in enumerate(value) if not unicodedata.combining(char)]
    if len(places) <= limit:
        return value
    kept = limit
    for char in _shortened(""):
        if not unicodedata.combining(char):
            kept -= 1
            if kept == 0:
                break
    return _shortened(value[: places[kept]])


def _shortened(value: str) -> str:
    return pgettext("String to return when truncating text", "%(truncated_text)s…") % {
        "truncated_text": value
    }


@_filter(text=True, safe=True)
def truncatewords(value: str, length: object) -> str:
    try:
        limit = int(length)  # type: ignore[call-overload]
    except ValueError:
        return value
    if limit <= 0:
        return ""
    words = value.split()
    if len(words) <= limit:
        return " ".join(words)
    kept = " ".join(words[:limit])
    return kept if kept.endswith(" …") else f"{kept} …"


@_filter(text=True)
def urlencode(value: str, safe: str | None = None) -> str:
    return quote(value) if safe is None else quote(value, safe=safe)


@_filter(text=True)
def wordcount(value: str) -> int:
    return len(value.split())


@_filter(text=True, safe=True)
def ljust(value: str, width: Any) -> str:
    return value.ljust(int(width))


@_filter(text=True, safe=True)
def rjust(value: str, width: Any) -> str:
    return value.rjust(int(width))


@_filter(text=True, safe=True)
def center(value: str, width: Any) -> str:
    return value.center(int(width))


@_filter(text=True)
def cut(value: str, part: str) -> str:
    kept = value.replace(part, "")
    return SafeText(kept) if isinstance(value, SafeText) and part != ";" else kept


@_filter(safe=True)
def stringformat(value: object, form: object) -> str:
    if isinstance(value, tuple):
        value = str(value)
    try:
        return ("%" + str(form)) % value
    except (ValueError, TypeError):
        return ""


# HTML -----------------------------------------------------------------------------------------


@_filter(text=True, name="escape")
def escaped(value: str) -> str:
    return conditional_escape(value)


@_filter(text=True)
def force_escape(value: str) -> str:
    return escape(value)


@_filter(text=True)
def safe(value: str) -> str:
    return SafeText(value)


@_filter(text=True, table=ESCAPING)
def linebreaks(escapes: bool, value: str) -> str:
    escapes = escapes and not isinstance(value, SafeText)
    paragraphs = re.split("\n{2,}", _one_kind(value))
    shown = [str(escape(p)) if escapes else p for p in paragraphs]
    return SafeText("\n\n".join("<p>" + p.replace("\n", "<br>") + "</p>" for p in shown))


@_filter(text=True, table=ESCAPING)
def linebreaksbr(escapes: bool, value: str) -> str:
    whole = _one_kind(value)
    if escapes and not isinstance(value, SafeText):
        whole = str(escape(whole))
    return SafeText(whole.replace("\n", "<br>"))


def _one_kind(value: str) -> str:
    return re.sub(r"\r\n|\r|\n", "\n", value)


# Lists ----------------------------------------------------------------------------------------


@_filter(name="first")
def first_item(value: Any) -> Any:
    try:
        return value[0]
    except IndexError:
        return ""


@_filter(safe=True, name="last")
def last_item(value: Any) -> Any:
    try:
        return value[-1]
    except IndexError:
        return ""


@_filter(table=ESCAPING)
def join(escapes: bool, value: Any, between: Any) -> Any:
    try:
        if escapes:
            return SafeText(
                str(conditional_escape(between)).join([str(conditional_escape(v)) for v in value])
            )
        return SafeText(between.join(value))
    except TypeError:
        return value


@_filter()
def length(value: Any) -> int:
    try:
        return len(value)
    except (ValueError, TypeError):
        return 0


@_filter(safe=True, name="slice")
def sliced(value: Any, bounds: object) -> Any:
    try:
        return value[slice(*(int(part) if part else None for part in str(bounds).split(":")))]
    except (ValueError, TypeError, KeyError):
        return value


# Numbers --------------------------------------------------------------------------------------


@_filter()
def add(value: Any, more: Any) -> Any:
    try:
        return int(value) + int(more)
    except (ValueError, TypeError):
        try:
            return value + more
        except Exception:  # noqa: BLE001  (as in Django: whatever "+" does not do)
            return ""


@_filter()
def divisibleby(value: Any, by: Any) -> bool:
    return int(value) % int(by) == 0


@_filter(table=FORMATTING)
def floatformat(project: Formats, value: object, places: object = -1) -> str:
    plain = isinstance(places, str) and places.endswith("u")
    if plain:
        places, project = str(places)[:-1] or -1, Formats()
    given = str(value)
    try:
        found = Decimal(given)
    except InvalidOperation:
        try:
            found = Decimal(str(float(value)))  # type: ignore[arg-type]
        except (ValueError, InvalidOperation, TypeError):
            return ""
    try:
        wanted = int(places)  # type: ignore[call-overload]
    except ValueError:
        return given
    _, digits, exponent = found.as_tuple()
    if not isinstance(exponent, int) or len(digits) + abs(exponent) > 200:
        return given
    fraction = int(found) - found
    if not fraction and wanted <= 0:
        return SafeText(number(f"{int(found)}", project, 0))
    units = len(digits) + (-exponent if fraction else exponent)
    precision = max(getcontext().prec, abs(wanted) + units + 1)
    rounded = found.quantize(Decimal(1).scaleb(-abs(wanted)), ROUND_HALF_UP, Context(prec=precision))
    written = f"{rounded if rounded else abs(rounded):f}"
    return SafeText(number(written, project, abs(wanted)))


# Choices --------------------------------------------------------------------------------------


@_filter()
def default(value: Any, instead: Any) -> Any:
    return value or instead


@_filter()
def default_if_none(value: Any, instead: Any) -> Any:
    return instead if value is None else value


@_filter()
def yesno(value: Any, choices: str | None = None) -> Any:
    parts = (gettext("yes,no,maybe") if choices is None else choices).split(",")
    if len(parts) < 2:
        return value
    if value is None:
        return parts[2] if len(parts) == 3 else parts[1]
    return parts[0] if value else parts[1]


@_filter()
def pluralize(value: Any, suffixes: str = "s") -> str:
    parts = (suffixes if "," in suffixes else f",{suffixes}").split(",")
    if len(parts) > 2:
        return ""
    try:
        return parts[0] if float(value) == 1 else parts[1]
    except ValueError:
        return ""
    except TypeError:
        try:
            return parts[0] if len(value) == 1 else parts[1]
        except TypeError:
            return ""


# Moments --------------------------------------------------------------------------------------


@_filter(table=FORMATTING)
def date(project: Formats, value: Any, pattern: Text | None = None) -> str:
    value = local(value)
    if not isinstance(value, Date):
        return ""
    return letters.date_format(value, pattern or project.date)


@_filter(table=FORMATTING)
def time(project: Formats, value: Any, pattern: Text | None = None) -> str:
    value = local(value)
    if not isinstance(value, Time | DateTime):
        return ""
    return letters.time_format(value, pattern or project.time)


__all__ = ["ESCAPING", "FILTERS", "FORMATTING"]
