"""What a receiver reads out of its ``**kwargs``, as parameters of its own.

``kwargs["created"]``, ``kwargs.get("action")`` and ``kwargs.pop("pk_set", None)`` say no more than parameters of these names would:
the signal passes them by keyword. The text of the function is changed in place, so that lines and comments stay where they are.
"""

from __future__ import annotations

import ast
import textwrap
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace

from segue.snapshot.model import Function

_READS = ("get", "pop")


@dataclass(frozen=True, slots=True)
class _Read:
    """One place that reads ``key``; ``taken``: by ``pop``."""

    node: ast.expr
    key: str
    default: str | None
    taken: bool


def spelled_out(function: Function, given: Collection[str]) -> Function:
    """``function`` with parameters for what it reads of its ``**kwargs``; itself where that cannot be said for every use.

    ``given`` are the keywords that the signal passes.
    """
    source = textwrap.dedent(function.source)
    tree = ast.parse(source).body
    if len(tree) != 1 or not isinstance(tree[0], ast.FunctionDef) or tree[0].args.kwarg is None:
        return function
    definition, rest = tree[0], tree[0].args.kwarg
    reads = _reads(definition, rest.arg)
    if not reads:
        return function
    own = {argument.arg for argument in ast.walk(definition) if isinstance(argument, ast.arg)}
    often = Counter(read.key for read in reads)
    edits: list[tuple[int, int, int, str]] = []
    added: list[str] = []
    for read in reads:
        if (
            read.key in own
            or (read.taken and often[read.key] > 1)
            or (read.key not in given and read.default is None)
            or _stored_otherwise(definition, read)
            or read.node.lineno != read.node.end_lineno
        ):
            return function
        if read.key in given and read.key not in added:
            added.append(read.key)
        text = read.key if read.key in given else str(read.default)
        node = _assigned(definition, read) if read.key in given else None
        start, end = (node or read.node).col_offset, read.node.end_col_offset
        assert end is not None
        edits.append((read.node.lineno, start, end, "pass" if node is not None else text))
    lines = source.splitlines(keepends=True)
    if added:
        bare = not definition.args.kwonlyargs and definition.args.vararg is None
        before = lines[rest.lineno - 1].encode()[: rest.col_offset].rstrip()
        if not before.endswith(b"**"):
            return function
        edits.append(
            (rest.lineno, len(before) - 2, len(before) - 2, ("*, " if bare else "") + ", ".join(added) + ", ")
        )
    for row, start, end, text in sorted(edits, reverse=True):
        line = lines[row - 1].encode()
        lines[row - 1] = (line[:start] + text.encode() + line[end:]).decode()
    return replace(function, source="".join(lines))


def _reads(definition: ast.FunctionDef, rest: str) -> list[_Read]:
    """All uses of ``rest``; none where one of them is not a read by a name."""
    found: list[_Read] = []
    seen: set[int] = set()
    for node in ast.walk(definition):
        read = _read(node, rest)
        if read is not None:
            found.append(read)
            inner = read.node.value if isinstance(read.node, ast.Subscript) else None
            if isinstance(read.node, ast.Call) and isinstance(read.node.func, ast.Attribute):
                inner = read.node.func.value
            seen.add(id(inner))
    uses = [node for node in ast.walk(definition) if isinstance(node, ast.Name) and node.id == rest]
    return found if all(id(node) in seen for node in uses) else []


def _read(node: ast.AST, rest: str) -> _Read | None:
    match node:
        case ast.Subscript(
            value=ast.Name(id=used), slice=ast.Constant(value=str() as key), ctx=ast.Load()
        ) if used == rest:
            return _Read(node, key, None, False)
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id=used), attr=method),
            args=[ast.Constant(value=str() as key), *more],
            keywords=[],
        ) if used == rest and method in _READS and len(more) < 2:
            if not all(isinstance(part, ast.Constant) for part in more):
                return None
            default = ast.unparse(more[0]) if more else "None" if method == "get" else None
            return _Read(node, key, default, method == "pop")
    return None


def _assigned(definition: ast.FunctionDef, read: _Read) -> ast.Assign | None:
    """``action = kwargs["action"]``, which says nothing of a parameter ``action``."""
    return next(
        (
            node
            for node in ast.walk(definition)
            if isinstance(node, ast.Assign)
            and node.value is read.node
            and [ast.unparse(target) for target in node.targets] == [read.key]
            and node.lineno == read.node.lineno
        ),
        None,
    )


def _stored_otherwise(definition: ast.FunctionDef, read: _Read) -> bool:
    """Is the name of ``read`` another local as well? ``action = kwargs["action"]`` is none."""
    own = _assigned(definition, read)
    allowed = {id(target) for target in own.targets} if own is not None else set()
    return any(
        isinstance(node, ast.Name)
        and node.id == read.key
        and not isinstance(node.ctx, ast.Load)
        and id(node) not in allowed
        for node in ast.walk(definition)
    )


__all__ = ["spelled_out"]
