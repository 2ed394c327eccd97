"""What keeps the code of a middleware on Django whatever its rules say: state of the process, writes, a zone that stays."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from segue.refusal import refuse
from segue.snapshot.model import Function, Snapshot, Where
from segue.translate.middleware.evaluate import fixed
from segue.translate.middleware.sources import find, nodes_of, tree_of
from segue.translate.trees import nodes

_ZONE = frozenset({"activate", "deactivate"})


def own_functions(snapshot: Snapshot, defined: str) -> list[Function]:
    """The function or the methods of the class ``defined``, inherited ones of the project included."""
    cls = snapshot.classes.get(defined)
    bases = [b for b in cls.mro if not b.startswith("django.")] if cls is not None else [defined]
    beginnings = tuple(bases)
    near = [f for f in snapshot.functions.values() if f.name.startswith(beginnings)]
    return [f for f in near if f.name in bases or f.name.rpartition(".")[0] in bases]


def check_constants(snapshot: Snapshot, defined: str) -> None:
    """Refuse variables of modules that code may set while the service runs: switches, caches."""
    for function in own_functions(snapshot, defined):
        for ref in function.globals.values():
            if ref.kind != "constant" or ref.value is None or ref.name.startswith("django.conf.settings."):
                continue
            of_django = ref.name.startswith("django.") and ref.value.kind == "regex"
            if not of_django and not fixed(ref.name, ref.value):
                why = "Code may change this variable at any time."
                raise refuse("middleware", ref.name, why, function.where)


def check_raises(snapshot: Snapshot, defined: str) -> None:
    """Refuse what is raised after the view: its page is Django's, which must not do the view's work again."""
    for function in own_functions(snapshot, defined):
        tree = tree_of(function)
        if tree is None:
            continue
        after = 0 if function.name.endswith(".process_response") else _line_of_view(tree)
        for node in nodes(tree):
            if isinstance(node, ast.Raise) and after is not None and node.lineno > after:
                where = Where(function.where.file, function.where.line + node.lineno - 1)
                raise refuse("middleware", ast.unparse(node), "It raises after the view has answered.", where)


def _line_of_view(tree: ast.AST) -> int | None:
    """The line of the first call of ``get_response``."""
    lines = [
        n.lineno
        for n in nodes(tree)
        if isinstance(n, ast.Call)
        and isinstance(n.func, ast.Attribute | ast.Name)
        and (n.func.attr if isinstance(n.func, ast.Attribute) else n.func.id) == "get_response"
    ]
    return min(lines, default=None)


def check_zone(snapshot: Snapshot, defined: str) -> None:
    """Refuse a time zone or a language that only some requests set: in Django it stays for the next request of the thread."""
    functions = own_functions(snapshot, defined)
    if defined in snapshot.classes:
        names = {f.name.rpartition(".")[2] for f in functions}
        by_name = {name: found for name in names if (found := find(snapshot, defined, name)) is not None}
        entries = [by_name[name] for name in ("__call__", "process_request") if name in by_name]
    else:
        by_name, entries = {}, functions
    own = list(by_name.values()) or functions
    for sort in ("timezone", "translation"):
        setting = [f for f in own if any(_sets(f, n, sort) for n in nodes_of(f))]
        if not setting:
            continue
        if not any(_always(f, body, sort, by_name) for f in entries for body in _bodies(f)):
            why = "Not every request sets it, so that Django keeps the one of the request before."
            raise refuse("middleware", f"{sort}.activate", why, setting[0].where)


def _bodies(function: Function) -> list[list[ast.stmt]]:
    tree = tree_of(function)
    return [n.body for n in nodes(tree) if isinstance(n, ast.FunctionDef)] if tree is not None else []


def _sets(function: Function, node: ast.AST, sort: str) -> bool:
    """Whether it is ``timezone.activate(…)`` (``sort`` is the module of ``django.utils``)."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute | ast.Name):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
    if isinstance(node.func, ast.Attribute) and name in _ZONE:
        owner = function.globals.get(ast.unparse(node.func.value))
        return ast.unparse(node.func.value).rpartition(".")[2] == sort or (
            owner is not None and owner.name == f"django.utils.{sort}"
        )
    ref = function.globals.get(name)
    return (
        ref is not None
        and ref.name.startswith(f"django.utils.{sort}.")
        and ref.name.rpartition(".")[2] in _ZONE
    )


def _always(function: Function, body: list[ast.stmt], sort: str, own: Mapping[str, Function]) -> bool:
    """Whether each way through ``body`` sets it before the view runs; methods of the class are followed."""
    for statement in body:
        match statement:
            case ast.Expr(call) if _sets(function, call, sort):
                return True
            case ast.Expr(ast.Call(ast.Attribute(ast.Name("self"), name))) if name in own:
                inner = tree_of(own[name])
                others = {key: method for key, method in own.items() if key != name}
                if inner is not None and _always(own[name], inner.body, sort, others):
                    return True
            case ast.If(_, then, otherwise) if _always(function, then, sort, own) and _always(
                function, otherwise, sort, own
            ):
                return True
            # Where there is no such zone, the translation leaves the request to Django.
            case ast.With([ast.withitem(ast.Call(ast.Name("suppress"), [error]))], inside) if ast.unparse(
                error
            ).endswith("ZoneInfoNotFoundError"):
                if _always(function, inside, sort, own):
                    return True
            case ast.Return() | ast.Raise():
                return False
        if _line_of_view(statement) is not None:
            return False
    return False
