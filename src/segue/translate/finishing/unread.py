"""Locals that nothing reads: ``values = await validate(…)`` as ``await validate(…)``, ``to = [user.email]`` as nothing.

Legacy code makes them for branches that are folded away (``if settings.SEND_EMAIL: …``) or only checks with them.
"""

from __future__ import annotations

import ast
from dataclasses import replace

from segue.translate.context import Context
from segue.translate.finishing.program import FunctionNode, function_of
from segue.translate.trees import nodes, walk

_MOST = 40
_SILENT = (
    ast.Name, ast.Constant, ast.List, ast.Tuple, ast.Set, ast.Dict, ast.Attribute, ast.Load, ast.Starred,
)  # fmt: skip


def drop_unread(ctx: Context) -> None:
    """In every generated function."""
    for module in ctx.program.modules.values():
        for name, decl in list(module.decls.items()):
            if decl.rank >= 30 and function_of(decl.code) is not None:
                module.decls[name] = replace(decl, code=without_unread(decl.code))


def without_unread(code: str) -> str:
    """``code``, one function, without what it assigns to names that it never looks at."""
    for _ in range(_MOST):
        better = _step(code)
        if better is None:
            break
        code = better
    return _marked(code)


def _marked(code: str) -> str:
    """``token, created = await …`` as ``token, _created = await …`` where nothing reads ``created``."""
    function = function_of(code)
    assert function is not None
    names = [n for n in nodes(function) if isinstance(n, ast.Name)]
    unpacked = [
        e
        for s in nodes(function)
        if isinstance(s, ast.Assign) and len(s.targets) == 1 and isinstance(s.targets[0], ast.Tuple)
        for e in s.targets[0].elts
        if isinstance(e, ast.Name) and not e.id.startswith("_")
    ]
    lines = [line.encode() for line in code.splitlines()]
    for element in sorted(unpacked, key=lambda e: (e.lineno, e.col_offset), reverse=True):
        others = [n for n in names if n.id in (element.id, f"_{element.id}") and n is not element]
        taken = any(isinstance(n, ast.arg) and n.arg == element.id for n in nodes(function))
        if others or taken or any(isinstance(n, ast.Nonlocal | ast.Global) for n in nodes(function)):
            continue
        line = lines[element.lineno - 1]
        lines[element.lineno - 1] = line[: element.col_offset] + b"_" + line[element.col_offset :]
    return "\n".join(line.decode() for line in lines)


def _step(code: str) -> str | None:
    function = function_of(code)
    assert function is not None
    unread = _unread(function)
    for block in _blocks(function):
        for statement in block:
            target = _target(statement)
            if target in unread:
                assert isinstance(statement, ast.Assign | ast.AnnAssign)
                better = _without(code, statement, _askers(function), alone=len(block) == 1)
                if better is not None:
                    return better
    return None


def _unread(function: FunctionNode) -> set[str]:
    """Names that plain assignments alone set, and that nothing else mentions."""
    assigned = {id(n) for s in nodes(function) if (n := _name(s)) is not None}
    names = [n for n in nodes(function) if isinstance(n, ast.Name)]
    others = {n.id for n in names if id(n) not in assigned}
    for node in nodes(function):
        if isinstance(node, ast.Nonlocal | ast.Global):
            others |= set(node.names)
        elif isinstance(node, ast.arg):
            others.add(node.arg)
    return {n.id for n in names if id(n) in assigned} - others


def _name(node: ast.AST) -> ast.Name | None:
    """The name that an assignment to one name sets."""
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        found = node.targets[0]
    elif isinstance(node, ast.AnnAssign) and node.value is not None:
        found = node.target
    else:
        return None
    return found if isinstance(found, ast.Name) else None


def _target(node: ast.AST) -> str:
    found = _name(node)
    return found.id if found is not None else ""


def _blocks(function: FunctionNode) -> list[list[ast.stmt]]:
    found = []
    for node in nodes(function):
        for part in ("body", "orelse", "finalbody"):
            block = getattr(node, part, None)
            if isinstance(block, list):
                found.append(block)
    return found


def _askers(function: FunctionNode) -> set[str]:
    """What holds who is asking, who need not have every attribute: anonymous users have no ``email``."""
    arguments = [*function.args.args, *function.args.kwonlyargs]
    users = {
        a.arg for a in arguments if a.annotation is not None and "CurrentUser" in ast.unparse(a.annotation)
    }
    named = {
        _target(s)
        for s in nodes(function)
        if isinstance(s, ast.Assign | ast.AnnAssign)
        and s.value is not None
        and ast.unparse(s.value) == "call.user"
    }
    return {"call.user", *users, *named}


def _is_silent(node: ast.expr, askers: set[str]) -> bool:
    """Whether it calls nothing and cannot fail."""
    return all(
        isinstance(n, _SILENT) and not (isinstance(n, ast.Attribute) and ast.unparse(n.value) in askers)
        for n in walk(node)
    )


def _without(
    code: str, statement: ast.Assign | ast.AnnAssign, askers: set[str], *, alone: bool
) -> str | None:
    """The code without the statement, or with what it calls alone; None where neither can be written."""
    value = statement.value
    assert value is not None
    lines = [line.encode() for line in code.splitlines()]
    first, last = statement.lineno - 1, (statement.end_lineno or statement.lineno) - 1
    before = lines[first][: statement.col_offset]
    parts = value.elts if isinstance(value, ast.List | ast.Tuple) else [value]
    heard = [p for p in parts if not _is_silent(p, askers)]
    if not all(isinstance(p, ast.Call | ast.Await) and p.lineno == p.end_lineno for p in heard) and heard != [
        value
    ]:
        return None
    if heard == [value]:
        if not isinstance(value, ast.Call | ast.Await) or not lines[first][: value.col_offset].endswith(
            b"= "
        ):
            return None  # it is none that stands alone, or stands in parentheses
        lines[first] = before + lines[first][value.col_offset :]
    else:
        texts = [lines[p.lineno - 1][p.col_offset : p.end_col_offset] for p in heard]
        lines[first : last + 1] = [before + t for t in texts] or ([before + b"pass"] if alone else [])
    return "\n".join(line.decode() for line in lines)
