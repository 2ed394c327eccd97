"""Context managers in middleware: a time zone that may not exist, and the scope of django-scopes around the view."""

from __future__ import annotations

import ast
import textwrap

from segue.translate.interp.frame import Frame
from segue.translate.kinds import EarlyRequest, Global
from segue.translate.rules.given_attributes import AROUND
from segue.translate.rules.registry import context

_NO_ZONE = "zoneinfo._common.ZoneInfoNotFoundError"


@context("contextlib.suppress")
def suppress(frame: Frame, call: ast.Call, name: str, node: ast.With) -> bool:
    """``with suppress(ZoneInfoNotFoundError): timezone.activate(ZoneInfo(name))`` in middleware; others are ``try`` statements."""
    if not call.args or call.keywords or any(isinstance(a, ast.Starred) for a in call.args):
        return False
    if AROUND not in frame.ctx.memo:
        return False
    kinds = [frame.eval(argument).kind for argument in call.args]
    names = [kind.ref.name for kind in kinds if isinstance(kind, Global)]
    if names in ([_NO_ZONE], ["zoneinfo.ZoneInfoNotFoundError"]):
        _without_zone(frame, node)
        return True
    return False


def _without_zone(frame: Frame, node: ast.With) -> None:
    """In middleware: without the zone Django keeps that of the request before, which only Django knows."""
    frame.sure += 1
    with frame.capture() as body:
        frame.run(node.body)
    frame.sure -= 1
    frame.emit_block("try:", body)
    error = frame.imported("zoneinfo", "ZoneInfoNotFoundError")
    unserved = frame.imported("segue_bridge.errors", "Unserved")
    lines = [f'raise {ast.unparse(unserved)}("middleware") from None']
    frame.emit_block(f"except {ast.unparse(error)}:", lines)


@context("django_scopes.state.scope", "django_scopes.scope")
def scope(frame: Frame, call: ast.Call, name: str, node: ast.With) -> bool:
    """``with scope(event=event): response = get_response(request)`` in middleware: noted for the views of the route."""
    if AROUND not in frame.ctx.memo or call.args:
        return False
    if frame.ctx.memo[AROUND] is not None or frame.captured:
        raise frame.refuse(
            "with", ast.unparse(call), "Only one scope around all views of a route is known.", node
        )
    found = []
    for keyword in call.keywords:
        value = frame.eval(keyword.value)
        text = value.text if value.node is not None else ""
        states = [
            attr
            for attr, known in _given(frame).items()
            if text == f"call.state.{attr}"
            or (isinstance(keyword.value, ast.Name) and _holds(frame, keyword.value.id, attr))
        ]
        if keyword.arg is None or not states:
            raise frame.refuse(
                "with", ast.unparse(call), "Segue does not see what the scope is narrowed to.", node
            )
        found.append((keyword.arg, states[0]))
    frame.ctx.memo[AROUND] = tuple(found)
    frame.run(node.body)
    return True


def _given(frame: Frame) -> dict[str, object]:
    found = frame.ctx.memo.get(("middleware", "given"))
    return found if isinstance(found, dict) else {}


def _holds(frame: Frame, local: str, attr: str) -> bool:
    """Whether the local is bound once, by ``local = request.attr`` or ``getattr(request, "attr", None)``."""
    tree = ast.parse(textwrap.dedent(frame.function.source))
    bound = [
        n
        for n in ast.walk(tree)
        if isinstance(n, ast.Name) and n.id == local and not isinstance(n.ctx, ast.Load)
    ]
    values = [
        n.value
        for n in ast.walk(tree)
        if isinstance(n, ast.Assign) and any(isinstance(t, ast.Name) and t.id == local for t in n.targets)
    ]
    if len(bound) != 1 or len(values) != 1:
        return False
    match values[0]:
        case ast.Attribute(ast.Name(owner), name) | ast.Call(
            ast.Name("getattr"), [ast.Name(owner), ast.Constant(str() as name), *_]
        ):
            known = frame.env.get(owner)
            return name == attr and known is not None and isinstance(known.kind, EarlyRequest)
        case _:
            return False


__all__ = ["scope", "suppress"]
