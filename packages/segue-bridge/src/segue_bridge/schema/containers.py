"""DRF's ListField, DictField, HStoreField and JSONField."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from segue_bridge.errors import ValidationError
from segue_bridge.schema.base import Field
from segue_bridge.schema.data import form_dict, form_list, is_form
from segue_bridge.schema.text import Char
from segue_bridge.schema.unset import UNSET
from segue_bridge.schema.validators import MaxLength, MinLength
from segue_bridge.translation import Text
from segue_bridge.translation import gettext_lazy as _


class Anything(Field):
    """The child of a list or dict that declares none: every value passes."""

    allow_blank = True

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "null": True})

    def parse(self, raw: Any) -> Any:
        return raw


class Unparsed(Field):
    """A plain ``Field`` of the project's: its own ``to_internal_value`` follows."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "as_sent": True})


class List(Field):
    """``ListField``: errors by index."""

    messages: ClassVar[Mapping[str, Text]] = {
        "not_a_list": _('Expected a list of items but got type "{input_type}".'),
        "empty": _("This list may not be empty."),
        "min_length": _("Ensure this field has at least {min_length} elements."),
        "max_length": _("Ensure this field has no more than {max_length} elements."),
    }

    def __init__(
        self,
        child: Field | None = None,
        *,
        empty: bool = True,
        max_length: int | None = None,
        min_length: int | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.child = child or Anything()
        self.allow_empty = empty
        self.max_length = max_length
        self.min_length = min_length
        if max_length is not None:
            text = self.texts["max_length"].format(max_length=max_length)
            self.built_in += (MaxLength(max_length, text),)
        if min_length is not None:
            text = self.texts["min_length"].format(min_length=min_length)
            self.built_in += (MinLength(min_length, text),)

    def raw(self, data: Mapping[str, Any], name: str, *, partial: bool, required: bool, default: Any) -> Any:
        if is_form(data):
            return data.getlist(name) or form_list(data, name)
        return data.get(name, UNSET)

    def parse(self, raw: Any) -> Any:
        if is_form(raw):
            raw = form_list(raw, default=[])
        if isinstance(raw, (str, Mapping)) or not hasattr(raw, "__iter__"):
            self.fail("not_a_list", input_type=type(raw).__name__)
        if not self.allow_empty and len(raw) == 0:
            self.fail("empty")
        values: list[Any] = []
        errors: dict[Any, Any] = {}
        for index, item in enumerate(raw):
            try:
                values.append(self.child.run(item))
            except ValidationError as exc:
                errors[index] = exc.detail
        if errors:
            raise ValidationError(errors)
        return values

    def json_schema(self) -> dict[str, Any]:
        schema: dict[str, Any] = {"type": "array", "items": self.child.described()}
        lowest = self.min_length if self.min_length is not None else (0 if self.allow_empty else 1)
        if lowest:
            schema["minItems"] = lowest
        if self.max_length is not None:
            schema["maxItems"] = self.max_length
        return schema


class Dict(Field):
    """``DictField``: keys become text, errors by key."""

    messages: ClassVar[Mapping[str, Text]] = {
        "not_a_dict": _('Expected a dictionary of items but got type "{input_type}".'),
        "empty": _("This dictionary may not be empty."),
    }

    def __init__(self, child: Field | None = None, *, empty: bool = True, **options: Any) -> None:
        super().__init__(**options)
        self.child = child or Anything()
        self.allow_empty = empty

    def raw(self, data: Mapping[str, Any], name: str, *, partial: bool, required: bool, default: Any) -> Any:
        if is_form(data):
            return form_dict(data, name, default={} if name in data else UNSET)
        return data.get(name, UNSET)

    def parse(self, raw: Any) -> Any:
        if is_form(raw):
            raw = dict(raw.items())
        if not isinstance(raw, dict):
            self.fail("not_a_dict", input_type=type(raw).__name__)
        if not self.allow_empty and len(raw) == 0:
            self.fail("empty")
        values: dict[str, Any] = {}
        errors: dict[str, Any] = {}
        for key, value in raw.items():
            try:
                values[str(key)] = self.child.run(value)
            except ValidationError as exc:
                errors[str(key)] = exc.detail
        if errors:
            raise ValidationError(errors)
        return values

    def json_schema(self) -> dict[str, Any]:
        schema: dict[str, Any] = {"type": "object", "additionalProperties": self.child.described() or True}
        if not self.allow_empty:
            schema["minProperties"] = 1
        return schema


class HStore(Dict):
    """``HStoreField``: texts or nulls."""

    def __init__(self, child: Field | None = None, **options: Any) -> None:
        super().__init__(child or Char(blank=True, null=True), **options)


class JsonText(str):
    """Marks form text that must be parsed as JSON (DRF's ``JSONString``)."""

    __slots__ = ()


def _no_constant(name: str) -> Any:
    raise ValueError(f"Out of range float values are not JSON compliant: {name!r}")


class Json(Field):
    """``JSONField``: any JSON value; text from a form, or always with ``binary``, is parsed."""

    messages: ClassVar[Mapping[str, Text]] = {"invalid": _("Value must be valid JSON.")}

    def __init__(self, *, binary: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.binary = binary

    def raw(self, data: Mapping[str, Any], name: str, *, partial: bool, required: bool, default: Any) -> Any:
        if is_form(data) and name in data:
            return JsonText(data[name])
        return data.get(name, UNSET)

    def untouched(self, raw: Any) -> Any:
        return str(raw) if isinstance(raw, JsonText) else raw

    def parse(self, raw: Any) -> Any:
        try:
            if self.binary or isinstance(raw, JsonText):
                text = raw.decode() if isinstance(raw, bytes) else raw
                return json.loads(text, parse_constant=_no_constant)
            json.dumps(raw, allow_nan=False)
        except (TypeError, ValueError):
            self.fail("invalid")
        return raw

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string"} if self.binary else {}
