"""Modules that import each other: what is needed only while a function runs is imported in that function.

``services.py`` of two apps may call each other, as they may in the legacy code, which imports in functions then as well.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import replace

from segue.target.ir import Decl, Import, Module
from segue.translate.context import Context
from segue.translate.finishing.program import dotted, function_of
from segue.translate.trees import walk


def break_cycles(ctx: Context) -> None:
    """Defer imports until no module needs itself to be imported."""
    modules = {dotted(path): module for path, module in ctx.program.modules.items()}
    for group in _cycles(modules):
        order = {
            name: number
            for number, name in enumerate(sorted(group, key=lambda n: _weight(modules, n, group)))
        }
        for name in sorted(group):
            later = {other for other in group if order[other] > order[name]}
            module = modules[name]
            for key, decl in module.decls.items():
                module.decls[key] = _deferred(decl, later)


def _weight(modules: Mapping[str, Module], name: str, group: set[str]) -> tuple[bool, str]:
    """First come modules of which something stands outside of functions: that cannot wait."""
    fixed = any(
        function_of(decl.code) is None and any(i.module in group for i in decl.imports)
        for decl in modules[name].decls.values()
    )
    return (not fixed, name)


def _needed(module: Module, known: Mapping[str, Module]) -> set[str]:
    return {
        item.module
        for decl in module.decls.values()
        for item in decl.imports
        if not item.type_only and item.module in known
    }


def _cycles(modules: Mapping[str, Module]) -> Iterator[set[str]]:
    """The groups of modules each of which needs all others (strongly connected components)."""
    direct = {name: _needed(module, modules) - {name} for name, module in modules.items()}
    reached = {name: _reached(name, direct) for name in direct}
    seen: set[str] = set()
    for name in sorted(direct):
        group = {other for other in reached[name] if name in reached[other]}
        if name not in seen and name in reached[name]:
            seen |= group
            yield group


def _reached(start: str, direct: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    todo = list(direct[start])
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += direct[name]
    return found


def _deferred(decl: Decl, later: set[str]) -> Decl:
    """``decl`` without imports of the modules ``later`` that are needed at once."""
    concerned = [i for i in sorted(decl.imports) if i.module in later and i.name and not i.type_only]
    node = function_of(decl.code)
    if not concerned or node is None:
        return decl
    in_body = {n.id for s in node.body for n in walk(s) if isinstance(n, ast.Name)}
    kept = set(decl.imports) - set(concerned)
    local: list[Import] = []
    for item in concerned:
        shown = item.alias or item.name
        if shown in in_body:
            local.append(item)
        if any(isinstance(n, ast.Name) and n.id == shown for n in _annotations(node)):
            kept.add(replace(item, type_only=True))
    if not local:
        return replace(decl, imports=frozenset(kept))
    return replace(decl, code=_with_imports(decl.code, node, local), imports=frozenset(kept))


def _annotations(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.AST]:
    parts = [a.annotation for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
    for part in (*parts, node.returns):
        if part is not None:
            yield from walk(part)


def _with_imports(code: str, node: ast.FunctionDef | ast.AsyncFunctionDef, items: list[Import]) -> str:
    """The function with the imports behind its docstring."""
    told = ast.get_docstring(node) is not None
    first = node.body[1] if told and len(node.body) > 1 else node.body[0]
    lines = code.split("\n")
    # Comments before the first statement stay with it.
    at = (node.body[0].end_lineno or 1) if told else first.lineno - 1
    space = " " * first.col_offset
    added = [
        f"{space}from {i.module} import {i.name}"
        + (f" as {i.alias}" if i.alias and i.alias != i.name else "")
        for i in items
    ]
    return "\n".join([*lines[:at], *added, "", *lines[at:]])


__all__ = ["break_cycles"]
