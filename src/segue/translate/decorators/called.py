"""Who calls a function: Django with the arguments of a URL, or the project's own code."""

from __future__ import annotations

import ast

from segue.snapshot.model import Function, Snapshot
from segue.translate.trees import nodes, parsed


def of_url(snapshot: Snapshot, found: Function) -> frozenset[str] | None:
    """The arguments that are in the ``kwargs`` of a view's function whichever URL it is called by
    (``URLPattern.resolve``); None for what no URL calls, and for what the project calls itself with such an argument by place.
    """
    routes = [r for r in snapshot.routes if any(o.function == found.name for o in r.operations)]
    if not routes or _called_by_place(snapshot, found):
        return None
    named = [{*(p.name for p in route.parameters), *route.default_kwargs} for route in routes]
    return frozenset.intersection(*map(frozenset, named))


def _called_by_place(snapshot: Snapshot, found: Function) -> bool:
    name = found.name.rpartition(".")[2]
    told = (f"self.{name}(", f"super().{name}(") if found.role == "method" else (f"{name}(",)
    return any(
        any(text in other.source for text in told)
        and any(_gives_more(node, name, found.role) for node in nodes(parsed(other.source)))
        for other in snapshot.functions.values()
    )


def _gives_more(node: ast.AST, name: str, role: str) -> bool:
    """``self.<name>(request, pk)``, ``super().<name>(request, pk)``; ``<name>(request, pk)`` of a function."""
    match node:
        case ast.Call(ast.Attribute(ast.Name("self") | ast.Call(ast.Name("super")), called), args, _):
            known = role == "method"
        case ast.Call(ast.Name(called), args, _):
            known = role == "function"
        case _:
            return False
    return known and called == name and sum(not isinstance(a, ast.Starred) for a in args) > 1
