"""Middleware whose code is translated: ``async def name(call, get_response)`` around the view, in ``middleware.py``.

It is tried where :mod:`segue.translate.middleware.judge` finds something that can be seen. What only happens to other
routes is folded away by the path of the route (:class:`segue.translate.kinds.EarlyRequest`).
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, replace

from segue.refusal import Refused, refuse
from segue.snapshot.model import Class, Function, Route, Snapshot, Where
from segue.translate import language
from segue.translate.context import Context
from segue.translate.functions.lift import Lifted, lift
from segue.translate.interp.leaving import BEHIND, leavable
from segue.translate.interp.scope import Scope
from segue.translate.kinds import Const, EarlyRequest, Kind, NextHandler, Object, Response
from segue.translate.middleware.attributes import kept
from segue.translate.middleware.failing import failing, is_idle
from segue.translate.middleware.limits import (
    check_constants,
    check_raises,
    check_zone,
)
from segue.translate.middleware.of_route import NAME_ASKED, request_of
from segue.translate.middleware.sources import find, tree_of
from segue.translate.middleware.writing import check_writes, lines_of
from segue.translate.rules.given_attributes import AROUND, HERE, LEFT_OUT, PERHAPS

_MIXIN = "django.utils.deprecation.MiddlewareMixin.__call__"
_HOOKS = ("process_view", "process_template_response")
_KEPT = ("middleware", "kept")
_GONE_ON = ("middleware", "gone on")
_ATTRIBUTES = ("middleware", "given")
_LOOKED_AT = ("middleware", "looked at")
_MEMO = "middleware gives"
_REPLIES = re.compile(r"\b(?:json|text|redirect)_reply\(")
_LATE = re.compile(r"\bcall\.user\b")
_ASKED = re.compile(r"\bnobody\(call\)")
_NEXT = "get_response"
_Source = tuple[Function, dict[str, Kind], Kind | None]
"""A function, the kinds of its arguments, that of ``self``."""


@dataclass(frozen=True, slots=True)
class Layer:
    """``name`` is the generated function of ``module``; ``early``: it may answer in place of the view. ``gives`` are the
    attributes that it gives to requests, ``perhaps`` those that it gives to some, ``left_out`` those that it sets and the service does not keep, ``scopes`` the attributes by
    dimension that django-scopes narrows rows to around the view (None: there is no such scope); ``defined`` is the middleware.
    ``writes``: rows; ``late``: it asks who it was, after the view; ``asks_session``: it asks the session who is logged in, before it. ``failing``: the function that
    may answer where the view has failed; ``idle``: all else that it does is to go on to the view."""

    name: str
    module: str
    early: bool
    gives: frozenset[str] = frozenset()
    defined: str = ""
    left_out: frozenset[str] = frozenset()
    perhaps: frozenset[str] = frozenset()
    scopes: tuple[tuple[str, str], ...] | None = None
    writes: bool = False
    late: bool = False
    asks_session: bool = False
    failing: str = ""
    idle: bool = False


def layer(ctx: Context, defined: str, route: Route) -> Layer:
    """Translate the middleware for ``route`` and write it into ``middleware.py``. Raises ``Refused``."""
    snapshot = ctx.snapshot
    check_constants(snapshot, defined)
    check_zone(snapshot, defined)
    check_raises(snapshot, defined)
    ctx.memo.pop(NAME_ASKED, None)
    tries = [request_of(snapshot, defined, route, shared=True), request_of(snapshot, defined, route)]
    refused: Refused | None = None
    for request in dict.fromkeys(tries):
        try:
            return _layer(ctx, defined, request)
        except Refused as found:
            refused = found
        if ctx.memo.pop(NAME_ASKED, None):
            return _layer(ctx, defined, request_of(snapshot, defined, route, named=True))
    assert refused is not None
    raise refused


def _layer(ctx: Context, defined: str, request: EarlyRequest) -> Layer:
    snapshot = ctx.snapshot
    attributes = ctx.memo.setdefault(_ATTRIBUTES, {})
    assert isinstance(attributes, dict)
    earlier = dict(attributes)
    before: dict[tuple[str, object], object] = {key: ctx.memo.get(key) for key in (HERE, LEFT_OUT, PERHAPS)}
    ctx.memo[_KEPT] = kept(snapshot, defined)
    ctx.memo[AROUND] = None
    ctx.memo[_GONE_ON] = ctx.memo[BEHIND] = False
    looked_at = set(ctx.memo.get(_LOOKED_AT, ()))  # type: ignore[call-overload]
    try:
        cls = snapshot.classes.get(defined)
        found, given, receiver = (
            _class(ctx, cls, request) if cls is not None else _function(ctx, defined, request)
        )
        with language.unsettled(ctx, language.IN_MIDDLEWARE), leavable(ctx):
            lifted = lift(
                ctx,
                found,
                self_kind=receiver,
                arguments=given,
                module_kind="middleware",
                name=_name(defined),
                scope=Scope({"db": "call.db"}),
            )
        _check(defined, found, lifted)
        writes = check_writes(ctx, lifted, found.where)
        ctx.memo[_GONE_ON] = ctx.memo[BEHIND] = True
        failed = failing(ctx, cls, request, receiver, _name(defined))
        lines = lines_of(ctx, lifted)
        behind = [*lines, *(lines_of(ctx, failed) if failed is not None else ())]
        gives, left_out, scopes = _here(ctx, HERE, before), _here(ctx, LEFT_OUT, before), ctx.memo[AROUND]
        perhaps = _here(ctx, PERHAPS, before)
    except Exception:
        ctx.memo[_ATTRIBUTES], ctx.memo[_LOOKED_AT] = earlier, looked_at
        raise
    finally:
        for key in (_KEPT, AROUND, _GONE_ON, BEHIND):
            del ctx.memo[key]
        ctx.memo.update(before)
    made = Layer(
        lifted.name,
        lifted.module,
        _says(lines, _REPLIES),
        gives,
        defined,
        left_out,
        perhaps,
        scopes,  # type: ignore[arg-type]
        writes,
        late=_says(behind, _LATE),
        asks_session=_says(lines, _ASKED),
        failing=failed.name if failed is not None else "",
        idle=is_idle(ctx, lifted),
    )
    # What is translated already is not run again: its first translation has told what it gives.
    known = ctx.memo.setdefault((_MEMO, lifted.name), made)
    assert isinstance(known, Layer)
    return known


def _says(lines: list[str], what: re.Pattern[str]) -> bool:
    return any(map(what.search, lines))


def _here(ctx: Context, key: tuple[str, str], before: Mapping[tuple[str, object], object]) -> frozenset[str]:
    """What this middleware has added under ``key``."""
    now, then = ctx.memo.get(key), before[key]
    return frozenset(now if isinstance(now, tuple) else ()) - frozenset(
        then if isinstance(then, tuple) else ()
    )


def _check(defined: str, found: Function, lifted: Lifted) -> None:
    if not isinstance(lifted.returns, Response) or not lifted.is_async:
        raise refuse("middleware", defined, "It does not always answer.", found.where)
    more = [s.name for s in lifted.state if s.name != "call"]
    if more or lifted.explicit != (_NEXT,):
        raise refuse("middleware", defined, "It needs more than the request.", found.where)


def _class(ctx: Context, cls: Class, request: EarlyRequest) -> _Source:
    snapshot = ctx.snapshot
    for hook in _HOOKS:
        known = find(snapshot, cls.name, hook)
        if known is not None:
            raise refuse("middleware", known.name, "This hook is not translated.", known.where)
    entry = find(snapshot, cls.name, "__call__")
    if entry is None:
        raise refuse("middleware", cls.name, "Segue does not see how it is called.", cls.where)
    if entry.name == _MIXIN:
        entry = replace(
            entry, name=f"{cls.name}.__call__", source=_mixin(snapshot, cls), where=cls.where, wrapped_by=()
        )
    names = _names(entry)
    if len(names) != 2:
        raise refuse("middleware", entry.name, "It does not take the request alone.", entry.where)
    fields: tuple[tuple[str, Kind], ...] = (("get_response", NextHandler()), *_fields(snapshot, cls))
    receiver = Object(cls.name, ("middleware", cls.name), fields)
    return _with_next(entry, names), {names[1]: request, _NEXT: NextHandler()}, receiver


def _with_next(function: Function, names: list[str]) -> Function:
    """``function`` with the parameter ``get_response``."""
    source = re.sub(rf"(def \w+\([^)]*\b{names[-1]}\b[^)]*)\)", rf"\1, {_NEXT})", function.source, count=1)
    made = replace(function, source=source)
    if _names(made) != [*names, _NEXT]:
        raise refuse("middleware", function.name, "Segue does not see what it takes.", function.where)
    return made


def _mixin(snapshot: Snapshot, cls: Class) -> str:
    """``MiddlewareMixin.__call__`` with the hooks that this class has."""
    lines = ["def __call__(self, request):"]
    before = find(snapshot, cls.name, "process_request")
    if before is not None and not _returns(before):
        lines += ["    self.process_request(request)", "    response = self.get_response(request)"]
    elif before is not None:
        lines += [
            "    early = self.process_request(request)",
            "    if early is not None:",
            "        response = early",
            "    else:",
            "        response = self.get_response(request)",
        ]
    else:
        lines.append("    response = self.get_response(request)")
    if find(snapshot, cls.name, "process_response") is not None:
        lines.append("    return self.process_response(request, response)")
    else:
        lines.append("    return response")
    return "\n".join(lines) + "\n"


def _returns(function: Function) -> bool:
    """Whether it may return something."""
    tree = tree_of(function)
    returns = [n.value for n in ast.walk(tree) if isinstance(n, ast.Return)] if tree is not None else []
    return any(v is not None and not (isinstance(v, ast.Constant) and v.value is None) for v in returns)


def _fields(snapshot: Snapshot, cls: Class) -> list[tuple[str, Kind]]:
    """What ``__init__`` keeps besides ``get_response``. Raises ``Refused`` for more than constants."""
    init = find(snapshot, cls.name, "__init__")
    if init is None or init.name.startswith("django."):
        return []
    tree = tree_of(init)
    if tree is None:
        raise refuse("middleware", init.name, "The snapshot has no source of it.", init.where)
    own = tree.args.args[0].arg if tree.args.args else "self"
    out: list[tuple[str, Kind]] = []
    for statement in tree.body:
        match statement:
            case ast.Expr(ast.Constant()) | ast.Pass():
                continue
            case ast.Expr(ast.Call(ast.Attribute(ast.Call(ast.Name("super"), _, _), "__init__"), _, [])):
                continue
            case ast.Assign([ast.Attribute(ast.Name(name), attr)], value) if name == own:
                if attr == "get_response":
                    continue
                if isinstance(value, ast.Constant):
                    out.append((attr, Const(value.value)))
                    continue
            case ast.If(ast.Call(ast.Name("iscoroutinefunction"), _, _), _, []):
                continue
        where = Where(init.where.file, init.where.line + statement.lineno - 1)
        raise refuse(
            "middleware", ast.unparse(statement).partition("\n")[0], "Its construction does this.", where
        )
    return out


def _function(ctx: Context, defined: str, request: EarlyRequest) -> _Source:
    """``def middleware(get_response): def inner(request): …; return inner``."""
    outer = ctx.snapshot.functions.get(defined)
    tree = tree_of(outer) if outer is not None else None
    if outer is None or tree is None or outer.wrapped_by:
        where = outer.where if outer is not None else Where(ctx.snapshot.settings.module)
        raise refuse("middleware", defined, "Segue does not see what it does.", where)
    body = [s for s in tree.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    match body:
        case [ast.FunctionDef() as inner, ast.Return(ast.Name(returned))] if returned == inner.name:
            pass
        case _:
            raise refuse("middleware", defined, "It is more than a function that it returns.", outer.where)
    handler = tree.args.args[0].arg if tree.args.args else ""
    names = [a.arg for a in inner.args.args]
    if len(names) != 1 or inner.decorator_list or _NEXT in names:
        raise refuse("middleware", defined, "It does not take the request alone.", outer.where)
    lines = textwrap.dedent(outer.source).splitlines()[inner.lineno - 1 : inner.end_lineno]
    source = textwrap.dedent("\n".join(lines)) + "\n"
    where = Where(outer.where.file, outer.where.line + inner.lineno - 1)
    found = replace(outer, name=f"{defined}.{inner.name}", source=source, where=where)
    if handler != _NEXT:
        raise refuse("middleware", defined, "Its argument is not called get_response.", outer.where)
    return _with_next(found, names), {names[0]: request, _NEXT: NextHandler()}, None


def _name(defined: str) -> str:
    base = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", defined.rpartition(".")[2]).lower()
    return base if "middleware" in base else f"{base}_middleware"


def _names(function: Function) -> list[str]:
    tree = tree_of(function)
    return [a.arg for a in tree.args.args] if tree is not None else []


__all__ = ["Layer", "layer"]
