"""``__init__`` of a serializer that makes fields optional when an object is updated.

It is read as a program of a few forms; anything else keeps the serializer on Django. What it does without an
instance is in the snapshot already, since the probe has made the serializer so. ``required`` matters to input only:
``Field.get_attribute`` asks for it where an attribute is missing, and a model instance misses none of its columns.
"""

from __future__ import annotations

import ast
import textwrap

from segue.snapshot.model import Serializer
from segue.translate.context import Context

_WITH = ("self.instance", "self.instance is not None")


def optional_on_update(ctx: Context, serializer: Serializer) -> tuple[str, ...] | None:
    """Names of the fields that an update may leave out; None for an ``__init__`` that does anything else."""
    known = ctx.snapshot.classes.get(serializer.name)
    if known is None:
        return None
    own = [
        c
        for c in known.mro
        if not c.startswith(("rest_framework.", "django."))
        and (c not in ctx.snapshot.classes or f"{c}.__init__" in ctx.snapshot.functions)
        and (
            c not in ctx.snapshot.classes
            or ctx.snapshot.classes[c].methods.get("__init__") == f"{c}.__init__"
        )
    ]
    function = ctx.snapshot.functions.get(known.methods.get("__init__", ""))
    if function is None or len(own) != 1 or f"{own[0]}.__init__" != function.name:
        return None
    definition = ast.parse(textwrap.dedent(function.source)).body[0]
    if not isinstance(definition, ast.FunctionDef):
        return None
    body = [s for s in definition.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    if not body or not _passes_on(body[0], definition.args):
        return None
    names = [f.name for f in serializer.fields]
    found: list[str] = []
    for statement in body[1:]:
        if not isinstance(statement, ast.If) or statement.orelse or ast.unparse(statement.test) not in _WITH:
            return None
        for inner in statement.body:
            made = _optional(inner, names)
            if made is None:
                return None
            found += made
    shown = {f.name: f for f in serializer.fields}
    if any(shown[name].source.count(".") for name in found):
        return None
    return tuple(dict.fromkeys(n for n in found if shown[n].required))


def _passes_on(statement: ast.stmt, spec: ast.arguments) -> bool:
    """``super().__init__(*args, **kwargs)`` with all that was given."""
    if not isinstance(statement, ast.Expr) or not isinstance(statement.value, ast.Call):
        return False
    call = statement.value
    if not isinstance(call.func, ast.Attribute) or call.func.attr != "__init__":
        return False
    parent = call.func.value
    if not (isinstance(parent, ast.Call) and ast.unparse(parent.func) == "super"):
        return False
    if len(spec.args) != 1 or spec.kwonlyargs or spec.vararg is None or spec.kwarg is None:
        return False
    given = [ast.unparse(a) for a in call.args] + [f"**{ast.unparse(k.value)}" for k in call.keywords]
    return given == [f"*{spec.vararg.arg}", f"**{spec.kwarg.arg}"]


def _optional(statement: ast.stmt, names: list[str]) -> list[str] | None:
    """``self.fields["x"].required = False``, alone or in a loop over names or over all fields."""
    if isinstance(statement, ast.For) and not statement.orelse and isinstance(statement.target, ast.Name):
        loop = statement.target.id
        if ast.unparse(statement.iter) == "self.fields.values()":
            wanted, each = f"{loop}.required = False", names
        elif isinstance(statement.iter, ast.Tuple | ast.List):
            each = [
                e.value
                for e in statement.iter.elts
                if isinstance(e, ast.Constant) and isinstance(e.value, str)
            ]
            if len(each) != len(statement.iter.elts):
                return None
            wanted = f"self.fields[{loop}].required = False"
        else:
            return None
        if [ast.unparse(s) for s in statement.body] != [wanted]:
            return None
        return each if set(each) <= set(names) else None
    for name in names:
        if ast.unparse(statement) == f"self.fields[{name!r}].required = False":
            return [name]
    return None
