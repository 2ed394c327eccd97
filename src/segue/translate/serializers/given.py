"""Which keys the validated data of a serializer can have when its ``validate`` begins."""

from __future__ import annotations

import ast
import textwrap

from segue.translate.interp.frame import Frame
from segue.translate.kinds import SerializerSelf
from segue.translate.serializers.facts import overridden, serializer_of
from segue.translate.serializers.use import Use

_CHANGES = ("update", "setdefault", "__setitem__")


def never_given(frame: Frame, local: str, key: str, node: ast.stmt) -> bool:
    """Is ``local`` a copy of what ``validate`` was given, unchanged up to ``node``, and ``key`` no source of a field?"""
    kind = frame.receiver.kind if frame.receiver is not None else None
    use = kind.use if isinstance(kind, SerializerSelf) else None
    if not isinstance(kind, SerializerSelf) or not isinstance(use, Use) or use.purpose != "write":
        return False
    if overridden(frame.ctx, kind.name, "validate") != frame.function.name or frame.renames:
        return False
    sources = {item.source for item in serializer_of(frame.ctx, kind.name).fields if not item.read_only}
    if "*" in sources or key in {source.partition(".")[0] for source in sources}:
        return False
    definition = ast.parse(textwrap.dedent(frame.function.source)).body[0]
    if not isinstance(definition, ast.FunctionDef) or len(definition.args.args) < 2:
        return False
    given = definition.args.args[1].arg
    before = [n for n in ast.walk(definition) if getattr(n, "lineno", node.lineno) < node.lineno]
    copies = [
        n.value
        for n in before
        if isinstance(n, ast.Assign) and [ast.unparse(t) for t in n.targets] == [local]
    ]
    if [ast.unparse(value) for value in copies] != [f"dict({given})"]:
        return False
    return not any(_may_change(n, {given, local}, copies[0]) for n in before)


def _may_change(node: ast.AST, names: set[str], copy: ast.expr) -> bool:
    """Does ``node`` put something into one of ``names``, or hand it to somebody who may?"""

    def named(part: ast.AST) -> bool:
        return isinstance(part, ast.Name) and part.id in names

    if isinstance(node, ast.Subscript):
        return named(node.value) and not isinstance(node.ctx, ast.Load)
    if isinstance(node, ast.AugAssign):
        return named(node.target)
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr) and node.value is not None:
        return named(node.value)
    if not isinstance(node, ast.Call) or node is copy:
        return False
    changes = isinstance(node.func, ast.Attribute) and node.func.attr in _CHANGES and named(node.func.value)
    return changes or any(named(part) for part in [*node.args, *(keyword.value for keyword in node.keywords)])


__all__ = ["never_given"]
