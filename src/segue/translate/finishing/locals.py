"""Plain names for locals: ``statement_3`` becomes ``statement`` where nothing else has that name by then.

Only names are changed, and only where the scope shows that no other use can be meant. Text inside f-strings is
never touched: a name that occurs there keeps its number.
"""

from __future__ import annotations

import ast
import keyword
import re
from dataclasses import replace

from segue.translate.context import Context
from segue.translate.finishing.program import FunctionNode, Place, function_of, resolve
from segue.translate.trees import nodes, walk

_NUMBERED = re.compile(r"(?P<stem>[a-z]\w*?)_(?:\d+)?")
_CONTINUED = frozenset({"statement", "objects"})
"""Stems of which one value only ever follows from another: they may share a name."""
_MOST = 40


def tidy_locals(ctx: Context) -> None:
    """Rename in every generated function."""
    for module in ctx.program.modules.values():
        for name, decl in list(module.decls.items()):
            if decl.rank >= 30 and function_of(decl.code) is not None:
                code = without_needless_str(ctx, Place(module, decl), decl.code)
                module.decls[name] = replace(decl, code=renamed(code))


def renamed(code: str) -> str:
    """``code``, one function, with plainer names.

    One with a hook of ``on_commit`` in it stays as it is: what a line of the hook means is decided when it runs.
    """
    if _has_hook(code):
        return code
    for _ in range(_MOST):
        better = _step(code)
        if better is None:
            break
        code = better
    return code


def _has_hook(code: str) -> bool:
    function = function_of(code)
    assert function is not None
    return any(
        isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef) and n is not function for n in nodes(function)
    )


def _step(code: str) -> str | None:
    function = function_of(code)
    assert function is not None
    return _without_alias(code, function) or _item(code, function) or _plain(code, function)


def _without_alias(code: str, function: FunctionNode) -> str | None:
    """``book_2 = found(...)``, ``book = book_2`` as ``book = found(...)``."""
    for position, statement in enumerate(function.body):
        if not (isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Name)):
            continue
        target = statement.targets[0]
        if not isinstance(target, ast.Name) or len(statement.targets) > 1:
            continue
        new, old = target.id, statement.value.id
        uses = _uses(function, old)
        line = statement.lineno
        early = new in _parameters(function) or any(new in _names(s) for s in function.body[:position])
        # The name must be plain, and its other holder done with: it is renamed as a whole.
        if early or old in _parameters(function) or any(n.lineno > line for n in uses):
            continue
        if not any(isinstance(n.ctx, ast.Store) for n in uses) or _in_text(function, {old}):
            continue
        lines = code.splitlines()
        if lines[line - 1].strip() != f"{new} = {old}":
            continue
        changed = _replaced(code, [n for n in uses if n.lineno < line], new).splitlines()
        del changed[line - 1]
        return "\n".join(changed)
    return None


def _item(code: str, function: FunctionNode) -> str | None:
    """``[item_2.name for item_2 in book.tags]`` as ``[tag.name for tag in book.tags]``."""
    for node in nodes(function):
        if not isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp) or len(node.generators) != 1:
            continue
        generator = node.generators[0]
        if not isinstance(generator.target, ast.Name):
            continue
        old = generator.target.id
        if not re.fullmatch(r"item(_\d+)?", old):
            continue
        new = _one_of(generator.iter)
        inside = {n.id for n in walk(node) if isinstance(n, ast.Name)}
        if new in inside or not new or _in_text(node, {old}) or old in _names(generator.iter):
            continue
        uses = [n for n in walk(node) if isinstance(n, ast.Name) and n.id == old]
        return _replaced(code, uses, new)
    return None


def _one_of(rows: ast.expr) -> str:
    """``tag`` for ``book.tags``, ``entry`` for ``blog.entries``; else ``item``."""
    last = rows.attr if isinstance(rows, ast.Attribute) else ""
    if last.endswith("ies"):
        found = f"{last[:-3]}y"
    elif last.endswith("s") and not last.endswith(("ss", "us", "is", "ses", "xes")):
        found = last[:-1]
    else:
        found = ""
    return found if found.isidentifier() and not keyword.iskeyword(found) else "item"


def _plain(code: str, function: FunctionNode) -> str | None:
    """``x_2`` or ``x_`` as ``x``: unused so far, or never looked at again."""
    seen: list[str] = []
    for node in nodes(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id not in seen:
            seen.append(node.id)
    taken = _names(function) | _parameters(function) | _called(function)
    for old in seen:
        if old == "objects" and _continues(function, "statement", old) and not _in_text(function, {old}):
            return _replaced(code, _uses(function, old), "statement")
        found = _NUMBERED.fullmatch(old)
        if found is None or old in _parameters(function) or _in_text(function, {old, found["stem"]}):
            continue
        new = found["stem"]
        if keyword.iskeyword(new) or new.endswith("_"):
            continue
        if new not in taken or _continues(function, new, old):
            return _replaced(code, _uses(function, old), new)
    return None


def _continues(function: FunctionNode, first: str, second: str) -> bool:
    """Whether ``second`` takes over where ``first`` ends: made from it, in straight code, once."""
    if first in _parameters(function) or first in _called(function):
        return False
    makers = [
        n
        for n in nodes(function)
        if isinstance(n, ast.Assign) and any(isinstance(t, ast.Name) and t.id == second for t in n.targets)
    ]
    stores = [n for n in _uses(function, second) if isinstance(n.ctx, ast.Store)]
    if len(makers) != 1 or len(stores) != 1 or _winding(function, {first, second}):
        return False
    maker = makers[0]
    end = (maker.end_lineno or maker.lineno, maker.end_col_offset or 0)
    earlier = _uses(function, first)
    if any((n.lineno, n.col_offset) > end for n in earlier) or not (_names(maker.value) & {first}):
        return False
    if any(isinstance(n.ctx, ast.Store) and n.lineno >= maker.lineno for n in earlier):
        return False
    return first in _CONTINUED or _updates(maker.value, first)


def _updates(value: ast.expr, name: str) -> bool:
    """``await update_book(db, book, values)``: gives back the object that it got."""
    call = value.value if isinstance(value, ast.Await) else value
    return (
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id.startswith("update_")
        and any(isinstance(a, ast.Name) and a.id == name for a in call.args)
    )


def _winding(function: FunctionNode, names: set[str]) -> bool:
    """Whether one of the names stands in a loop or in a scope of its own, where text order is not run order."""
    loops = (ast.For, ast.AsyncFor, ast.While, ast.Lambda, ast.FunctionDef, ast.AsyncFunctionDef)
    inner = (*loops, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
    return any(
        names & _names(node) for node in nodes(function) if node is not function and isinstance(node, inner)
    )


def _called(function: FunctionNode) -> set[str]:
    """Names that the function needs from outside: they must not be hidden."""
    stored = {n.id for n in nodes(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return _names(function) - stored - _parameters(function)


def _names(node: ast.AST) -> set[str]:
    return {n.id for n in walk(node) if isinstance(n, ast.Name)}


def _uses(function: ast.AST, name: str) -> list[ast.Name]:
    return [n for n in nodes(function) if isinstance(n, ast.Name) and n.id == name]


def _parameters(function: FunctionNode) -> set[str]:
    return {n.arg for n in nodes(function) if isinstance(n, ast.arg)}


def _in_text(node: ast.AST, names: set[str]) -> bool:
    """Whether an f-string or a ``nonlocal`` names one of them: before Python 3.12 their places are not told."""
    return any(names & _names(n) for n in walk(node) if isinstance(n, ast.JoinedStr)) or any(
        isinstance(n, ast.Nonlocal | ast.Global | ast.ExceptHandler | ast.MatchAs) for n in walk(node)
    )


def _replaced(code: str, uses: list[ast.Name], new: str) -> str:
    """``code`` with the names at these places replaced, last one first."""
    lines = [line.encode() for line in code.splitlines()]
    for node in sorted(uses, key=lambda n: (n.lineno, n.col_offset), reverse=True):
        line = lines[node.lineno - 1]
        start, end = node.col_offset, node.end_col_offset or node.col_offset
        assert line[start:end] == node.id.encode(), (node.id, line)
        lines[node.lineno - 1] = line[:start] + new.encode() + line[end:]
    return "\n".join(line.decode() for line in lines)


def without_needless_str(ctx: Context, place: Place, code: str) -> str:
    """``str(publisher_str(x))`` as ``publisher_str(x)`` where the function is known to return text."""
    function = function_of(code)
    assert function is not None
    if any(isinstance(n, ast.JoinedStr) for n in nodes(function)):
        return code
    for node in nodes(function):
        if not (isinstance(node, ast.Call) and ast.unparse(node.func) == "str" and len(node.args) == 1):
            continue
        inner = node.args[0].value if isinstance(node.args[0], ast.Await) else node.args[0]
        if not (isinstance(inner, ast.Call) and isinstance(inner.func, ast.Name)) or node.keywords:
            continue
        found = resolve(ctx, place, inner.func.id)
        made = function_of(found.decl.code) if found is not None else None
        if made is None or made.returns is None or ast.unparse(made.returns) != "str":
            continue
        whole = ast.get_source_segment(code, node)
        kept = ast.get_source_segment(code, node.args[0])
        if whole is not None and kept is not None:
            return without_needless_str(ctx, place, code.replace(whole, kept, 1))
    return code
