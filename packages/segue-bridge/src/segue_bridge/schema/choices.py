"""DRF's ChoiceField, MultipleChoiceField and FilePathField."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, ClassVar

from segue_bridge.schema.base import Field
from segue_bridge.schema.data import is_form
from segue_bridge.schema.unset import UNSET
from segue_bridge.translation import Text
from segue_bridge.translation import gettext_lazy as _


def choice_text(value: Any) -> str:
    """The text by which a choice is found: an enum member's value where that differs."""
    if isinstance(value, Enum) and str(value) != str(value.value):
        return str(value.value)
    return str(value)


class Choice(Field):
    """``ChoiceField``: the input's text is looked up among the texts of the choices.

    ``choices`` are ``(value, label)`` pairs, groups already flattened.
    """

    messages: ClassVar[Mapping[str, Text]] = {"invalid_choice": _('"{input}" is not a valid choice.')}

    def __init__(self, choices: Sequence[tuple[Any, str]], *, blank: bool = False, **options: Any) -> None:
        super().__init__(**options)
        # DRF keeps choices in a dict: equal keys (``1`` and ``True``) are one choice.
        self.choices = tuple(dict(choices).items())
        self.allow_blank = blank
        self.by_text = {choice_text(value): value for value, _ in self.choices}

    def parse(self, raw: Any) -> Any:
        if isinstance(raw, str) and raw == "" and self.allow_blank:
            return ""
        return self.pick(raw)

    def pick(self, raw: Any) -> Any:
        """The choice that ``raw`` names."""
        if isinstance(raw, Enum):
            raw = choice_text(raw)
        try:
            return self.by_text[str(raw)]
        except KeyError:
            self.fail("invalid_choice", input=raw)

    def json_schema(self) -> dict[str, Any]:
        allowed = [value.value if isinstance(value, Enum) else value for value, _ in self.choices]
        if self.allow_blank and "" not in allowed:
            allowed.append("")
        return {"enum": allowed}


class MultipleChoice(Choice):
    """``MultipleChoiceField``: a list without repeats, in the order sent; first bad item only."""

    messages: ClassVar[Mapping[str, Text]] = {
        "not_a_list": _('Expected a list of items but got type "{input_type}".'),
        "empty": _("This selection may not be empty."),
    }
    form_default: ClassVar[Any] = []

    def __init__(self, choices: Sequence[tuple[Any, str]], *, empty: bool = True, **options: Any) -> None:
        super().__init__(choices, **options)
        self.allow_empty = empty

    def raw(self, data: Mapping[str, Any], name: str, *, partial: bool, required: bool, default: Any) -> Any:
        if name not in data and partial:
            return UNSET
        return data.getlist(name) if is_form(data) else data.get(name, UNSET)

    def parse(self, raw: Any) -> Any:
        if isinstance(raw, str) or not hasattr(raw, "__iter__"):
            self.fail("not_a_list", input_type=type(raw).__name__)
        if not self.allow_empty and len(raw) == 0:
            self.fail("empty")
        return list(dict.fromkeys(super(MultipleChoice, self).parse(item) for item in raw))

    def json_schema(self) -> dict[str, Any]:
        return {"type": "array", "items": super().json_schema()}


class FilePath(Choice):
    """``FilePathField``: the choices are the files found when the legacy project was read."""

    messages: ClassVar[Mapping[str, Text]] = {"invalid_choice": _('"{input}" is not a valid path choice.')}
