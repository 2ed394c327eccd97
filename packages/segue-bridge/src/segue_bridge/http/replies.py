"""Answers that middleware gives in place of the view, as ``django.http`` writes them."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import Response

from segue_bridge.http.media import JSON
from segue_bridge.http.pages import HTML


def json_reply(data: Any, status: int = 200) -> Response:
    """``JsonResponse``: spaces after commas and colons, everything outside of ASCII escaped."""
    return Response(json.dumps(data), status, headers={"content-type": JSON})


def text_reply(content: str = "", status: int = 200) -> Response:
    """``HttpResponse``: HTML unless it says otherwise."""
    return Response(content, status, headers={"content-type": HTML})


def redirect_reply(location: str, status: int = 302) -> Response:
    """``HttpResponseRedirect``."""
    return Response(b"", status, headers={"location": location, "content-type": HTML})
