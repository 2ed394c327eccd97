"""``**kwargs`` of a view's method: ``partial`` of ``UpdateModelMixin``, arguments of the URL."""

from __future__ import annotations

import ast
from dataclasses import replace

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, const
from segue.translate.kinds import Const, Keywords, Scalar
from segue.translate.rules.registry import method


@method(Keywords, "get", "pop", "__getitem__")
def read(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``kwargs.pop("partial", False)``, ``kwargs["pk"]``."""
    kind = owner.kind
    assert isinstance(kind, Keywords)
    key, default = call.argument(0), call.argument(1)
    if key is None or not isinstance(key.kind, Const) or not isinstance(key.kind.value, str):
        raise frame.refuse("url-argument", ast.unparse(call.node), "The name is computed.", call.node)
    wanted = key.kind.value
    given = dict(kind.given)
    if wanted in given:
        if call.name == "pop":
            _rebind(frame, call, replace(kind, given=tuple(g for g in kind.given if g[0] != wanted)))
        return const(given[wanted])
    arguments = kind.endpoint.url_arguments if kind.endpoint is not None else {}
    if wanted in arguments:
        if call.name == "pop":
            raise frame.refuse(
                "url-argument", ast.unparse(call.node), "An argument of the URL is taken away.", call.node
            )
        found = arguments[wanted]
        return frame.url_argument(wanted, found, found.type if isinstance(found, Scalar) else "str")
    if default is not None:
        return default
    if call.name == "get":
        return const(None)
    raise frame.refuse("url-argument", wanted, "There is no such argument: KeyError in Django.", call.node)


@method(Keywords, "__setitem__")
def write(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``kwargs["partial"] = True``."""
    kind = owner.kind
    assert isinstance(kind, Keywords)
    key, value = call.args
    if (
        not isinstance(key.kind, Const)
        or not isinstance(value.kind, Const)
        or not isinstance(key.kind.value, str)
    ):
        return None
    rest = tuple(g for g in kind.given if g[0] != key.kind.value)
    return _rebind(frame, call, replace(kind, given=(*rest, (key.kind.value, value.kind.value))))


def _rebind(frame: Frame, call: CallSite, kind: Keywords) -> Val:
    node = call.node.func.value if isinstance(call.node.func, ast.Attribute) else call.node.func
    if not isinstance(node, ast.Name):
        raise frame.refuse("url-argument", ast.unparse(call.node), "Segue cannot follow this.", call.node)
    frame.env[node.id] = Val(kind)
    return const(None)
