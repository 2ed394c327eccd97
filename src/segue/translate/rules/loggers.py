"""Which logger is meant: handlers and levels are configured by its name, so the generated code asks for the same one.

Only a module's own logger is named after the module, which has another name in the generated code.
"""

from __future__ import annotations

import ast

from segue.snapshot.model import GlobalRef, Value
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import Const, Global
from segue.translate.rules.registry import function

_ROOT = "logging.RootLogger"
_CLASSES = frozenset({"logging.Logger", _ROOT})


@function("logging.getLogger")
def get_logger(frame: Frame, call: CallSite) -> Val:
    """``logging.getLogger("audit")`` in a function. Raises ``Refused`` for a name that is put together."""
    call.only("name")
    named = call.argument(0, "name")
    found = named.kind.value if named is not None and isinstance(named.kind, Const) else ""
    if (named is not None and not isinstance(named.kind, Const)) or not isinstance(found, str | None):
        raise frame.refuse(
            "logging", ast.unparse(call.node), "The name of the logger is not known.", call.node
        )
    if not found:
        return Val(Global(GlobalRef("instance", "logging.root", Value("call", name=_ROOT))))
    pairs = ((Value("const", "name"), Value("const", found)),)
    return Val(
        Global(GlobalRef("instance", "logging.logger", Value("call", name="logging.Logger", pairs=pairs)))
    )


def is_logger(ref: GlobalRef) -> bool:
    """Whether it is a logger of the standard library: other classes (an adapter, a package's, a log of the project's own) do more."""
    return ref.kind == "instance" and ref.value is not None and ref.value.name in _CLASSES


def source(frame: Frame, ref: GlobalRef, node: ast.AST) -> str:
    """The code that asks for it. Raises ``Refused`` where the probe has not seen its name."""
    assert ref.value is not None
    if ref.value.name == _ROOT:
        return "logging.getLogger()"
    found = next((value.data for key, value in ref.value.pairs if key.data == "name"), None)
    if not isinstance(found, str):
        raise frame.refuse("logging", ref.name, "The name of the logger is not known.", node)
    return f"logging.getLogger({'__name__' if _is_own(frame, found) else repr(found)})"


def _is_own(frame: Frame, found: str) -> bool:
    path = "/" + frame.function.where.file
    place = "/" + found.replace(".", "/")
    return path.endswith((f"{place}.py", f"{place}/__init__.py"))


__all__ = ["is_logger", "source"]
