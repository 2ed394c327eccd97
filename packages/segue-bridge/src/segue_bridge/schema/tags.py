"""``TagListSerializerField`` of django-taggit 6: a list of names, as JSON text too."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from segue_bridge.schema.containers import List
from segue_bridge.schema.text import Char
from segue_bridge.translation import Text
from segue_bridge.translation import gettext_lazy as _


class TagNames(List):
    """The names as they were sent, repeats and spaces included; ``allow_empty`` means nothing to it, as in taggit."""

    messages: ClassVar[Mapping[str, Text]] = {
        "invalid_json": _("Invalid json list. A tag list submitted in string form must be valid json."),
        "not_a_str": _("All list items must be of string type."),
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(Char(), **options)

    def parse(self, raw: Any) -> Any:
        if isinstance(raw, str):
            try:
                raw = json.loads(raw or "[]")
            except ValueError:
                self.fail("invalid_json")
        if not isinstance(raw, list):
            self.fail("not_a_list", input_type=type(raw).__name__)
        for item in raw:
            if not isinstance(item, str):
                self.fail("not_a_str")
            self.child.run(item)
        return raw


__all__ = ["TagNames"]
