"""Statements that no request changes are built once: they become constants of their module."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from segue.target.ir import Decl, Import, Module
from segue.translate.context import Context

_SAFE = ("sqlalchemy", "segue_bridge.db.query")
# What these give depends on the time zone, which is known when the service runs, and not when its modules are read.
_BY_ZONE = frozenset({"date_of", "time_of", "date_part", "year_is", "year_range"})
_BUILDERS = {"where", "order_by", "join", "outerjoin", "add_columns", "with_only_columns", "group_by"}


def hoist_constants(ctx: Context) -> None:
    """Replace ``select(...)`` chains of functions that name only mapped classes and SQL by constants."""
    models = f"{ctx.program.package}."
    for module in ctx.program.modules.values():
        made: dict[str, str] = {}
        for decl in list(module.decls.values()):
            if decl.rank >= 30 and "select(" in decl.code:
                _hoist(module, decl, models, made)


def _hoist(module: Module, decl: Decl, package: str, made: dict[str, str]) -> None:
    """``made`` has the constants of the module by their text."""
    known = {
        item.alias or item.name: item
        for item in decl.imports
        if (item.module in _SAFE and item.name not in _BY_ZONE)
        or (item.module.startswith(package) and item.module.endswith(".models"))
    }
    known.pop("aliased", None)
    tree = ast.parse(decl.code)
    function = tree.body[0]
    if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) or _is_cached(function):
        return
    local = {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    local |= {a.arg for a in ast.walk(function) if isinstance(a, ast.arg)}
    found = list(_chains(function.body, set(known) - local))
    code = decl.code
    for number, node in reversed(list(enumerate(found, 1))):
        text = ast.get_source_segment(decl.code, node)
        if text is None or text not in code:
            return
        meaning = ast.unparse(node)
        name = made.get(meaning)
        if name is None:
            name = f"{decl.name.upper()}_ROWS" if number == 1 else f"{decl.name.upper()}_ROWS_{number}"
            if name in module.decls:
                return
            made[meaning] = name
            needed = frozenset(known[n] for n in _names(node))
            module.add(Decl(name, f"{name} = {meaning}", needed, 20))
        code = code.replace(text, name)
    if found:
        module.decls[decl.name] = replace(decl, code=code, imports=_used(decl.imports, code))


def _is_cached(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(isinstance(d, ast.Name) and d.id == "cache" for d in function.decorator_list)


def _chains(nodes: list[ast.stmt], known: set[str]) -> Iterator[ast.Call]:
    """The outermost ``select(...).where(...)…`` calls that use only ``known`` names, each text once."""
    seen: set[str] = set()
    todo: list[ast.AST] = list(reversed(nodes))
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Call) and _is_select(node) and _names(node) <= known:
            text = ast.unparse(node)
            if text not in seen:
                seen.add(text)
                yield node
            continue
        todo.extend(reversed(list(ast.iter_child_nodes(node))))


def _is_select(node: ast.Call) -> bool:
    """A chain on ``select(...)`` that does more than name its columns, and is a statement at its end."""
    if not isinstance(node.func, ast.Attribute) or node.func.attr not in _BUILDERS | {"limit", "distinct"}:
        return False
    at: ast.expr = node
    while isinstance(at, ast.Call):
        if isinstance(at.func, ast.Name):
            return at.func.id == "select"
        if not isinstance(at.func, ast.Attribute):
            return False
        at = at.func.value
    return False


def _names(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}


def _used(imports: frozenset[Import], code: str) -> frozenset[Import]:
    names = _names(ast.parse(code))
    return frozenset(i for i in imports if not i.name or (i.alias or i.name) in names or i.type_only)
