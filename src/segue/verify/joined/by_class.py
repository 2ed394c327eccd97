"""Input of django-rest-polymorphic: each object is written by the serializer of a class, which the body names."""

from __future__ import annotations

import random
from typing import Any

from . import live

Choice = tuple[Any, dict[str, Any]]


class ByClass:
    """The serializers that one ``PolymorphicSerializer`` chooses from, with what a body says to choose each."""

    def __init__(self, serializer: Any, operation: dict[str, Any], model: Any) -> None:
        self._operation, self._model = operation, model
        types = getattr(serializer, "resource_type_model_mapping", None) or {}
        field = getattr(serializer, "resource_type_field_name", "")
        self.choices: list[Choice] = [
            (serializer.model_serializer_mapping[cls], {field: name}) for name, cls in types.items()
        ]
        self._classes: dict[str, Any] = {}

    def pick(self, path: str, pick: random.Random) -> Choice | None:
        """One for the object at ``path`` (mostly, as the body may name another class as well); None where none is chosen."""
        if not self.choices:
            return None
        if self._operation["method"] in ("PUT", "PATCH") and pick.random() < 0.9:
            found = self._class_at(path)
            of_it = [c for c in self.choices if found in c[1].values()]
            if of_it:
                return of_it[0]
        return pick.choice(self.choices)

    def _class_at(self, path: str) -> Any:
        if path not in self._classes:
            self._classes[path] = self._asked(path)
        return self._classes[path]

    def _asked(self, path: str) -> Any:
        view = live.view_of(self._operation, path)
        given = getattr(view, "kwargs", {}).get(self._operation["lookup_kwarg"])
        if given is None or self._model is None:
            return None
        try:
            found = self._model._base_manager.filter(**{self._operation["lookup"]: given}).first()
        except Exception:  # noqa: BLE001 - a path of another form
            return None
        return type(found).__name__ if found is not None else None
