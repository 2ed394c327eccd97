"""The exceptions a request may end with, with DRF's statuses and texts.

Sources: ``rest_framework.exceptions`` and ``rest_framework.views.exception_handler``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar


class APIException(Exception):
    """Base of errors that become an answer. ``detail`` is text, or lists and dicts of texts."""

    status: ClassVar[int] = 500
    default_detail: ClassVar[str] = "A server error occurred."
    default_code: ClassVar[str] = "error"

    def __init__(self, detail: Any = None, code: str | None = None) -> None:
        self.code = self.default_code if code is None else code
        self.detail: Any = texts(self.default_detail if detail is None else detail)
        super().__init__(self.detail)

    @property
    def body(self) -> Any:
        """The answer's data: lists and dicts stand for themselves, text goes under ``detail``."""
        return self.detail if isinstance(self.detail, (list, dict)) else {"detail": self.detail}

    @property
    def headers(self) -> dict[str, str]:
        """Headers the answer needs."""
        return {}


class ValidationError(APIException):
    """400. A text becomes a list of one; a dict is the whole body."""

    status = 400
    default_detail = "Invalid input."
    default_code = "invalid"

    def __init__(self, detail: Any = None, code: str | None = None) -> None:
        if detail is None:
            detail = self.default_detail
        if isinstance(detail, tuple):
            detail = list(detail)
        elif not isinstance(detail, (dict, list)):
            detail = [detail]
        super().__init__(detail, code)


class ParseError(APIException):
    """400: the body cannot be read."""

    status = 400
    default_detail = "Malformed request."
    default_code = "parse_error"


class AuthenticationFailed(APIException):
    """Credentials were given and are wrong. 401 with a challenge, else 403."""

    status = 401
    default_detail = "Incorrect authentication credentials."
    default_code = "authentication_failed"


class NotAuthenticated(APIException):
    """No credentials were given. 401 with a challenge, else 403."""

    status = 401
    default_detail = "Authentication credentials were not provided."
    default_code = "not_authenticated"


class PermissionDenied(APIException):
    """403."""

    status = 403
    default_detail = "You do not have permission to perform this action."
    default_code = "permission_denied"


class NotFound(APIException):
    """404."""

    status = 404
    default_detail = "Not found."
    default_code = "not_found"


class Http404(NotFound):
    """Django's ``Http404(text)``: the text, if any, is the detail."""

    def __init__(self, text: Any = "") -> None:
        super().__init__(text if text else None)


class MethodNotAllowed(APIException):
    """405."""

    status = 405
    default_code = "method_not_allowed"

    def __init__(self, method: str, detail: Any = None) -> None:
        super().__init__(f'Method "{method}" not allowed.' if detail is None else detail)


class NotAcceptable(APIException):
    """406."""

    status = 406
    default_detail = "Could not satisfy the request Accept header."
    default_code = "not_acceptable"


class UnsupportedMediaType(APIException):
    """415."""

    status = 415
    default_code = "unsupported_media_type"

    def __init__(self, media_type: str, detail: Any = None) -> None:
        super().__init__(f'Unsupported media type "{media_type}" in request.' if detail is None else detail)


class Throttled(APIException):
    """429. ``wait`` is in seconds; None or 0 tells no time."""

    status = 429
    default_detail = "Request was throttled."
    default_code = "throttled"

    def __init__(self, wait: float | None = None, detail: Any = None) -> None:
        text = self.default_detail if detail is None else str(detail)
        self.wait = None if wait is None else math.ceil(wait)
        if self.wait is not None:
            unit = "second" if self.wait == 1 else "seconds"
            text = f"{text} Expected available in {self.wait} {unit}."
        super().__init__(text)

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.wait)} if self.wait else {}


class ServerFault(Exception):
    """Something Django answers with its HTML 500 page although it is not a defect of ours
    (an uncaught ``IntegrityError``, ``ProtectedError`` …)."""


def object_not_found(model: str) -> NotFound:
    """``get_object_or_404``'s error; ``model`` is the class name (``Book``)."""
    return NotFound(f"No {model} matches the given query.")


def texts(detail: Any) -> Any:
    """``_get_error_details``: every leaf as text, lists and dicts kept."""
    if isinstance(detail, (list, tuple)):
        return [texts(item) for item in detail]
    if isinstance(detail, Mapping):
        return {key: texts(value) for key, value in detail.items()}
    return str(detail)
