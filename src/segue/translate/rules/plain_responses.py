"""Django's own responses in views of DRF: ``HttpResponse`` and its subclasses, ``JsonResponse``, ``FileResponse`` of a stored
file, redirects to a fixed URL."""

from __future__ import annotations

import ast
import re

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.join import widen
from segue.translate.interp.value import Val, literal
from segue.translate.kinds import Const, DictOf, ListOf, OpenFile, Response, Scalar, Shape, ValidatedData
from segue.translate.rules.registry import function
from segue.translate.rules.stored_files import media
from segue.translate.views.rules.around import KEPT

_HTTP = "django.http.response."
_BRIDGE = "segue_bridge.http.plain"
_HTML = "text/html; charset=utf-8"
# Statuses of the subclasses that take what HttpResponse takes.
_STATUS = {
    "HttpResponse": 200, "HttpResponseBadRequest": 400, "HttpResponseForbidden": 403, "HttpResponseNotFound": 404,
    "HttpResponseGone": 410, "HttpResponseServerError": 500,
}  # fmt: skip
_REDIRECT = {"HttpResponseRedirect": 302, "HttpResponsePermanentRedirect": 301}
# What iri_to_uri leaves as it is, beginning as a URL whose scheme a redirect may have.
_URL = re.compile(r"(https?://|/(?!/))[A-Za-z0-9/#%\[\]=:;$&()+,!?*@'~._-]*\Z")


def _status(frame: Frame, call: CallSite, given: Val | None, default: int) -> tuple[int | None, ast.expr]:
    if given is None or (isinstance(given.kind, Const) and given.kind.value is None):
        return default, literal(default)
    if isinstance(given.kind, Const) and isinstance(given.kind.value, int) and 100 <= given.kind.value <= 599:
        return int(given.kind.value), literal(int(given.kind.value))
    raise frame.refuse("response", ast.unparse(call.node), "Its status is computed.", call.node)


def _made(frame: Frame, helper: str, parts: list[ast.expr], keywords: dict[str, ast.expr]) -> ast.expr:
    return ast.Call(
        frame.imported(_BRIDGE, helper), parts, [ast.keyword(key, value) for key, value in keywords.items()]
    )


def _utf8(frame: Frame, call: CallSite) -> None:
    charset = frame.ctx.snapshot.settings.values.get("DEFAULT_CHARSET")
    if charset is not None and str(charset.data).lower() != "utf-8":
        raise frame.refuse("response", "DEFAULT_CHARSET", "Only UTF-8 is written here.", call.node)


@function(*(f"{_HTTP}{n}" for n in _STATUS), *(f"django.http.{n}" for n in _STATUS))
def http_response(frame: Frame, call: CallSite) -> Val | None:
    """``HttpResponse(content, content_type, status)``."""
    if KEPT in frame.ctx.memo:  # middleware, which answers in a way of its own
        return None
    _utf8(frame, call)
    call.only("content", "content_type", "status", at_most=3)
    content, kind = call.argument(0, "content"), call.argument(1, "content_type")
    code, status = _status(frame, call, call.argument(2, "status"), _STATUS[call.name.rpartition(".")[2]])
    parts: list[ast.expr] = []
    if content is not None:
        plain = widen(content.kind)
        if content.node is None or plain not in (Scalar("str"), Scalar("bytes")):
            raise frame.refuse("response", ast.unparse(call.node), "Its content is no plain text.", call.node)
        parts.append(content.node)
    keywords = {"status": status} if code != 200 else {}
    if kind is not None and not (isinstance(kind.kind, Const) and kind.kind.value is None):
        text = kind.kind.value if isinstance(kind.kind, Const) else None
        if not isinstance(text, str) or ("charset" in text.lower() and "utf-8" not in text.lower()):
            raise frame.refuse(
                "response", ast.unparse(call.node), "Its content type is not known.", call.node
            )
        if text != _HTML:
            keywords["content_type"] = literal(text)
    return Val(Response(code), _made(frame, "page", parts, keywords))


@function(f"{_HTTP}FileResponse", "django.http.FileResponse")
def file_response(frame: Frame, call: CallSite) -> Val | None:
    """``FileResponse(default_storage.open(name), content_type=…, filename=…, as_attachment=…)``."""
    if KEPT in frame.ctx.memo:
        return None
    call.only("content_type", "filename", "as_attachment", at_most=1)
    opened = call.argument(0, "streaming_content")
    if opened is None or not isinstance(opened.kind, OpenFile) or opened.node is None:
        raise frame.refuse(
            "file-response",
            ast.unparse(call.node),
            "Only a file that default_storage.open() gives is translated.",
            call.node,
        )
    keywords: dict[str, ast.expr] = {}
    for key, word in (("content_type", "content_type"), ("filename", "filename")):
        given = call.kwargs.get(key)
        if given is None or (isinstance(given.kind, Const) and given.kind.value in (None, "")):
            continue
        plain = widen(given.kind)
        if given.node is None or not (
            isinstance(plain, Scalar) and plain.type == "str" and not plain.nullable
        ):
            raise frame.refuse("file-response", ast.unparse(call.node), f"Its {key} is not known.", call.node)
        keywords[word] = given.node
    attached = call.kwargs.get("as_attachment")
    if attached is not None:
        if not isinstance(attached.kind, Const) or not isinstance(attached.kind.value, bool):
            raise frame.refuse(
                "file-response", ast.unparse(call.node), "as_attachment is computed.", call.node
            )
        if attached.kind.value:
            keywords["attachment"] = literal(True)
    frame.is_async = True
    helper = frame.imported("segue_bridge.http.downloads", "file_page")
    pairs = [ast.keyword(key, value) for key, value in keywords.items()]
    return Val(Response(200), ast.Await(ast.Call(helper, [media(frame, call.node), opened.node], pairs)))


@function(f"{_HTTP}JsonResponse", "django.http.JsonResponse")
def json_response(frame: Frame, call: CallSite) -> Val | None:
    """``JsonResponse(data, safe=…, status=…)``."""
    from segue.translate.views.rules.responses import _body

    if KEPT in frame.ctx.memo:
        return None
    call.only("data", "safe", "status", at_most=1)
    data = call.argument(0, "data")
    if data is None or data.node is None:
        raise frame.refuse("response", ast.unparse(call.node), "Segue does not know this data.", call.node)
    safe = call.kwargs.get("safe")
    if safe is not None and not (isinstance(safe.kind, Const) and isinstance(safe.kind.value, bool)):
        raise frame.refuse("response", ast.unparse(call.node), "safe is computed.", call.node)
    unsafe = safe is not None and isinstance(safe.kind, Const) and not safe.kind.value
    code, status = _status(frame, call, call.kwargs.get("status"), 200)
    known = isinstance(data.kind, DictOf | ListOf | Shape | ValidatedData) or isinstance(
        widen(data.kind), Scalar
    )
    if not known:
        raise frame.refuse("response", ast.unparse(call.node), "Segue does not know this data.", call.node)
    keywords = {"status": status} if code != 200 else {}
    if unsafe:
        keywords["safe"] = literal(False)
    return Val(Response(code), _made(frame, "json_page", [_body(frame, data, call)], keywords))


@function(
    *(f"{_HTTP}{n}" for n in _REDIRECT), *(f"django.http.{n}" for n in _REDIRECT), "django.shortcuts.redirect"
)
def redirect(frame: Frame, call: CallSite) -> Val | None:
    """A redirect to a URL that the code names."""
    if KEPT in frame.ctx.memo:
        return None
    call.only(at_most=1)
    target = call.argument(0)
    url = target.kind.value if target is not None and isinstance(target.kind, Const) else None
    if not isinstance(url, str) or not _URL.match(url):
        raise frame.refuse("redirect", ast.unparse(call.node), "Only a fixed URL is translated.", call.node)
    code = _REDIRECT.get(call.name.rpartition(".")[2], 302)
    keywords = {"status": literal(code)} if code != 302 else {}
    return Val(Response(code), _made(frame, "redirect", [literal(url)], keywords))
