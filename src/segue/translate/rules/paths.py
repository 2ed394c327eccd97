"""Files by their path: ``os.path.isfile(old.path)``, ``os.remove(old.path)``, as code does that deletes a replaced file itself.

They touch the disk, so the generated code runs them in a thread; their errors are those of ``os``.
"""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.join import widen
from segue.translate.interp.value import Val, quote
from segue.translate.kinds import Const, Kind, Scalar
from segue.translate.rules.registry import function

_ASKS = ("exists", "isfile", "isdir", "lexists", "getsize")
_REMOVES = ("remove", "unlink")


@function(
    *(f"{module}.{short}" for module in ("os.path", "genericpath", "posixpath") for short in _ASKS),
    *(f"{module}.{short}" for module in ("os", "posix") for short in _REMOVES),
)
def at_path(frame: Frame, call: CallSite) -> Val:
    """The call in a thread."""
    call.only(at_most=1)
    given = call.argument(0)
    if given is None or given.node is None or widen(given.kind) != Scalar("str"):
        raise frame.refuse("os-path", ast.unparse(call.node), "Only the path of a text is known.", call.node)
    short = call.name.rpartition(".")[2]
    removes = short in _REMOVES
    kind: Kind = Const(None) if removes else Scalar("int" if short == "getsize" else "bool")
    spelled = ast.Attribute(frame.module("os" if removes else "os.path"), short, ast.Load())
    thread = ast.Attribute(frame.module("asyncio"), "to_thread", ast.Load())
    frame.is_async = True
    return Val(kind, quote("await {0}({1}, {2})", thread, spelled, given.node))


__all__ = ["at_path"]
