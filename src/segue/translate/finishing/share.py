"""What several path operation functions of a view begin with becomes one function.

A viewset narrows its rows the same way for every action: form, filters, search, order. The statements are moved
as they are to a function in ``filters.py`` that takes the call and returns the statement.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from dataclasses import dataclass, replace

from segue.snapshot.model import Where
from segue.target.ir import Decl, Import, Module, Origin
from segue.translate.context import DOCS, Context
from segue.translate.finishing.program import FunctionNode, Place, dotted, function_of, resolve
from segue.translate.trees import walk

_LEAST = 2
"""Statements worth a function of their own."""
_NARROWS = frozenset({"where", "order_by", "limit"})


@dataclass(frozen=True, slots=True)
class Cut:
    """The first ``count`` statements of a function, which leave the statement ``result`` behind."""

    text: str
    result: str
    count: int


def share_selections(ctx: Context) -> None:
    """Move common beginnings in every ``routes.py``."""
    for module in list(ctx.program.modules.values()):
        if module.path.endswith("/routes.py"):
            _share(ctx, module)


def _share(ctx: Context, module: Module) -> None:
    users: dict[Cut, list[str]] = defaultdict(list)
    for decl in module.decls.values():
        if decl.code.startswith("@router."):
            function = function_of(decl.code)
            for cut in _cuts(decl.code, function) if function is not None else ():
                users[cut].append(decl.name)
    done: set[str] = set()
    # Most users first, then the longest beginning: a list and a look-up share less than two look-ups do.
    for cut, names in sorted(users.items(), key=lambda item: (-len(item[1]), -item[0].count)):
        left = [name for name in names if name not in done]
        if len(left) > 1:
            _move(ctx, module, cut, left)
            done.update(left)


def _statements(function: FunctionNode) -> list[ast.stmt]:
    body = function.body
    documented = isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
    return body[1:] if documented else body


def _cuts(code: str, function: FunctionNode) -> list[Cut]:
    """All beginnings that could stand alone: they use nothing but ``call``, and one name of theirs is used later."""
    body = _statements(function)
    lines = code.splitlines()
    begin = function.body[0].end_lineno if body is not function.body else body[0].lineno - 1
    assert begin is not None
    stores = [_names(statement, ast.Store) for statement in body]
    loads = _loaded_from(body)
    stored: set[str] = set()
    found = []
    for count, last in enumerate(body[:-1], 1):
        if any(isinstance(node, ast.Return | ast.With) for node in walk(last)):
            break  # ``with key():`` is the look-up of one object, no narrowing
        stored |= stores[count - 1]
        wanted = stored & loads[count]
        result = next(iter(wanted), "")
        if count < _LEAST or len(wanted) != 1 or result not in stores[count - 1]:
            continue
        if _is_statement(result, body[count:]):
            found.append(Cut("\n".join(lines[begin : last.end_lineno]), result, count))
    return found


def _names(statement: ast.stmt, context: type[ast.expr_context]) -> frozenset[str]:
    return frozenset(n.id for n in walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, context))


def _loaded_from(body: list[ast.stmt]) -> list[frozenset[str]]:
    """For each place in ``body`` the names that it and what follows read: functions have hundreds of statements."""
    loads = [frozenset[str]()]
    for statement in reversed(body):
        loads.append(loads[-1] | _names(statement, ast.Load))
    return loads[::-1]


def _is_statement(name: str, rest: list[ast.stmt]) -> bool:
    """Whether ``name`` is used as a ``Select`` and as nothing else."""
    uses = 0
    for statement in rest:
        for node in walk(statement):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == name:
                if node.attr not in _NARROWS:
                    return False
                uses += 1
            elif isinstance(node, ast.Call):
                paged = ast.unparse(node.func).endswith(("_PAGES.page", "_rows", "_entities", "ordering"))
                uses += sum(
                    paged for argument in node.args if isinstance(argument, ast.Name) and argument.id == name
                )
    loads = sum(isinstance(n, ast.Name) and n.id == name for s in rest for n in walk(s))
    return uses > 0 and uses == loads


def _move(ctx: Context, module: Module, cut: Cut, names: list[str]) -> None:
    first = module.decls[names[0]]
    imports = frozenset().union(*(module.decls[name].imports for name in names))
    target = _target(ctx, Place(module, first), cut, imports)
    wish = _stem(names)
    name, number = wish, 1
    while name in target.decls or name in module.decls:
        number += 1
        name = f"{wish}_{number}"
    asynchronous = "await " in cut.text
    view, where = _view(first)
    lines = [
        f"{'async ' if asynchronous else ''}def {name}(call: Call) -> Select[Any]:",
        f'    """The rows that a request to {view.rpartition(".")[2]} is about: all of them, narrowed by what the query asks.',
        "",
        f"    {view} ({where}).",
        '    """',
        cut.text,
        f"    return {cut.result}",
    ]
    needed = _used(imports, cut.text) | {
        Import("segue_bridge.http.call", "Call"),
        Import("sqlalchemy", "Select"),
        Import("typing", "Any"),
    }
    own = {
        Import(dotted(module.path), word)
        for word in _words(cut.text)
        if word in module.decls and target is not module
    }
    target.add(
        Decl(name, _returned("\n".join(lines), cut.result), frozenset(needed | own), 30, Origin(view, where))
    )
    for user in names:
        decl = module.decls[user]
        call = f"    {cut.result} = {'await ' if asynchronous else ''}{name}(call)"
        code = decl.code.replace(cut.text, call, 1)
        kept = decl.imports | (
            frozenset({Import(dotted(target.path), name)}) if target is not module else frozenset()
        )
        module.decls[user] = replace(decl, code=code, imports=_used(kept, code))


def _returned(code: str, result: str) -> str:
    """``statement = x`` and ``return statement`` as ``return x``, where the value stands in one statement."""
    function = function_of(code)
    assert function is not None
    last = function.body[-2]
    if not isinstance(last, ast.Assign) or ast.unparse(last.targets[0]) != result:
        return code
    lines = code.splitlines()
    start = last.lineno - 1
    lines[start] = lines[start].replace(f"{result} = ", "return ", 1)
    return "\n".join(lines[:-1])


def _target(ctx: Context, place: Place, cut: Cut, imports: frozenset[Import]) -> Module:
    """``filters.py`` of the app; the routes themselves where that would make a circle of imports."""
    module = place.module
    folder = module.path.removesuffix("routes.py")
    path = f"{folder}filters.py"
    if any(word in module.decls for word in _words(cut.text)):
        return module
    todo = [resolve(ctx, place, word) for word in _words(cut.text)]
    seen: set[str] = set()
    while todo:
        found = todo.pop()
        if found is None or found.module.path in seen or found.module.path == path:
            continue
        seen.add(found.module.path)
        for decl in found.module.decls.values():
            for item in decl.imports:
                if item.module == dotted(path):
                    return module
                todo.append(resolve(ctx, Place(found.module, decl), item.alias or item.name))
    return ctx.program.module(path, DOCS["filters"].format(folder.split("/")[-2]))


def _view(decl: Decl) -> tuple[str, Where]:
    """The view class of a path operation function, and its place."""
    assert decl.origin is not None
    return decl.origin.name.rpartition(".")[0], decl.origin.where


def _stem(names: list[str]) -> str:
    """``book_list``, ``book_retrieve`` → ``book_selection``."""
    words = [name.split("_") for name in names]
    common: list[str] = []
    for parts in zip(*words, strict=False):
        if len(set(parts)) > 1:
            break
        common.append(parts[0])
    return "_".join([*(common or words[0]), "selection"])


def _words(text: str) -> set[str]:
    body = "async def f():\n" + text
    return {n.id for n in walk(ast.parse(body)) if isinstance(n, ast.Name)}


def _used(imports: frozenset[Import], code: str) -> frozenset[Import]:
    body = code if code.lstrip().startswith(("@", "def ", "async def ")) else "async def f():\n" + code
    names = {n.id for n in walk(ast.parse(body)) if isinstance(n, ast.Name)}
    return frozenset(i for i in imports if not i.name or (i.alias or i.name) in names or i.type_only)
