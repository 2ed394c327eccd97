"""Django's own responses in views of DRF: ``HttpResponse`` and its subclasses, ``JsonResponse``, ``FileResponse`` of a stored
file. Redirects are :mod:`segue.translate.rules.redirects`."""

from __future__ import annotations

import ast

from segue.translate.functions.writing import may_write
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.expressions.comprehensions import awaits
from segue.translate.interp.frame import Frame
from segue.translate.interp.join import widen
from segue.translate.interp.value import Val, literal
from segue.translate.kinds import (
    Const,
    DictOf,
    ListOf,
    OpenFile,
    Response,
    Scalar,
    Shape,
    StoredFile,
    ValidatedData,
)
from segue.translate.rules.registry import function, method
from segue.translate.rules.stored_files import media, present_name
from segue.translate.views.rules.around import KEPT
from segue.translate.views.rules.response_headers import OTHERS, header_value

_HTTP = "django.http.response."
_BRIDGE = "segue_bridge.http.plain"
_HTML = "text/html; charset=utf-8"
# Statuses of the subclasses that take what HttpResponse takes.
_STATUS = {
    "HttpResponse": 200, "HttpResponseBadRequest": 400, "HttpResponseForbidden": 403, "HttpResponseNotFound": 404,
    "HttpResponseGone": 410, "HttpResponseServerError": 500,
}  # fmt: skip


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
    call.only("content", "content_type", "status", "headers", at_most=3)
    content, kind = call.argument(0, "content"), call.argument(1, "content_type")
    code, status = _status(frame, call, call.argument(2, "status"), _STATUS[call.name.rpartition(".")[2]])
    parts: list[ast.expr] = []
    if content is not None:
        plain = widen(content.kind)
        if content.node is None or plain not in (Scalar("str"), Scalar("bytes")):
            raise frame.refuse("response", ast.unparse(call.node), "Its content is no plain text.", call.node)
        parts.append(content.node)
    keywords = {"status": status} if code != 200 else {}
    keywords |= _content_type(frame, call, kind)
    keywords |= _headers(frame, call)
    return Val(Response(code, writable=True), _made(frame, "page", parts, keywords))


@function(f"{_HTTP}HttpResponseNotAllowed", "django.http.HttpResponseNotAllowed")
def not_allowed(frame: Frame, call: CallSite) -> Val | None:
    """``HttpResponseNotAllowed(["GET", "POST"])``."""
    if KEPT in frame.ctx.memo:
        return None
    call.only("permitted_methods", at_most=1)
    given = call.argument(0, "permitted_methods")
    raw = call.raw_args[0] if call.raw_args else None
    items = raw.elts if isinstance(raw, ast.List | ast.Tuple) else []
    names = [item.value for item in items if isinstance(item, ast.Constant) and isinstance(item.value, str)]
    if given is None or not names or len(names) != len(items):
        raise frame.refuse(
            "response", ast.unparse(call.node), "The methods are not written in place.", call.node
        )
    helper = frame.imported("segue_bridge.http.plain_view", "not_allowed")
    return Val(Response(405), ast.Call(helper, [ast.List([literal(n) for n in names], ast.Load())], []))


def _content_type(frame: Frame, call: CallSite, kind: Val | None) -> dict[str, ast.expr]:
    if kind is None or (isinstance(kind.kind, Const) and kind.kind.value is None):
        return {}
    text = kind.kind.value if isinstance(kind.kind, Const) else None
    if not isinstance(text, str) or ("charset" in text.lower() and "utf-8" not in text.lower()):
        raise frame.refuse("response", ast.unparse(call.node), "Its content type is not known.", call.node)
    return {"content_type": literal(text)} if text != _HTML else {}


def _headers(frame: Frame, call: CallSite) -> dict[str, ast.expr]:
    """``headers={"Content-Disposition": …}``, written in place."""
    given = call.raw_kwargs.get("headers")
    if given is None or (isinstance(given, ast.Constant) and given.value is None):
        return {}
    if not isinstance(given, ast.Dict):
        raise frame.refuse(
            "response", ast.unparse(call.node), "Its headers are not written in place.", call.node
        )
    keys: list[ast.expr | None] = []
    values: list[ast.expr] = []
    for key, value in zip(given.keys, given.values, strict=True):
        known = key.value if isinstance(key, ast.Constant) else None
        if not isinstance(known, str) or known.lower() in OTHERS:
            raise frame.refuse(
                "response", ast.unparse(call.node), "Segue does not know this header.", call.node
            )
        with frame.capture():  # it was evaluated with the call's arguments
            keys.append(literal(known))
            values.append(header_value(frame, frame.eval(value), call))
    return {"headers": ast.Dict(keys, values)} if keys else {}


@method(Response, "write")
def written(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``response.write(text)`` of an ``HttpResponse``."""
    assert isinstance(owner.kind, Response)
    if not owner.kind.writable or not isinstance(owner.node, ast.Name):
        return None
    call.only("content", at_most=1)
    content = call.argument(0, "content")
    if content is None or content.node is None or widen(content.kind) not in (Scalar("str"), Scalar("bytes")):
        raise frame.refuse("response", ast.unparse(call.node), "It is no plain text.", call.node)
    return Val(Const(None), ast.Call(ast.Attribute(owner.node, "write", ast.Load()), [content.node], []))


@function(f"{_HTTP}StreamingHttpResponse", "django.http.StreamingHttpResponse")
def streaming(frame: Frame, call: CallSite) -> Val | None:
    """``StreamingHttpResponse((writer.writerow(row) for row in rows), content_type="text/csv")``."""
    if KEPT in frame.ctx.memo:
        return None
    _utf8(frame, call)
    call.only("streaming_content", "content_type", "status", "headers", at_most=3)
    pieces = call.argument(0, "streaming_content")
    item = pieces.kind.item if pieces is not None and isinstance(pieces.kind, ListOf) else None
    if pieces is None or pieces.node is None or item not in (Scalar("str"), Scalar("bytes")):
        raise frame.refuse(
            "response", ast.unparse(call.node), "Its pieces are no plain texts made in place.", call.node
        )
    code, status = _status(frame, call, call.argument(2, "status"), 200)
    keywords = {"status": status} if code != 200 else {}
    keywords |= _content_type(frame, call, call.argument(1, "content_type"))
    keywords |= _headers(frame, call)
    node = pieces.node
    if awaits(node):  # the pieces ask the database: they are made before the answer begins
        assert isinstance(node, ast.GeneratorExp)
        if may_write(frame.ctx, [ast.unparse(node)]):
            raise frame.refuse(
                "response", ast.unparse(call.node), "Its pieces change something while it is sent.", call.node
            )
        node = ast.ListComp(node.elt, node.generators)
    helper = frame.imported("segue_bridge.http.streams", "streamed")
    named = [ast.keyword(key, value) for key, value in keywords.items()]
    return Val(Response(code), ast.Call(helper, [node], named))


def _stored(frame: Frame, call: CallSite) -> ast.expr | None:
    """The name of a column's file that is handed in as it is, by ``open()`` or by ``open(….path, "rb")``; None for anything else.

    Only where it is opened in the call: what goes wrong with it then goes wrong here on both sides.
    """
    if len(call.node.args) != 1:
        return None
    given = call.node.args[0]
    mode: list[ast.expr] = []
    if isinstance(given, ast.Call) and not given.keywords:
        match given:
            case ast.Call(func=ast.Name(id="open"), args=[ast.Attribute(value=inner, attr="path"), *mode]):
                ref = frame.function.globals.get("open")
                if (
                    "open" in frame.env
                    or not mode
                    or (ref is not None and ref.name not in ("builtins.open", "_io.open"))
                ):
                    return None
            case ast.Call(func=ast.Attribute(value=inner, attr="open"), args=[*mode]):
                pass
            case _:
                return None
        if any(not isinstance(m, ast.Constant) or m.value != "rb" for m in mode) or len(mode) > 1:
            return None
        given = inner
    if not isinstance(given, ast.Attribute):
        return None
    root: ast.expr = given
    while isinstance(root, ast.Attribute):
        root = root.value
    if not isinstance(root, ast.Name) or root.id not in frame.env:
        return None  # default_storage and its like
    with frame.capture():
        found = frame.eval(given).kind
    return present_name(frame, frame.eval(given), call.node) if isinstance(found, StoredFile) else None


@function(f"{_HTTP}FileResponse", "django.http.FileResponse")
def file_response(frame: Frame, call: CallSite) -> Val | None:
    """``FileResponse(default_storage.open(name), content_type=…, filename=…, as_attachment=…)``, or of a column's file."""
    if KEPT in frame.ctx.memo:
        return None
    name = _stored(frame, call)
    call.only("content_type", "filename", "as_attachment", at_most=1) if name is None else None
    if name is None:
        opened = call.argument(0, "streaming_content")
        if opened is not None and isinstance(opened.kind, OpenFile):
            name = opened.node
    if name is None or set(call.kwargs) - {"content_type", "filename", "as_attachment"}:
        raise frame.refuse(
            "file-response",
            ast.unparse(call.node),
            "Only a column's file, or one that default_storage.open() gives, is translated.",
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
    return Val(Response(200), ast.Await(ast.Call(helper, [media(frame, call.node), name], pairs)))


@function(f"{_HTTP}JsonResponse", "django.http.JsonResponse")
def json_response(frame: Frame, call: CallSite) -> Val | None:
    """``JsonResponse(data, safe=…, status=…, json_dumps_params={…})``."""
    from segue.translate.views.rules.responses import _body

    if KEPT in frame.ctx.memo:
        return None
    call.only("data", "safe", "status", "json_dumps_params", at_most=1)
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
    keywords |= _dumps(frame, call)
    return Val(Response(code), _made(frame, "json_page", [_body(frame, data, call)], keywords))


_DUMPS = frozenset({"indent", "ensure_ascii", "sort_keys"})


def _dumps(frame: Frame, call: CallSite) -> dict[str, ast.expr]:
    """``json_dumps_params={"indent": 2}``, written in place."""
    raw = call.raw_kwargs.get("json_dumps_params")
    if raw is None:
        return {}
    keys = (
        [k.value if isinstance(k, ast.Constant) else None for k in raw.keys]
        if isinstance(raw, ast.Dict)
        else [None]
    )
    values = raw.values if isinstance(raw, ast.Dict) else []
    if not _DUMPS.issuperset(map(str, keys)) or not all(isinstance(v, ast.Constant) for v in values):
        raise frame.refuse(
            "response", ast.unparse(call.node), "These parameters of json.dumps are not known.", call.node
        )
    return {str(key): value for key, value in zip(keys, values, strict=True)}
