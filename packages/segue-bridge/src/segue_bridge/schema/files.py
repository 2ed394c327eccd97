"""DRF's FileField and ImageField (input side)."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any, ClassVar

from segue_bridge.schema.base import Field
from segue_bridge.schema.validators import Extension
from segue_bridge.translation import Text
from segue_bridge.translation import gettext_lazy as _

# ``None`` is a legal size, so a marker of its own says "no such attribute".
UNKNOWN: Any = object()


class File(Field):
    """``FileField``: something with a name and a size, as multipart parsing gives it."""

    messages: ClassVar[Mapping[str, Text]] = {
        "required": _("No file was submitted."),
        "invalid": _("The submitted data was not a file. Check the encoding type on the form."),
        "no_name": _("No filename could be determined."),
        "empty": _("The submitted file is empty."),
        "max_length": _("Ensure this filename has at most {max_length} characters (it has {length})."),
    }

    def __init__(self, *, max_length: int | None = None, empty: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.max_length = max_length
        self.allow_empty = empty

    def parse(self, raw: Any) -> Any:
        name, size = getattr(raw, "name", UNKNOWN), getattr(raw, "size", UNKNOWN)
        if name is UNKNOWN or size is UNKNOWN:
            self.fail("invalid")
        if not name:
            self.fail("no_name")
        if not self.allow_empty and not size:
            self.fail("empty")
        if self.max_length and len(name) > self.max_length:
            self.fail("max_length", max_length=self.max_length, length=len(name))
        return raw

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "binary"}


class Image(File):
    """``ImageField``: Pillow must be able to verify the content; the extension must be an image's."""

    messages: ClassVar[Mapping[str, Text]] = {
        "invalid_image": _(
            "Upload a valid image. The file you uploaded was either not an image or a corrupted image."
        )
    }

    def parse(self, raw: Any) -> Any:
        from PIL import Image as Pillow

        upload = super().parse(raw)
        try:
            # Django verifies a copy: verify() leaves the image unusable and moves the file position.
            Pillow.open(io.BytesIO(upload.read())).verify()
        except Exception:  # noqa: BLE001 - Pillow's decoders raise nearly anything on bad data
            self.fail("invalid_image")
        finally:
            upload.seek(0)
        Pillow.init()
        Extension([extension.lower()[1:] for extension in Pillow.EXTENSION])(upload)
        return upload
