"""Write models: Pydantic classes whose fields carry DRF's rules, and how they read input."""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler
from pydantic.fields import FieldInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticUndefined, core_schema

from segue_bridge.errors import ValidationError
from segue_bridge.schema.base import Field, Skip
from segue_bridge.schema.field_set import FieldSet
from segue_bridge.schema.form import Form
from segue_bridge.schema.unset import UNSET
from segue_bridge.translation import Text
from segue_bridge.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Bound:
    """A field of a write model: its name in the body, whether it must be sent, its default."""

    name: str
    rules: Field
    info: FieldInfo

    @property
    def required(self) -> bool:
        return self.info.is_required()

    def default(self) -> Any:
        """The value of an absent field; ``UNSET`` when it simply stays absent."""
        if self.info.default_factory is not None:
            return self.info.get_default(call_default_factory=True, validated_data={})
        return UNSET if self.info.default is PydanticUndefined else copy.deepcopy(self.info.default)


class WriteModel(BaseModel):
    """Base of the input models. Fields are ``name: Annotated[type, Rules(...)]``:

    without a default the field is required; ``= UNSET`` makes it optional without a default;
    any other default is DRF's ``default=`` (also taken on PUT, never on PATCH).
    """

    model_config = ConfigDict(extra="ignore", arbitrary_types_allowed=True, protected_namespaces=())

    error_key: ClassVar[str] = "non_field_errors"
    invalid_text: ClassVar[Text] = _("Invalid data. Expected a dictionary, but got {datatype}.")
    bound_fields: ClassVar[tuple[Bound, ...]] = ()

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        found = []
        for attribute, info in cls.model_fields.items():
            rules = next(item for item in info.metadata if isinstance(item, Field))
            found.append(Bound(rules.name or attribute, rules, info))
        cls.bound_fields = tuple(found)

    @classmethod
    def collect(
        cls,
        data: object,
        *,
        partial: bool = False,
        optional: Collection[str] = (),
        fields: FieldSet | None = None,
    ) -> Form:
        """Read ``data`` (JSON value or :class:`FormData`): parse every field, run its own validators.

        ``optional`` fields may be missing this time, although the model requires them. ``fields``: those that there are this time, and
        which of them must be sent.
        Raises ``ValidationError`` only when ``data`` is no mapping; field errors stay in the form.
        """
        if data is None:
            raise ValidationError({cls.error_key: ["No data provided"]}, code="null")
        if not isinstance(data, Mapping):
            text = cls.invalid_text.format(datatype=type(data).__name__)
            raise ValidationError({cls.error_key: [text]}, code="invalid")
        form = Form(
            tuple(bound.name for bound in cls.bound_fields),
            {bound.name: bound.rules.source for bound in cls.bound_fields if bound.rules.source},
            cls.error_key,
            partial,
            fields,
        )
        for bound in cls.bound_fields:
            if fields is None:
                _read(form, bound, data, partial, bound.required and bound.name not in optional)
            elif fields.reads(bound.name):
                _read(form, bound, data, partial, fields.required(bound.name, bound.required))
        return form

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """What JSON input is accepted; Pydantic's own would try to write ``UNSET`` as a default."""
        properties: dict[str, Any] = {}
        for bound in cls.bound_fields:
            found = dict(bound.rules.__get_pydantic_json_schema__(core_schema.any_schema(), handler))
            default = bound.info.default
            if isinstance(default, (str, int, float, bool)) or default is None:
                found["default"] = default
            properties[bound.name] = found
        required = [bound.name for bound in cls.bound_fields if bound.required]
        result: JsonSchemaValue = {"type": "object", "title": cls.__name__, "properties": properties}
        if cls.__doc__:
            result["description"] = cls.__doc__.strip()
        if required:
            result["required"] = required
        return result


def _read(form: Form, bound: Bound, data: Mapping[str, Any], partial: bool, required: bool) -> None:
    """One field of ``Serializer.to_internal_value``, up to its own validators."""
    rules, name = bound.rules, bound.name
    default = bound.default()
    with form.field(name):
        raw = rules.raw(data, name, partial=partial, required=required, default=default)
        try:
            done, value = rules.start(raw, required=required, default=default, partial=partial)
        except Skip:
            return
        if done:
            form[name] = value
            return
        if rules.as_sent:
            form.record(name, rules.untouched(value), [], [], rules.check)
            return
        value = rules.parse(value)
        first, second = rules.check(value)
        form.record(name, value, first, second)
