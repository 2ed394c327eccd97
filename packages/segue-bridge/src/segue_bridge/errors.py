"""The errors that answer a request, with DRF's details, codes and status.

Source: ``rest_framework.exceptions`` (3.18). Raised anywhere below a path operation, they are
turned into the response by :mod:`segue_bridge.http.failures` as DRF's ``exception_handler`` does.
Texts are in the language of the request (:mod:`segue_bridge.translation`).
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

from segue_bridge.invalid import Invalid as Invalid
from segue_bridge.translation import Text
from segue_bridge.translation import gettext_lazy as _

Detail = Any
"""A text, or lists and dicts of texts."""


class ErrorDetail(str):
    """A text of an error with its code (DRF's class of that name)."""

    __slots__ = ("code",)
    code: str | None

    def __new__(cls, text: str, code: str | None = None) -> ErrorDetail:
        self = super().__new__(cls, text)
        self.code = code
        return self

    def __repr__(self) -> str:
        return f"ErrorDetail(string={str(self)!r}, code={self.code!r})"


def error_details(data: Any, code: str | None) -> Detail:
    """``_get_error_details``: every scalar becomes a text, so ``None`` is ``"None"``."""
    if isinstance(data, (list, tuple)):
        return [error_details(item, code) for item in data]
    if isinstance(data, dict):
        return {key: error_details(value, code) for key, value in data.items()}
    return ErrorDetail(str(data), getattr(data, "code", code))


def details_of(error: Invalid) -> list[ErrorDetail] | dict[str, list[ErrorDetail]]:
    """DRF's details of an error of Django's, by field where it has fields (``rest_framework.fields.get_error_detail``)."""
    code = getattr(error, "code", None) or "invalid"
    if hasattr(error, "error_dict"):
        return {field: _details(errors, code) for field, errors in error.error_dict.items()}
    return _details(error.error_list, code)


def detail_of(error: ValidationError | Invalid) -> Detail:
    """What DRF answers for its own error or Django's while it validates."""
    return details_of(error) if isinstance(error, Invalid) else error.detail


def _details(errors: list[Invalid], code: str) -> list[ErrorDetail]:
    return [
        ErrorDetail(str(one.message % one.params if one.params else one.message), one.code or code)
        for one in errors
    ]


class APIException(Exception):
    """An error with a status and a detail. Project exceptions derive from it as in DRF."""

    status_code: int = 500
    default_detail: ClassVar[Any] = _("A server error occurred.")
    default_code: ClassVar[str] = "error"

    detail: Detail
    challenge: str | None = None
    wait: int | None = None

    def __init__(
        self, detail: Any = None, code: str | None = None, *, status_code: int | None = None
    ) -> None:
        super().__init__(detail)
        if status_code is not None:
            self.status_code = status_code
        self.detail = error_details(
            self.default_detail if detail is None else detail,
            self.default_code if code is None else code,
        )

    def __str__(self) -> str:
        return str(self.detail)

    def get_codes(self) -> Any:
        """Codes in the shape of the detail."""
        return _codes(self.detail)

    def get_full_details(self) -> Any:
        """``{"message": ..., "code": ...}`` in the shape of the detail."""
        return _full(self.detail)


class ValidationError(APIException):
    """400. A text becomes a list of one; scalars inside a dict stay bare."""

    status_code = 400
    default_detail = _("Invalid input.")
    default_code = "invalid"

    def __init__(self, detail: Any = None, code: str | None = None) -> None:
        if detail is None:
            detail = self.default_detail
        if not isinstance(detail, (dict, list, tuple)):
            detail = [detail]
        super().__init__(detail, code)


class ParseError(APIException):
    """400: the body cannot be read."""

    status_code = 400
    default_detail = _("Malformed request.")
    default_code = "parse_error"


class AuthenticationFailed(APIException):
    """401, or 403 when the view's first authenticator has no challenge."""

    status_code = 401
    default_detail = _("Incorrect authentication credentials.")
    default_code = "authentication_failed"


class NotAuthenticated(APIException):
    """401, or 403 when the view's first authenticator has no challenge."""

    status_code = 401
    default_detail = _("Authentication credentials were not provided.")
    default_code = "not_authenticated"


class PermissionDenied(APIException):
    """403."""

    status_code = 403
    default_detail = _("You do not have permission to perform this action.")
    default_code = "permission_denied"


class Forbidden(APIException):
    """``django.core.exceptions.PermissionDenied``: answered as :class:`PermissionDenied`, which it is not."""

    status_code = 403
    default_detail = _("You do not have permission to perform this action.")
    default_code = "permission_denied"

    def __str__(self) -> str:
        return "" if self.args[0] is None else str(self.args[0])


class NotFound(APIException):
    """404."""

    status_code = 404
    default_detail = _("Not found.")
    default_code = "not_found"


class Http404(APIException):
    """``django.http.Http404``: ``Http404("why")`` answers ``{"detail": "why"}``. It is no :class:`NotFound`.

    Without arguments it is "Not found."; an empty text stays empty, as in DRF.
    """

    status_code = 404
    default_detail = _("Not found.")
    default_code = "not_found"

    def __str__(self) -> str:
        return "" if self.args[0] is None else str(self.args[0])


class MethodNotAllowed(APIException):
    """405."""

    status_code = 405
    default_detail = _('Method "{method}" not allowed.')
    default_code = "method_not_allowed"

    def __init__(self, method: str, detail: Any = None, code: str | None = None) -> None:
        super().__init__(self.default_detail.format(method=method) if detail is None else detail, code)


class NotAcceptable(APIException):
    """406."""

    status_code = 406
    default_detail = _("Could not satisfy the request Accept header.")
    default_code = "not_acceptable"


class UnsupportedMediaType(APIException):
    """415. Echoes the request's ``Content-Type`` as sent."""

    status_code = 415
    default_detail = _('Unsupported media type "{media_type}" in request.')
    default_code = "unsupported_media_type"

    def __init__(self, media_type: str, detail: Any = None, code: str | None = None) -> None:
        if detail is None:
            detail = self.default_detail.format(media_type=media_type)
        super().__init__(detail, code)


class Throttled(APIException):
    """429. ``wait`` in seconds is rounded up, told in the text and in ``Retry-After``."""

    status_code = 429
    default_detail = _("Request was throttled.")
    extra_detail_singular: ClassVar[Text] = _("Expected available in {wait} second.")
    extra_detail_plural: ClassVar[Text] = _("Expected available in {wait} seconds.")
    default_code = "throttled"

    def __init__(self, wait: float | None = None, detail: Any = None, code: str | None = None) -> None:
        text = self.default_detail if detail is None else detail
        seconds = None if wait is None else math.ceil(wait)
        if seconds is not None:
            # DRF fills the texts in before it asks for the plural form, which is so the one of English.
            extra = self.extra_detail_singular if seconds == 1 else self.extra_detail_plural
            text = f"{text} {extra.format(wait=seconds)}"
        super().__init__(text, code)
        self.wait = seconds


def object_not_found(verbose: str) -> Http404:
    """What ``get_object_or_404`` answers: ``No Book matches the given query.`` (``Book``: the class name)."""
    return Http404(f"No {verbose} matches the given query.")


def _codes(detail: Any) -> Any:
    if isinstance(detail, list):
        return [_codes(item) for item in detail]
    if isinstance(detail, dict):
        return {key: _codes(value) for key, value in detail.items()}
    return detail.code


def _full(detail: Any) -> Any:
    if isinstance(detail, list):
        return [_full(item) for item in detail]
    if isinstance(detail, dict):
        return {key: _full(value) for key, value in detail.items()}
    return {"message": str(detail), "code": detail.code}


class Unserved(Exception):
    """Only Django can answer this request: it gets 501 with ``x-segue-unserved: <why>``, and the gateway asks Django.

    Raise it before anything was written.
    """


class TooLate(RuntimeError):
    """Only Django can go on here, but something was written already: 500."""
