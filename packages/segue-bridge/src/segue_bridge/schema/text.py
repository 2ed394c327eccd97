"""Text fields: DRF's CharField family and UUIDField, IPAddressField."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Any, ClassVar

from segue_bridge.schema.base import Field
from segue_bridge.schema.validators import (
    Matches,
    MaxLength,
    MinLength,
    NoNull,
    NoSurrogates,
    ValidEmail,
    ValidIp,
    ValidUrl,
    clean_ipv6,
)
from segue_bridge.translation import Text
from segue_bridge.translation import gettext_lazy as _


class Char(Field):
    """``CharField``: text or a number, trimmed unless ``trim=False``; blank only if ``blank``."""

    messages: ClassVar[Mapping[str, Text]] = {
        "invalid": _("Not a valid string."),
        "blank": _("This field may not be blank."),
        "max_length": _("Ensure this field has no more than {max_length} characters."),
        "min_length": _("Ensure this field has at least {min_length} characters."),
    }

    def __init__(
        self,
        *,
        blank: bool = False,
        trim: bool = True,
        max_length: int | None = None,
        min_length: int | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.allow_blank = blank
        self.trim = trim
        self.max_length = max_length
        self.min_length = min_length
        if max_length is not None:
            text = self.texts["max_length"].format(max_length=max_length)
            self.built_in += (MaxLength(max_length, text),)
        if min_length is not None:
            text = self.texts["min_length"].format(min_length=min_length)
            self.built_in += (MinLength(min_length, text),)
        self.built_in += (NoNull(), NoSurrogates())

    def start(self, raw: Any, *, required: bool, default: Any, partial: bool) -> tuple[bool, Any]:
        """Blank text is decided before anything else (``CharField.run_validation``)."""
        if isinstance(raw, str) and (raw == "" or (self.trim and raw.strip() == "")):
            if not self.allow_blank:
                self.fail("blank")
            return True, ""
        return super().start(raw, required=required, default=default, partial=partial)

    def parse(self, raw: Any) -> Any:
        """Numbers become text; ``bool``, lists and objects are refused."""
        if isinstance(raw, bool) or not isinstance(raw, (str, int, float)):
            self.fail("invalid")
        text = str(raw)
        return text.strip() if self.trim else text

    def json_schema(self) -> dict[str, Any]:
        schema: dict[str, Any] = {"type": "string"}
        if self.max_length is not None:
            schema["maxLength"] = self.max_length
        lowest = self.min_length if self.min_length is not None else (0 if self.allow_blank else 1)
        if lowest:
            schema["minLength"] = lowest
        return schema


class Email(Char):
    """``EmailField``."""

    messages: ClassVar[Mapping[str, Text]] = {"invalid": _("Enter a valid email address.")}

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.built_in += (ValidEmail(message=self.texts["invalid"]),)

    def json_schema(self) -> dict[str, Any]:
        return {**super().json_schema(), "format": "email"}


class Url(Char):
    """``URLField``."""

    messages: ClassVar[Mapping[str, Text]] = {"invalid": _("Enter a valid URL.")}

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.built_in += (ValidUrl(message=self.texts["invalid"]),)

    def json_schema(self) -> dict[str, Any]:
        return {**super().json_schema(), "format": "uri"}


class Regex(Char):
    """``RegexField``: a search for ``pattern`` must succeed."""

    messages: ClassVar[Mapping[str, Text]] = {"invalid": _("This value does not match the required pattern.")}

    def __init__(self, pattern: str, flags: int = 0, **options: Any) -> None:
        super().__init__(**options)
        self.pattern = pattern
        self.built_in += (Matches(pattern, flags, message=self.texts["invalid"]),)

    def json_schema(self) -> dict[str, Any]:
        return {**super().json_schema(), "pattern": self.pattern}


class Slug(Char):
    """``SlugField``. DRF's ASCII pattern ends in ``$``, so one trailing line feed would pass."""

    messages: ClassVar[Mapping[str, Text]] = {
        "invalid": _('Enter a valid "slug" consisting of letters, numbers, underscores or hyphens.'),
        "invalid_unicode": _(
            'Enter a valid "slug" consisting of Unicode letters, numbers, underscores, or hyphens.'
        ),
    }

    def __init__(self, *, unicode: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.unicode = unicode
        if unicode:
            self.built_in += (Matches(r"^[-\w]+\Z", re.UNICODE, message=self.texts["invalid_unicode"]),)
        else:
            self.built_in += (Matches(r"^[-a-zA-Z0-9_]+$", message=self.texts["invalid"]),)

    def json_schema(self) -> dict[str, Any]:
        return {**super().json_schema(), "pattern": r"^[-\w]+$" if self.unicode else r"^[-a-zA-Z0-9_]+$"}


class Uuid(Field):
    """``UUIDField``: text in any spelling of :class:`uuid.UUID`, or an integer (``true`` is 1)."""

    messages: ClassVar[Mapping[str, Text]] = {"invalid": _("Must be a valid UUID.")}

    def parse(self, raw: Any) -> Any:
        if isinstance(raw, uuid.UUID):
            return raw
        try:
            if isinstance(raw, int):
                return uuid.UUID(int=raw)
            if isinstance(raw, str):
                return uuid.UUID(hex=raw)
        except ValueError:
            self.fail("invalid", value=raw)
        return self.fail("invalid", value=raw)

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "uuid"}


class Ip(Char):
    """``IPAddressField``; ``protocol`` is ``both``, ``ipv4`` or ``ipv6``."""

    messages: ClassVar[Mapping[str, Text]] = {"invalid": _("Enter a valid IPv4 or IPv6 address.")}

    def __init__(self, *, protocol: str = "both", **options: Any) -> None:
        super().__init__(**options)
        self.protocol = protocol.lower()
        self.built_in += (ValidIp(self.protocol),)

    def parse(self, raw: Any) -> Any:
        """IPv6 is shortened; a mapped IPv4 address is unpacked only when both are allowed."""
        if not isinstance(raw, str):
            self.fail("invalid", value=raw)
        if ":" in raw and self.protocol in ("both", "ipv6"):
            try:
                return clean_ipv6(raw, unpack=self.protocol == "both")
            except ValueError:
                return self.fail("invalid", value=raw)
        return super().parse(raw)

    def json_schema(self) -> dict[str, Any]:
        formats = {"ipv4": {"format": "ipv4"}, "ipv6": {"format": "ipv6"}}
        both = {"anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]}
        return {**super().json_schema(), **formats.get(self.protocol, both)}


__all__ = ["Char", "Email", "Ip", "Regex", "Slug", "Url", "Uuid"]
