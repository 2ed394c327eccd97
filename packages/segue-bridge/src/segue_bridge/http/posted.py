"""What plain views read of a body: ``request.POST``, ``request.FILES``, ``request.body`` (``django.http.request.HttpRequest``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from segue_bridge.errors import ParseError
from segue_bridge.http import media, multipart
from segue_bridge.http.body import content_length
from segue_bridge.http.pages import SuspiciousOperation
from segue_bridge.http.query import QueryParams
from segue_bridge.leaving import left_to_django
from segue_bridge.schema.data import FormData

if TYPE_CHECKING:
    from segue_bridge.http.call import Call


class RawPostDataException(Exception):
    """``django.http.request.RawPostDataException``: the body was read as a multipart form before."""


async def form(call: Call) -> QueryParams:
    """``request.POST``: the fields of a form that was sent by POST, without its files; empty for any other body.

    Raises :class:`SuspiciousOperation` (400) over a limit and for a multipart body that cannot be read.
    """
    return (await _parsed(call))[0]


async def files(call: Call) -> FormData:
    """``request.FILES``. Raises as :func:`form`."""
    return (await _parsed(call))[1]


async def raw_body(call: Call) -> bytes:
    """``request.body``. Raises :class:`SuspiciousOperation` over the limit, :class:`RawPostDataException` where the body was read
    as a multipart form already."""
    if call.multipart_read:
        raise RawPostDataException("You cannot access body after reading from request's data stream")
    length, limit = content_length(call), call.settings.body_limit
    if limit is not None and length > limit:
        raise SuspiciousOperation("Request body exceeded settings.DATA_UPLOAD_MAX_MEMORY_SIZE.")
    return await call.body() if length else b""


async def _parsed(call: Call) -> tuple[QueryParams, FormData]:
    known: Any = call.posted
    if known is None:
        known = call.posted = await _parse(call)
    return known  # type: ignore[no-any-return]


async def _parse(call: Call) -> tuple[QueryParams, FormData]:
    """``HttpRequest._load_post_and_files``."""
    nothing = QueryParams(), FormData()
    if call.verb != "POST":
        return nothing
    sent = call.headers.get("content-type", "")
    kind, parameters = media.header(sent)
    if kind not in (media.FORM, media.MULTIPART):
        return nothing
    charset = dict(parameters).get("charset", "utf-8")
    if charset.lower() not in ("utf-8", "utf8"):
        raise left(call, "charset")  # Django's releases read these in different ways
    if kind == media.FORM:
        raw = await raw_body(call)
        return QueryParams(raw, limit=call.settings.field_limit), FormData()
    call.multipart_read = True
    raw = await call.body() if content_length(call) else b""
    try:
        fields, uploaded = multipart.parse(raw, sent, "utf-8", call.settings)
    except ParseError as error:
        raise SuspiciousOperation(str(error)) from error
    return QueryParams.sent(fields), FormData(uploaded)


def left(call: Call, why: str) -> Exception:
    """What to raise where only Django can go on."""
    return left_to_django(call.db, why)
