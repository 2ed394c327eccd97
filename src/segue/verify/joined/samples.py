"""Texts that a regular expression accepts, for columns and fields with a ``RegexValidator``."""

from __future__ import annotations

import re
from contextlib import ExitStack
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

from django.db import connections

_MOST = 3  # how often an open-ended part is repeated
_CLASSES = {
    codes.CATEGORY_DIGIT: str.isdigit,
    codes.CATEGORY_WORD: lambda c: c.isalnum() or c == "_",
    codes.CATEGORY_SPACE: str.isspace,
    codes.CATEGORY_NOT_DIGIT: lambda c: not c.isdigit(),
    codes.CATEGORY_NOT_WORD: lambda c: not (c.isalnum() or c == "_"),
    codes.CATEGORY_NOT_SPACE: lambda c: not c.isspace(),
}
_PRINTABLE = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 -_.,:;/@+#"


def matching(validators: Any, number: int) -> str | None:
    """A text that all ``RegexValidator``s accept; different numbers give different texts where the pattern lets them.

    None without such validators, and where no text was found.
    """
    checks = [v for v in validators or () if getattr(getattr(v, "regex", None), "pattern", "")]
    wanted = [v for v in checks if not getattr(v, "inverse_match", False)]
    for validator in wanted:
        found = sample(validator.regex.pattern, number)
        if found is not None and all(_accepts(v, found) for v in checks):
            return found
    return None


def accepted(validators: Any, text: str) -> bool:
    """Whether every ``RegexValidator`` takes ``text``."""
    return all(_accepts(v, text) for v in validators or () if getattr(v, "regex", None) is not None)


def telephone(validators: Any, number: int) -> str | None:
    """A telephone number, where it is what the validators of a column or field want: they take it, and no text of another kind."""
    checks = [v for v in validators or () if not getattr(v, "requires_context", False)]
    found = f"+3120{1000000 + number % 9000000}"
    return found if _takes(checks, found) and not _takes(checks, "text") else None


TELEPHONES = (
    "0201234567", "+31 (0)20 123 4567", "tel:+31-20-123-4567;ext=5", "+1 650-253-0000", "+442083661177", "+999123", "112", "+", "0٢01234567",
)  # fmt: skip
"""Numbers in other forms, and what is none."""


def _takes(checks: Any, text: str) -> bool:
    """Whether none of ``checks`` refuses ``text``. One that turns to the database, where it may write, looks at more than the text."""
    try:
        with ExitStack() as stack:
            for connection in connections.all(initialized_only=True):
                stack.enter_context(connection.execute_wrapper(_leave_alone))
            for check in checks:
                check(text)
    except Exception:  # noqa: BLE001 - whatever a validator does about a text that it does not expect
        return False
    return True


def _leave_alone(*_: Any) -> None:
    raise RuntimeError("The database is asked while a text is made up.")


def sample(pattern: str, number: int) -> str | None:
    """A text in which ``pattern`` is found, made from ``number``; None for patterns that look around or back."""
    digits = _Digits(number)
    try:
        text = _text(parser.parse(pattern), digits)
        return text if re.search(pattern, text) else None
    except (re.error, _Unknown, RecursionError, OverflowError):
        return None


class _Unknown(Exception):
    """A part of a pattern that is not sampled."""


class _Digits:
    """The digits of a number, last first: what decides at each place where there is a choice."""

    def __init__(self, number: int) -> None:
        self.left = number

    def choose(self, texts: Any) -> Any:
        index = self.left % len(texts)
        self.left //= max(len(texts), 1)
        return texts[index]


def _accepts(validator: Any, text: str) -> bool:
    found = validator.regex.search(text) is not None
    return found is not bool(getattr(validator, "inverse_match", False))


def _text(parts: Any, digits: _Digits) -> str:
    # From the end, so that the last places differ first, as they do in numbers.
    return "".join(reversed([_part(op, value, digits) for op, value in reversed(list(parts))]))


def _part(op: Any, value: Any, digits: _Digits) -> str:
    if op is codes.LITERAL:
        return chr(value)
    if op is codes.ANY:
        return str(digits.choose(_PRINTABLE[:26]))
    if op is codes.AT:
        return ""
    if op is codes.IN:
        return str(digits.choose(_letters(value)))
    if op is codes.NOT_LITERAL:
        return str(digits.choose([c for c in _PRINTABLE[:26] if c != chr(value)]))
    if op in (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT):
        low, high, inner = value
        count = low if low or high == 0 else min(_MOST, high)
        return "".join(reversed([_text(inner, digits) for _ in range(min(count, 200))]))
    if op is codes.SUBPATTERN:
        return _text(value[-1], digits)
    if op is codes.BRANCH:
        return _text(digits.choose(value[1]), digits)
    raise _Unknown(str(op))


def _letters(items: Any) -> list[str]:
    named: list[str] = []
    kinds: list[Any] = []
    negated = False
    for op, value in items:
        if op is codes.NEGATE:
            negated = True
        elif op is codes.LITERAL:
            named.append(chr(value))
        elif op is codes.RANGE:
            named += [chr(c) for c in range(value[0], min(value[1], value[0] + 60) + 1)]
        elif op is codes.CATEGORY and value in _CLASSES:
            kinds.append(_CLASSES[value])
        else:
            raise _Unknown(str(op))
    some = [c for c in _PRINTABLE if any(kind(c) for kind in kinds)]
    found = [c for c in _PRINTABLE if c not in named and c not in some] if negated else [*named, *some]
    if not found:
        raise _Unknown("nothing left")
    return found
