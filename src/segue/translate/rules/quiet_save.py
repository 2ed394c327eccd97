"""A ``save`` of a mixin that only acts on what this model does not have: files to clean up where no column holds files.

Each way through it ends in ``super().save(...)`` with the arguments as they came, and what stands before reads only. A loop over
fields of a class that the model has none of does nothing.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Callable

from segue.snapshot.model import Function, Model
from segue.translate.context import Context
from segue.translate.load.models import concrete

_READING = frozenset({"get", "filter", "first", "exists"})
GoesOn = Callable[[ast.FunctionDef, ast.stmt], bool]


def does_nothing(ctx: Context, label: str, function: Function, goes_on: GoesOn) -> bool:
    """Whether ``save`` is ``super().save(...)`` for objects of this model; ``goes_on`` knows that call."""
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    if not isinstance(tree, ast.FunctionDef) or tree.decorator_list:
        return False
    run = QuietSave(ctx, concrete(ctx, label), function, tree, goes_on)
    return run.ends(tree.body)


class QuietSave:
    """Goes over the statements of a ``save``."""

    def __init__(
        self, ctx: Context, model: Model, function: Function, tree: ast.FunctionDef, goes_on: GoesOn
    ) -> None:
        self.ctx, self.model, self.function, self.tree, self.goes_on = ctx, model, function, tree, goes_on
        self.receiver = tree.args.args[0].arg if tree.args.args else ""
        self.caught = ""  # what the try block that is looked at catches

    def files(self, prop: str) -> list[str] | None:
        """The columns that ``self.prop`` names, by the class of their field; None where it is anything else."""
        return names_by_class(self.ctx, self.model, prop)

    def ends(self, body: list[ast.stmt]) -> bool:
        """Whether the statements read, and then go on to the next ``save``, whichever way they are left."""
        for statement in body:
            if isinstance(statement, ast.Return) or (
                statement is self.tree.body[-1] and self.goes_on(self.tree, statement)
            ):
                return self.goes_on(self.tree, statement)
            if not self.quiet(statement):
                return False
        return False

    def quiet(self, statement: ast.stmt) -> bool:
        """Whether the statement reads only, or leaves the function the right way."""
        match statement:
            case ast.Expr(ast.Constant()) | ast.Pass():
                return True
            case ast.Assign([ast.Name()], value):
                return self.reads(value)
            case ast.If(test, then, []):
                return self.reads(test) and self.ends(then)
            case ast.Try(body, [ast.ExceptHandler(caught, None, handling)], [], []):
                self.caught = "Exception" if caught is None else ast.unparse(caught).rpartition(".")[2]
                quiet = all(self.quiet(s) for s in body)
                self.caught = ""
                return quiet and self.ends(handling)
            case ast.For(target, ast.Attribute(ast.Name(own), prop), body, []) if own == self.receiver:
                return self.is_empty(prop) or self.loops(target, prop, body)
            case _:
                return False

    def loops(self, target: ast.expr, prop: str, body: list[ast.stmt]) -> bool:
        """Whether a loop over what is there does nothing either."""
        return False

    def reads(self, node: ast.expr) -> bool:
        """An expression that changes nothing and cannot fail: columns, arguments, comparisons, sets, and a look-up of the row that is
        there, whose failing is caught."""
        for part in ast.walk(node):
            match part:
                case ast.Call(ast.Name("set" | "len" | "bool" | "list"), _, []):
                    continue
                case ast.Call(ast.Attribute(ast.Name(), "get"), [ast.Constant(), *_], []):
                    continue  # kwargs.get("update_fields")
                case ast.Call(ast.Attribute(owner, method)) if (
                    method in _READING and ast.unparse(owner) == f"{self.receiver}.__class__.objects"
                ):
                    if not self.looks_up(method):
                        return False
                case ast.Call() | ast.NamedExpr() | ast.Await() | ast.Yield() | ast.YieldFrom():
                    return False
                case ast.Attribute(ast.Name(own), attr) if own == self.receiver:
                    if not (attr in self.known or self.files(attr) is not None):
                        return False  # a property may do anything
        return True

    @property
    def known(self) -> set[str]:
        return {"pk", "__class__", *(f.attname for f in self.model.fields if f.column)}

    def looks_up(self, method: str) -> bool:
        """Whether nothing comes of ``objects.get()`` and its like: a manager of the project's may raise anything, ``get`` DoesNotExist."""
        if self.caught == "Exception":
            return True
        plain = self.model.managers.get("objects") == "django.db.models.manager.Manager"
        return plain and (method != "get" or self.caught in ("DoesNotExist", "ObjectDoesNotExist"))

    def is_empty(self, prop: str) -> bool:
        """``self._file_fields``: ``[f.name for f in self._meta.fields if isinstance(f, models.FileField)]``, where there is none."""
        return self.files(prop) == []


def names_by_class(ctx: Context, model: Model, prop: str) -> list[str] | None:
    """What a property of the model that lists the fields of one class gives; None for any other property."""
    cls = ctx.snapshot.classes.get(model.cls)
    function = ctx.snapshot.functions.get(cls.methods.get(prop, "")) if cls is not None else None
    if function is None or function.role not in ("property", "cached_property"):
        return None
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    body = tree.body if isinstance(tree, ast.FunctionDef) else []
    body = [s for s in body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    match body:
        case [ast.Return(ast.ListComp(made, [ast.comprehension(ast.Name(item), source, [wanted], 0)]))]:
            pass
        case _:
            return None
    match wanted:
        case ast.Call(ast.Name("isinstance"), [ast.Name(asked), classes], []) if asked == item:
            pass
        case _:
            return None
    if ast.unparse(source) not in (
        "self._meta.fields",
        "self._meta.concrete_fields",
        "self._meta.get_fields()",
    ):
        return None
    ref = function.globals.get(ast.unparse(classes))
    found = [f.name for f in model.fields if ref is not None and _is_a(ctx, f.cls, f.base, ref.name)]
    return None if ref is None or (found and ast.unparse(made) != f"{item}.name") else found


def _is_a(ctx: Context, cls: str, base: str, wanted: str) -> bool:
    known = ctx.snapshot.classes.get(cls) or ctx.snapshot.classes.get(base)
    if known is not None:
        return wanted in known.mro
    # Of Django's own classes the snapshot may have the name alone: those of files are few.
    return (
        base == wanted
        or wanted.rpartition(".")[2] not in ("FileField", "ImageField")
        or base.endswith("ImageField")
    )


__all__ = ["QuietSave", "does_nothing", "names_by_class"]
