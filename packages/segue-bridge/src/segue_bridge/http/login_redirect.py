"""To the log-in page and back (``django.contrib.auth.decorators``, ``django.contrib.auth.views.redirect_to_login``)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit, urlunsplit

from segue_bridge.http import urls
from segue_bridge.http.plain import Page, redirect_to
from segue_bridge.http.query import QueryParams

if TYPE_CHECKING:
    from segue_bridge.http.call import Call


def to_login(call: Call, login_url: str, field: str | None = "next") -> Page:
    """``user_passes_test``'s redirect: to ``login_url``, which is told under ``field`` where to come back to; '' or None tells nothing."""
    parts, here = urlsplit(login_url), call.absolute()
    now = urlsplit(here)
    if parts.scheme in ("", now.scheme) and parts.netloc in ("", now.netloc):
        here = urls.full_path(call)
    if not field:
        return redirect_to(login_url)
    query = QueryParams(parts.query)
    query.put(field, here)
    text = "&".join(
        f"{quote(name, safe='/')}={quote(value, safe='/')}"
        for name, values in query.lists()
        for value in values
    )
    return redirect_to(urlunsplit(parts._replace(query=text)))
