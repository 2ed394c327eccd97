"""The pages Django answers with outside of DRF (``django.views.defaults``, DEBUG off)."""

from __future__ import annotations

from typing import NamedTuple


class Page(NamedTuple):
    """Title and text of an error page."""

    title: str
    details: str


NOT_FOUND = Page("Not Found", "The requested resource was not found on this server.")
SERVER_ERROR = Page("Server Error (500)", "")
BAD_REQUEST = Page("Bad Request (400)", "")


def html(page: Page) -> str:
    """The page as Django writes it, leading newline included."""
    return (
        f'\n<!doctype html>\n<html lang="en">\n<head>\n  <title>{page.title}</title>\n</head>\n<body>\n'
        f"  <h1>{page.title}</h1><p>{page.details}</p>\n</body>\n</html>\n"
    )
