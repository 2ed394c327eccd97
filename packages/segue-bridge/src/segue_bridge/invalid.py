"""Django's own ``ValidationError`` (``django.core.exceptions``, 5.2): of a field's ``to_python``, of ``full_clean``, of a new password.

What DRF makes of one is in :func:`segue_bridge.errors.details_of`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from segue_bridge.translation import Lazy, Text


class Invalid(Exception):
    """One message, a list of them, or a dict of such by field; as in Django an object has only the attributes of its form:
    ``message``, ``code`` and ``params``, or ``error_dict`` and ``message_dict``; all have ``error_list`` but those with a dict.
    """

    message: Any  # a text; Django takes whatever shows as one
    code: str | None
    params: Mapping[str, Any] | None
    error_list: list[Invalid]
    error_dict: dict[str, list[Invalid]]

    def __init__(
        self,
        message: Text | Invalid | Sequence[Any] | Mapping[str, Any],
        code: str | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message, code, params)
        if isinstance(message, Invalid):
            given: dict[str, Any] = vars(message)
            code, params = given.get("code"), given.get("params")
            message = next(given[name] for name in ("error_dict", "message", "error_list") if name in given)
        if isinstance(message, Mapping):
            self.error_dict = {field: _made(texts).error_list for field, texts in message.items()}
        elif isinstance(message, (str, Lazy)):
            self.message, self.code, self.params = message, code, params
            self.error_list = [self]
        else:
            self.error_list = [error for one in message for error in _all_of(_made(one))]

    @property
    def message_dict(self) -> dict[str, list[str]]:
        """Texts by field. Raises ``AttributeError`` where there are no fields, so that ``hasattr`` tells."""
        return {field: [_text(error) for error in errors] for field, errors in self.error_dict.items()}

    @property
    def messages(self) -> list[str]:
        """All texts."""
        return [_text(error) for error in _all_of(self)]

    def __iter__(self) -> Iterator[str | tuple[str, list[str]]]:
        yield from self.message_dict.items() if hasattr(self, "error_dict") else self.messages

    def __str__(self) -> str:
        return repr(self.message_dict if hasattr(self, "error_dict") else self.messages)


def _made(message: Any) -> Invalid:
    return message if isinstance(message, Invalid) else Invalid(message)


def _all_of(error: Invalid) -> list[Invalid]:
    if hasattr(error, "error_dict"):
        return [one for errors in error.error_dict.values() for one in errors]
    return error.error_list


def _text(error: Invalid) -> str:
    return str(error.message % error.params if error.params else error.message)


__all__ = ["Invalid"]
