"""Whether Pydantic can describe a generated type: TypedDicts of plain values, all the way down."""

from __future__ import annotations

import ast

from segue.translate.context import Context
from segue.translate.finishing.program import Place, resolve
from segue.translate.trees import walk

_PLAIN = frozenset(
    {"str", "int", "float", "bool", "list", "dict", "None", "Any", "NotRequired", "Literal", "date", "datetime", "time",
     "timedelta", "Decimal", "UUID"}
)  # fmt: skip


def describable(ctx: Context, at: Place, annotation: ast.expr) -> bool:
    """Whether ``annotation``, in the text of ``at``, names at least one TypedDict and nothing but plain values beside."""
    seen: set[str] = set()
    return _plain(ctx, at, annotation, seen) and bool(seen)


def _plain(ctx: Context, at: Place, annotation: ast.AST, seen: set[str]) -> bool:
    for node in walk(annotation):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return False  # a forward reference, or a Literal: rare, and not worth a guess
        if isinstance(node, ast.Attribute):
            return False
        if not isinstance(node, ast.Name) or node.id in _PLAIN:
            continue
        found = resolve(ctx, at, node.id)
        if found is None or not found.module.path.endswith("/schemas.py"):
            return False
        if found.decl.name in seen:
            continue
        seen.add(found.decl.name)
        definition = ast.parse(found.decl.code).body[0]
        if not isinstance(definition, ast.ClassDef) or [ast.unparse(b) for b in definition.bases] != [
            "TypedDict"
        ]:
            return False
        entries = [n.annotation for n in definition.body if isinstance(n, ast.AnnAssign)]
        if not all(_plain(ctx, found, entry, seen) for entry in entries):
            return False
    return True
