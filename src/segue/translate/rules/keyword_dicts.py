"""``**kwargs`` of a function that is written into its caller: a dict whose keys and values are known."""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, const
from segue.translate.kinds import Const, KeywordDict, Sometimes
from segue.translate.rules.registry import method


def _key(frame: Frame, call: CallSite) -> str:
    first = call.argument(0)
    if first is None or not isinstance(first.kind, Const) or not isinstance(first.kind.value, str):
        raise frame.refuse("dynamic-keywords", ast.unparse(call.node), "The key is computed.", call.node)
    return first.kind.value


@method(KeywordDict, "get", "__getitem__", "pop", "setdefault")
def read(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``kwargs.get("many")``, ``kwargs["data"]``, ``kwargs.pop("many", False)``, ``kwargs.setdefault("many", True)``."""
    assert isinstance(owner.kind, KeywordDict)
    key, default = _key(frame, call), call.argument(1)
    entries: dict[str, Val] = dict(owner.kind.entries)
    given = entries.get(key)
    if given is not None:
        if isinstance(given.kind, Sometimes):
            raise frame.refuse("dynamic-keywords", key, "It is not always there.", call.node)
        if call.name == "pop":
            del entries[key]
            _rebind(frame, call, entries)
        return given
    if call.name == "setdefault":
        entries[key] = default if default is not None else const(None)
        _rebind(frame, call, entries)
        return entries[key]
    if default is not None:
        return default
    if call.name == "get":
        return const(None)
    raise frame.refuse(
        "dynamic-keywords",
        ast.unparse(call.node),
        "There is no such argument: KeyError in Django.",
        call.node,
    )


@method(KeywordDict, "__contains__")
def has(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``"data" in kwargs``."""
    assert isinstance(owner.kind, KeywordDict)
    return const(_key(frame, call) in dict(owner.kind.entries))


def _rebind(frame: Frame, call: CallSite, entries: dict[str, Val]) -> None:
    node = call.node.func.value if isinstance(call.node.func, ast.Attribute) else call.node.func
    if not isinstance(node, ast.Name):
        raise frame.refuse("dynamic-keywords", ast.unparse(call.node), "Segue cannot follow this.", call.node)
    frame.env[node.id] = Val(KeywordDict(tuple(entries.items())))
