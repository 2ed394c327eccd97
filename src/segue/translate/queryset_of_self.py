"""``self.queryset = …`` in ``get_queryset``: a local of that method, where nothing else looks at what it leaves on the view.

The view is an object of one request, so that only code that runs for the same request could see it: DRF's own ``get_queryset``, and
code of the project's that reads the attribute.
"""

from __future__ import annotations

import ast
import re
import textwrap
from dataclasses import replace

from segue.snapshot.model import Function, Snapshot

_NAME = "queryset"
_READ = re.compile(rf"\.{_NAME}\b(?!\s*=[^=])")
# DRF's ``get_queryset`` is overridden; drf-spectacular asks for the document, and django-filter is given the queryset.
_NO_READERS = ("rest_framework.", "django.", "drf_spectacular.", "django_filters.")
_VIEW = "rest_framework.generics.GenericAPIView"


def local_querysets(snapshot: Snapshot) -> Snapshot:
    """``snapshot`` with such methods written with a local."""
    changed: dict[str, Function] = {}
    for name, function in snapshot.functions.items():
        if name.endswith(".get_queryset") and f".{_NAME} =" in function.source and _alone(snapshot, function):
            rewritten = _rewritten(function)
            if rewritten is not None:
                changed[name] = rewritten
    return replace(snapshot, functions={**snapshot.functions, **changed}) if changed else snapshot


def _alone(snapshot: Snapshot, function: Function) -> bool:
    """Whether no other code of the project's reads ``queryset`` of a view that has the method."""
    orders = [cls.mro for cls in snapshot.classes.values() if function.owner in cls.mro]
    if not orders or not all(_VIEW in order for order in orders if len(order) > 2):
        return False
    family = {base for order in orders for base in order}
    for other in snapshot.functions.values():
        if other.name == function.name or other.name.startswith(_NO_READERS):
            continue
        if _READ.search(other.source) and (other.owner in family or _reads_view(other)):
            return False
    return True


def _reads_view(function: Function) -> bool:
    """Whether it may be a view that it asks: of ``self`` it is an object of its own class."""
    return any(
        isinstance(n, ast.Attribute)
        and n.attr == _NAME
        and not (isinstance(n.value, ast.Name) and n.value.id == "self" and function.owner)
        for n in ast.walk(ast.parse(textwrap.dedent(function.source)))
    ) or bool(re.search(rf"['\"]{_NAME}['\"]", function.source))


def _rewritten(function: Function) -> Function | None:
    source = textwrap.dedent(function.source)
    tree = ast.parse(source).body[0]
    if not isinstance(tree, ast.FunctionDef) or len(tree.args.args) != 1 or function.wrapped_by:
        return None
    me = tree.args.args[0].arg
    nodes = list(ast.walk(tree))
    inner = (ast.FunctionDef, ast.Lambda, ast.AsyncFunctionDef, ast.ClassDef)
    names = {n.id for n in nodes if isinstance(n, ast.Name)}
    if "super" in names or _NAME in names or any(isinstance(n, inner) and n is not tree for n in nodes):
        return None
    used = [
        n
        for n in nodes
        if isinstance(n, ast.Attribute)
        and n.attr == _NAME
        and isinstance(n.value, ast.Name)
        and n.value.id == me
    ]
    first = next(
        (s for s in tree.body if any(n in used for n in ast.walk(s))),
        None,
    )
    # It is set before it is read, whatever happens.
    if not isinstance(first, ast.Assign) or len(first.targets) != 1 or first.targets[0] not in used:
        return None
    if any(n in used for n in ast.walk(first.value)) or any(isinstance(n.ctx, ast.Del) for n in used):
        return None
    lines = [line.encode() for line in source.split("\n")]
    for node in sorted(used, key=lambda n: (n.lineno, n.col_offset), reverse=True):
        if node.end_lineno != node.lineno or node.end_col_offset is None:
            return None
        line = lines[node.lineno - 1]
        lines[node.lineno - 1] = line[: node.col_offset] + _NAME.encode() + line[node.end_col_offset :]
    return replace(function, source=b"\n".join(lines).decode())


__all__ = ["local_querysets"]
