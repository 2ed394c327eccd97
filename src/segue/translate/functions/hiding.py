"""Locals that would hide a function from those who call it: ``tagged`` in ``update_tagged(db, tagged)``.

A lifted function gets its name when all that call it are written, so their locals are known by then.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from segue.target.ir import Module
from segue.translate.functions.record import FunctionRecord
from segue.translate.trees import nodes, parsed

_CALLED = re.compile(r"segue__fn_\d+__")
_ROWS = re.compile(r"^\s*(\w+_(?:rows|entities)\w*)(?:: [^=\n]+)? = ", re.MULTILINE)
_HEAD = re.compile(r"^(?:async )?def |^@", re.MULTILINE)


def locals_of_callers(records: Iterable[FunctionRecord], modules: Iterable[Module]) -> dict[str, set[str]]:
    """By a function's token: the parameters and locals of all functions that name it."""
    found: dict[str, set[str]] = {}
    for tokens, names in _functions(records, modules):
        for token in tokens:
            found.setdefault(token, set()).update(names)
    return found


def locals_of_rows(records: Iterable[FunctionRecord], modules: Iterable[Module]) -> set[str]:
    """Locals that have names as loaders have them: ``comments_rows``, the rows of a queryset ``comments``.

    A loader gets its name when all that ask it are written, so that none of theirs hides it (``comments_rows`` of a model ``Comments``).
    """
    texts = ["\n".join(record.lines) for record in records]
    texts += [decl.code for module in modules for decl in module.decls.values() if _HEAD.search(decl.code)]
    return {found for text in texts for found in _ROWS.findall(text)}


def _functions(
    records: Iterable[FunctionRecord], modules: Iterable[Module]
) -> Iterator[tuple[set[str], set[str]]]:
    for record in records:
        text = "\n".join(record.lines)
        tokens = set(_CALLED.findall(text))
        if tokens:
            body = "\n".join(f"    {line}" for line in record.lines)
            bound = _bound(parsed(f"async def caller():\n{body}"))
            yield tokens, bound | {parameter.name.lstrip("*") for parameter in record.parameters}
    for module in modules:
        for decl in module.decls.values():
            tokens = set(_CALLED.findall(decl.code)) - {decl.name}
            if tokens and _HEAD.search(decl.code):
                yield tokens, _bound(parsed(decl.code))


def _bound(tree: ast.AST) -> set[str]:
    """Names that are parameters or are assigned to."""
    return {
        node.id if isinstance(node, ast.Name) else node.arg
        for node in nodes(tree)
        if (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)) or isinstance(node, ast.arg)
    }


__all__ = ["locals_of_callers", "locals_of_rows"]
