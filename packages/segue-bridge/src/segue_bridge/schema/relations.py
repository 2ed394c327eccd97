"""Relation fields: the input is remembered here and looked up by :mod:`segue_bridge.schema.related`.

Sources: ``rest_framework.relations`` (DRF 3.18): PrimaryKeyRelatedField, SlugRelatedField,
ManyRelatedField.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from segue_bridge.schema.base import Field
from segue_bridge.schema.data import is_form
from segue_bridge.schema.unset import UNSET
from segue_bridge.translation import Text
from segue_bridge.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Reference:
    """What the client sent to name a related object, with the texts of its field.

    ``slug`` is the field it is found by; empty for the primary key.
    """

    value: Any
    texts: Mapping[str, Text]
    slug: str = ""


class Pk(Field):
    """``PrimaryKeyRelatedField``: ``""`` means ``None``. ``type`` is the JSON type of the key."""

    messages: ClassVar[Mapping[str, Text]] = {
        "does_not_exist": _('Invalid pk "{pk_value}" - object does not exist.'),
        "incorrect_type": _("Incorrect type. Expected pk value, received {data_type}."),
    }

    def __init__(self, *, type: str = "integer", **options: Any) -> None:
        super().__init__(**options)
        self.type = type

    def start(self, raw: Any, *, required: bool, default: Any, partial: bool) -> tuple[bool, Any]:
        if isinstance(raw, str) and raw == "":
            raw = None
        return super().start(raw, required=required, default=default, partial=partial)

    def parse(self, raw: Any) -> Any:
        return Reference(raw, self.texts)

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "uuid"} if self.type == "uuid" else {"type": self.type}


class SlugRelated(Pk):
    """``SlugRelatedField``: the object is found by ``slug``."""

    messages: ClassVar[Mapping[str, Text]] = {
        "does_not_exist": _("Object with {slug_name}={value} does not exist."),
        "invalid": _("Invalid value."),
    }

    def __init__(self, slug: str, *, type: str = "string", **options: Any) -> None:
        super().__init__(type=type, **options)
        self.slug = slug

    def parse(self, raw: Any) -> Any:
        return Reference(raw, self.texts, self.slug)


class Many(Field):
    """``ManyRelatedField``: a list of references; an absent form key means an empty list."""

    messages: ClassVar[Mapping[str, Text]] = {
        "not_a_list": _('Expected a list of items but got type "{input_type}".'),
        "empty": _("This list may not be empty."),
    }
    form_default: ClassVar[Any] = []

    def __init__(self, child: Pk, *, empty: bool = True, **options: Any) -> None:
        super().__init__(**options)
        self.child = child
        self.allow_empty = empty

    def raw(self, data: Mapping[str, Any], name: str, *, partial: bool, required: bool, default: Any) -> Any:
        if is_form(data):
            return UNSET if name not in data and partial else data.getlist(name)
        return data.get(name, UNSET)

    def parse(self, raw: Any) -> Any:
        """``to_internal_value`` of each child: blank and null are not special inside a list."""
        return [self.child.parse(item) for item in self.untouched(raw)]

    def untouched(self, raw: Any) -> Any:
        """The items, each for the ``to_internal_value`` of a child of the project's own."""
        if isinstance(raw, str) or not hasattr(raw, "__iter__"):
            self.fail("not_a_list", input_type=type(raw).__name__)
        if not self.allow_empty and len(raw) == 0:
            self.fail("empty")
        return list(raw)

    def json_schema(self) -> dict[str, Any]:
        schema: dict[str, Any] = {"type": "array", "items": self.child.described()}
        if not self.allow_empty:
            schema["minItems"] = 1
        return schema


class ManyPk(Many):
    """``PrimaryKeyRelatedField(many=True)``. ``texts`` replaces messages of the single key."""

    def __init__(
        self, *, type: str = "integer", texts: Mapping[str, Text] | None = None, **options: Any
    ) -> None:
        super().__init__(Pk(type=type, messages=texts), **options)


class ManySlugRelated(Many):
    """``SlugRelatedField(many=True)``."""

    def __init__(
        self, slug: str, *, type: str = "string", texts: Mapping[str, Text] | None = None, **options: Any
    ) -> None:
        super().__init__(SlugRelated(slug, type=type, messages=texts), **options)
