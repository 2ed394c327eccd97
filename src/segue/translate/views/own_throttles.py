"""Methods of the project's throttle classes: ``get_cache_key``, ``allow_request``, ``get_ident``, ``get_rate``, ``parse_rate``, ``wait``.

Sources: ``rest_framework.throttling``. DRF makes an object for each request; here the limit is one object, and what a
request asks of it is the bridge's ``Asked``, which stands for ``self``.
"""

from __future__ import annotations

import ast
import re
import textwrap
from typing import Any

from segue.refusal import refuse
from segue.snapshot.model import Class, Function
from segue.target.ir import Import
from segue.translate.context import Context
from segue.translate.functions.lift import app_of, find, interpret, lift
from segue.translate.interp.scope import CALL, Scope
from segue.translate.interp.value import Val, const
from segue.translate.kinds import Const, Kind, Object, RenderedView, Request, Scalar
from segue.translate.load.models import snake
from segue.translate.specialise.endpoint import Endpoint

_DRF = "rest_framework."
_HOOKS = {"allow_request": "allow", "get_cache_key": "key", "get_ident": "ident"}
# What DRF calls or reads of the class besides ``rate`` and ``scope``; anything else is for the project's own methods.
DECISIVE = frozenset(
    {
        "allow_request", "get_ident", "get_cache_key", "get_rate", "parse_rate", "wait", "throttle_success", "throttle_failure",
        "cache", "timer", "scope_attr", "cache_format",
    }
)  # fmt: skip
# What DRF keeps on the object: as a property it would be computed for each request.
_KEPT = frozenset({"rate", "scope", "THROTTLE_RATES", "num_requests", "duration", "key", "history", "now"})
_SETTING = re.compile(r"return settings\.\w+\Z")
_SCOPE = Scope({**CALL.names, "limit": "limit"}, CALL.paths)


def own(known: Class) -> dict[str, str]:
    """Methods of the project's in the class: name → dotted name."""
    return {name: dotted for name, dotted in known.methods.items() if not dotted.startswith(_DRF)}


def unknown(known: Class) -> str:
    """A method of the project's that DRF calls or reads and that no rule looks at; '' if there is none."""
    looked_at = {*_HOOKS, "get_rate", "parse_rate", *(["wait"] if is_free(known) else [])}
    special = [n for n in own(known) if n.startswith("__") and n.endswith("__")]
    return next(
        (n for n in (*special, *own(known)) if n in special or n in (DECISIVE - looked_at) | _KEPT), ""
    )


def reads_scope(ctx: Context, known: Class, *, scoped: bool) -> bool:
    """Whether methods of a ``ScopedRateThrottle`` need the scope that it takes from the view, or run where there is none."""
    methods = own(known)
    if not scoped and "allow_request" in methods:
        return True
    sources = [ctx.snapshot.functions[d].source for d in methods.values() if d in ctx.snapshot.functions]
    return any("self.scope" in source or "self.rate" in source for source in sources)


def is_free(known: Class) -> bool:
    """Whether it is a ``BaseThrottle`` without a rate."""
    return f"{_DRF}throttling.SimpleRateThrottle" not in known.mro


def arguments(endpoint: Endpoint, known: Class) -> tuple[list[str], set[Import]]:
    """``allow=…``, ``key=…``, ``ident=…`` of the limit. Raises :class:`Refused`."""
    ctx = endpoint.ctx
    parts: list[str] = []
    imports: set[Import] = set()
    for method, dotted in own(known).items():
        if method not in _HOOKS:
            continue
        given: dict[str, Kind | Val] = {}
        names = _parameters(find(ctx, dotted))
        kinds: tuple[Kind, ...] = (Request(), RenderedView(endpoint, "throttle"))
        if len(names) > len(kinds) or not names:
            raise refuse("throttle", dotted, "Its parameters are not those of DRF's.", known.where)
        given.update(zip(names, kinds, strict=False))
        lifted = lift(
            ctx,
            dotted,
            self_kind=Object(known.name),
            arguments=given,
            module_kind="throttles",
            app=app_of(ctx, known),
            name=f"{snake(known.name.rpartition('.')[2])}_{_HOOKS[method]}",
        )
        _check(dotted, method, lifted.returns, known)
        try:
            call = lifted.call(_SCOPE)
        except KeyError:
            raise refuse(
                "throttle", dotted, "It needs something of the view, which is not known there.", known.where
            ) from None
        parts.append(f"{_HOOKS[method]}=lambda call, limit: {call.removeprefix('await ')}")
        imports |= lifted.imports
    return parts, imports


def _check(dotted: str, method: str, kind: Kind, known: Class) -> None:
    constant = kind.value if isinstance(kind, Const) else ...
    wanted = "bool" if method == "allow_request" else "str"
    fits = isinstance(kind, Scalar) and kind.type == wanted and (not kind.nullable or method != "get_ident")
    if not fits and not (type(constant).__name__ == wanted or (constant is None and method != "get_ident")):
        raise refuse("throttle", dotted, f"Segue does not see that it returns {wanted}.", known.where)


def _parameters(found: Function) -> list[str]:
    definition = ast.parse(textwrap.dedent(found.source)).body[0]
    if not isinstance(definition, ast.FunctionDef) or definition.args.vararg or definition.args.kwarg:
        return []
    return [a.arg for a in (*definition.args.posonlyargs, *definition.args.args)][1:]


def folded(ctx: Context, known: Class, method: str, *given: object) -> tuple[bool, Any]:
    """Whether ``method`` is the project's, and the constant that it returns for ``given``. Raises :class:`Refused`."""
    dotted = own(known).get(method, "")
    if not dotted:
        return False, None
    found = find(ctx, dotted)
    names = _parameters(found)
    body = interpret(
        ctx,
        found,
        self_kind=Object(known.name),
        arguments={name: const(value) for name, value in zip(names, given, strict=False)},
        scope=_SCOPE,
        app=app_of(ctx, known),
    )
    value = _constant(body.returns)
    if value is ...:
        raise refuse("throttle", dotted, "What it returns is not known before a request comes.", found.where)
    return True, value


def rate_of(ctx: Context, known: Class) -> tuple[object, str, set[Import]] | None:
    """What the project's ``get_rate`` gives: a constant, or code that reads the settings; None where it is DRF's.

    Raises :class:`Refused`.
    """
    dotted = own(known).get("get_rate", "")
    if not dotted:
        return None
    found = find(ctx, dotted)
    body = interpret(ctx, found, self_kind=Object(known.name), scope=_SCOPE, app=app_of(ctx, known))
    value = _constant(body.returns)
    if value is None or isinstance(value, str):
        return value, "", set()
    if (
        body.returns == Scalar("str")
        and not body.state
        and len(body.lines) == 1
        and _SETTING.match(body.lines[0])
    ):
        return ..., body.lines[0].removeprefix("return "), set(body.imports)
    raise refuse("throttle", dotted, "What it returns is not known before a request comes.", found.where)


def proxies(ctx: Context) -> object:
    """``NUM_PROXIES``."""
    framework = ctx.snapshot.settings.values.get("REST_FRAMEWORK")
    pairs = framework.pairs if framework is not None else ()
    return next((value.data for key, value in pairs if key.data == "NUM_PROXIES"), None)


def _constant(kind: Kind) -> Any:
    if isinstance(kind, Const):
        return kind.value
    return ...


__all__ = ["DECISIVE", "arguments", "folded", "is_free", "own", "proxies", "rate_of", "unknown"]
