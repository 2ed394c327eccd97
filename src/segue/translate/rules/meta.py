"""What a server tells of a request: ``META["REMOTE_ADDR"]`` and ``META["QUERY_STRING"]``; all else that is read of ``META`` are headers."""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, const
from segue.translate.kinds import Scalar
from segue.translate.middleware.sources import tree_of

_OF_SERVER = {"REMOTE_ADDR": "address", "QUERY_STRING": "query_string"}
_MEMO = ("kernel", "address put")


def asked(frame: Frame, name: str, call: CallSite) -> Val | None:
    """``META.get("REMOTE_ADDR")``, which every request has; None for a header. Raises ``Refused`` for anything else."""
    if name.startswith("HTTP_"):
        return None
    if name not in _OF_SERVER:
        why = "Of META only headers, REMOTE_ADDR and QUERY_STRING are read."
        raise frame.refuse("request-meta", name, why, call.node)
    if name == "REMOTE_ADDR" and _is_put(frame):
        why = "Middleware puts another address there."
        raise frame.refuse("request-meta", name, why, call.node)
    if call.name == "__contains__":
        return const(True)
    return Val(Scalar("str"), ast.Attribute(frame.state("call"), _OF_SERVER[name], ast.Load()))


def _is_put(frame: Frame) -> bool:
    """Whether any code of the snapshot puts an address there (a proxy's word), or may."""
    known = frame.ctx.memo.get(_MEMO)
    if known is None:
        functions = frame.ctx.snapshot.functions.values()
        trees = (tree_of(f) for f in functions if "META" in f.source)
        nodes = (node for tree in trees if tree is not None for node in ast.walk(tree))
        known = frame.ctx.memo[_MEMO] = any(map(_puts, nodes))
    return bool(known)


def _puts(node: ast.AST) -> bool:
    match node:
        case ast.Subscript(ast.Attribute(attr="META"), key, ast.Store()):
            return not isinstance(key, ast.Constant) or key.value == "REMOTE_ADDR"
        case ast.Call(ast.Attribute(ast.Attribute(attr="META"), "update" | "setdefault")):
            return True
    return False
