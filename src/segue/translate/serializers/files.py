"""Files in answers: the address under ``MEDIA_URL``, absolute for the request's host where the serializer knows the request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.snapshot.model import SerializerField
from segue.target.ir import Import
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.load.models import concrete, field_of
from segue.translate.serializers.by_view import own_context
from segue.translate.serializers.facts import const, field_refusal, option, rest_setting

if TYPE_CHECKING:
    from segue.translate.serializers.represent import Shown

PLAIN_STORAGE = frozenset(
    {
        "",
        "django.core.files.storage.FileSystemStorage",
        "django.core.files.storage.filesystem.FileSystemStorage",
        "django.core.files.storage.DefaultStorage",
    }
)


def shown_file(frame: Frame, item: SerializerField, val: Val) -> Shown:
    """``FileField.to_representation``; only Django's file system storage is known."""
    from segue.translate.serializers.represent import Shown

    if not option(item, "use_url", rest_setting(frame.ctx, "UPLOADED_FILES_USE_URL", True)):
        return Shown(f"{val.text} or None", "str | None")
    base = const(frame.ctx.snapshot.settings.values.get("MEDIA_URL"), "")
    _plain_storage(frame, item)
    own = own_context(frame.ctx)
    if own is not None and not own.has_request:
        frame.use(Import("segue_bridge.schema.output", "file_path"))
        return Shown(f"file_path({val.text}, {base!r})", "str | None")
    frame.use(Import("segue_bridge.schema.output", "file_url"))
    call = frame.state("call")
    from ast import unparse

    return Shown(f"file_url({unparse(call)}, {val.text}, {base!r})", "str | None")


def _plain_storage(frame: Frame, item: SerializerField) -> None:
    serializer = frame.ctx.snapshot.serializers.get(frame.function.name)
    if serializer is None or not serializer.model or "." in item.source:
        raise field_refusal(item, "file-storage", "Segue cannot see which storage the file is in.")
    column = field_of(concrete(frame.ctx, serializer.model), item.source)
    if column is not None and column.default_storage:
        return
    if column is None or column.storage not in PLAIN_STORAGE or "storage" in column.options:
        storage = column.storage if column is not None else "unknown"
        raise field_refusal(item, "file-storage", f"Files of storage {storage} have addresses of their own.")
