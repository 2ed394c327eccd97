"""Names of lifted functions."""

from __future__ import annotations

import builtins
import re

from segue.snapshot.model import Function
from segue.translate.context import Context
from segue.translate.load.models import snake

# Methods whose name alone says nothing: the class goes in front.
_HOOKS = frozenset(
    {
        "get_queryset",
        "get_object",
        "get_serializer_class",
        "get_serializer_context",
        "get_permissions",
        "perform_create",
        "perform_update",
        "perform_destroy",
        "has_permission",
        "has_object_permission",
        "validate",
        "create",
        "update",
        "save",
        "delete",
        "clean",
        "to_representation",
        "to_internal_value",
        "filter_queryset",
    }
)


def function_name(ctx: Context, function: Function) -> str:
    """The legacy name; methods of models, and hooks, with their class in front."""
    # Of a function that was made in another one its line and its number do not belong to the name.
    own = re.sub(r":\d+(#\d+)?$", "", function.name.rpartition(".")[2])
    own = "made" if own == "<lambda>" else own
    stem = own.lstrip("_") or own
    if not function.owner:
        return stem
    cls = snake(function.owner.rpartition(".")[2])
    is_model = any(m.cls == function.owner for m in ctx.snapshot.models.values())
    # A function called ``list`` would hide Python's from the annotations around it.
    hides = hasattr(builtins, stem)
    if is_model or hides or own in _HOOKS or own.startswith("__") or stem.startswith("validate_"):
        return f"{cls}_{stem.strip('_')}"
    return stem
