"""What keeps the code of a middleware on Django whatever its rules say: state of the process, writes, a zone that stays."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from functools import lru_cache

from segue.refusal import refuse
from segue.snapshot.model import Function, Snapshot, Where
from segue.translate.context import Context
from segue.translate.functions.lift import Lifted
from segue.translate.functions.record import reached as reached_records
from segue.translate.functions.record import record_of
from segue.translate.middleware.evaluate import fixed
from segue.translate.middleware.sources import find, tree_of

# What generated code may call of the session, and modules of the bridge that only read or compute.
_READS = frozenset({"all", "first", "scalar", "get", "entities"})
_OF_SESSION = re.compile(r"\bdb\.(\w+)\(")
_QUIET = frozenset(
    {
        "segue_bridge", "segue_bridge.auth.users", "segue_bridge.db.coerce", "segue_bridge.db.errors", "segue_bridge.db.following", "segue_bridge.db.functions",
        "segue_bridge.db.query", "segue_bridge.db.reads", "segue_bridge.db.session", "segue_bridge.db.totals", "segue_bridge.errors",
        "segue_bridge.http.call", "segue_bridge.http.language", "segue_bridge.http.lookup", "segue_bridge.http.query",
        "segue_bridge.http.replies", "segue_bridge.http.resource", "segue_bridge.http.responses", "segue_bridge.http.urls", "segue_bridge.leaving", "segue_bridge.text", "segue_bridge.translation", "segue_bridge.zone",
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
            of_django = ref.name.startswith("django.") and ref.value.kind == "regex"
            if not of_django and not fixed(ref.name, ref.value):
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
                called = _target(function, node)
                if called:
                    found = (snapshot.functions.get(name) for name in (called, f"{called}.__init__"))
                    todo += [f for f in found if f is not None]
                else:
                    todo += by_name.get(_name(node), ())
    return list(seen.values())


def _name(node: ast.Attribute | ast.Name) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id


def _target(function: Function, node: ast.Attribute | ast.Name) -> str:
    """The dotted name of what is called, as in ``timezone.activate(…)`` or ``helper(…)``; '' for methods of objects."""
    if isinstance(node, ast.Name):
        ref = function.globals.get(node.id)
        return ref.name if ref is not None and ref.kind in ("function", "class") else ""
    ref = function.globals.get(ast.unparse(node.value))
    return f"{ref.name}.{node.attr}" if ref is not None and ref.kind == "module" else ""


def check_reads(ctx: Context, lifted: Lifted, where: Where) -> None:
    """Refuse generated code that may write: a request that is left to Django afterwards would write twice."""
    why = "It may write: a request that is left to Django later on would write twice."
    own = record_of(ctx, lifted)
    for record in (own, *reached_records(ctx, own.lines)):
        if record is None:
            raise refuse("middleware", lifted.name, "It calls itself.", where)
        for name in _OF_SESSION.findall("\n".join(record.lines)):
            if name not in _READS:
                raise refuse("middleware", f"{record.legacy}: db.{name}()", why, record.where)
        for item in record.imports:
            module = f"{item.module}.{item.name}" if item.module == "segue_bridge.http" else item.module
            if module.startswith("segue_bridge") and module not in _QUIET and not item.type_only:
                raise refuse("middleware", f"{record.legacy}: {item.module}", why, record.where)


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
        setting = [f for f in own if any(_sets(f, n, sort) for n in ast.walk(tree_of(f) or ast.Pass()))]
        if not setting:
            continue
        if not any(_always(f, body, sort, by_name) for f in entries for body in _bodies(f)):
            why = "Not every request sets it, so that Django keeps the one of the request before."
            raise refuse("middleware", f"{sort}.activate", why, setting[0].where)


def _bodies(function: Function) -> list[list[ast.stmt]]:
    tree = tree_of(function)
    return [n.body for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)] if tree is not None else []


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
