"""Places of answers, as they are told to people and agreed in ``segue.toml``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from . import sorts

_STEP = re.compile(r"^body\[(\d+)\]\.(?=status|headers|cookies|body|effects)")
_INDEX = re.compile(r"\[\d+\]")


@dataclass(frozen=True, slots=True)
class Rule:
    """At ``path`` (list positions left open: ``body.items[].seen``) of an operation Django is volatile."""

    operation: str
    path: str
    sort: str

    @property
    def needs_yes(self) -> bool:
        """Whether it hides more than one path of a body, or nobody can say why the value moves."""
        inside = self.path.partition(".")[0].partition("[")[0] == "body"
        return inside and ("[]" in self.path or self.sort in (sorts.ORDER, sorts.UNKNOWN))

    @property
    def line(self) -> str:
        """What is written into ``[verify] noise``."""
        return f"{self.operation}: {self.path}"

    def __str__(self) -> str:
        return f"{self.line} ({self.sort}{'; needs a yes' if self.needs_yes else ''})"


def place_of(case: dict[str, Any], path: str) -> tuple[str, str]:
    """(operation, general path) of a concrete ``path`` of the case's answer; a step's belongs to its own operation."""
    steps = case.get("steps")
    operation = case["key"]
    if steps:
        found = _STEP.match(path)
        if found:
            operation, path = steps[int(found[1])]["key"], path[found.end() :]
    return operation, _INDEX.sub("[]", path)


def lists_of(value: Any, path: str) -> dict[str, list[Any]]:
    """Every list in a body with its concrete path, as :func:`..compare.differences` writes paths."""
    out: dict[str, list[Any]] = {}
    if isinstance(value, list):
        out[path] = value
        for index, item in enumerate(value):
            out |= lists_of(item, f"{path}[{index}]")
    elif isinstance(value, dict):
        for key, item in value.items():
            out |= lists_of(item, f"{path}.{key}" if path else str(key))
    return out
