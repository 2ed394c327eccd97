"""Files of columns and of the default storage: ``instance.document.url``, ``.path``, ``.size``, ``.delete(save=False)``,
``default_storage.exists(name)`` → calls of ``media()``, the storage in ``app/storage.py``.

Only ``FileSystemStorage`` as the settings have it is known; a field with a storage of its own is refused by name.
Source: ``django.db.models.fields.files.FieldFile``, ``django.core.files.storage.FileSystemStorage``.
"""

from __future__ import annotations

import ast
import textwrap

from segue.snapshot.model import ModelField, Value
from segue.target.ir import Decl, Import
from segue.translate.context import Context
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, const, literal, quote
from segue.translate.kinds import (
    Const,
    Global,
    Instance,
    Introspected,
    Kind,
    OpenFile,
    Scalar,
    StoredFile,
    Uploaded,
)
from segue.translate.load.models import concrete
from segue.translate.load.needs import check_own, column
from segue.translate.rules.registry import attribute, method

_FILE_SYSTEM = (
    "django.core.files.storage.FileSystemStorage",
    "django.core.files.storage.filesystem.FileSystemStorage",
)
_DEFAULT = "django.core.files.storage.default_storage"


def media(frame: Frame, node: ast.AST | None = None) -> ast.expr:
    """``media()``: the default storage. Refuses one that is not Django's file system storage with the settings' values."""
    values = frame.ctx.snapshot.settings.values
    problem = _default_problem(frame.ctx)
    if problem is not None:
        raise frame.refuse("file-storage", *problem, node)
    used = frame.ctx.memo.setdefault(("kernel", "settings"), {})
    assert isinstance(used, dict)
    root = values.get("MEDIA_ROOT")
    used["MEDIA_ROOT"] = Value("const", str(root.data) if root is not None and root.data is not None else "")
    url = _plain(values.get("MEDIA_URL"), "")
    mode = _plain(values.get("FILE_UPLOAD_PERMISSIONS"), None)
    folder_mode = _plain(values.get("FILE_UPLOAD_DIRECTORY_PERMISSIONS"), None)
    options = f", mode={oct(mode) if isinstance(mode, int) else None}"
    options += f", folder_mode={oct(folder_mode)}" if isinstance(folder_mode, int) else ""
    package = frame.ctx.program.package
    module = frame.ctx.program.module(
        f"{package}/storage.py", "Where the files that requests bring are kept."
    )
    code = [
        "def media() -> FileStorage:",
        '    """Django\'s default storage; its folder is ``MEDIA_ROOT`` of the settings."""',
        f"    return FileStorage(location=settings.MEDIA_ROOT, base_url={url!r}{options})",
    ]
    needed = {Import("segue_bridge.storage", "FileStorage"), Import(f"{package}.settings", "settings")}
    module.add(Decl("media", "\n".join(code), frozenset(needed), 30))
    return ast.Call(frame.imported(f"{package}.storage", "media"), [], [])


def is_file(item: ModelField) -> bool:
    """Is it a column of files?"""
    return item.base.endswith((".FileField", ".ImageField"))


def _plain(value: Value | None, default: object) -> object:
    return value.data if value is not None and value.kind == "const" else default


def _default_problem(ctx: Context) -> tuple[str, str] | None:
    """What is wrong with the default storage, and why."""
    values = ctx.snapshot.settings.values
    table = {str(k.data): v for k, v in values["STORAGES"].pairs} if "STORAGES" in values else {}
    given = {str(k.data): v for k, v in table["default"].pairs} if "default" in table else {}
    backend = given.get("BACKEND", values.get("DEFAULT_FILE_STORAGE"))
    name = str(backend.data) if backend is not None else _FILE_SYSTEM[0]
    if name not in _FILE_SYSTEM or given.get("OPTIONS", Value("dict")).pairs:
        return name, "Only Django's FileSystemStorage without options is known."
    root = values.get("MEDIA_ROOT")
    if root is not None and root.kind != "const":
        return "MEDIA_ROOT", "Segue cannot write this setting down."
    return None


def storage_problem(ctx: Context, item: ModelField) -> tuple[str, str] | None:
    """What keeps the files of a column on Django, and why: another storage than the default one, columns for the size."""
    if "storage" in item.options and not item.default_storage:
        return f"{item.name}: {item.storage}", "The column has a storage of its own."
    if "width_field" in item.options or "height_field" in item.options:
        return item.name, "Django keeps the size of the image in other columns."
    return _default_problem(ctx)


def stored_file(frame: Frame, owner: Val, item: ModelField, node: ast.AST) -> Val:
    """``instance.document``."""
    kind = owner.kind
    assert isinstance(kind, Instance)
    assert owner.node is not None
    problem = storage_problem(frame.ctx, item)
    if problem is not None:
        raise frame.refuse("file-storage", *problem, node)
    if item.name in kind.site.unsaved and kind.site.told is not None:
        column(frame.ctx, kind.site, item.attname)
        return Val(Uploaded(item.null, True, True), ast.Attribute(owner.node, item.attname, ast.Load()))
    if item.name in kind.site.unsaved:
        raise frame.refuse("stored-file", item.name, "It may hold an upload that is not stored yet.", node)
    column(frame.ctx, kind.site, item.attname)
    known = StoredFile(concrete(frame.ctx, kind.model).label, item.name, item.null)
    return Val(known, ast.Attribute(owner.node, item.attname, ast.Load()))


def present_name(frame: Frame, owner: Val, node: ast.AST) -> ast.expr:
    """The name of a file that must be there: ``FieldFile._require_file``."""
    kind = owner.kind
    assert isinstance(kind, StoredFile)
    assert owner.node is not None
    _check_kept(frame, owner, node)
    if kind.present:
        return owner.node
    return quote(
        "{0}({1}, {2})",
        frame.imported("segue_bridge.storage", "stored_name"),
        owner.node,
        literal(kind.field),
    )


def _check_kept(frame: Frame, owner: Val, node: ast.AST) -> None:
    if (owner.text, "file") in frame.taken:
        raise frame.refuse("stored-file", owner.text, "The file was deleted before.", node)


@attribute(StoredFile, "name")
def file_name(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val:
    """The column."""
    assert isinstance(owner.kind, StoredFile)
    _check_kept(frame, owner, node)
    return Val(Scalar("str", owner.kind.nullable and not owner.kind.present), owner.node)


@attribute(StoredFile, "url", "path")
def file_place(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val:
    """Address or path; a ``ValueError`` without a file."""
    storage, present = media(frame, node), present_name(frame, owner, node)
    return Val(Scalar("str"), ast.Call(ast.Attribute(storage, name, ast.Load()), [present], []))


@attribute(StoredFile, "size")
def file_size(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val:
    """Bytes on the disk."""
    frame.is_async = True
    storage, present = media(frame, node), present_name(frame, owner, node)
    return Val(Scalar("int"), quote("await {0}.size({1})", storage, present))


@method(StoredFile, "__str__")
def file_text(frame: Frame, owner: Val, call: CallSite) -> Val:
    """Its name, or nothing."""
    assert isinstance(owner.kind, StoredFile)
    assert owner.node is not None
    return Val(Scalar("str"), quote("({0} or '')", owner.node) if owner.kind.nullable else owner.node)


@method(StoredFile, "delete")
def delete_file(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``instance.document.delete(save=False)``: nothing without a file."""
    call.only("save", at_most=1)
    save = call.argument(0, "save")
    if save is None or not isinstance(save.kind, Const) or save.kind.value:
        raise frame.refuse(
            "stored-file", ast.unparse(call.node), "Only delete(save=False) is translated.", call.node
        )
    if frame.no_hoist:
        raise frame.refuse(
            "stored-file", ast.unparse(call.node), "It stands inside an expression.", call.node
        )
    assert isinstance(owner.kind, StoredFile)
    frame.is_async = True
    lines = [f"await {ast.unparse(media(frame, call.node))}.delete({owner.text})"]
    if not _of_nobody(frame, call.node):
        holder = frame.eval(call.node.func.value.value) if _is_of_name(call.node) else None  # type: ignore[attr-defined]
        if (
            holder is None
            or not isinstance(holder.kind, Instance)
            or not isinstance(owner.node, ast.Attribute)
        ):
            raise frame.refuse(
                "stored-file", ast.unparse(call.node), "Segue does not know the object.", call.node
            )
        check_own(holder.kind.site, owner.node.attr)
        if holder.kind.mode == "row":
            holder.kind.site.written = True
        lines.append(f"{owner.text} = ''")
    if owner.kind.present:
        for line in lines:
            frame.emit(line)
    else:
        frame.emit_block(f"if {owner.text}:", lines)
    frame.facts.pop(owner.text, None)
    frame.taken.add((owner.text, "file"))
    return const(None)


@method(Uploaded, "__setattr__")
def rename_held(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``instance.document.name = text`` before the object is saved: what the column, or the upload's file, will be called."""
    attr, value = call.args
    assert isinstance(owner.kind, Uploaded)
    target = _holder(frame, owner)
    if (
        not isinstance(attr.kind, Const)
        or attr.kind.value != "name"
        or not owner.kind.held
        or target is None
        or target.node is None
        or value.kind != Scalar("str")
        or value.node is None
    ):
        raise frame.refuse(
            "stored-file", ast.unparse(call.node), "Only its name is set, to a text.", call.node
        )
    helper = frame.imported("segue_bridge.storage", "renamed")
    frame.emit(f"{target.text} = {ast.unparse(quote('{0}({1}, {2})', helper, target.node, value.node))}")
    frame.facts.pop(target.text, None)
    frame.taken.add((owner.text, "file"))
    return const(None)


def _holder(frame: Frame, owner: Val) -> Val | None:
    """``instance.document`` for itself and for the one local that was given it."""
    if isinstance(owner.node, ast.Attribute):
        return owner
    if not isinstance(owner.node, ast.Name):
        return None
    roots = [legacy for legacy, value in frame.env.items() if value.text == owner.text]
    tree = ast.parse(textwrap.dedent(frame.function.source))
    given = [n.value for n in ast.walk(tree) if isinstance(n, ast.Assign) and _names(n.targets) & set(roots)]
    if len(roots) != 1 or len(given) != 1:
        return None
    match given[0]:
        case ast.Attribute(value=ast.Name()) | ast.Call(func=ast.Name("getattr"), args=[ast.Name(), _]):
            found = frame.eval(given[0])
            return (
                found if isinstance(found.node, ast.Attribute) and isinstance(found.kind, Uploaded) else None
            )
    return None


def _of_nobody(frame: Frame, node: ast.Call) -> bool:
    """``old = Paper.objects.get(pk=1).document; old.delete(save=False)``: no name leads to the object of the file."""
    local = node.func.value if isinstance(node.func, ast.Attribute) else None
    if not isinstance(local, ast.Name):
        return False
    tree = ast.parse(textwrap.dedent(frame.function.source))
    given = [n.value for n in ast.walk(tree) if isinstance(n, ast.Assign) and _names(n.targets) == {local.id}]
    stored = [
        n
        for n in ast.walk(tree)
        if isinstance(n, ast.Name) and n.id == local.id and not isinstance(n.ctx, ast.Load)
    ]
    parameters = {n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)}
    return len(given) == len(stored) > 0 and local.id not in parameters and all(map(_of_fetched, given))


def _of_fetched(value: ast.expr) -> bool:
    """``Paper.objects.get(…).document``, or ``getattr`` of the same."""
    match value:
        case ast.Attribute(value=ast.Call(func=ast.Attribute(attr="get"))):
            return True
        case ast.Call(func=ast.Name("getattr"), args=[ast.Call(func=ast.Attribute(attr="get")), _]):
            return True
    return False


def _names(targets: list[ast.expr]) -> set[str]:
    return {t.id for t in targets if isinstance(t, ast.Name)}


def same_file(frame: Frame, op: ast.cmpop, a: Val, b: Val, node: ast.AST) -> Val | None:
    """``old_file == instance.document``: their names (``FieldFile.__eq__``); None for what is no two files."""
    files = (StoredFile, Uploaded)
    if (
        not isinstance(a.kind, files)
        or not isinstance(b.kind, files)
        or not isinstance(op, ast.Eq | ast.NotEq)
    ):
        return None
    if not any(
        isinstance(v.kind, StoredFile) or (isinstance(v.kind, Uploaded) and v.kind.held) for v in (a, b)
    ):
        return None
    names = []
    for value in (a, b):
        assert value.node is not None
        if isinstance(value.kind, StoredFile):
            _check_kept(frame, value, node)
            names.append(value.node)
        elif isinstance(value.kind, Uploaded) and value.kind.nullable and not value.kind.held:
            return None
        else:
            names.append(quote("{0}({1})", frame.imported("segue_bridge.storage", "file_name"), value.node))
    return Val(Scalar("bool"), ast.Compare(names[0], [op], [names[1]]))


def _is_of_name(node: ast.Call) -> bool:
    """``instance.document.delete(…)``."""
    return (
        isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Attribute)
        and isinstance(node.func.value.value, ast.Name)
    )


@method(Introspected, "generate_filename")
def generate_filename(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``field.generate_filename(instance, name)``: what ``upload_to`` gives, with a valid last part."""
    from segue.translate.rules.introspection import column_of
    from segue.translate.serializers.uploads import named

    assert isinstance(owner.kind, Introspected)
    found = column_of(frame.ctx, owner.kind)
    call.only("instance", "filename", at_most=2)
    instance, given = call.argument(0, "instance"), call.argument(1, "filename")
    if found is None or not is_file(found[1]) or instance is None or given is None or given.node is None:
        return None
    model, item = found
    if (
        not isinstance(instance.kind, Instance)
        or not isinstance(instance.node, ast.Name)
        or concrete(frame.ctx, instance.kind.model).label != model.label
        or instance.kind.site.told is None
        or given.kind != Scalar("str")
    ):
        raise frame.refuse(
            "stored-file", ast.unparse(call.node), "Segue does not know the object or the name.", call.node
        )
    problem = storage_problem(frame.ctx, item)
    if problem is not None:
        raise frame.refuse("file-storage", *problem, call.node)
    made = named(frame, model.label, instance.node.id, item, given.node, held=True)
    if isinstance(made, ast.Await):
        frame.is_async = True
    return Val(Scalar("str"), quote("{0}({1})", frame.imported("segue_bridge.storage", "generated"), made))


@method(Global, "save")
def save_copy(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``default_storage.save(name, file)`` of a file that was opened there: a copy; the name that was free."""
    assert isinstance(owner.kind, Global)
    if owner.kind.ref.name != _DEFAULT:
        return None
    call.only("name", "content", at_most=2)
    content = call.argument(1, "content")
    if content is None or not isinstance(content.kind, OpenFile) or content.node is None:
        raise frame.refuse("stored-file", ast.unparse(call.node), "Segue does not know this file.", call.node)
    frame.is_async = True
    copying = ast.Attribute(media(frame, call.node), "copy", ast.Load())
    return Val(Scalar("str"), quote("await {0}({1}, {2})", copying, content.node, _name(frame, call)))


@method(Global, "exists", "size", "delete", "url", "path", "open")
def in_default_storage(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``default_storage.exists(name)`` and its like; ``open(name)`` is known to be sent, no more."""
    assert isinstance(owner.kind, Global)
    if owner.kind.ref.name != _DEFAULT:
        return None
    called = call.name.rpartition(".")[2]
    mode = call.argument(1, "mode") if called == "open" else None
    if mode is not None and not (isinstance(mode.kind, Const) and mode.kind.value == "rb"):
        raise frame.refuse("stored-file", ast.unparse(call.node), "Only files to read are opened.", call.node)
    call.only(*(("name", "mode") if mode is not None else ("name",)), at_most=2 if mode is not None else 1)
    storage, given = media(frame, call.node), _name(frame, call)
    if called == "open":
        return Val(OpenFile(), given)
    made = ast.Call(ast.Attribute(storage, called, ast.Load()), [given], [])
    if called in ("url", "path"):
        return Val(Scalar("str"), made)
    frame.is_async = True
    kinds: dict[str, Kind] = {"exists": Scalar("bool"), "size": Scalar("int"), "delete": Const(None)}
    return Val(kinds[called], ast.Await(made))


def _name(frame: Frame, call: CallSite) -> ast.expr:
    given = call.argument(0, "name")
    if given is not None and isinstance(given.kind, StoredFile):
        raise frame.refuse("stored-file", ast.unparse(call.node), "Its name is not asked for.", call.node)
    text = given is not None and (
        (isinstance(given.kind, Scalar) and given.kind.type == "str" and not given.kind.nullable)
        or (isinstance(given.kind, Const) and isinstance(given.kind.value, str))
    )
    if given is None or given.node is None or not text:
        raise frame.refuse("stored-file", ast.unparse(call.node), "Segue does not know this name.", call.node)
    return given.node


__all__ = ["is_file", "media", "present_name", "same_file", "storage_problem", "stored_file"]
