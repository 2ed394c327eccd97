"""Which columns are JSON that look-ups go into, and what the words behind their names are."""

from __future__ import annotations

from collections.abc import Sequence

from segue.snapshot.model import ModelField

# The look-ups of ``JSONField`` and of ``KeyTransform``; any other last word is a key.
JSON_LOOKUPS = frozenset(
    {
        "exact", "iexact", "contains", "contained_by", "icontains", "in", "gt", "gte", "lt", "lte", "startswith", "istartswith",
        "endswith", "iendswith", "range", "isnull", "regex", "iregex", "has_key", "has_keys", "has_any_keys",
    }
)  # fmt: skip


def is_json(item: ModelField) -> bool:
    """Whether look-ups behind the field go into JSON: Django's own field, decoded by ``json``."""
    own = item.cls.startswith("django.") and item.base.rpartition(".")[2] == "JSONField"
    return own and "decoder" not in item.options


def split(parts: Sequence[str]) -> tuple[tuple[str, ...], str]:
    """Keys and look-up of what follows the field's name."""
    if parts and parts[-1] in JSON_LOOKUPS:
        return tuple(parts[:-1]), parts[-1]
    return tuple(parts), "exact"
