"""Uploaded files in code: ``value.size``, ``value.name``, ``value.read()``, and uploads given to a column.

``Recipe(**validated_data)``, ``recipe.image = validated_data["image"]``: the object holds the upload until it is saved, then the
storage's name for it. Source: ``django.core.files.uploadedfile.UploadedFile``, ``FileField.pre_save``.
"""

from __future__ import annotations

import ast

from segue.snapshot.model import ModelField
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, quote
from segue.translate.kinds import Const, Instance, Kind, Scalar, Uploaded
from segue.translate.load.models import concrete, field_of
from segue.translate.needs import Needs
from segue.translate.rules.registry import attribute, method
from segue.translate.rules.stored_files import is_file, storage_problem

_TEXTS = {"name": "str", "size": "int", "content_type": "str"}


@attribute(Uploaded, *_TEXTS)
def of_upload(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val:
    """What the browser has told of the file, and its size."""
    assert owner.node is not None
    assert isinstance(owner.kind, Uploaded)
    if name == "name" and owner.kind.or_stored and (owner.kind.held or not owner.kind.nullable):
        given = frame.imported("segue_bridge.storage", "file_name")
        return Val(Scalar("str", owner.kind.nullable), quote("{0}({1})", given, owner.node))
    _check(frame, owner, node)
    return Val(Scalar(_TEXTS[name]), ast.Attribute(owner.node, name, ast.Load()))


@attribute(Uploaded, "url", "path", "file")
def of_stored(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val | None:
    """What only a stored file has."""
    assert isinstance(owner.kind, Uploaded)
    if owner.kind.held:
        _check(frame, owner, node)
    return None


@method(Uploaded, "read", "seek")
def read_upload(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``upload.read()``, ``upload.seek(0)``: the content is in memory."""
    assert owner.node is not None
    _check(frame, owner, call.node)
    call.only(at_most=1)
    given = call.argument(0)
    parts: list[ast.expr] = []
    if given is not None:
        if given.node is None or not isinstance(given.kind, Const | Scalar):
            raise frame.refuse(
                "upload", ast.unparse(call.node), "Segue does not know this number.", call.node
            )
        parts.append(given.node)
    kind = Scalar("bytes" if call.name == "read" else "int")
    return Val(kind, ast.Call(ast.Attribute(owner.node, call.name, ast.Load()), parts, []))


def _check(frame: Frame, owner: Val, node: ast.AST) -> None:
    assert isinstance(owner.kind, Uploaded)
    if owner.kind.held:
        raise frame.refuse(
            "file-write",
            owner.text,
            "It may be an upload that is not stored yet: only its name is known.",
            node,
        )
    if owner.kind.nullable or owner.kind.or_stored:
        raise frame.refuse("nullable", owner.text, "This may be no upload here, and nothing checks it.", node)


def takes(frame: Frame, label: str, item: ModelField, kind: Kind, site: Needs | None, at: ast.AST) -> bool:
    """Whether ``kind`` is an upload for a column of files, which ``site``'s objects then hold until they are saved.

    Raises ``Refused`` where the column could not store it.
    """
    if (
        not isinstance(kind, Uploaded)
        or not is_file(item)
        or site is None
        or kind.held
        or (kind.nullable and not item.null)
    ):
        return False
    problem = storage_problem(frame.ctx, item)
    if problem is not None:
        raise frame.refuse("file-storage", *problem, at)
    site.uploads.add(item.name)
    site.unsaved.add(item.name)
    return True


def store_uploads(frame: Frame, kind: Instance, local: ast.expr) -> None:
    """Emit the storing of what the object may hold, just before its row is written."""
    from segue.translate.serializers.uploads import store_held

    model = concrete(frame.ctx, kind.model)
    for name in sorted(kind.site.uploads):
        item = field_of(model, name)
        assert item is not None
        store_held(frame, model.label, ast.unparse(local), item, null=item.null)
    kind.site.unsaved.clear()


__all__ = ["store_uploads", "takes"]
