"""``AUTH_PASSWORD_VALIDATORS``: what a new password must not be (``django.contrib.auth.password_validation``).

Each rule raises :class:`segue_bridge.errors.Invalid`; :class:`Problems` collects those of all rules, as
``validate_password`` does.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from segue_bridge.errors import Invalid
from segue_bridge.translation import Text, ngettext
from segue_bridge.translation import gettext as _


class Problems:
    """``with problems.collected(): rule(...)`` for each rule, then :meth:`raise_any`."""

    def __init__(self) -> None:
        self.found: list[Invalid] = []

    @contextmanager
    def collected(self) -> Iterator[None]:
        """An :class:`Invalid` inside is kept."""
        try:
            yield
        except Invalid as error:
            self.found.append(error)

    def raise_any(self) -> None:
        """Raises :class:`Invalid` with all messages, in the order of the rules."""
        if self.found:
            raise Invalid(self.found)


def minimum_length(password: str, length: int = 8) -> None:
    """``MinimumLengthValidator``."""
    if len(password) < length:
        text = ngettext(
            "This password is too short. It must contain at least %d character.",
            "This password is too short. It must contain at least %d characters.",
            length,
        )
        raise Invalid(text % length, "password_too_short", {"min_length": length})


def not_numeric(password: str) -> None:
    """``NumericPasswordValidator``."""
    if password.isdigit():
        raise Invalid(_("This password is entirely numeric."), "password_entirely_numeric")


def not_common(password: str, words: Collection[str]) -> None:
    """``CommonPasswordValidator``; ``words`` are in lower case (:func:`words_of`)."""
    if password.lower().strip() in words:
        raise Invalid(_("This password is too common."), "password_too_common")


def words_of(path: Path) -> frozenset[str]:
    """The passwords of a file, one a line."""
    return frozenset(line.strip() for line in path.read_text(encoding="utf-8").splitlines())


def not_similar(
    password: str, user: Any, attributes: Mapping[str, Text], *, max_similarity: float = 0.7
) -> None:
    """``UserAttributeSimilarityValidator``. ``attributes``: what is compared, with its name for the message."""
    if not user:
        return
    lowered = password.lower()
    for attribute, label in attributes.items():
        value = getattr(user, attribute, None)
        if not isinstance(value, str) or not value:
            continue
        whole = value.lower()
        if any(_similar(lowered, part, max_similarity) for part in (*re.split(r"\W+", whole), whole)):
            raise Invalid(
                _("The password is too similar to the %(verbose_name)s."),
                "password_too_similar",
                {"verbose_name": label},
            )


def _similar(password: str, part: str, limit: float) -> bool:
    # Lengths that lie far apart cannot reach the limit; comparing them would only take time.
    if len(password) >= 10 * len(part) and len(part) < limit / 2 * len(password):
        return False
    return SequenceMatcher(a=password, b=part).quick_ratio() >= limit
