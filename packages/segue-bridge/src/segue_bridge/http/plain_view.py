"""Plain views of Django's, without DRF around them: CSRF, the decorators around the view, the method, the view.

Source: ``django.core.handlers.base.BaseHandler._get_response``, ``django.views.generic.base.View``, ``django.middleware.csrf``,
``django.views.decorators.http``, ``django.views.defaults``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from starlette.responses import Response

from segue_bridge.auth import csrf
from segue_bridge.auth.csrf import CsrfSettings
from segue_bridge.errors import Forbidden, Http404
from segue_bridge.http import failures, pages, posted
from segue_bridge.http.plain import page
from segue_bridge.http.resource import Resource
from segue_bridge.http.responses import JSON

if TYPE_CHECKING:
    from segue_bridge.http.call import Call

Guard = Callable[["Call"], Awaitable[Response | None]]
Finish = Callable[[Response], None]
_SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")


@dataclass(eq=False)
class PlainResource(Resource):
    """The URL of a plain view. ``authentication`` is who :meth:`~segue_bridge.http.call.Call.visitor` asks; None where nothing does.

    ``csrf``: the check of ``CsrfViewMiddleware``; None without it and with ``csrf_exempt``. ``allowed`` are the methods of
    ``require_http_methods``, in its order: any other is a 405, before the guard where ``allowed_first``. ``class_based``: a subclass of
    ``View``, which answers OPTIONS, and 405 to what it has no method for. ``own_pages`` are statuses whose page is the project's own,
    so that Django has to show it. ``finish`` is what decorators write on every answer that the view gives (``never_cache``).
    """

    csrf: CsrfSettings | None = None
    allowed: tuple[str, ...] = ()
    allowed_first: bool = False
    class_based: bool = False
    own_pages: tuple[int, ...] = ()
    finish: tuple[Finish, ...] = ()
    plain: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        self._guard: Guard | None = None

    @property
    def guarded(self) -> bool:
        """Whether something stands around the view that may answer in its place."""
        return self._guard is not None

    def guard(self, function: Guard) -> Guard:
        """Decorator: what stands around the view and may answer in its place (``login_required``)."""
        self._guard = function
        return function

    async def respond(self, call: Call) -> Response:
        """``BaseHandler._get_response``. Raises what the view raises."""
        operation = self.operations.get(call.verb)
        if operation is None and call.verb == "HEAD" and self.head:
            operation = self.operations.get("GET")
        refused = bool(self.allowed) and call.verb not in self.allowed
        if operation is None and not refused and not (self.class_based and self._ends(call.verb)):
            return failures.unserved("operation")
        await self._check_csrf(call)
        if call.verb not in _SAFE:
            await call.db.queue()
        call.begun = True
        response = None
        if refused and self.allowed_first:
            response = not_allowed(self.allowed)
        elif self._guard is not None:
            response = await self._guard(call)
        if response is None and refused:
            response = not_allowed(self.allowed)
        if response is None and operation is None:
            response = self._without_handler(call.verb)
        if response is None:
            assert operation is not None
            response = await operation.endpoint(call)
        if isinstance(response, JSON):  # DRF's, which nothing renders here
            if response.unserved:
                return response
            raise AssertionError(".accepted_renderer not set on Response")
        for one in self.finish:
            one(response)
        return response

    def _ends(self, verb: str) -> bool:
        """Whether the class answers it without a method of the project's."""
        return verb == "OPTIONS" or verb not in self.offered

    def _without_handler(self, verb: str) -> Response:
        if verb == "OPTIONS" and self.allows_options:
            return page(headers={"Allow": self.allow})
        return not_allowed(self.allow.split(", "))

    async def _check_csrf(self, call: Call) -> None:
        """``CsrfViewMiddleware.process_view``. Raises :class:`~segue_bridge.errors.Unserved`: the page of a refusal is Django's."""
        settings = self.csrf
        if settings is None or call.verb in _SAFE:
            return
        session = call.stored_session if settings.use_sessions else None
        facts = csrf.Facts(
            method=call.verb,
            secure=call.secure,
            host=call.host,
            headers=call.headers,
            cookies=call.cookies,
            session_token=session.get(csrf.SESSION_KEY) if session is not None else None,
        )
        refused = csrf.reason(settings, facts)
        if call.verb == "POST" and (refused is None or refused.startswith(csrf.TOKEN_STAGE)):
            token = (await posted.form(call)).get("csrfmiddlewaretoken", "")
            refused = csrf.reason(settings, replace(facts, posted=token))
        if refused:
            raise posted.left(call, "csrf")

    def error_page(self, error: Exception) -> Response | None:
        """The page of ``Http404`` and ``PermissionDenied`` (``django.views.defaults``); None for any other, which is Django's 500."""
        if not isinstance(error, (Http404, Forbidden)):
            return None
        if error.status_code in self.own_pages:
            return failures.unserved("error-page")
        return pages.response(pages.NOT_FOUND if error.status_code == 404 else pages.FORBIDDEN)


def not_allowed(methods: tuple[str, ...] | list[str]) -> Response:
    """``HttpResponseNotAllowed(methods)``."""
    return page(status=405, headers={"Allow": ", ".join(methods)})
