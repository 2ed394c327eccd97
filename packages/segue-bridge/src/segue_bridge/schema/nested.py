"""Nested serializers as fields: presence, null and list shape; the content is validated by
the nested serializer's own ``validate_x`` function, called from the parent's.

Sources: ``rest_framework.serializers.Serializer.get_value`` and ``ListSerializer`` (DRF 3.18).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from inspect import isawaitable
from typing import Any, ClassVar

from pydantic import GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from segue_bridge.errors import Invalid, ValidationError, detail_of
from segue_bridge.schema.base import Field
from segue_bridge.schema.data import form_dict, form_list, is_form
from segue_bridge.schema.form import serializer_errors
from segue_bridge.schema.unset import UNSET
from segue_bridge.translation import Text, gettext
from segue_bridge.translation import gettext_lazy as _


class Nested(Field):
    """One nested object, described by write model ``model``; the value stays as sent."""

    def __init__(self, model: Any, **options: Any) -> None:
        super().__init__(**options)
        self.model = model

    def raw(self, data: Mapping[str, Any], name: str, *, partial: bool, required: bool, default: Any) -> Any:
        return form_dict(data, name) if is_form(data) else data.get(name, UNSET)

    def parse(self, raw: Any) -> Any:
        return raw

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        inner = self.model.__get_pydantic_json_schema__(schema, handler)
        return {"anyOf": [inner, {"type": "null"}]} if self.null else inner


class NestedList(Field):
    """``Serializer(many=True)``: list checks of ``ListSerializer``; items stay as sent."""

    messages: ClassVar[Mapping[str, Text]] = {
        "not_a_list": _('Expected a list of items but got type "{input_type}".'),
        "empty": _("This list may not be empty."),
        "max_length": _("Ensure this field has no more than {max_length} elements."),
        "min_length": _("Ensure this field has at least {min_length} elements."),
    }

    def __init__(
        self,
        model: Any,
        *,
        empty: bool = True,
        max_length: int | None = None,
        min_length: int | None = None,
        error_key: str = "non_field_errors",
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.model = model
        self.allow_empty = empty
        self.max_length = max_length
        self.min_length = min_length
        self.error_key = error_key

    def raw(self, data: Mapping[str, Any], name: str, *, partial: bool, required: bool, default: Any) -> Any:
        return form_list(data, name) if is_form(data) else data.get(name, UNSET)

    def parse(self, raw: Any) -> Any:
        if is_form(raw):
            raw = form_list(raw, default=[])
        if not isinstance(raw, list):
            self._fail_list("not_a_list", input_type=type(raw).__name__)
        if not self.allow_empty and len(raw) == 0:
            self._fail_list("empty")
        if self.max_length is not None and len(raw) > self.max_length:
            self._fail_list("max_length", max_length=self.max_length)
        if self.min_length is not None and len(raw) < self.min_length:
            self._fail_list("min_length", min_length=self.min_length)
        return raw

    def _fail_list(self, key: str, **values: object) -> None:
        raise ValidationError({self.error_key: [self.texts[key].format(**values)]}, code=key)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        inner: JsonSchemaValue = {
            "type": "array",
            "items": self.model.__get_pydantic_json_schema__(schema, handler),
        }
        lowest = self.min_length if self.min_length is not None else (0 if self.allow_empty else 1)
        if lowest:
            inner["minItems"] = lowest
        if self.max_length is not None:
            inner["maxItems"] = self.max_length
        return {"anyOf": [inner, {"type": "null"}]} if self.null else inner


async def each(
    items: list[Any], validate: Callable[[Any], Awaitable[Any]], *, errors_as_dict: bool = True
) -> list[Any]:
    """Validate every item (``ListSerializer.to_internal_value``); errors by index.

    ``errors_as_dict=False`` is the older form: a list with ``{}`` for good items.
    """
    values: list[Any] = []
    errors: dict[Any, Any] = {}
    for index, item in enumerate(items):
        try:
            values.append(await validate(_not_null(item)))
        except ValidationError as exc:
            errors[index] = exc.detail
    _raise(errors, len(items), errors_as_dict)
    return values


async def each_sent(
    data: Any,
    validate: Callable[[Any], Awaitable[Any]],
    *,
    errors_as_dict: bool = True,
    error_key: str = "non_field_errors",
    empty: bool = True,
    max_length: int | None = None,
    min_length: int | None = None,
    whole: Callable[[list[Any]], Any] | None = None,
) -> list[Any]:
    """``Serializer(data=…, many=True).is_valid(raise_exception=True)``: the values of every item of a body that is a list.

    ``empty``, ``max_length`` and ``min_length`` are those of the list. ``whole`` is the list serializer's own ``validate``, a coroutine
    function or a plain one: it is given all values, and gives them.
    """
    if data is None:
        raise ValidationError({error_key: ["No data provided"]}, code="null")
    rules = NestedList(None, empty=empty, max_length=max_length, min_length=min_length, error_key=error_key)
    values = await each(rules.parse(data), validate, errors_as_dict=errors_as_dict)
    if whole is None:
        return values
    try:
        found = whole(values)
        checked: list[Any] = await found if isawaitable(found) else found
    except (ValidationError, Invalid) as exc:
        raise ValidationError(serializer_errors(detail_of(exc), error_key)) from None
    return checked


async def all_checked(validation: Awaitable[list[Any]]) -> tuple[list[Any], Any]:
    """``ListSerializer.is_valid()`` without raising: the values and ``None``, or an empty list and the errors."""
    try:
        return await validation, None
    except ValidationError as exc:
        return [], exc.detail


def _not_null(item: Any) -> Any:
    if item is None:
        raise ValidationError([gettext("This field may not be null.")], code="null")
    return item


def _raise(errors: dict[Any, Any], count: int, as_dict: bool) -> None:
    if errors:
        raise ValidationError(errors if as_dict else [errors.get(index, {}) for index in range(count)])
