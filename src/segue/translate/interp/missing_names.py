"""``traceback.format_traceback(exc)``: a name that its module does not have is an ``AttributeError`` whenever the line runs."""

from __future__ import annotations

import ast
import importlib.util
import sys

from segue.translate.interp.frame import Frame


def raised_first(frame: Frame, node: ast.expr) -> str | None:
    """The text of the ``AttributeError`` that is all that comes of ``node``, as nothing else runs before it; None for any other."""
    match node:
        case ast.Attribute():
            return _of_module(frame, node)
        case ast.Call(func, args, []):
            found = raised_first(frame, func)
            if found is not None or not _is_global(frame, func):
                return found
            return raised_first(frame, args[0]) if args and not isinstance(args[0], ast.Starred) else None
    return None


def _is_global(frame: Frame, node: ast.expr) -> bool:
    """``f`` and ``logger.error`` of the module: looking them up does nothing."""
    first = node.value if isinstance(node, ast.Attribute) else node
    return isinstance(first, ast.Name) and first.id not in frame.env and first.id in frame.function.globals


def _of_module(frame: Frame, node: ast.Attribute) -> str | None:
    """``module.name`` of the standard library, where the module is no package: nothing that is imported later can add to it."""
    known = frame.function.globals
    if not isinstance(node.value, ast.Name) or node.value.id in frame.env:
        return None
    module, ref = known.get(node.value.id), known.get(ast.unparse(node))
    if module is None or module.kind != "module" or ref is None or ref.kind != "missing":
        return None
    if module.name not in sys.stdlib_module_names:
        return None
    spec = importlib.util.find_spec(module.name)
    if spec is None or spec.submodule_search_locations is not None:
        return None
    return f"module {module.name!r} has no attribute {node.attr!r}"


__all__ = ["raised_first"]
