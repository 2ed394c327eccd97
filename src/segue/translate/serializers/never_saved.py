"""``serializer.data`` of a serializer that has validated its input and saved nothing: the fields show the validated data.

Only where that holds nothing to show: every field only reads, so that none finds a value there. Such a field is left out, or is
null where it may be (``Serializer.data``, ``Field.get_attribute``). And where each value is shown as it came
(:func:`shows_its_values`).
"""

from __future__ import annotations

import ast

from segue.refusal import refuse
from segue.translate.context import Context
from segue.translate.serializers.facts import base_name, overridden, serializer_of
from segue.translate.serializers.untouched import fields_vary

_HOOKS = (
    "__init__", "data", "fields", "_readable_fields", "get_fields", "to_representation", "to_internal_value", "run_validation",
    "validate", "validated_data", "_read_only_defaults",
)  # fmt: skip


def shown_unsaved(ctx: Context, name: str) -> ast.expr:
    """Code of what it shows. Raises ``Refused``."""
    serializer = serializer_of(ctx, name)
    known = ctx.snapshot.classes.get(name)
    if fields_vary(ctx, name):
        why = "What it shows without having saved anything depends on the fields that the request leaves it."
        raise refuse("serializer-data", name, why, serializer.where)
    for hook in _HOOKS:
        if known is None or hook in known.attributes or overridden(ctx, name, hook):
            raise refuse(
                "serializer-data",
                f"{name}.{hook}",
                "What it shows without having saved anything is not translated.",
                serializer.where,
            )
    shown: list[str] = []
    for item in serializer.fields:
        if item.write_only:
            continue
        plain = item.cls == item.base and not item.many and item.child is None and not item.serializer
        if not (item.read_only and plain and item.source != "*" and item.default.kind == "empty"):
            raise refuse(
                "serializer-data",
                f"{name}.{item.name}",
                "What this field shows without an object is not translated.",
                item.where,
            )
        if item.allow_null:
            shown.append(item.name)
    return ast.Dict([ast.Constant(key) for key in shown], [ast.Constant(None) for _ in shown])


# Fields whose ``to_representation`` gives back what their ``to_internal_value`` gave.
_AS_THEY_CAME = frozenset(
    {"CharField", "EmailField", "URLField", "RegexField", "SlugField", "IntegerField", "BooleanField"}
)


def shows_its_values(ctx: Context, name: str) -> bool:
    """Whether what the serializer shows of its validated data is that data: each field is there or left out in both, and as it is."""
    serializer = serializer_of(ctx, name)
    known = ctx.snapshot.classes.get(name)
    if (
        known is None
        or fields_vary(ctx, name)
        or any(hook in known.attributes or overridden(ctx, name, hook) for hook in _HOOKS)
    ):
        return False
    return all(
        item.cls == item.base
        and base_name(item) in _AS_THEY_CAME
        and item.source == item.name
        and item.default.kind == "empty"
        and not (item.read_only or item.write_only or item.allow_null or item.many)
        and not overridden(ctx, name, f"validate_{item.name}")
        for item in serializer.fields
    )


__all__ = ["shown_unsaved", "shows_its_values"]
