"""Functions inside of functions that are called there with arguments: each becomes a function of its own.

It may use its arguments and the module's names only: what it would see of the function around it changes under way.
"""

from __future__ import annotations

import ast
import textwrap

from segue.snapshot.model import Function, Where
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.invoke import invoke_function
from segue.translate.interp.value import Val


def call_nested(frame: Frame, node: ast.FunctionDef, call: ast.Call) -> Val:
    """``inner(value)``. Raises ``Refused``."""
    spec = node.args
    if spec.vararg or spec.kwarg or spec.defaults or any(spec.kw_defaults) or node.decorator_list:
        raise frame.refuse("nested-function", node.name, "Only plain parameters are translated here.", node)
    around = _names_around(frame, node)
    used = next((n for n in ast.walk(node) if isinstance(n, ast.Name) and n.id in around), None)
    if used is not None:
        why = f"It uses {used.id} of the function around it. Pass it as an argument."
        raise frame.refuse("nested-function", node.name, why, used)
    return invoke_function(frame, _function(frame, node), CallSite(frame, call, node.name))


def _names_around(frame: Frame, node: ast.FunctionDef) -> set[str]:
    """Names of the function around that the inner one does not bind itself."""
    outer = ast.parse(textwrap.dedent(frame.function.source)).body[0]
    own = {a.arg for a in ast.walk(node.args) if isinstance(a, ast.arg)}
    own |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    found: set[str] = set()
    for part in ast.walk(outer):
        match part:
            case ast.arg(arg=name):
                found.add(name)
            case ast.Name(id=name, ctx=ast.Store()):
                found.add(name)
            case ast.FunctionDef(name=name) | ast.ExceptHandler(name=str(name)) if part is not outer:
                found.add(name)
            case ast.alias(name=name, asname=given):
                found.add((given or name).partition(".")[0])
    return found - own


def _function(frame: Frame, node: ast.FunctionDef) -> Function:
    """The inner function as one of the module."""
    outer = frame.function
    lines = textwrap.dedent(outer.source).split("\n")[node.lineno - 1 : node.end_lineno]
    where = Where(outer.where.file, outer.where.line + node.lineno - 1)
    source = textwrap.dedent("\n".join(lines)) + "\n"
    return Function(f"{outer.name}.{node.name}", where, source, "function", outer.globals)


__all__ = ["call_nested"]
