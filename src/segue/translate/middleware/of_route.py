"""What the code of a middleware may ask of the route: only that, so that routes share its translation."""

from __future__ import annotations

import ast
import re

from segue.snapshot.model import Function, PathParameter, Route, Snapshot
from segue.translate.kinds import EarlyRequest, RouteMatch
from segue.translate.middleware.limits import own_functions
from segue.translate.middleware.sources import nodes_of

NAME_ASKED = ("middleware", "name of the route")
"""Memo: the code asks for the name of the route, so that it has to be translated for each name."""
_PLAIN = ("[^/.]+", "[^/]+", r"[\w-]+", r"\w+", r"\d+", "[0-9]+")


def request_of(
    snapshot: Snapshot, defined: str, route: Route, *, named: bool = False, shared: bool = False
) -> EarlyRequest:
    """The request as the middleware ``defined`` sees it; with ``named`` it knows the name of the route. ``shared``: of the path only
    as much as the paths that are written in the code tell apart."""
    functions = own_functions(snapshot, defined)
    match = (
        _match(snapshot, defined, route, named) if any("resolve(" in f.source for f in functions) else None
    )
    asks = any("path" in f.source for f in functions)
    if not asks or re.search(r"\(\?(?!P<)", route.regex):  # a URL with optional parts has several beginnings
        return EarlyRequest("", False, match)
    literal = route.path.partition("{")[0]
    fixed = literal == route.path and not route.suffix_regex
    if route.suffix_regex and literal == route.path:
        literal = literal.rstrip("/")
    if shared:
        return EarlyRequest(_shortest(literal, _paths(functions)), False, match)
    return EarlyRequest(literal, fixed, match)


def _paths(functions: list[Function]) -> list[str]:
    """Texts of the code that may be the beginning of a path."""
    found = [
        node.value
        for function in functions
        for node in nodes_of(function)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    for function in functions:
        for ref in function.globals.values():
            values = (ref.value, *ref.value.items) if ref.value is not None else ()
            found += [v.data for v in values if isinstance(v.data, str)]
    return [text for text in found if text.startswith("/")]


def _shortest(literal: str, paths: list[str]) -> str:
    """The shortest beginning of ``literal`` that stands to all ``paths`` as it does itself."""

    def relation(beginning: str) -> list[bool | None]:
        return [
            True if beginning.startswith(p) else None if p.startswith(beginning) else False for p in paths
        ]

    wanted = relation(literal)
    return next(b for b in (literal[:n] for n in range(len(literal) + 1)) if relation(b) == wanted)


def _match(snapshot: Snapshot, defined: str, route: Route, named: bool) -> RouteMatch | None:
    texts = {
        name
        for function in own_functions(snapshot, defined)
        for node in nodes_of(function)
        for name in _asked(node)
    }
    if texts & set(route.default_kwargs):
        return None
    arguments = tuple((p.name, _converter(route, p)) for p in route.parameters if p.name in texts)
    spaces = tuple(s for s in route.namespace.split(":") if s)
    return RouteMatch(spaces, arguments, tuple(sorted(texts)), (route.name or None) if named else None, named)


def _asked(node: ast.AST) -> list[str]:
    """The argument of the URL that this asks for; others are not known to the code."""
    match node:
        case ast.Call(ast.Attribute(ast.Attribute(attr="kwargs"), "get"), [ast.Constant(str() as name), *_]):
            return [name]
        case ast.Subscript(ast.Attribute(attr="kwargs"), ast.Constant(str() as name)):
            return [name]
        case ast.Compare(
            ast.Constant(str() as name), [ast.In() | ast.NotIn()], [ast.Attribute(attr="kwargs")]
        ):
            return [name]
        case _:
            return []


def _converter(route: Route, parameter: PathParameter) -> str:
    """That of the argument; ``str`` for all texts that are never empty, as the plain groups of DRF's routers."""
    if parameter.converter in ("str", "slug", "path"):
        return "str"
    if parameter.converter != "regex" or parameter.regex not in _PLAIN:
        return parameter.converter
    group = f"(?P<{parameter.name}>{parameter.regex})"
    plain = group in route.regex and route.regex.partition(group)[2][:1] not in ("?", "*", "|")
    return "str" if plain and "(?:" not in route.regex and "|" not in route.regex else parameter.converter


__all__ = ["request_of"]
