"""The text of a caught exception: where it is the same on both sides by construction.

``str(error)`` is what raised it makes of it. Python's own functions and the ``raise`` statements of the project say the
same in the generated code; the bridge and the database's driver need not.
"""

from __future__ import annotations

import ast

from segue.translate.context import Context
from segue.translate.functions.record import by_token
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, quote
from segue.translate.kinds import Failure, Kind, ListOf, Raised, Scalar
from segue.translate.rules.own_exceptions import own_names
from segue.translate.rules.registry import attribute
from segue.translate.versions import since

# Classes whose text does not name a function, a class or a variable of the code.
_SAME = frozenset(
    {
        "ValueError", "KeyError", "RuntimeError", "NotImplementedError", "PermissionError", "JSONDecodeError",
        "InvalidOperation", "json.JSONDecodeError", "decimal.InvalidOperation",
    }
)  # fmt: skip
FUNCTIONS = frozenset(
    {
        "all", "any", "bool", "dict", "enumerate", "float", "int", "isinstance", "len", "list", "range", "reversed", "round", "set",
        "sorted", "str", "sum", "tuple", "zip",
        "Decimal", "UUID", "timedelta",
    }
)  # fmt: skip
METHODS = frozenset(
    {
        "append", "date", "endswith", "extend", "format", "get", "isalnum", "isalpha", "isdigit", "isoformat", "items", "join",
        "keys", "lower", "lstrip", "replace", "rstrip", "split", "splitlines", "startswith", "strip", "time", "title",
        "total_seconds", "upper", "values",
    }
)  # fmt: skip
_PAIRS = frozenset({"items", "enumerate", "zip"})
# The release of Python whose texts are others: the generated service may run on a newer one than the project, or on an older.
_CHANGED = {
    "json.loads": (3, 13),  # "Illegal trailing comma before end of object"
    "datetime.strptime": (3, 14),  # "day 31 must be in range 1..30 for month 4 in year 2025"
    "datetime.fromisoformat": (3, 14),
    "date.fromisoformat": (3, 14),
}


def told(ctx: Context, caught: str, lines: list[str]) -> bool:
    """Whether what ``except caught`` catches from the generated ``lines`` has the text it has in Django's process."""
    classes = [part.strip() for part in caught.strip("()").split(",")]
    own = own_names(ctx)
    # "Book matching query does not exist.": the bridge has Django's texts. Who raises the project's own is the project.
    if all(one in ("ObjectDoesNotExist", "Invalid") or one in own for one in classes):
        return True
    if all(one.startswith(("requests.exceptions.", "httpx.")) for one in classes):
        return True  # what the library says is the same wherever it is called from
    if not all(one in _SAME or one in own for one in classes):
        return False
    return _lines_told(ctx, lines, "KeyError" in classes, set())


def _lines_told(ctx: Context, lines: list[str], keys: bool, seen: set[str]) -> bool:
    try:
        tree = ast.parse("async def body():\n" + "\n".join(f"    {line}" for line in lines))
    except SyntaxError:
        return False
    return all(_node_told(ctx, node, keys, seen) for node in ast.walk(tree))


def _node_told(ctx: Context, node: ast.AST, keys: bool, seen: set[str]) -> bool:
    match node:
        case ast.Call():
            return _call_told(ctx, node, keys, seen)
        case ast.Raise(exc=None):
            return True
        case ast.Raise(exc=ast.Call(func=ast.Name(id=cls))):
            return cls in _SAME or cls in own_names(ctx)
        case ast.Await(value=ast.Call(func=ast.Name())):
            return True  # a function of the project, which is judged by its call; ``await db.get(…)`` asks the database
        case ast.Raise() | ast.Await() | ast.AsyncFor() | ast.AsyncWith() | ast.With() | ast.Yield():
            return False
        case ast.Subscript(slice=ast.Constant(value=str())) | ast.Subscript(slice=ast.Slice()):
            return True
        case ast.Subscript():
            return not keys
        # The text for too many values to unpack differs between releases of Python.
        case ast.Assign(targets=targets):
            return not any(isinstance(target, ast.Tuple | ast.List) for target in targets)
        case ast.For(target=ast.Tuple(), iter=source) | ast.comprehension(target=ast.Tuple(), iter=source):
            return isinstance(source, ast.Call) and _short(source.func) in _PAIRS
    return True


def _call_told(ctx: Context, node: ast.Call, keys: bool, seen: set[str]) -> bool:
    text = ast.unparse(node.func)
    if text in _CHANGED:
        return not since(ctx.snapshot.versions.python, *_CHANGED[text])
    if text in FUNCTIONS or text in _SAME or text in own_names(ctx):
        return True
    if isinstance(node.func, ast.Attribute):
        return node.func.attr in METHODS
    record = by_token(ctx).get(text)
    if record is None:
        return False
    if text in seen:
        return True
    seen.add(text)
    return _lines_told(ctx, record.lines, keys, seen)


def _short(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else ast.unparse(node)


def check(frame: Frame, kind: Kind, node: ast.expr) -> None:
    """Refuse to show an exception whose text may be another one in Django's process."""
    if isinstance(kind, Failure) and not kind.api:
        raise frame.refuse("text-of", ast.unparse(node), "The text of an exception, whatever it is.", node)
    # Of an error of DRF's that was made here the text is its detail, on either side.
    if isinstance(kind, Raised) and not kind.told and not kind.cls.startswith("rest_framework.exceptions."):
        raise frame.refuse("text-of", ast.unparse(node), "The text of an exception.", node)


@attribute(Raised, "args")
def arguments(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val | None:
    """``error.args`` of what the project raised."""
    assert isinstance(owner.kind, Raised)
    if owner.node is None or not owner.kind.told:
        return None
    return Val(ListOf(Scalar("Any"), "tuple"), quote("{0}.args", owner.node))


@attribute(Raised, "msg", "doc", "pos", "lineno", "colno")
def position(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val | None:
    """Where ``json.loads`` stopped reading."""
    assert isinstance(owner.kind, Raised)
    if owner.node is None or not owner.kind.told or not owner.kind.cls.endswith("JSONDecodeError"):
        return None
    return Val(Scalar("str" if attr in ("msg", "doc") else "int"), quote(f"{{0}}.{attr}", owner.node))


__all__ = ["check", "told"]
