"""django-cleanup: files that no row names any more are deleted after the commit.

The package listens to four signals of every model with columns of files. What it does when an object is made or loaded
(``post_init``) and before it is saved (``pre_save``) is to remember the files it had; after ``save`` of a row that was there
it deletes those that have been replaced, after ``delete`` all of them. Source: ``django_cleanup.handlers``.
"""

from __future__ import annotations

import ast
import textwrap

from segue.refusal import Refused, refuse
from segue.snapshot.model import Model, ModelField, Receiver
from segue.target.ir import Import
from segue.translate.context import Context
from segue.translate.functions.lift import Lifted
from segue.translate.interp.annotations import annotation
from segue.translate.interp.frame import Frame, Parameter
from segue.translate.interp.value import Val
from segue.translate.kinds import Const, Instance, Kind
from segue.translate.load.models import concrete, snake
from segue.translate.needs import Needs
from segue.translate.rules.stored_files import is_file, media, storage_problem

_HANDLERS = "django_cleanup.handlers"
_SIGNALS = "django_cleanup.signals"
_AFTER_SAVE, _AFTER_DELETE = f"{_HANDLERS}.delete_old_post_save", f"{_HANDLERS}.delete_all_post_delete"
_REMEMBERS = frozenset({f"{_HANDLERS}.cache_original_post_init", f"{_HANDLERS}.fallback_pre_save"})
_PLAIN = frozenset({"django.db.models.fields.files.FileField", "django.db.models.fields.files.ImageField"})
# Calls that save what they are given by name.
_SAVING = frozenset({"save", "update_or_create", "aupdate_or_create", "get_or_create"})


def only_remembers(receiver: Receiver) -> bool:
    """Is it one that keeps what files an object has, and does nothing else?"""
    return receiver.function in _REMEMBERS


def after_save(receiver: Receiver) -> bool:
    """Is it the one that deletes replaced files?"""
    return receiver.function == _AFTER_SAVE


def after_delete(receiver: Receiver) -> bool:
    """Is it the one that deletes the files of a row that is gone?"""
    return receiver.function == _AFTER_DELETE


def replaces_files(ctx: Context, label: str) -> bool:
    """May a file of the model's rows be replaced? Judged by all serializers and by every function that Segue has seen."""
    model = concrete(ctx, label)
    key = ("replaces files", model.label)
    found = ctx.memo.get(key)
    if found is None:
        found = ctx.memo[key] = any(_may_change(ctx, model, item) for item in _files(model))
    return bool(found)


def emit_replaced(
    frame: Frame, receiver: Receiver, label: str, instance: ast.expr, created: Val, *, named: bool
) -> None:
    """Emit what is done after ``save``. ``created``: a constant or the name of what tells. ``named``: ``update_fields``
    were given."""
    known = created.kind.value if isinstance(created.kind, Const) else None
    if known is True or not replaces_files(frame.ctx, label):
        return
    if named:
        raise _refused(receiver, label, "update_fields decides which files it looks at.")
    lines = []
    for item in _checked(frame.ctx, receiver, label):
        frame.use(Import("segue_bridge.cleanup", "delete_replaced"))
        arguments = [frame.db, media(frame), instance, ast.Constant(item.attname)]
        call = ast.Call(ast.Name("delete_replaced", ast.Load()), arguments, _keywords(label, item))
        lines.append(f"await {ast.unparse(call)}")
    if known is None:
        frame.emit_block(f"if not {created.text}:", lines)
    else:
        for line in lines:
            frame.emit(line)


def deletes_files(frame: Frame, receiver: Receiver, label: str) -> Lifted:
    """The function that the collector calls with each object of ``label`` whose row is gone."""
    from segue.translate.serializers.synthetic import Recipe, compose

    ctx = frame.ctx
    model = concrete(ctx, label)
    columns = _checked(ctx, receiver, label)
    found = ctx.memo.get(("deletes files", model.label))
    if isinstance(found, Lifted):
        return found
    local = snake(model.cls.rpartition(".")[2])

    def build(inner: Frame) -> tuple[Kind, list[Parameter]]:
        kind = Instance(model.label, Needs(model.label, written=True), "entity")
        text, imports = annotation(ctx, kind)
        inner.use(*imports, Import("segue_bridge.cleanup", "delete_after_commit"))
        for item in columns:
            value = ast.Attribute(ast.Name(local, ast.Load()), item.attname, ast.Load())
            arguments = [inner.db, media(inner), value]
            call = ast.Call(
                ast.Name("delete_after_commit", ast.Load()), arguments, _keywords(model.label, item)
            )
            inner.emit(f"await {ast.unparse(call)}")
        return Const(None), [Parameter(local, lambda: text)]

    made = compose(
        ctx,
        Recipe(
            legacy=f"{receiver.function} of {model.label}",
            where=receiver.where,
            app=model.app,
            module_kind="services",
            name=f"delete_files_of_{local}",
            doc="What django-cleanup does when a row is gone: its files go after the commit.",
            build=build,
            hint=local,
        ),
    )
    ctx.memo[("deletes files", model.label)] = made
    return made


def _keywords(label: str, item: ModelField) -> list[ast.keyword]:
    app, _, model = label.rpartition(".")
    given = [ast.keyword("column", ast.Constant(f"{app}.{model.lower()}.{item.name}"))]
    if item.default.kind == "const" and item.default.data:
        given.append(ast.keyword("default", ast.Constant(str(item.default.data))))
    return given


def _files(model: Model) -> list[ModelField]:
    return [item for item in model.fields if is_file(item)]


def _checked(ctx: Context, receiver: Receiver, label: str) -> list[ModelField]:
    """The columns of files. Raises :class:`Refused` for one whose files Segue cannot delete as Django does."""
    for other in ctx.snapshot.receivers:
        if other.signal.startswith(_SIGNALS) or other.signal.rpartition(".")[2] in (
            "cleanup_pre_delete",
            "cleanup_post_delete",
        ):
            raise _refused(receiver, label, f"{other.function} is told of each file ({other.where}).")
    found = _files(concrete(ctx, label))
    for item in found:
        if item.cls not in _PLAIN:
            raise _refused(receiver, label, f"The column {item.name} is a {item.cls}.")
        if item.default.kind not in ("empty", "const"):
            raise _refused(receiver, label, f"The default of {item.name} is computed.")
        problem = storage_problem(ctx, item)
        if problem is not None:
            raise _refused(receiver, label, f"{problem[0]}: {problem[1]}")
    return found


def _may_change(ctx: Context, model: Model, item: ModelField) -> bool:
    for serializer in ctx.snapshot.serializers.values():
        if serializer.model not in ctx.snapshot.models:
            continue  # an abstract model
        if concrete(ctx, serializer.model).label == model.label:
            for field in serializer.fields:
                if not field.read_only and field.source.partition(".")[0] == item.name:
                    return True
    return any(
        item.name in function.source and _writes(function.source, item.name)
        for function in ctx.snapshot.functions.values()
    )


def _writes(source: str, attribute: str) -> bool:
    """Does code set an attribute of this name, give it to a call that saves, or have the name as a text?"""
    try:
        tree = ast.parse(textwrap.dedent(source))
    except SyntaxError:
        return True
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and node.value == attribute:
            return True
        if (
            isinstance(node, ast.Attribute)
            and node.attr == attribute
            and isinstance(node.ctx, ast.Store | ast.Del)
        ):
            return True
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Attribute)
            and node.value.attr == attribute
            and node.attr in ("save", "delete", "name")
        ):
            return True
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in _SAVING
            and any(k.arg is None or k.arg == attribute for k in node.keywords)
        ):
            return True
    return False


def _refused(receiver: Receiver, label: str, why: str) -> Refused:
    signal = receiver.signal.rpartition(".")[2]
    name = receiver.function.rpartition(".")[2]
    return refuse("signal", f"{signal}({label}) → {name}", why, receiver.where)


__all__ = [
    "after_delete",
    "after_save",
    "deletes_files",
    "emit_replaced",
    "only_remembers",
    "replaces_files",
]
