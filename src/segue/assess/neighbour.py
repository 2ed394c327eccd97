"""The generated operation that is most like a refused one: what a port by hand can be written after."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from itertools import takewhile
from pathlib import Path
from typing import Any


def nearest(manifest: Mapping[str, Any], method: str, route: str) -> Mapping[str, Any] | None:
    """The native operation on the same path, else the one of the same method whose path begins most alike."""
    best: tuple[bool, bool, int, Mapping[str, Any]] | None = None
    for one in manifest.get("operations", []):
        if (one["method"], one["route"]) == (method, route):
            continue
        same, common = one["route"] == route, _alike(one["route"], route)
        rank = (same, one["method"] == method, common)
        if best is None or rank > best[:3]:
            best = (*rank, one)
    return best[3] if best is not None else None


def _alike(one: str, other: str) -> int:
    """Parts of two paths that are the same, from the beginning on."""
    both = zip(one.split("/"), other.split("/"), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], both))


def file_of(module: str) -> str:
    """Path of a generated module below the output folder."""
    return module.replace(".", "/") + ".py"


def source(output: Path, operation: Mapping[str, Any]) -> str:
    """Its path operation function with the ``Resource`` that its decorator names, as they stand in the output folder;
    '' where they do not."""
    try:
        text = (output / file_of(operation["module"])).read_text(encoding="utf-8")
        tree = ast.parse(text)
    except (OSError, SyntaxError):
        return ""
    lines = text.splitlines()
    function = next(
        (
            n
            for n in tree.body
            if isinstance(n, ast.AsyncFunctionDef | ast.FunctionDef) and n.name == operation["function"]
        ),
        None,
    )
    if function is None:
        return ""
    named = {
        argument.id
        for decorator in function.decorator_list
        if isinstance(decorator, ast.Call)
        for argument in decorator.args
        if isinstance(argument, ast.Name)
    }
    parts = [
        "\n".join(lines[n.lineno - 1 : n.end_lineno])
        for n in tree.body
        if isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Name) and n.targets[0].id in named
    ]
    first = min([function.lineno, *(d.lineno for d in function.decorator_list)])
    parts.append("\n".join(lines[first - 1 : function.end_lineno]))
    return "\n\n\n".join(parts)
