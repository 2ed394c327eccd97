"""The part that all fields share: absent, null, default, parse, validators.

Behaviour of ``rest_framework.fields.Field`` (DRF 3.18): ``get_value``,
``validate_empty_values``, ``run_validation``, ``run_validators``. Field objects are
immutable metadata: they stand in ``Annotated[...]`` of a write model and are shared by
all requests.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, NoReturn

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from segue_bridge.errors import Invalid, ValidationError, details_of
from segue_bridge.schema.data import is_form
from segue_bridge.schema.unset import UNSET
from segue_bridge.translation import Text
from segue_bridge.translation import gettext_lazy as _

Validator = Callable[[Any], object]


class Skip(Exception):
    """The field takes no part in this input (DRF's ``SkipField``)."""


class Field:
    """Metadata of one input field.

    ``null`` allows ``None``; ``validators`` run after parsing, in order, before the built-in
    ones; ``messages`` replaces texts by key; ``source`` is where the value goes (dotted, or
    ``*`` to merge a dict) when that is not the field's name; ``name`` the key in the body when
    it cannot be a Python attribute. ``as_sent`` leaves parsing to a function that follows, and validators until then
    (:meth:`segue_bridge.schema.form.Form.converted`).
    """

    messages: ClassVar[Mapping[str, Text]] = {
        "required": _("This field is required."),
        "null": _("This field may not be null."),
    }
    form_default: ClassVar[Any] = UNSET
    allow_blank: bool = False

    def __init__(
        self,
        *,
        null: bool = False,
        validators: Sequence[Validator] = (),
        messages: Mapping[str, Text] | None = None,
        source: str = "",
        name: str = "",
        help: str = "",
        as_sent: bool = False,
    ) -> None:
        self.null = null
        self.as_sent = as_sent
        self.validators = tuple(validators)
        self.texts: dict[str, Text] = {}
        for cls in reversed(type(self).__mro__):
            self.texts.update(getattr(cls, "messages", {}))
        self.texts.update(messages or {})
        self.source = source
        self.name = name
        self.help = help
        self.built_in: tuple[Validator, ...] = ()

    def fail(self, key: str, **values: object) -> NoReturn:
        """Raise the field's text ``key`` with its placeholders filled."""
        raise ValidationError([self.texts[key].format(**values)], code=key)

    def raw(self, data: Mapping[str, Any], name: str, *, partial: bool, required: bool, default: Any) -> Any:
        """What the client sent under ``name``, by JSON or by form rules; ``UNSET`` for nothing."""
        if not is_form(data):
            return data.get(name, UNSET)
        if name not in data:
            if partial:
                return UNSET
            return self.missing_in_form(default)
        value = data[name]
        if isinstance(value, str) and value == "":
            if self.null:
                return "" if self.allow_blank else None
            if not required:
                return "" if self.allow_blank else UNSET
        return value

    def missing_in_form(self, default: Any) -> Any:
        """What an absent form key means (``default_empty_html``)."""
        if self.form_default is UNSET:
            return UNSET
        return copy.deepcopy(self.form_default if default is UNSET else default)

    def start(self, raw: Any, *, required: bool, default: Any, partial: bool) -> tuple[bool, Any]:
        """``(True, value)`` when nothing more is to be done, else ``(False, raw)``."""
        if raw is UNSET:
            if partial:
                raise Skip
            if required:
                self.fail("required")
            if default is UNSET:
                raise Skip
            return True, default
        if raw is None:
            if not self.null:
                self.fail("null")
            return self.source != "*", None
        return False, raw

    def parse(self, raw: Any) -> Any:
        """The Python value of ``raw`` (``to_internal_value``). Raises ``ValidationError``."""
        raise NotImplementedError

    def untouched(self, raw: Any) -> Any:
        """``raw`` as a ``to_internal_value`` of a field's own is given it."""
        return raw

    def check(self, value: Any) -> tuple[list[Any], list[Any]]:
        """Errors of the given validators and of the built-in ones, in order."""
        return _errors(self.validators, value), _errors(self.built_in, value)

    def run(self, raw: Any, *, partial: bool = False) -> Any:
        """Validate one required value completely, as list and dict children are."""
        done, value = self.start(raw, required=True, default=UNSET, partial=partial)
        if done:
            return value
        value = self.parse(value)
        first, second = self.check(value)
        if first or second:
            raise ValidationError([*first, *second])
        return value

    def json_schema(self) -> dict[str, Any]:
        """JSON schema of accepted JSON input, ``null`` and description left out."""
        return {}

    def described(self) -> dict[str, Any]:
        """JSON schema with ``null`` and the help text."""
        schema = self.json_schema()
        if self.null and schema:
            schema = {"anyOf": [schema, {"type": "null"}]}
        if self.help:
            schema = {**schema, "description": self.help}
        return schema

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.any_schema()

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return self.described()


def _errors(validators: Sequence[Validator], value: Any) -> list[Any]:
    """``Field.run_validators``: collect list errors; one with a dict is raised at once."""
    errors: list[Any] = []
    for validator in validators:
        try:
            validator(value)
        except ValidationError as exc:
            if isinstance(exc.detail, dict):
                raise
            errors.extend(exc.detail)
        except Invalid as exc:
            errors.extend(details_of(exc))
    return errors
