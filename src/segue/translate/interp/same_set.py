"""Locals that may hold one and the same queryset: ``same = notes``, ``box = {"notes": notes}``, ``a = x if y else notes``.

A queryset keeps its rows whatever the name it is read by. ``frame.same_sets`` are pairs of locals of the generated function, of which one was bound to, or
was given, what the other holds. They are never taken out again: that a name was bound anew since is not looked at.
"""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

from segue.translate.functions.record import CALLED
from segue.translate.interp.parts import parts, with_parts
from segue.translate.interp.value import Val
from segue.translate.kinds import Kind, QuerySet

if TYPE_CHECKING:
    from segue.translate.context import Context
    from segue.translate.interp.frame import Frame

_GETTERS = frozenset({"get", "pop", "setdefault", "values", "items", "popitem"})


def holds_sets(kind: Kind | None) -> bool:
    """Whether it is a queryset, or a list, tuple or dict with one in it."""
    return isinstance(kind, QuerySet) or any(map(holds_sets, parts(kind)))


def places(frame: Frame, value: Val) -> set[str]:
    """The locals of which ``value`` may be what they hold; empty for a queryset that was made right here."""
    found = _places(value.node)
    return {place for place in found if _kind(frame, place) is not None}


def _places(node: ast.AST | None) -> set[str]:
    match node:
        case ast.Name(id):
            return {id}
        case ast.Attribute():
            return {ast.unparse(node)}
        case ast.Subscript(value=value) | ast.Await(value=value):
            return _places(value)
        case ast.IfExp(body=body, orelse=orelse):
            return _places(body) | _places(orelse)
        case ast.BoolOp(values=values):
            return set().union(*map(_places, values))
        case ast.NamedExpr(target=target, value=value):
            return {target.id} | _places(value)
        case ast.Call(func=ast.Attribute(value=value, attr=attr)) if attr in _GETTERS:
            return _places(value)
    return set()


def _kind(frame: Frame, place: str) -> Kind | None:
    """What the local holds, if that is or has a queryset."""
    return next(
        (v.kind for v in frame.env.values() if v.node is not None and v.text == place and holds_sets(v.kind)),
        None,
    )


def held_in(frame: Frame, value: Val) -> list[str]:
    """The locals whose querysets ``value`` may be or hold."""
    inside = {ast.unparse(n) for n in _whole(frame, value.node)}
    return [place for place in sorted(inside) if _kind(frame, place) is not None]


def others(frame: Frame, place: str) -> list[str]:
    """The other locals that may hold what ``place`` does."""
    found, todo = {place}, [place]
    while todo:
        one = todo.pop()
        more = {other for pair in frame.same_sets if one in pair for other in pair} - found
        found |= more
        todo += sorted(more)
    return sorted(found - {place})


def share(frame: Frame, locals_: list[str], value: Val, own: Val | None = None) -> None:
    """``locals_`` hold ``value`` now, or what is in it: what is known of the querysets in there holds of them. ``own``: where the one
    local may have been evaluated before, as which it may stay."""
    from segue.translate.interp.kept_rows import GIVEN, ROWS, earlier, note_place

    if isinstance(value.kind, QuerySet) and value.kind.query.anew:
        _settle(frame, locals_)
        return
    inside = {ast.unparse(n) for n in _whole(frame, value.node)}
    if own is not None and locals_[0] in inside:
        frame.env[GIVEN + locals_[0]] = own
    sources = [place for place in sorted(inside - set(locals_)) if _kind(frame, place) is not None]
    for local in locals_:
        kind = _kind(frame, local)
        if kind is None:
            continue
        for source in sources:
            frame.same_sets.add(frozenset({local, source}))
            given = frame.env.get(GIVEN + source)
            if given is not None:
                known = frame.env.get(GIVEN + local)
                frame.env[GIVEN + local] = Val(
                    earlier(known, given).kind if known else given.kind, ast.Name(local, ast.Load())
                )
            if ROWS + source in frame.env and value.text == source:
                frame.env[ROWS + local] = frame.env[ROWS + source]
            elif ROWS + source in frame.env:
                note_place(frame, local)
        if _read(kind):
            note_place(frame, local, 1)  # the function may write after it has read
    _settle(frame, locals_)


def put_in(frame: Frame, call: Val) -> None:
    """``call`` stands for its effect: what it is given may be in its owner from now on (``found.append(notes)``)."""
    match call.node:
        case ast.Call(func=ast.Attribute(value=owner), args=args, keywords=keywords):
            for given in (*args, *(keyword.value for keyword in keywords)):
                share(frame, sorted(places(frame, Val(call.kind, owner))), Val(call.kind, given))


def _settle(frame: Frame, locals_: list[str]) -> None:
    """What is in a local is that queryset from now on: how it was made no longer counts."""
    for key, value in frame.env.items():
        if value.node is not None and value.text in locals_ and isinstance(value.kind, QuerySet):
            query = replace(value.kind.query, anew=False, read=False)
            frame.env[key] = Val(QuerySet(query), value.node)


def _whole(frame: Frame, node: ast.AST | None) -> list[ast.expr]:
    """The names and attributes in ``node`` that stand for themselves, not for something of theirs, nor for what a function makes of them."""
    if node is None:
        return []
    gives = giving(frame.ctx)
    if (
        isinstance(node, ast.Call)
        and CALLED.fullmatch(ast.unparse(node.func))
        and ast.unparse(node.func) not in gives
    ):
        return []
    if isinstance(node, ast.Await):
        return _whole(frame, node.value)
    of = {id(n.value) for n in ast.walk(node) if isinstance(n, ast.Attribute)}
    getters = {
        id(n.func.value)
        for n in ast.walk(node)
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr in _GETTERS
    }
    return [
        n
        for n in ast.walk(node)
        if isinstance(n, ast.Name | ast.Attribute) and (id(n) not in of or id(n) in getters)
    ]


def giving(ctx: Context) -> set[str]:
    """The functions (their tokens) that may give back a queryset which they were given, or hold."""
    found = ctx.memo.setdefault(("kernel", "gives-held"), set())
    assert isinstance(found, set)
    return found


def _read(kind: Kind) -> bool:
    return kind.query.read if isinstance(kind, QuerySet) else any(map(_read, parts(kind)))


def as_read(kind: Kind) -> Kind:
    """``kind`` of what a function gives back that may have evaluated it."""
    if isinstance(kind, QuerySet):
        return QuerySet(replace(kind.query, read=True))
    return with_parts(kind, as_read)


__all__ = ["as_read", "giving", "held_in", "holds_sets", "others", "places", "put_in", "share"]
