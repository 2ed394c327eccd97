"""``requests`` and ``httpx``: the very calls, in a thread where they would hold up the event loop.

The library is the one that the project uses, so defaults, redirects, encodings, headers and errors are its own on both sides.
Sources: ``requests.api``, ``requests.sessions.Session``, ``requests.models.Response``; ``httpx._api``, ``httpx.Client``,
``httpx.Response``. An answer is read whole before it is given back (no ``stream=True``), so that what is asked of it waits for nobody.
"""

from __future__ import annotations

import ast

from segue.snapshot.model import GlobalRef, Value
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import Const, DictOf, HttpHeaders, HttpReply, HttpSession, Kind, Scalar
from segue.translate.rules.builtins import code
from segue.translate.rules.pure_library import is_data
from segue.translate.rules.registry import attribute, function, method

_VERBS = ("get", "post", "put", "patch", "delete", "head", "options")
# What of a call is data; anything else (files, hooks, streams, objects that sign) is refused.
_OPTIONS = {
    "requests": {
        "url", "params", "data", "json", "headers", "cookies", "auth", "timeout", "allow_redirects", "proxies", "verify", "cert",
        "method", "stream",
    },
    "httpx": {
        "url", "params", "data", "json", "content", "headers", "cookies", "auth", "timeout", "follow_redirects", "verify", "method",
    },
}  # fmt: skip
_NAMES = {
    "requests": [f"requests.{place}{v}" for place in ("api.", "") for v in (*_VERBS, "request")],
    "httpx": [f"httpx.{place}{v}" for place in ("_api.", "") for v in (*_VERBS, "request")],
}
_SESSIONS = {
    "requests.sessions.Session": "Session", "requests.sessions.session": "Session", "requests.Session": "Session",
    "requests.session": "Session", "httpx.Client": "Client", "httpx._client.Client": "Client",
}  # fmt: skip
_PARTS: dict[str, Kind] = {
    "status_code": Scalar("int"), "ok": Scalar("bool"), "text": Scalar("str"), "content": Scalar("bytes"), "headers": HttpHeaders(),
    "encoding": Scalar("str", True), "is_redirect": Scalar("bool"),
}  # fmt: skip
_OF_REQUESTS: dict[str, Kind] = {"url": Scalar("str"), "reason": Scalar("str")}
_OF_HTTPX: dict[str, Kind] = {
    "reason_phrase": Scalar("str"), "is_success": Scalar("bool"), "is_error": Scalar("bool"), "is_client_error": Scalar("bool"),
    "is_server_error": Scalar("bool"),
}  # fmt: skip


@function(*_NAMES["requests"], *_NAMES["httpx"])
def asked(frame: Frame, call: CallSite) -> Val:
    """``requests.get(url, timeout=5)`` → ``await run_in_threadpool(requests.get, url, timeout=5)``."""
    library = call.name.partition(".")[0]
    target = ast.Attribute(frame.module(library), call.name.rpartition(".")[2], ast.Load())
    return _in_thread(frame, call, library, target)


@function(*_SESSIONS)
def opened(frame: Frame, call: CallSite) -> Val:
    """``requests.Session()``, which lives as long as the function that made it."""
    library = call.name.partition(".")[0]
    call.only(
        *(("headers", "timeout", "auth", "base_url", "params") if library == "httpx" else ()), at_most=0
    )
    made = ast.Attribute(frame.module(library), _SESSIONS[call.name], ast.Load())
    named = [ast.keyword(k, _data(frame, call, k, v)) for k, v in call.kwargs.items()]
    return Val(HttpSession(library), ast.Call(made, [], named))


@method(HttpSession, *_VERBS, "request")
def asked_in_session(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``session.get(url)``."""
    assert isinstance(owner.kind, HttpSession)
    assert owner.node is not None
    return _in_thread(frame, call, owner.kind.library, ast.Attribute(owner.node, call.name, ast.Load()))


@method(HttpSession, "close")
def closed(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``session.close()``."""
    call.only(at_most=0)
    assert owner.node is not None
    return Val(Const(None), ast.Call(ast.Attribute(owner.node, "close", ast.Load()), [], []))


@attribute(HttpSession, "headers", "params", "cookies")
def of_session(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val:
    """``session.headers``, to be updated."""
    assert owner.node is not None
    return Val(HttpHeaders(), ast.Attribute(owner.node, attr, ast.Load()))


@method(HttpSession, "__setattr__")
def changed(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``session.auth = (name, password)``."""
    name, value = call.args
    assert isinstance(name.kind, Const)
    assert owner.node is not None
    attr = str(name.kind.value)
    if attr not in ("auth", "verify"):
        raise _refused(frame, call, f"Segue does not know what changing its {attr} does.")
    frame.emit(f"{ast.unparse(owner.node)}.{attr} = {ast.unparse(_data(frame, call, attr, value))}")
    return Val(Const(None))


@method(HttpHeaders, "update")
def updated(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``session.headers.update({…})``."""
    call.only(at_most=1)
    given = call.argument(0)
    if given is None or owner.node is None:
        raise _refused(frame, call, "Segue does not know what they are updated with.")
    changing = ast.Attribute(owner.node, "update", ast.Load())
    return Val(Const(None), ast.Call(changing, [_data(frame, call, "headers", given)], []))


@method(HttpHeaders, "get", "__getitem__", "__contains__")
def header(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``response.headers.get("ETag")``, ``response.headers["ETag"]``, ``"ETag" in response.headers``."""
    call.only(at_most=2 if call.name == "get" else 1)
    name = call.args[0]
    assert owner.node is not None
    key = code(frame, name, call.node)
    if call.name == "__contains__":
        return Val(Scalar("bool"), ast.Compare(key, [ast.In()], [owner.node]))
    if call.name == "__getitem__":
        return Val(Scalar("str"), ast.Subscript(owner.node, key, ast.Load()))
    parts, kind = [key], Scalar("str", True)
    if len(call.args) == 2:
        default = call.args[1]
        parts.append(code(frame, default, call.node))
        if not (isinstance(default.kind, Const) and default.kind.value is None):
            kind = Scalar("Any")
            if isinstance(default.kind, Const) and isinstance(default.kind.value, str):
                kind = Scalar("str")
    return Val(kind, ast.Call(ast.Attribute(owner.node, "get", ast.Load()), parts, []))


@attribute(HttpReply, *_PARTS, *_OF_REQUESTS, *_OF_HTTPX)
def part(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val | None:
    """``response.status_code``."""
    assert isinstance(owner.kind, HttpReply)
    known = _PARTS | (_OF_REQUESTS if owner.kind.library == "requests" else _OF_HTTPX)
    if attr not in known or owner.node is None or (attr == "ok" and owner.kind.library != "requests"):
        return None
    return Val(known[attr], ast.Attribute(owner.node, attr, ast.Load()))


@method(HttpReply, "json")
def as_json(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``response.json()``."""
    call.only(at_most=0)
    assert owner.node is not None
    return Val(Scalar("Any"), ast.Call(ast.Attribute(owner.node, "json", ast.Load()), [], []))


@method(HttpReply, "raise_for_status")
def must_be_good(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``response.raise_for_status()``; that of httpx gives the answer back."""
    call.only(at_most=0)
    assert isinstance(owner.kind, HttpReply)
    assert owner.node is not None
    kind = Const(None) if owner.kind.library == "requests" else owner.kind
    return Val(kind, ast.Call(ast.Attribute(owner.node, "raise_for_status", ast.Load()), [], []))


def _in_thread(frame: Frame, call: CallSite, library: str, target: ast.expr) -> Val:
    if any(name.endswith("_lazy") or _is_lazy(ref) for name, ref in frame.function.globals.items()):
        raise _refused(
            frame, call, "The function knows lazy texts, which the libraries do not take for texts."
        )
    unknown = sorted(set(call.kwargs) - _OPTIONS[library])
    if unknown:
        raise _refused(frame, call, f"Segue does not know what {', '.join(unknown)} does to it.")
    streamed = call.kwargs.get("stream")
    if streamed is not None and streamed.kind != Const(False):
        raise _refused(frame, call, "Its answer is read bit by bit, which would hold up the event loop.")
    parts = [_data(frame, call, "an argument", v) for v in call.args]
    named = [ast.keyword(k, _data(frame, call, k, v)) for k, v in call.kwargs.items()]
    frame.is_async = True
    helper = frame.imported("starlette.concurrency", "run_in_threadpool")
    return Val(HttpReply(library), ast.Await(ast.Call(helper, [target, *parts], named)))


def _is_lazy(ref: GlobalRef) -> bool:
    """``gettext_lazy`` itself or a constant with what it gives: json= fails of it in Django, data= takes it apart."""
    return ref.name.rpartition(".")[2].endswith("_lazy") or (ref.value is not None and _has_lazy(ref.value))


def _has_lazy(value: Value) -> bool:
    inside = [*value.items, *(part for pair in value.pairs for part in pair)]
    return value.kind == "lazy" or any(map(_has_lazy, inside))


def _data(frame: Frame, call: CallSite, name: str, value: Val) -> ast.expr:
    """Code of plain data: what both sides' library is given must be equal."""
    empty = isinstance(value.kind, DictOf) and not value.kind.items and value.kind.value is None
    if value.node is None or not (empty or is_data(value.kind)):
        raise _refused(frame, call, f"Segue does not know that {name} is plain data on both sides.")
    return value.node


def _refused(frame: Frame, call: CallSite, why: str) -> Exception:
    return frame.refuse("http-client", ast.unparse(call.node), why, call.node)
