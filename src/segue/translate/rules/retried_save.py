"""``save`` that tries again with another code where the first is taken.

    for _ in range(3):
        if not self.code:
            self.assign_code()
        try:
            return super().save(*args, **kwargs)
        except IntegrityError:
            self.code = None

An object that has its code is saved by the first round. What an object without one does, and what a row that is refused does, is left
to Django, which does the request from its start: a failed statement has written nothing. Nothing may have been written before it
either, which is known once the whole operation is (:mod:`segue.translate.views.left_saves`).
"""

from __future__ import annotations

import ast
import textwrap

from segue.snapshot.model import Function, Model
from segue.target.ir import Import
from segue.translate.context import Context
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import quote
from segue.translate.load.models import concrete, field_of, python_type
from segue.translate.rules.quiet_save import GoesOn, does_nothing

LEFT = "leave_conflicts("
_DJANGO = "django."


def wanted_columns(ctx: Context, label: str, goes_on: GoesOn) -> tuple[str, ...] | None:
    """The columns without which an object of the model is left to Django; None where its ``save`` is anything else."""
    model = concrete(ctx, label)
    known = ctx.snapshot.classes.get(model.cls)
    function = ctx.snapshot.functions.get(known.methods.get("save", "")) if known is not None else None
    if known is None or function is None or function.owner not in known.mro or function.wrapped_by:
        return None
    if model.parents or _listened(ctx, model):
        return None  # several statements, or what others write before the row is refused
    for cls in known.mro[known.mro.index(function.owner) + 1 :]:
        other = ctx.snapshot.functions.get(f"{cls}.save")
        behind = ctx.snapshot.classes.get(cls)
        has_own = behind is not None and behind.methods.get("save", "") == f"{cls}.save"
        if cls.startswith(_DJANGO) or not (has_own or other is not None):
            continue
        if other is None or not does_nothing(ctx, label, other, goes_on):
            return None
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    if not isinstance(tree, ast.FunctionDef) or tree.decorator_list or not tree.args.args:
        return None
    body = [s for s in tree.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    match body:
        case [
            ast.For(
                ast.Name(round_),
                ast.Call(ast.Name("range"), [ast.Constant(int() as rounds)], []),
                [*before, ast.Try([ast.Return() as saved], [ast.ExceptHandler(caught, None)], [], [])],
                [],
            )
        ] if rounds > 0 and caught is not None and goes_on(tree, saved):
            pass
        case _:
            return None
    ref = function.globals.get(ast.unparse(caught))
    if ref is None or ref.name not in ("django.db.utils.IntegrityError", "django.db.IntegrityError"):
        return None
    me = tree.args.args[0].arg
    found = [_asked(ctx, model, function, me, s) for s in before if round_ != me]
    return tuple(c for c in found if c) if all(found) and len(found) == len(before) else None


def _listened(ctx: Context, model: Model) -> bool:
    signals = ("pre_save", "post_save")
    return any(
        r.signal.rpartition(".")[2] in signals and r.sender in ("", model.label, model.cls)
        for r in ctx.snapshot.receivers
    )


def _asked(ctx: Context, model: Model, function: Function, me: str, statement: ast.stmt) -> str:
    """The column of text that ``if not self.code: …`` asks for; '' for any other statement."""
    match statement:
        case ast.If(ast.UnaryOp(ast.Not(), asked), _, []):
            pass
        case _:
            return ""
    column = ""
    match asked:
        case ast.Attribute(ast.Name(own), column) if own == me:
            pass
        case ast.Call(
            ast.Name("getattr"), [ast.Name(own), ast.Constant(str() as column), ast.Constant(None)], []
        ) if own == me:
            pass
        case ast.Call(
            ast.Name("getattr"),
            [ast.Name(own), ast.Attribute(ast.Name(mine), constant), ast.Constant(None)],
            [],
        ) if own == mine == me:
            column = _constant(ctx, model, constant)
    item = field_of(model, column) if column else None
    return column if item is not None and item.name == column and python_type(ctx, item) == "str" else ""


def _constant(ctx: Context, model: Model, name: str) -> str:
    """A class attribute of the model that is a text and that no code sets anew."""
    known = ctx.snapshot.classes.get(model.cls)
    held = known.attributes.get(name) if known is not None else None
    if held is None or held.value.kind != "const" or not isinstance(held.value.data, str):
        return ""
    put = f".{name} ="
    return "" if any(put in f.source for f in ctx.snapshot.functions.values()) else held.value.data


def emit(frame: Frame, label: str, instance: ast.expr, columns: tuple[str, ...]) -> None:
    """Leave an object without ``columns``, and a row that the database refuses, to Django."""
    db = frame.db
    frame.use(Import("segue_bridge.leaving", "leave_conflicts"))
    for column in columns:
        frame.use(Import("segue_bridge.leaving", "left_to_django"))
        raised = quote("left_to_django({0}, {1})", db, ast.Constant(f"{label} without {column}"))
        frame.emit_block(f"if not {ast.unparse(instance)}.{column}:", [f"raise {ast.unparse(raised)}"])
    frame.emit(ast.unparse(quote("leave_conflicts({0}, {1})", db, ast.Constant(f"a {label} that is there"))))


def emit_end(frame: Frame) -> None:
    """After the statement: what the database refuses from here on raises as ever."""
    frame.use(Import("segue_bridge.leaving", "keep_conflicts"))
    frame.emit(ast.unparse(quote("keep_conflicts({0})", frame.db)))


__all__ = ["LEFT", "emit", "emit_end", "wanted_columns"]
