"""What Django's own middleware answers before a view is looked for (``process_request``)."""

from __future__ import annotations

import logging

from starlette.requests import Request
from starlette.responses import Response

from segue_bridge.http import pages, urls
from segue_bridge.http.cors import ANSWERED_BY
from segue_bridge.http.settings import HttpSettings

_log = logging.getLogger("segue_bridge.http")


def unseen(request: Request, settings: HttpSettings, middleware: str) -> bool:
    """Whether the answer was given further out than ``middleware`` stands (a word of :data:`segue_bridge.http.settings.INSIDE`)."""
    return middleware in settings.inside.get(request.scope.get(ANSWERED_BY, ""), ())


def before(request: Request, settings: HttpSettings) -> Response | None:
    """400 for a host that is not allowed, 301 to https, or nothing; the scope then says which middleware has answered.

    Both ``SecurityMiddleware``, for its redirect, and ``CommonMiddleware`` ask for the host: the outer one fails.
    """
    redirected = settings.ssl_redirect and urls.scheme(request, settings) != "https"
    if settings.hosts is not None and not urls.allowed(urls.host(request, settings), settings.hosts):
        outer = redirected and "security" not in settings.inside.get("common", ())
        request.scope[ANSWERED_BY] = "security" if outer else "common"
        _log.error("Invalid HTTP_HOST header: %r.", urls.host(request, settings))
        return pages.response(pages.BAD_REQUEST)
    if redirected:
        request.scope[ANSWERED_BY] = "security"
        return pages.redirect(f"https://{urls.host(request, settings)}{urls.full_path(request)}")
    return None
