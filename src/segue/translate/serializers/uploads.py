"""Uploaded files of a serializer that DRF saves itself: stored just before the row is, as ``FileField.pre_save`` does.

The name is what ``upload_to`` makes of the upload's, then what the storage has free. Source: ``FileField.generate_filename``,
``FieldFile.save``, ``FileField.get_prep_value`` (no file is an empty text, never NULL).
"""

from __future__ import annotations

import ast
import textwrap

from segue.refusal import Refused, refuse
from segue.snapshot.model import Function, ModelField, SerializerField
from segue.target.ir import Import
from segue.translate.context import Context
from segue.translate.functions.lift import find, lift
from segue.translate.interp.frame import Frame
from segue.translate.interp.scope import STATE
from segue.translate.interp.value import literal, name, quote
from segue.translate.kinds import Instance, Kind, Scalar
from segue.translate.load.models import concrete
from segue.translate.needs import Needs
from segue.translate.rules.stored_files import media, storage_problem
from segue.translate.rules.unsaved import only_columns
from segue.translate.serializers.facts import field_refusal
from segue.translate.serializers.synthetic import call_lifted

_FILES = (".FileField", ".ImageField")


def check_upload(ctx: Context, label: str, item: SerializerField, column: ModelField | None) -> None:
    """Refuse what may be written to a file's column other than by storing the upload."""
    if column is None or not column.base.endswith(_FILES):
        raise field_refusal(item, "file-write", "A file is saved into a column of another sort.")
    problem = storage_problem(ctx, column)
    if problem is not None:
        raise field_refusal(item, "file-storage", f"{problem[0]}: {problem[1]}")


# What functions that save have beside the columns: their parameters and the functions that they call.
_TAKEN = frozenset({*STATE, "given", "values", "media", "dated", "assign", "relations", "insert_tag"})


def local_of(column: ModelField) -> str:
    """What the upload is called in the generated function."""
    return f"{column.name}_upload" if column.name in _TAKEN else column.name


def take(frame: Frame, column: ModelField) -> None:
    """Emit that the upload is no value of the object yet."""
    frame.use(Import("segue_bridge.schema.unset", "UNSET"))
    frame.emit(f"{local_of(column)} = given.pop({column.name!r}, UNSET)")


def store(frame: Frame, label: str, local: str, column: ModelField, *, null: bool) -> None:
    """Emit the storing of ``column``'s upload and what the column is then. ``null``: the upload may be None."""
    storage = media(frame)
    frame.is_async = True
    frame.use(Import("segue_bridge.schema.data", "Upload"))
    upload = local_of(column)
    made = ast.Call(
        ast.Attribute(storage, "save", ast.Load()),
        [named(frame, label, local, column, quote("{0}.name", name(upload))), name(upload)],
        [ast.keyword("max_length", literal(column.max_length))] if column.max_length else [],
    )
    frame.emit_block(
        f"if isinstance({upload}, Upload):", [f"{local}.{column.attname} = await {ast.unparse(made)}"]
    )
    if null:
        frame.emit_block(f"elif {upload} is None:", [f"{local}.{column.attname} = ''"])


def store_held(frame: Frame, label: str, local: str, column: ModelField, *, null: bool = False) -> None:
    """Emit the storing of the upload that the object itself may hold in ``column``. ``null``: it may be None."""
    storage = media(frame)
    frame.is_async = True
    frame.use(Import("segue_bridge.schema.data", "Upload"))
    held = f"{local}.{column.attname}"
    made = ast.Call(
        ast.Attribute(storage, "save", ast.Load()),
        [named(frame, label, local, column, quote("{0}.name", name(held)), held=True), name(held)],
        [ast.keyword("max_length", literal(column.max_length))] if column.max_length else [],
    )
    frame.emit_block(f"if isinstance({held}, Upload):", [f"{held} = await {ast.unparse(made)}"])
    if null:
        frame.emit_block(f"elif {held} is None:", [f"{held} = ''"])


def named(
    frame: Frame, label: str, local: str, column: ModelField, given: ast.expr, *, held: bool = False
) -> ast.expr:
    """What ``upload_to`` gives for the file name ``given``. ``held``: the object holds the upload, as in Django."""
    rule = column.upload_to
    if rule is None or (rule.kind == "const" and rule.data in ("", None)):
        return given
    if rule.kind == "const":
        folder = str(rule.data)
        if "%" in folder:
            return quote(
                "{0}({1}, {2})", frame.imported("segue_bridge.storage", "dated"), literal(folder), given
            )
        text = folder if folder.endswith("/") else f"{folder}/"
        return quote("{0} + {1}", literal(text), given)
    if rule.kind != "ref":
        raise _refused(frame.ctx, label, column, "Segue does not know what upload_to is.")
    function = find(frame.ctx, rule.name, column.where)
    parameters = _parameters(function)
    if function.role != "function" or len(parameters) != 2:
        raise _refused(frame.ctx, label, column, "upload_to is no plain function of the object and the name.")
    tree = ast.parse(textwrap.dedent(function.source))
    if not held and not only_columns(tree, parameters[0], concrete(frame.ctx, label), but=(column.name,)):
        raise _refused(frame.ctx, label, column, "upload_to asks more of the object than its columns.")
    # Django stores the files one after another, and computes other columns between them.
    unsaved = {item.name for item in concrete(frame.ctx, label).fields if item.base.endswith(_FILES)}
    site = Needs(label, written=True, told=function.where, live=held, keyless=True, unsaved=unsaved)
    whole = Instance(label, site, "entity")
    arguments: dict[str, Kind] = {parameters[0]: whole, parameters[1]: Scalar("str")}
    lifted = lift(frame.ctx, function, arguments=arguments, module_kind="services")
    if lifted.returns != Scalar("str"):
        raise _refused(frame.ctx, label, column, "upload_to may give something other than a text.")
    return ast.parse(call_lifted(frame, lifted, local, ast.unparse(given)), mode="eval").body


def asks_much(ctx: Context, label: str, column: ModelField) -> bool:
    """Does ``upload_to`` ask for more of the object than its columns, so that the object must be as it is in Django?"""
    rule = column.upload_to
    if rule is None or rule.kind != "ref":
        return False
    function = ctx.snapshot.functions.get(rule.name)
    parameters = _parameters(function) if function is not None else []
    if function is None or not parameters:
        return False
    tree = ast.parse(textwrap.dedent(function.source))
    return not only_columns(tree, parameters[0], concrete(ctx, label), but=(column.name,))


def _parameters(function: Function) -> list[str]:
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    if not isinstance(tree, ast.FunctionDef) or tree.args.vararg or tree.args.kwonlyargs:
        return []
    return [a.arg for a in [*tree.args.posonlyargs, *tree.args.args]]


def _refused(ctx: Context, label: str, column: ModelField, why: str) -> Refused:
    return refuse("upload-to", f"{label}.{column.name}", why, column.where)


__all__ = ["asks_much", "check_upload", "local_of", "named", "store", "store_held", "take"]
