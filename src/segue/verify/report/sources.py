"""The generated function of an operation and the legacy code that it came from, as text."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from segue.verify.evidence import OperationResult

LONGEST = 160  # lines of one definition that are shown


@dataclass(frozen=True, slots=True)
class Code:
    """A definition: ``name`` is its place for people (``app/shop/routes.py``), ``line`` and ``last`` count from 1."""

    path: Path
    name: str
    line: int
    last: int
    text: str


@dataclass(frozen=True, slots=True)
class Sources:
    """Both sides of an operation; None where there is no such file or definition."""

    generated: Code | None
    legacy: Code | None


def collect(operations: Iterable[OperationResult], output: Path, root: Path) -> dict[str, Sources]:
    """By operation. ``output`` is the generated project, ``root`` the legacy one."""
    return {o.key: Sources(_generated(o.function, output), _legacy(o.place, root)) for o in operations}


def _generated(function: str, output: Path) -> Code | None:
    """The function ``app.shop.routes.order_list``."""
    module, _, name = function.rpartition(".")
    relative = Path(*module.split(".")).with_suffix(".py") if module else Path()
    for node in _definitions(output / relative) if module else ():
        if node.name == name:
            return _code(output / relative, relative.as_posix(), node)
    return None


def _legacy(place: str, root: Path) -> Code | None:
    """The innermost definition at ``shop/views.py:12``: a function, or the class that inherits it."""
    name, _, number = place.rpartition(":")
    if not number.isdigit():
        return None
    path, line = Path(name) if Path(name).is_absolute() else root / name, int(number)
    holding = [n for n in _definitions(path) if _first(n) <= line <= (n.end_lineno or n.lineno)]
    if not holding:
        return None
    return _code(path, name, min(holding, key=lambda n: (n.end_lineno or n.lineno) - n.lineno))


_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@lru_cache(maxsize=64)
def _lines(path: Path) -> tuple[str, ...]:
    try:
        return tuple(path.read_text(encoding="utf-8").splitlines())
    except (OSError, UnicodeDecodeError):
        return ()


@lru_cache(maxsize=64)
def _definitions(path: Path) -> tuple[_Definition, ...]:
    try:
        tree = ast.parse("\n".join(_lines(path)))
    except (SyntaxError, ValueError):
        return ()  # written for another Python; the place is still told
    return tuple(n for n in ast.walk(tree) if isinstance(n, _Definition))


def _first(node: _Definition) -> int:
    return min([node.lineno, *(d.lineno for d in node.decorator_list)])


def _code(path: Path, name: str, node: _Definition) -> Code:
    first, last = _first(node), node.end_lineno or node.lineno
    lines = list(_lines(path)[first - 1 : last])
    if len(lines) > LONGEST:
        lines = [*lines[:LONGEST], f"# … {len(lines) - LONGEST} more lines"]
    return Code(path, name, first, last, "\n".join(lines))
