"""Whether a request of the route in hand has an attribute that only middleware gives: ``getattr(request, "event", None)``.

A middleware may give it to the requests of some routes alone. What is translated is kept apart by that
(:func:`segue.translate.interp.carried.shape`).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping

from segue.refusal import Refusal
from segue.translate.context import Context
from segue.translate.middleware.sources import tree_of
from segue.translate.trees import nodes

HERE = ("middleware", "here")
"""Memo: names of the attributes that translated middleware gives to every request of the route in hand."""
PERHAPS = ("middleware", "perhaps here")
"""Memo: names of those that it gives to some of these requests: ``call.state`` has them or not."""
LEFT_OUT = ("middleware", "left out here")
"""Memo: names of the attributes that such middleware sets, and that the service does not keep."""
AROUND = ("middleware", "scopes")
"""Memo, only while the code of a middleware is translated: what its ``with scope(…)`` around the view names."""
_LAYERS = ("middleware", "layers here")
_JUDGED = ("middleware", "judged here")
_ALWAYS = ("middleware", "always here")
_SETTERS = ("middleware", "setters")
_LOST = ("middleware", "lost")
_ABSENT = ("middleware", "taken for absent")
_PUT = ("middleware", "put by views")
_COMPUTED = re.compile(r"\bsetattr\(|\b__dict__\b|\bvars\(")


def enter(
    ctx: Context,
    names: Iterable[str],
    layers: Iterable[str],
    left_out: Iterable[str] = (),
    judged: Mapping[str, frozenset[str]] | None = None,
    always: Iterable[str] = (),
    perhaps: Iterable[str] = (),
) -> None:
    """From here on the route in hand is one whose requests get ``names``; ``layers`` are the classes or functions of its
    middleware that are translated as code, ``left_out`` what they set besides. ``judged``: what middleware that is not translated
    sets on the requests that come to this route, ``always`` on all of them. ``perhaps``: what those as code give to some requests."""
    here = set(names)
    ctx.memo[HERE] = tuple(sorted(here))
    ctx.memo[PERHAPS] = tuple(sorted(set(perhaps) - here))
    ctx.memo[LEFT_OUT] = tuple(sorted(set(left_out)))
    ctx.memo[_LAYERS] = tuple(sorted(set(layers)))
    ctx.memo[_JUDGED] = dict(judged or {})
    ctx.memo[_ALWAYS] = frozenset(always)


def given_here(ctx: Context) -> tuple[str, ...]:
    """The attributes that translated middleware has given to requests of the route in hand so far."""
    found = ctx.memo.get(HERE)
    return found if isinstance(found, tuple) else ()


def perhaps_here(ctx: Context) -> tuple[str, ...]:
    """The attributes that translated middleware has given to some of the requests of the route in hand so far."""
    found = ctx.memo.get(PERHAPS)
    return found if isinstance(found, tuple) else ()


def gives(ctx: Context, attr: str, *, in_order: bool = False) -> bool | None:
    """Whether requests have ``attr``; None where Segue cannot tell. Only for names that no framework uses.

    ``in_order``: what code of the route puts there itself is known (:mod:`segue.translate.interp.carried`), and is not meant.
    """
    if attr in given_here(ctx):
        return True
    if attr in perhaps_here(ctx):
        return None
    left_out, layers, judged = (ctx.memo.get(key) for key in (LEFT_OUT, _LAYERS, _JUDGED))
    if isinstance(left_out, tuple) and attr in left_out:
        return None
    if _opaque(ctx):
        return None
    known = list(layers) if isinstance(layers, tuple) else []
    known += [name for name, sets in judged.items() if attr not in sets] if isinstance(judged, dict) else []
    setters = _setters(ctx).get(attr, set())
    if all(any(s == name or s.startswith(f"{name}.") for name in known) for s in setters):
        return False
    if isinstance(judged, dict) and any(attr in sets for sets in judged.values()):
        return None
    # Whatever else sets it and runs for such a request is code that is translated with the route, or refuses it.
    if ctx.accepted_middleware or (attr in _noted(ctx, _PUT) and not in_order):
        return None
    # But for middleware that is known to do nothing to answers, and not translated for that.
    others = [name for name in ctx.snapshot.settings.middleware if name not in known]
    if any(s == name or s.startswith(f"{name}.") for s in setters for name in others):
        return None
    if not in_order:
        _noted(ctx, _ABSENT).add(attr)
    return False


def read_aside(ctx: Context, attr: str) -> bool:
    """Code that is translated once for all routes reads ``attr``; False where a view puts something else there."""
    _noted(ctx, _ABSENT).add(attr)
    return attr not in _noted(ctx, _PUT)


def note_put(ctx: Context, attr: str) -> bool:
    """A view puts ``attr`` on its request; False where something has been translated as for requests without it, in
    whatever order the two run."""
    _noted(ctx, _PUT).add(attr)
    return attr not in _noted(ctx, _ABSENT)


def _noted(ctx: Context, key: tuple[str, str]) -> set[str]:
    found = ctx.memo.setdefault(key, set())
    assert isinstance(found, set)
    return found


def gives_so_far(ctx: Context, attr: str) -> bool | None:
    """The same inside of a middleware: only what stands further out has run."""
    if attr in given_here(ctx):
        return True
    if attr in perhaps_here(ctx):
        return None
    left_out, judged = ctx.memo.get(LEFT_OUT), ctx.memo.get(_JUDGED)
    if isinstance(left_out, tuple) and attr in left_out:
        return None
    if isinstance(judged, dict) and any(attr in sets for sets in judged.values()):
        return None
    accepted = tuple(ctx.accepted_middleware)
    if _opaque(ctx):
        return None
    if any(s.startswith(accepted) for s in _setters(ctx).get(attr, ())):
        return None
    return False


def has(ctx: Context, attr: str) -> bool:
    """Whether every request has ``attr`` by now, given by translated middleware or by one that is not translated."""
    always = ctx.memo.get(_ALWAYS)
    return attr in given_here(ctx) or (isinstance(always, frozenset) and attr in always)


def _opaque(ctx: Context) -> bool:
    """Whether middleware that the team has accepted, and nobody has judged, may give requests attributes that its source does
    not name."""
    for name in ctx.accepted_middleware:
        own = [f.source for key, f in ctx.snapshot.functions.items() if f"{key}.".startswith(f"{name}.")]
        if not own or any(_COMPUTED.search(source) for source in own):
            return True
    return False


def note_lost(ctx: Context, attrs: Iterable[str], refusal: Refusal) -> None:
    """Why a middleware that gives requests ``attrs`` is not translated."""
    found = ctx.memo.setdefault(_LOST, {})
    assert isinstance(found, dict)
    for attr in attrs:
        found.setdefault(attr, refusal)


def why_lost(ctx: Context, attr: str) -> str:
    """One sentence on the middleware that gives requests ``attr`` and is not translated; '' where there is none."""
    found = ctx.memo.get(_LOST)
    refusal = found.get(attr) if isinstance(found, dict) else None
    if refusal is None:
        return ""
    return f"The middleware that puts it there is not translated: {refusal.file}:{refusal.line}, {refusal.construct}: {refusal.why}"


def is_set(ctx: Context, attr: str) -> bool:
    """Whether code of the snapshot sets an attribute of that name on anything but ``self``."""
    return attr in _setters(ctx)


def _setters(ctx: Context) -> dict[str, set[str]]:
    """Attribute → functions of the snapshot that set one of that name on anything but ``self``."""
    known = ctx.memo.get(_SETTERS)
    if isinstance(known, dict):
        return known
    out: dict[str, set[str]] = {}
    for function in ctx.snapshot.functions.values():
        tree = tree_of(function)
        for node in nodes(tree) if tree is not None else ():
            for name in _set(node):
                out.setdefault(name, set()).add(function.name)
    ctx.memo[_SETTERS] = out
    return out


def _set(node: ast.AST) -> list[str]:
    match node:
        case ast.Attribute(value, attr, ast.Store()) if not (
            isinstance(value, ast.Name) and value.id == "self"
        ):
            return [attr]
        case ast.Call(ast.Name("setattr"), [ast.Name(owner), ast.Constant(str() as attr), _]) if (
            owner != "self"
        ):
            return [attr]
        case _:
            return []


__all__ = [
    "AROUND",
    "HERE",
    "LEFT_OUT",
    "enter",
    "given_here",
    "gives",
    "gives_so_far",
    "has",
    "note_lost",
    "note_put",
    "read_aside",
    "why_lost",
]
