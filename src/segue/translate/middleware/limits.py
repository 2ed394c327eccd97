"""What keeps the code of a middleware on Django whatever its rules say: state of the process, writes, a zone that stays."""

from __future__ import annotations

import ast
from functools import lru_cache

from segue.refusal import refuse
from segue.snapshot.model import Function, Snapshot, Where
from segue.translate.middleware.evaluate import fixed
from segue.translate.middleware.sources import tree_of

# Methods of managers, querysets and objects that write, and what changes the session.
_WRITES = frozenset(
    {
        "save", "create", "update", "delete", "get_or_create", "update_or_create", "bulk_create", "bulk_update", "add",
        "remove", "set", "clear", "select_for_update", "asave", "acreate", "adelete", "aupdate", "execute", "login", "logout",
    }
)  # fmt: skip
_ZONE = frozenset({"activate", "deactivate"})


def own_functions(snapshot: Snapshot, defined: str) -> list[Function]:
    """The function or the methods of the class ``defined``, inherited ones of the project included."""
    cls = snapshot.classes.get(defined)
    bases = [b for b in cls.mro if not b.startswith("django.")] if cls is not None else [defined]
    return [f for f in snapshot.functions.values() if f.name in bases or f.name.rpartition(".")[0] in bases]


def check_constants(snapshot: Snapshot, defined: str) -> None:
    """Refuse variables of modules that code may set while the service runs: switches, caches."""
    for function in own_functions(snapshot, defined):
        for ref in function.globals.values():
            if ref.kind != "constant" or ref.value is None or ref.name.startswith("django.conf.settings."):
                continue
            if not fixed(ref.name, ref.value):
                why = "Code may change this variable at any time."
                raise refuse("middleware", ref.name, why, function.where)


def reached(snapshot: Snapshot, defined: str) -> list[Function]:
    """The functions that the middleware may call; methods are followed by their name alone, through the whole snapshot."""
    by_name: dict[str, list[Function]] = {}
    for function in snapshot.functions.values():
        by_name.setdefault(function.name.rpartition(".")[2], []).append(function)
    todo, seen = own_functions(snapshot, defined), dict[str, Function]()
    while todo:
        function = todo.pop()
        if function.name not in seen:
            seen[function.name] = function
            for node in _called(function):
                todo += by_name.get(node.attr if isinstance(node, ast.Attribute) else node.id, ())
    return list(seen.values())


def check_reads(snapshot: Snapshot, defined: str) -> None:
    """Refuse code that may write: a request that is left to Django afterwards would write twice."""
    if not any(ref.kind == "model" for f in own_functions(snapshot, defined) for ref in f.globals.values()):
        return
    for function in reached(snapshot, defined):
        for node in _called(function):
            if (node.attr if isinstance(node, ast.Attribute) else node.id) in _WRITES:
                where = Where(function.where.file, function.where.line + node.lineno - 1)
                why = "It may write: a request that is left to Django later on would write twice."
                raise refuse("middleware", ast.unparse(node), why, where)


def check_raises(snapshot: Snapshot, defined: str) -> None:
    """Refuse what is raised after the view: its page is Django's, which must not do the view's work again."""
    for function in own_functions(snapshot, defined):
        tree = tree_of(function)
        if tree is None:
            continue
        after = 0 if function.name.endswith(".process_response") else _line_of_view(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Raise) and after is not None and node.lineno > after:
                where = Where(function.where.file, function.where.line + node.lineno - 1)
                raise refuse("middleware", ast.unparse(node), "It raises after the view has answered.", where)


def _line_of_view(tree: ast.AST) -> int | None:
    """The line of the first call of ``get_response``."""
    lines = [
        n.lineno
        for n in ast.walk(tree)
        if isinstance(n, ast.Call)
        and isinstance(n.func, ast.Attribute | ast.Name)
        and (n.func.attr if isinstance(n.func, ast.Attribute) else n.func.id) == "get_response"
    ]
    return min(lines, default=None)


def _called(function: Function) -> tuple[ast.Attribute | ast.Name, ...]:
    tree = tree_of(function)
    return () if tree is None else _called_in(tree)


@lru_cache(maxsize=8192)
def _called_in(tree: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[ast.Attribute | ast.Name, ...]:
    """Every route asks anew for what a middleware may reach."""
    return tuple(
        node.func
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name)
    )


def check_zone(snapshot: Snapshot, defined: str) -> None:
    """Refuse a time zone that only some requests set: in Django it stays for the next request of the thread."""
    for function in own_functions(snapshot, defined):
        tree = tree_of(function)
        if tree is None or not any(_zone(n) for n in ast.walk(tree)):
            continue
        inner = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]
        if not any(_always(n.body) for n in inner):
            why = "Not every request sets it, so that Django keeps the zone of the one before."
            raise refuse("middleware", "timezone.activate", why, function.where)


def _zone(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _ZONE


def _always(body: list[ast.stmt]) -> bool:
    for statement in body:
        match statement:
            case ast.Expr(call) if _zone(call):
                return True
            case ast.If(_, then, otherwise) if _always(then) and _always(otherwise):
                return True
            case ast.Return() | ast.Raise():
                return False
    return False
