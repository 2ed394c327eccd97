"""``serializer.data`` of a serializer that has validated its input and saved nothing: the fields show the validated data.

Only where that holds nothing to show: every field only reads, so that none finds a value there. Such a field is left out, or is
null where it may be (``Serializer.data``, ``Field.get_attribute``).
"""

from __future__ import annotations

import ast

from segue.refusal import refuse
from segue.translate.context import Context
from segue.translate.serializers.facts import overridden, serializer_of

_HOOKS = (
    "__init__", "data", "fields", "_readable_fields", "get_fields", "to_representation", "to_internal_value", "run_validation",
    "validate", "validated_data", "_read_only_defaults",
)  # fmt: skip


def shown_unsaved(ctx: Context, name: str) -> ast.expr:
    """Code of what it shows. Raises ``Refused``."""
    serializer = serializer_of(ctx, name)
    known = ctx.snapshot.classes.get(name)
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


__all__ = ["shown_unsaved"]
