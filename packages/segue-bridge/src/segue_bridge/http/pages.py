"""The pages Django answers with outside of DRF (``django.views.defaults``, DEBUG off)."""

from __future__ import annotations

from typing import NamedTuple

from starlette.responses import Response

HTML = "text/html; charset=utf-8"


class Page(NamedTuple):
    """Status, title and text of an error page."""

    status: int
    title: str
    details: str


NOT_FOUND = Page(404, "Not Found", "The requested resource was not found on this server.")
SERVER_ERROR = Page(500, "Server Error (500)", "")
FORBIDDEN = Page(403, "403 Forbidden", "")
BAD_REQUEST = Page(400, "Bad Request (400)", "")


class SuspiciousOperation(Exception):
    """``django.core.exceptions.SuspiciousOperation``: answered with the 400 page."""


def html(page: Page) -> str:
    """The page as Django writes it, leading newline included."""
    return (
        f'\n<!doctype html>\n<html lang="en">\n<head>\n  <title>{page.title}</title>\n</head>\n<body>\n'
        f"  <h1>{page.title}</h1><p>{page.details}</p>\n</body>\n</html>\n"
    )


def response(page: Page) -> Response:
    """The page as a response."""
    return Response(html(page), page.status, headers={"content-type": HTML})


def redirect(location: str) -> Response:
    """``HttpResponsePermanentRedirect``."""
    return Response(b"", 301, headers={"location": location, "content-type": HTML})
