"""A decorator's source → its wrapper, for decorators that only make one (``functools.wraps``)."""

from __future__ import annotations

import ast
import textwrap
from dataclasses import dataclass

from segue.snapshot.model import Function

_WRAPS = "functools.wraps"


@dataclass(frozen=True, slots=True)
class Wrapper:
    """``inner`` is the function that a decorator puts in the place of what it decorates, ``wrapped`` its name for that; ``given`` are
    the values of the decorator's own parameters where it is used."""

    inner: ast.FunctionDef
    wrapped: str
    given: dict[str, ast.expr]


def wrapper_of(decorator: Function, used: ast.expr) -> Wrapper | None:
    """The wrapper that ``@used`` makes; None for decorators that do more, or that Segue does not see whole."""
    outer = _definition(decorator.source)
    if outer is None or decorator.wrapped_by or decorator.is_async:
        return None
    given: dict[str, ast.expr] = {}
    if isinstance(used, ast.Call):
        bound = _bound(decorator, outer, used)
        made = _made(outer)
        if bound is None or made is None:
            return None
        given, outer = bound, made
        if set(given) & {a.arg for a in outer.args.args}:
            return None
    inner = _made(outer)
    names = [a.arg for a in outer.args.args]
    plain = outer.args.vararg or outer.args.kwarg or outer.args.kwonlyargs or outer.args.defaults
    if inner is None or len(names) != 1 or plain or not _wraps(decorator, inner, names[0]):
        return None
    return Wrapper(inner, names[0], given)


def _definition(source: str) -> ast.FunctionDef | None:
    tree = ast.parse(textwrap.dedent(source)).body
    return tree[0] if len(tree) == 1 and isinstance(tree[0], ast.FunctionDef) else None


def _made(outer: ast.FunctionDef) -> ast.FunctionDef | None:
    """``def inner(…): …; return inner`` and nothing else."""
    body = [s for s in outer.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    match body:
        case [ast.FunctionDef() as inner, ast.Return(ast.Name(returned))] if returned == inner.name:
            return inner
    return None


def _wraps(decorator: Function, inner: ast.FunctionDef, wrapped: str) -> bool:
    match inner.decorator_list:
        case [ast.Call(func, [ast.Name(name)], [])] if name == wrapped:
            ref = decorator.globals.get(ast.unparse(func))
            return ref is not None and ref.name == _WRAPS
    return False


def _bound(decorator: Function, outer: ast.FunctionDef, used: ast.Call) -> dict[str, ast.expr] | None:
    """Parameters of the decorator → what is written for them."""
    spec = outer.args
    names = [a.arg for a in (*spec.posonlyargs, *spec.args)]
    if spec.kwarg is not None or any(isinstance(a, ast.Starred) for a in used.args):
        return None
    found: dict[str, ast.expr] = dict(zip(names, used.args, strict=False))
    if spec.vararg is not None:
        found[spec.vararg.arg] = ast.Tuple(used.args[len(names) :], ast.Load())
    elif len(used.args) > len(names):
        return None
    for keyword in used.keywords:
        if keyword.arg is None or keyword.arg in found:
            return None
        found[keyword.arg] = keyword.value
    defaults = dict(zip(reversed(names), reversed(spec.defaults), strict=False))
    for only, default in zip(spec.kwonlyargs, spec.kw_defaults, strict=True):
        if default is not None:
            defaults[only.arg] = default
    for name, value in defaults.items():
        if name not in found:
            ref = decorator.globals.get(ast.unparse(value))
            if not isinstance(value, ast.Constant) and (ref is None or ref.kind not in ("constant", "class")):
                return None
            found[name] = value
    wanted = {*names, *(a.arg for a in spec.kwonlyargs)} | ({spec.vararg.arg} if spec.vararg else set())
    return found if set(found) == wanted and all(_fixed(v) for v in found.values()) else None


def _fixed(value: ast.expr) -> bool:
    """Whether it may be written where it is used: a constant, a name, or a list of these that nobody changes."""
    if isinstance(value, ast.Tuple | ast.List):
        return all(_fixed(item) for item in value.elts)
    while isinstance(value, ast.Attribute):
        value = value.value
    return isinstance(value, ast.Constant | ast.Name)
