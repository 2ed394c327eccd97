"""What runs between the giving of an upload and its storing: a model's own ``save`` and receivers of ``pre_save``.

Django stores the file as it computes the row's values (``FileField.pre_save``), so this code would find an upload in the
column. Where it does not look there (only columns that hold no file are asked for, of the object itself) the upload waits in a
local; else the object holds it, as in Django.
"""

from __future__ import annotations

import ast
import textwrap

from segue.snapshot.model import Function, Model
from segue.translate.context import Context
from segue.translate.load.models import concrete
from segue.translate.rules.own_save import own_save, watched_files
from segue.translate.rules.receivers import PRE_SAVE, parameters_of, receiver_function, saved_by
from segue.translate.rules.stored_files import is_file


def sees_files(ctx: Context, label: str) -> bool:
    """May code that runs before the file is stored look at it?

    Raises ``Refused`` for code that is not followed at all.
    """
    model = concrete(ctx, label)
    if watched_files(ctx, label):
        return True
    saving = own_save(ctx, label, files=True)
    if saving is not None and not _asks_columns(saving, _first(saving), model):
        return True
    for receiver in saved_by(ctx, label):
        if receiver.signal.rpartition(".")[2] != PRE_SAVE:
            continue
        function = receiver_function(ctx, receiver, label)
        own = "instance" if "instance" in parameters_of(function) else ""
        if not _asks_columns(function, own, model):
            return True
    return False


def _asks_columns(function: Function, own: str, model: Model) -> bool:
    files = {text for item in model.fields if is_file(item) for text in (item.name, item.attname)}
    plain = {text for item in model.fields for text in (item.name, item.attname)} - files | {"pk"}
    tree = ast.parse(textwrap.dedent(function.source))
    asked = {
        id(node.value): node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    # What the object leads to may lead back to it.
    if any(isinstance(node, ast.Attribute) and node.attr in files for node in ast.walk(tree)):
        return False
    return all(
        asked.get(id(node)) in plain
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and node.id == own
    )


def _first(function: Function) -> str:
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    return tree.args.args[0].arg if isinstance(tree, ast.FunctionDef) and tree.args.args else ""


__all__ = ["sees_files"]
