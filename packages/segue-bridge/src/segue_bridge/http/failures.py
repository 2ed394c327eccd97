"""From an error to its answer (``APIView.handle_exception`` and ``views.exception_handler``)."""

from __future__ import annotations

import logging
import sys
from collections.abc import Awaitable

from starlette.requests import Request
from starlette.responses import Response

from segue_bridge.db.errors import ObjectDoesNotExist, RelationNotLoaded
from segue_bridge.errors import (
    APIException,
    AuthenticationFailed,
    Invalid,
    NotAuthenticated,
    TooLate,
    Unserved,
)
from segue_bridge.http import pages
from segue_bridge.http.call import Call
from segue_bridge.http.responses import JSON
from segue_bridge.http.settings import HttpSettings
from segue_bridge.leaving import left_to_django

_log = logging.getLogger("segue_bridge.http")


async def handled(call: Call, error: APIException) -> Response:
    """The project's own answer to ``error`` (``HttpSettings.error_handler``), else DRF's."""
    handler = call.settings.error_handler
    if handler is None:
        return answer(call, error)
    if isinstance(error, (NotAuthenticated, AuthenticationFailed)) and not call.resource.challenged():
        error.status_code = 403  # the handler may look at it
    response = handler(call, error)
    return await response if isinstance(response, Awaitable) else response


async def answered(call: Call, error: APIException) -> Response:
    """What the view's own ``handle_exception`` makes of ``error``, else :func:`handled`."""
    own = call.resource.error_handler
    if own is None:
        return await handled(call, error)
    response = own(call, error)
    return await response if isinstance(response, Awaitable) else response


async def answered_otherwise(call: Call, error: Exception) -> Response | None:
    """The same of an exception that DRF leaves to Django; None: nothing, it goes on."""
    own = call.resource.other_handler
    if own is None or not _djangos(error):
        return await handled_otherwise(call, error)
    response = own(call, error)
    return await response if isinstance(response, Awaitable) else response


async def handle_exception(call: Call, error: Exception) -> Response:
    """``APIView.handle_exception``: the answer of the project's handler or of DRF; raises what both leave to Django."""
    if isinstance(error, APIException):
        return await handled(call, error)
    found = await handled_otherwise(call, error)
    if found is None:
        raise error
    return found


# What the bridge raises for its own sake has no counterpart in Django, so no handler of the project's was ever given it.
_DJANGOS = frozenset(
    {
        "db.errors", "db.coerce", "errors", "invalid", "mail.message", "auth.jwt", "auth.signing", "auth.guardian", "cache.memcached", "http.links", "http.pages",
        "schema.data",
    }
)  # fmt: skip
_OTHERS = frozenset(
    {"segue_bridge", "sqlalchemy", "asyncpg", "aiosqlite", "psycopg", "pydantic", "pydantic_core", "fastapi"}
)


async def handled_otherwise(call: Call, error: Exception) -> Response | None:
    """What the project's handler answers to an exception that DRF leaves to Django; None: nothing, it goes on."""
    handler = call.settings.other_handler
    if handler is None or not _djangos(error):
        return None
    response = handler(call, error)
    return await response if isinstance(response, Awaitable) else response


def answered_by_middleware(call: Call, error: Exception) -> Response | None:
    """``process_exception_by_middleware``: what the project's middleware answers to what comes out of the view; None: nothing, it goes on."""
    if not call.resource.failing or not _djangos(error):
        return None
    return next((found for one in call.resource.failing if (found := one(call, error)) is not None), None)


def _djangos(error: Exception) -> bool:
    """Whether Django's process may raise the like."""
    home, _, module = type(error).__module__.partition(".")
    if home == "starlette" or isinstance(error, (Unserved, RelationNotLoaded, TooLate)):
        return False
    return home != "segue_bridge" or module in _DJANGOS


def text_of(call: Call, error: Exception) -> str:
    """``str(error)``, where it is the text that Django's process has: of exceptions of the project and of the libraries that it
    calls, of ``DoesNotExist`` and Django's ``ValidationError``. Of any other (the driver's, Python's own) nobody can tell: the request is left to Django.

    Raises :class:`Unserved`; :class:`TooLate` where something was done already.
    """
    home = type(error).__module__.partition(".")[0]
    if isinstance(error, (ObjectDoesNotExist, Invalid)) or not (
        home in _OTHERS or home in sys.stdlib_module_names
    ):
        return str(error)
    if call.settings.asks_others and call.verb not in ("GET", "HEAD", "OPTIONS"):
        raise TooLate(
            f"Only Django has the text of {type(error).__name__}, and another server may have been asked."
        )
    raise left_to_django(call.db, "error-text")


def set_rollback(call: Call) -> None:
    """``rest_framework.views.set_rollback``: with ``ATOMIC_REQUESTS`` what the view wrote is undone.

    Whoever answers an error in another way keeps it, as a view does that returns such an answer.
    """
    if call.resource.atomic and call.db.in_atomic:
        call.db.set_rollback()


def answer_of(call: Call, error: APIException) -> JSON:
    """``rest_framework.views.exception_handler`` of an error that a handler has made itself: it has no challenge."""
    set_rollback(call)
    headers = {"Retry-After": str(error.wait)} if error.wait else {}
    detail = error.detail
    return JSON(
        detail if isinstance(detail, (list, dict)) else {"detail": detail}, error.status_code, headers
    )


def answer(call: Call, error: APIException) -> JSON:
    """The error's detail as JSON: 401 becomes 403 where the first authenticator has no challenge.

    What the view wrote in its transaction is undone.
    """
    set_rollback(call)
    status = error.status_code
    headers: dict[str, str] = {}
    if isinstance(error, (NotAuthenticated, AuthenticationFailed)):
        challenge = call.resource.challenged_for(call)
        if challenge:
            headers["WWW-Authenticate"] = challenge
        else:
            status = 403
    if error.wait:
        headers["Retry-After"] = str(error.wait)
    detail = error.detail
    return JSON(detail if isinstance(detail, (list, dict)) else {"detail": detail}, status, headers)


def unserved(what: str) -> JSON:
    """An answer that only Django has: 501 with the header by which a gateway asks Django instead.

    ``what``: ``browsable-api``, ``renderer`` (the client wants a format that only Django renders), ``operation`` (a
    method that was not translated), ``options``, ``language`` (texts in another language than the project's own), ``suffix`` (a format suffix that Django's method does not take) or ``middleware`` (the project's treats such requests in its own way).
    """
    detail = {"detail": f"Not served here: {what}. Ask the Django service."}
    response = JSON(detail, 501, {"x-segue-unserved": what})
    response.unserved = True
    return response


def busy(*, untouched: bool) -> JSON:
    """All connections to the database are in use: 503, try again in a second.

    ``untouched``: nothing was done for the request, so a gateway may ask Django instead, whatever the method.
    """
    headers = {"Retry-After": "1", **({"x-segue-unserved": "pool"} if untouched else {})}
    return JSON({"detail": "The service is busy. Try again in a moment."}, 503, headers)


def unexpected(request: Request, error: Exception, settings: HttpSettings) -> Response:
    """Django's 500 page, logged."""
    if settings.raise_errors:
        raise error
    _log.error("%s %s failed", request.method, request.scope["path"], exc_info=error)
    return pages.response(pages.SERVER_ERROR)
