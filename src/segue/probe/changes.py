"""Variables of a module that its own functions change: no constants, whatever they hold once everything is imported."""

import ast

CHANGING = frozenset(
    [
        "add",
        "append",
        "appendleft",
        "clear",
        "discard",
        "extend",
        "insert",
        "move_to_end",
        "pop",
        "popitem",
        "remove",
        "reverse",
        "setdefault",
        "sort",
        "update",
    ]
)


def changed_variables(tree):
    """Names that functions of the module assign under ``global``, or whose dict, list or set they change in place."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            found |= _changed_by(node)
    return frozenset(found)


def _changed_by(function):
    declared, bound, in_place = set(), set(), set()
    for node in ast.walk(function):
        if isinstance(node, ast.Global):
            declared.update(node.names)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            bound.add(node.id)
        elif isinstance(node, (ast.Subscript, ast.Attribute)) and not isinstance(node.ctx, ast.Load):
            in_place.add(_root(node))
        elif (
            isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CHANGING
        ):
            in_place.add(_root(node.func))
    return (declared & bound) | (in_place - bound) | (in_place & declared)


def _root(node):
    """``X`` of ``X[key]``, ``X.attribute`` and ``X[key][other]``; None where there is no name at the root."""
    while isinstance(node, (ast.Subscript, ast.Attribute)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None
