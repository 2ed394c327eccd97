"""Errors as drf-standardized-errors answers them: one list, whatever the error.

Source: ``drf_standardized_errors`` (0.16): ``handler.ExceptionHandler``, ``formatter.ExceptionFormatter`` and ``flatten_errors``.
"""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass
from typing import Any

from segue_bridge.errors import (
    APIException,
    AuthenticationFailed,
    ErrorDetail,
    Forbidden,
    Http404,
    NotAuthenticated,
    NotFound,
    PermissionDenied,
    ValidationError,
)
from segue_bridge.http.call import Call
from segue_bridge.http.failures import set_rollback
from segue_bridge.http.responses import JSON

_log = logging.getLogger("segue_bridge.http")


@dataclass(frozen=True, slots=True)
class StandardErrors:
    """The package's handler with its own classes. ``separator`` stands between the names in ``attr`` (``NESTED_FIELD_SEPARATOR``)."""

    separator: str = "."

    def answer(self, call: Call, error: APIException) -> JSON:
        """The answer to an error of the API."""
        headers: dict[str, str] = {}
        if isinstance(error, (NotAuthenticated, AuthenticationFailed)):
            challenge = call.resource.challenged_for(call)
            if challenge:
                headers["WWW-Authenticate"] = challenge
        if error.wait:
            headers["Retry-After"] = str(int(error.wait))
        return self._reply(call, _known(error), headers)

    def answer_others(self, call: Call, error: Exception) -> JSON:
        """The answer to any other exception: 500, and what happened is in the log."""
        return self._reply(call, APIException("Server Error (500)"), {}, error)

    def _reply(
        self, call: Call, error: APIException, headers: dict[str, str], cause: Exception | None = None
    ) -> JSON:
        if isinstance(error, ValidationError):
            sort = "validation_error"
        else:
            sort = "client_error" if 400 <= error.status_code <= 499 else "server_error"
        body = {"type": sort, "errors": self._flat(error.detail)}
        set_rollback(call)
        if 500 <= error.status_code <= 599:
            _log.error("%s: %s", error.detail, call.request.url.path, exc_info=cause or error)
        return JSON(body, error.status_code, headers)

    def _flat(self, detail: Any) -> list[dict[str, Any]]:
        """Every text with its code and the name of what it is about, in the package's order."""
        waiting: deque[tuple[Any, str | None, int | None]] = deque([(detail, None, None)])
        found: list[dict[str, Any]] = []
        while waiting:
            part, attr, index = waiting.popleft()
            if not part and part != "":
                continue
            if isinstance(part, list):
                for item in part:
                    if isinstance(item, ErrorDetail):
                        waiting.append((item, attr, index))
                        continue
                    index = 0 if index is None else index + 1
                    waiting.append((item, self._under(attr, str(index)), index))
            elif isinstance(part, dict):
                waiting.extend((value, self._under(attr, key), None) for key, value in part.items())
            else:
                found.append({"code": part.code, "detail": str(part), "attr": attr})
        return found

    def _under(self, attr: str | None, key: Any) -> Any:
        return f"{attr}{self.separator}{key}" if attr else key


def _known(error: APIException) -> APIException:
    """Django's own errors lose their text (``convert_known_exceptions``)."""
    if isinstance(error, Http404):
        return NotFound()
    return PermissionDenied() if isinstance(error, Forbidden) else error


__all__ = ["StandardErrors"]
