"""Which generated functions a path operation can reach."""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Any


def reached(start: Any, package: str) -> list[Any]:
    """Functions of ``package`` that ``start`` reaches by the names in its code, itself included.

    Names are looked up where the code would look them up; what data of the package and of the bridge holds
    (a ``Resource`` and its access function, a list of pages) is followed too.
    """
    seen: dict[int, Any] = {}
    waiting: list[Any] = [start]
    out: list[Any] = []
    while waiting:
        item = waiting.pop()
        if id(item) in seen:
            continue
        seen[id(item)] = item
        if isinstance(item, types.FunctionType):
            if _of(item.__module__, package):
                out.append(item)
                waiting += [item.__globals__[n] for n in names(item.__code__) if n in item.__globals__]
        elif isinstance(item, type):
            if _of(item.__module__, package):
                waiting += list(vars(item).values())
        elif isinstance(item, staticmethod | classmethod):
            waiting.append(item.__func__)
        elif isinstance(item, property):
            waiting += [item.fget]
        elif isinstance(item, list | tuple | set | frozenset):
            waiting += list(item)
        elif isinstance(item, dict):
            waiting += list(item.values())
        elif _of(type(item).__module__, "segue_bridge") or _of(type(item).__module__, package):
            waiting += list(getattr(item, "__dict__", {}).values())
    return out


def names(code: types.CodeType) -> Iterator[str]:
    """Every global or attribute name in a code object and those within it."""
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            yield from names(inner)


def _of(module: str | None, package: str) -> bool:
    return module is not None and (module == package or module.startswith(f"{package}."))
