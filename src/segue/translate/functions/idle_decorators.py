"""Decorators of the project's own that give back what they are given: ``def documented(**told): return lambda f: f``, written out.

Projects have them in the place of a package that documents the API and is not installed.
"""

from __future__ import annotations

import ast
import textwrap

from segue.translate.context import Context

# They note what the documentation says, and give back what they were given.
_OF_SCHEMAS = (
    "drf_spectacular.utils.extend_schema.<locals>.decorator",
    "drf_yasg.utils.swagger_auto_schema.<locals>.decorator",
)


def gives_back(ctx: Context, dotted: str) -> bool:
    """Whether the decorator is a function that returns its argument, or one that returns such a function."""
    if dotted.startswith(_OF_SCHEMAS):  # ``list_schema = extend_schema(…)``, used below by that name
        return True
    function = ctx.snapshot.functions.get(dotted)
    if function is None or function.wrapped_by or function.is_async:
        return False
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    return isinstance(tree, ast.FunctionDef) and (_identity(tree) or _makes_identity(tree))


def _body(tree: ast.FunctionDef) -> list[ast.stmt]:
    return tree.body[1:] if ast.get_docstring(tree) is not None else tree.body


def _identity(tree: ast.FunctionDef) -> bool:
    """``def decorator(f): return f``."""
    spec = tree.args
    given = [*spec.posonlyargs, *spec.args]
    match _body(tree):
        case [ast.Return(ast.Name(returned))]:
            plain = len(given) == 1 and not (
                spec.vararg or spec.kwarg or spec.kwonlyargs or tree.decorator_list
            )
            return plain and returned == given[0].arg
    return False


def _makes_identity(tree: ast.FunctionDef) -> bool:
    """``def maker(*args, **kwargs)`` whose inner function is such a decorator."""
    match _body(tree):
        case [ast.FunctionDef(name) as inner, ast.Return(ast.Name(returned))]:
            return returned == name and _identity(inner)
        case [ast.Return(ast.Lambda(args, ast.Name(returned)))]:
            return [a.arg for a in args.args] == [returned] and not (
                args.vararg or args.kwarg or args.kwonlyargs
            )
    return False


__all__ = ["gives_back"]
