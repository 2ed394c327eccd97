"""Django's and DRF's declared validators, as small callables with their exact texts.

Each raises :class:`segue_bridge.errors.ValidationError`; ``message`` replaces the text and may
use Django's ``%(name)s`` placeholders. Sources: ``django.core.validators`` (5.2) and
``rest_framework.validators.ProhibitSurrogateCharactersValidator`` (3.18).
"""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import PurePath
from typing import Any, NoReturn
from urllib.parse import urlsplit

from segue_bridge.errors import ErrorDetail, Invalid, ValidationError
from segue_bridge.translation import Text, gettext, ngettext
from segue_bridge.translation import gettext_lazy as _


def invalid(message: Text, params: Mapping[str, object] | None = None, code: str = "invalid") -> NoReturn:
    """Raise what Django's ``ValidationError(message, code, params)`` becomes in a DRF answer."""
    raise ValidationError([message % params if params else message], code=code)


def as_django(check: Callable[[Any], None], value: Any) -> None:
    """Call a validator as code does that catches Django's own ``ValidationError``. Raises :class:`~segue_bridge.errors.Invalid`."""
    try:
        check(value)
    except ValidationError as exc:
        found = [Invalid(str(one), one.code) for one in exc.detail if isinstance(one, ErrorDetail)]
        raise (found[0] if len(found) == 1 else Invalid(found)) from None


def _limit(value: Any) -> Any:
    return value() if callable(value) else value


@dataclass(frozen=True, slots=True)
class MaxLength:
    """At most ``limit`` characters or items."""

    limit: int | Callable[[], int]
    message: Text = ""

    def __call__(self, value: Any) -> None:
        limit, length = _limit(self.limit), len(value)
        if length > limit:
            text = self.message or ngettext(
                "Ensure this value has at most %(limit_value)d character (it has %(show_value)d).",
                "Ensure this value has at most %(limit_value)d characters (it has %(show_value)d).",
                limit,
            )
            invalid(text, {"limit_value": limit, "show_value": length, "value": value}, "max_length")


@dataclass(frozen=True, slots=True)
class MinLength:
    """At least ``limit`` characters or items."""

    limit: int | Callable[[], int]
    message: Text = ""

    def __call__(self, value: Any) -> None:
        limit, length = _limit(self.limit), len(value)
        if length < limit:
            text = self.message or ngettext(
                "Ensure this value has at least %(limit_value)d character (it has %(show_value)d).",
                "Ensure this value has at least %(limit_value)d characters (it has %(show_value)d).",
                limit,
            )
            invalid(text, {"limit_value": limit, "show_value": length, "value": value}, "min_length")


@dataclass(frozen=True, slots=True)
class MaxValue:
    """Not greater than ``limit``."""

    limit: Any
    message: Text = _("Ensure this value is less than or equal to %(limit_value)s.")

    def __call__(self, value: Any) -> None:
        limit = _limit(self.limit)
        if value > limit:
            invalid(self.message, {"limit_value": limit, "show_value": value, "value": value}, "max_value")


@dataclass(frozen=True, slots=True)
class MinValue:
    """Not less than ``limit``."""

    limit: Any
    message: Text = _("Ensure this value is greater than or equal to %(limit_value)s.")

    def __call__(self, value: Any) -> None:
        limit = _limit(self.limit)
        if value < limit:
            invalid(self.message, {"limit_value": limit, "show_value": value, "value": value}, "min_value")


@dataclass(frozen=True, slots=True)
class Step:
    """A multiple of ``limit``, counted from ``offset``."""

    limit: Any
    message: Text = ""
    offset: Any = None

    def __call__(self, value: Any) -> None:
        limit = _limit(self.limit)
        start = 0 if self.offset is None else self.offset
        if math.isclose(math.remainder(value - start, limit), 0, abs_tol=1e-9):
            return
        if self.offset is None:
            text = self.message or gettext("Ensure this value is a multiple of step size %(limit_value)s.")
            invalid(text, {"limit_value": limit, "show_value": value, "value": value}, "step_size")
        offset = type(value)(self.offset)
        invalid(
            gettext(
                "Ensure this value is a multiple of step size %(limit_value)s, starting from %(offset)s, "
                "e.g. %(offset)s, %(valid_value1)s, %(valid_value2)s, and so on."
            ),
            {
                "limit_value": limit,
                "offset": offset,
                "valid_value1": offset + limit,
                "valid_value2": offset + 2 * limit,
            },
            "step_size",
        )


@dataclass(frozen=True, slots=True)
class Matches:
    """A search for ``pattern`` succeeds in the text of the value (``inverse``: fails)."""

    pattern: str
    flags: int = 0
    message: Text = _("Enter a valid value.")
    inverse: bool = False
    code: str = "invalid"
    compiled: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "compiled", re.compile(self.pattern, self.flags))

    def __call__(self, value: Any) -> None:
        if bool(self.compiled.search(str(value))) is self.inverse:
            invalid(self.message, {"value": value}, self.code)


# Host names as django.core.validators.DomainNameValidator defines them: labels of letters
# (any from U+00A1 up to U+FFFF), digits and inner hyphens, and a top-level label without digits.
_LETTER = "\u00a1-\uffff"
_FIRST_LABEL = rf"[a-z{_LETTER}0-9](?:[a-z{_LETTER}0-9-]{{0,61}}[a-z{_LETTER}0-9])?"
_MORE_LABELS = rf"(?:\.(?!-)[a-z{_LETTER}0-9-]{{1,63}}(?<!-))*"
_TOP_LABEL = rf"\.(?!-)(?:[a-z{_LETTER}-]{{2,63}}|xn--[a-z0-9]{{1,59}})(?<!-)"
_DOMAIN = _FIRST_LABEL + _MORE_LABELS + _TOP_LABEL
_BYTE = r"(?:0|25[0-5]|2[0-4][0-9]|1[0-9]?[0-9]?|[1-9][0-9]?)"

_URL = re.compile(
    r"^(?:[a-z0-9.+-]*)://"
    r"(?:[^\s:@/]+(?::[^\s:@/]*)?@)?"
    rf"(?:{_BYTE}(?:\.{_BYTE}){{3}}|\[[0-9a-f:.]+\]|(?:{_DOMAIN}\.?|localhost))"
    r"(?::[0-9]{1,5})?(?:[/?#][^\s]*)?\Z",
    re.IGNORECASE,
)
_BRACKETED = re.compile(r"^\[(.+)\](?::[0-9]{1,5})?$")
_ATOM = r"[-!#$%&'*+/=?^_`{}|~0-9A-Z]+"
_QUOTED = r'"(?:[\001-\010\013\014\016-\037!#-\[\]-\177]|\\[\001-\011\013\014\016-\177])*"'
_MAIL_USER = re.compile(rf"^{_ATOM}(?:\.{_ATOM})*\Z|^{_QUOTED}\Z", re.IGNORECASE)
_MAIL_HOST = re.compile(rf"^{_DOMAIN}\Z", re.IGNORECASE)
_MAIL_LITERAL = re.compile(r"\[([A-F0-9:.]+)\]\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ValidUrl:
    """``URLValidator``: scheme, host, at most 2,048 characters, no line breaks or tabs."""

    schemes: Sequence[str] = ("http", "https", "ftp", "ftps")
    message: Text = _("Enter a valid URL.")

    def __call__(self, value: Any) -> None:
        if not self._valid(value):
            invalid(self.message, {"value": value})

    def _valid(self, value: Any) -> bool:
        if not isinstance(value, str) or len(value) > 2048 or any(char in value for char in "\t\r\n"):
            return False
        if value.split("://")[0].lower() not in self.schemes:
            return False
        try:
            parts = urlsplit(value)
        except ValueError:
            return False
        if not _URL.search(value):
            return False
        bracketed = _BRACKETED.search(parts.netloc)
        if bracketed is not None and not _is_ipv6(bracketed[1]):
            return False
        return parts.hostname is not None and len(parts.hostname) <= 253


@dataclass(frozen=True, slots=True)
class ValidEmail:
    """``EmailValidator``: at most 320 characters, dot-atom or quoted user, host or literal."""

    message: Text = _("Enter a valid email address.")
    allowlist: Sequence[str] = ("localhost",)

    def __call__(self, value: Any) -> None:
        if not self._valid(value):
            invalid(self.message, {"value": value})

    def _valid(self, value: Any) -> bool:
        if not value or "@" not in value or len(value) > 320:
            return False
        user, host = value.rsplit("@", 1)
        if not _MAIL_USER.match(user):
            return False
        if host in self.allowlist or _MAIL_HOST.match(host):
            return True
        literal = _MAIL_LITERAL.match(host)
        return literal is not None and (_is_ipv4(literal[1]) or _is_ipv6(literal[1]))


def _is_ipv4(value: Any) -> bool:
    try:
        ipaddress.IPv4Address(value)
    except ValueError:
        return False
    return True


def _is_ipv6(value: Any) -> bool:
    # Django refuses more than 39 characters and, by going through an integer, zone ids lose meaning.
    if isinstance(value, ipaddress.IPv6Address):
        return True
    try:
        return len(value) <= 39 and bool(str(ipaddress.IPv6Address(int(ipaddress.IPv6Address(value)))))
    except (TypeError, ValueError):
        return False


@dataclass(frozen=True, slots=True)
class ValidIp:
    """``validate_ipv4_address``, ``validate_ipv6_address``, ``validate_ipv46_address``."""

    protocol: str = "both"
    message: Text = _("Enter a valid %(protocol)s address.")

    def __call__(self, value: Any) -> None:
        kinds = {"ipv4": gettext("IPv4"), "ipv6": gettext("IPv6")}
        good = (self.protocol != "ipv6" and _is_ipv4(value)) or (self.protocol != "ipv4" and _is_ipv6(value))
        if not good:
            kind = kinds.get(self.protocol) or gettext("IPv4 or IPv6")
            invalid(self.message, {"protocol": kind, "value": value})


def clean_ipv6(text: str, *, unpack: bool) -> str:
    """Shortest spelling of an IPv6 address (``clean_ipv6_address``). Raises ``ValueError``."""
    if len(text) > 39:
        raise ValueError(text)
    address = ipaddress.IPv6Address(int(ipaddress.IPv6Address(text)))
    if address.ipv4_mapped:
        return str(address.ipv4_mapped) if unpack else f"::ffff:{address.ipv4_mapped}"
    return str(address)


@dataclass(frozen=True, slots=True)
class Digits:
    """``DecimalValidator``: digits in total, after and before the point."""

    max_digits: int | None
    decimal_places: int | None

    def __call__(self, value: Decimal) -> None:
        _, numbers, exponent = value.as_tuple()
        if not isinstance(exponent, int):
            invalid(gettext("Enter a number."))
        if exponent >= 0:
            total = len(numbers) + (exponent if numbers != (0,) else 0)
            places = 0
        else:
            total = max(len(numbers), -exponent)
            places = -exponent
        if self.max_digits is not None and total > self.max_digits:
            text = ngettext(
                "Ensure that there are no more than %(max)s digit in total.",
                "Ensure that there are no more than %(max)s digits in total.",
                self.max_digits,
            )
            invalid(text, {"max": self.max_digits}, "max_digits")
        if self.decimal_places is not None and places > self.decimal_places:
            text = ngettext(
                "Ensure that there are no more than %(max)s decimal place.",
                "Ensure that there are no more than %(max)s decimal places.",
                self.decimal_places,
            )
            invalid(text, {"max": self.decimal_places}, "max_decimal_places")
        if self.max_digits is not None and self.decimal_places is not None:
            whole = self.max_digits - self.decimal_places
            if total - places > whole:
                text = ngettext(
                    "Ensure that there are no more than %(max)s digit before the decimal point.",
                    "Ensure that there are no more than %(max)s digits before the decimal point.",
                    whole,
                )
                invalid(text, {"max": whole}, "max_whole_digits")


@dataclass(frozen=True, slots=True)
class Extension:
    """``FileExtensionValidator``: the file name ends in one of ``allowed`` (lower case)."""

    allowed: Sequence[str] | None = None
    message: Text = _(
        "File extension “%(extension)s” is not allowed. Allowed extensions are: %(allowed_extensions)s."
    )
    code: str = "invalid_extension"

    def __call__(self, value: Any) -> None:
        extension = PurePath(value.name).suffix[1:].lower()
        if self.allowed is not None and extension not in [item.lower() for item in self.allowed]:
            allowed = ", ".join(item.lower() for item in self.allowed)
            invalid(
                self.message,
                {"extension": extension, "allowed_extensions": allowed, "value": value},
                self.code,
            )


@dataclass(frozen=True, slots=True)
class NoNull:
    """``ProhibitNullCharactersValidator``."""

    message: Text = _("Null characters are not allowed.")

    def __call__(self, value: Any) -> None:
        if "\x00" in str(value):
            invalid(self.message, {"value": value}, "null_characters_not_allowed")


@dataclass(frozen=True, slots=True)
class NoSurrogates:
    """DRF's ``ProhibitSurrogateCharactersValidator``: names the first lone surrogate."""

    message: Text = _("Surrogate characters are not allowed: U+{code_point:X}.")

    def __call__(self, value: Any) -> None:
        for char in str(value):
            if 0xD800 <= ord(char) <= 0xDFFF:
                text = self.message.format(code_point=ord(char))
                raise ValidationError([text], code="surrogate_characters_not_allowed")
