"""What is known of a value's truth."""

from __future__ import annotations

import ast

from segue.translate.interp.value import Val, is_pure
from segue.translate.kinds import (
    BoundMethod,
    Const,
    DictOf,
    FieldParent,
    Global,
    Instance,
    Manager,
    Object,
    ParsingContext,
    RelatedManager,
    RenderedView,
    RendererContext,
    Request,
    SerializerContext,
    UrlText,
    User,
    ViewSelf,
)

_ALWAYS = (
    BoundMethod,
    FieldParent,
    Request,
    User,
    ViewSelf,
    Manager,
    RelatedManager,
    Object,
    RendererContext,
    RenderedView,
    ParsingContext,
)


def truth(value: Val) -> bool | None:
    """True or False where it is certain and leaving the expression out loses nothing."""
    if not is_pure(value.node):
        return None
    kind = value.kind
    if isinstance(kind, Const):
        return bool(kind.value)
    if isinstance(kind, SerializerContext):  # DRF's views put the request there
        return None if getattr(getattr(kind.owner, "use", None), "bare", True) else True
    if isinstance(kind, (*_ALWAYS, UrlText)):
        return True
    if isinstance(kind, Instance) and not kind.nullable:
        return True
    if isinstance(kind, Global) and kind.ref.kind in ("class", "model", "function", "module"):
        return True
    if isinstance(value.node, ast.List) and not value.node.elts:
        return False
    if isinstance(value.node, ast.Dict) and None not in value.node.keys:
        return bool(value.node.keys)
    if isinstance(kind, DictOf) and kind.items and kind.value is None:
        return None
    return None
