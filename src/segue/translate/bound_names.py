"""Names that code of a function gives a value, by whichever statement."""

from __future__ import annotations

import ast
from collections.abc import Iterator


def bound_names(*parts: ast.AST) -> Iterator[str]:
    """What these bind anywhere, once for each place: locals, arguments, functions, imports, caught errors."""
    for node in (n for part in parts for n in ast.walk(part)):
        match node:
            case (
                ast.Name(name, ast.Store() | ast.Del())
                | ast.arg(name)
                | ast.FunctionDef(name)
                | ast.AsyncFunctionDef(name)
                | ast.ClassDef(name)
            ):
                yield name
            case ast.alias(name, asname):
                yield asname or name.partition(".")[0]
            case ast.ExceptHandler(_, str(name)) | ast.MatchAs(_, str(name)) | ast.MatchStar(str(name)):
                yield name
            case ast.MatchMapping(rest=str(name)):
                yield name
            case ast.Global(names) | ast.Nonlocal(names):
                yield from names


__all__ = ["bound_names"]
