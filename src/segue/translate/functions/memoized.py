"""``@lru_cache`` and ``@cache`` of functools: kept, where nobody can tell whether a value was computed now or before.

That is so where the function reads nothing but its arguments and constants, and gives what nobody can change. Anything else is kept in
the memory of each process, and the two sides would differ.
"""

from __future__ import annotations

import ast

from segue.refusal import refuse
from segue.snapshot.model import Function
from segue.target.ir import Import
from segue.translate.context import Context
from segue.translate.functions.record import reached
from segue.translate.interp.frame import Frame, Parameter
from segue.translate.kinds import Const, Kind, Scalar
from segue.translate.trees import parsed

DECORATORS = frozenset({"functools.lru_cache", "functools.cache"})
# What stands in them computes; ``datetime`` and the like tell the time, too.
_PURE = frozenset(
    {
        "__future__", "base64", "binascii", "bisect", "collections", "collections.abc", "decimal", "fractions", "functools", "hashlib",
        "heapq", "html", "itertools", "json", "math", "operator", "re", "statistics", "string", "textwrap", "typing", "unicodedata",
        "urllib.parse",
    }
)  # fmt: skip
_UNCHANGING = frozenset({"str", "int", "float", "bool", "bytes", "Decimal", "UUID", "date", "datetime", "time", "timedelta", "None"})  # fmt: skip


def check(ctx: Context, function: Function, frame: Frame, parameters: list[Parameter], returns: Kind) -> None:
    """Raise ``Refused`` where the value of one call may not stand for that of the next one with equal arguments."""
    why = ""
    lines, imports = tuple(frame.lines), set(frame.imports)
    called = reached(ctx, lines)
    imports |= {item for record in called if record is not None for item in record.imports}
    outside = sorted(item.module for item in imports if not _computes(ctx, item))
    state = any(not p.legacy for record in called if record is not None for p in record.parameters)
    taken = {word for kind in frame.parameters.values() for word in [_type(kind)] if word not in _UNCHANGING}
    if function.role not in ("function", "staticmethod"):
        why = "It keeps the object that it is a method of, and what that has computed."
    elif frame.is_async or frame.state_used or state or None in called or outside:
        why = "It keeps what it has found in the memory of the process, and reads more than its arguments."
    elif _type(returns) not in _UNCHANGING:
        why = "It keeps in the memory of the process what callers may change."
    elif taken:
        why = "Segue is not certain that its arguments have a hash."
    if why:
        raise refuse("decorator", f"@{_text(function)}", why, function.where)


def _computes(ctx: Context, item: Import) -> bool:
    return item.type_only or item.module in _PURE or item.name.startswith("segue__fn_")


def _type(kind: Kind) -> str:
    if isinstance(kind, Const):
        return type(kind.value).__name__ if kind.value is not None else "None"
    return kind.type if type(kind) is Scalar else ""


def decorator(function: Function) -> tuple[str, Import] | None:
    """The decorator as it is written in generated code, and its import; None for a function without one."""
    name = next((d for d in function.wrapped_by if d in DECORATORS), None)
    if name is None:
        return None
    short = name.rpartition(".")[2]
    written = _written(function)
    call = written if isinstance(written, ast.Call) else None
    given = (
        "" if call is None else ast.unparse(ast.Call(ast.Name(short, ast.Load()), call.args, call.keywords))
    )
    return f"@{given or short}", Import("functools", short)


def _text(function: Function) -> str:
    written = _written(function)
    return ast.unparse(written) if written is not None else "lru_cache"


def _written(function: Function) -> ast.expr | None:
    tree = parsed(function.source).body[0]
    found = tree.decorator_list if isinstance(tree, ast.FunctionDef) else []
    ends = {d.rpartition(".")[2] for d in DECORATORS}
    for one in found:
        named = one.func if isinstance(one, ast.Call) else one
        if ast.unparse(named).rpartition(".")[2] in ends:
            return one
    return found[0] if found else None


__all__ = ["DECORATORS", "check", "decorator"]
