"""``redirect("note-detail", pk=note.pk)``, ``redirect(note)``, ``HttpResponseRedirect(reverse(…))``.

As ``django.shortcuts.resolve_url`` does, ``redirect`` asks an object for its ``get_absolute_url()``, and takes a text for the name of a URL
first: a text that is computed must begin as an address, which no name of a URL does.
"""

from __future__ import annotations

import ast
import re

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.expressions.calls import method_call
from segue.translate.interp.frame import Frame
from segue.translate.interp.join import widen
from segue.translate.interp.value import Val, literal
from segue.translate.kinds import Const, Instance, Response, Scalar
from segue.translate.rules.registry import function
from segue.translate.views.rules.around import KEPT
from segue.translate.views.rules.reversing import path_to

_BRIDGE = "segue_bridge.http.plain"
_HTTP = ("django.http.response.", "django.http.")
_REDIRECT = {"HttpResponseRedirect": 302, "HttpResponsePermanentRedirect": 301}
# What iri_to_uri leaves as it is, beginning as a URL whose scheme a redirect may have.
_URL = re.compile(r"(https?://|/(?!/))[A-Za-z0-9/#%\[\]=:;$&()+,!?*@'~._-]*\Z")
_BEGINS = re.compile(r"/|https?://")
_MAKES = (".reverse", ".url", ".absolute")
_LONGEST = "django.utils.http.MAX_URL_REDIRECT_LENGTH"  # not in each release


@function(*(f"{module}{name}" for module in _HTTP for name in _REDIRECT))
def response_redirect(frame: Frame, call: CallSite) -> Val | None:
    """``HttpResponseRedirect(reverse("note-list"))``: to that address, whatever it is."""
    if KEPT in frame.ctx.memo:  # middleware, which answers in a way of its own
        return None
    call.only("redirect_to", at_most=1)
    target = call.argument(0, "redirect_to")
    return _to(frame, call, target, _REDIRECT[call.name.rpartition(".")[2]])


@function("django.shortcuts.redirect")
def redirect(frame: Frame, call: CallSite) -> Val | None:
    """``redirect("note-detail", pk=3, permanent=True)``, ``redirect(note)``, ``redirect("/notes/")``, ``redirect(reverse("note-list"))``."""
    if KEPT in frame.ctx.memo:
        return None
    keywords = dict(call.kwargs)
    permanent = keywords.pop("permanent", None)
    code = 302
    if permanent is not None:
        if not isinstance(permanent.kind, Const) or "preserve_request" in keywords:
            raise _refused(frame, call, "Whether it is permanent is computed.")
        code = 301 if permanent.kind.value else 302
    keep = keywords.pop("preserve_request", None)
    if keep is not None and keep.kind != Const(False):
        raise _refused(frame, call, "It keeps the method of the request.")
    given = call.args or [keywords.pop("to")] if call.args or "to" in keywords else []
    if not given:
        raise _refused(frame, call, "It leads nowhere.")
    target, *args = given
    if isinstance(target.kind, Instance) and not args and not keywords:
        made = ast.copy_location(
            ast.Call(ast.Attribute(call.node.args[0], "get_absolute_url", ast.Load()), [], []), call.node
        )
        return _to(frame, call, method_call(frame, target, "get_absolute_url", made), code)
    if isinstance(target.kind, Const) and isinstance(target.kind.value, str):
        text = target.kind.value
        if not args and not keywords and ("/" in text or "." in text) and not _is_name(frame, text):
            return _to(frame, call, target, code)
        return _to(frame, call, path_to(frame, call, text, keywords or args), code)
    if args or keywords or target.node is None or not _is_address(frame, target.node, set()):
        raise _refused(
            frame,
            call,
            "A text that is computed may be the name of a URL: use reverse(), or HttpResponseRedirect for an address.",
        )
    return _to(frame, call, target, code)


def _is_name(frame: Frame, text: str) -> bool:
    return any(
        r.name and text == (f"{r.namespace}:{r.name}" if r.namespace else r.name)
        for r in frame.ctx.snapshot.routes
    )


def _refused(frame: Frame, call: CallSite, why: str) -> Exception:
    return frame.refuse("redirect", ast.unparse(call.node), why, call.node)


def _to(frame: Frame, call: CallSite, target: Val | None, code: int) -> Val:
    status = [ast.keyword("status", literal(code))] if code != 302 else []
    url = target.kind.value if target is not None and isinstance(target.kind, Const) else None
    if isinstance(url, str):
        if not _URL.match(url):
            raise _refused(frame, call, "Only an address of http and https, or a path, is translated.")
        return Val(Response(code), ast.Call(frame.imported(_BRIDGE, "redirect"), [literal(url)], status))
    plain = widen(target.kind) if target is not None else None
    if (
        target is None
        or target.node is None
        or not isinstance(plain, Scalar)
        or plain.type != "str"
        or plain.nullable
    ):
        raise _refused(frame, call, "The address is no plain text.")
    longest = frame.ctx.snapshot.settings.values.get(_LONGEST)
    if longest is not None:
        status.append(ast.keyword("limit", literal(longest.data)))
    return Val(Response(code), ast.Call(frame.imported(_BRIDGE, "redirect_to"), [target.node], status))


def _is_address(frame: Frame, node: ast.expr, seen: set[str]) -> bool:
    """Whether the text begins with ``/`` or a scheme, as far as the code tells."""
    match node:
        case ast.Constant(str(text)):
            return _BEGINS.match(text) is not None
        case ast.JoinedStr([ast.Constant(str(text)), *_]):
            return _BEGINS.match(text) is not None
        case ast.JoinedStr([ast.FormattedValue(value, -1, None), *_]) | ast.BinOp(value, ast.Add(), _):
            return _is_address(frame, value, seen)
        case ast.Call(func=func) if ast.unparse(func).endswith(_MAKES):
            return True
        case ast.Name(local) if local not in seen:
            begin = f"{local} = "
            lines = [line.strip() for lines in (*frame.around, frame.lines) for line in lines]
            bound = [line.removeprefix(begin) for line in lines if line.startswith(begin)]
            others = [
                line
                for line in lines
                if re.match(rf"(async )?for .*\b{local}\b.* in |with .* as {local}\b|{local} \W?=", line)
            ]
            if len(bound) != 1 or len(others) != 1:
                return False
            try:
                made = ast.parse(bound[0], mode="eval").body
            except SyntaxError:
                return False
            return _is_address(frame, made, seen | {local})
    return False
