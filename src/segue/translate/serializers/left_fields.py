"""Optional input that no column takes, or that is made a file: a request that carries it is Django's, all others are served here.

DRF's own ``create`` hands such a value to the model's constructor and ``update`` sets it on the object
(``raise_errors_on_nested_writes`` lets it through): a relation whose column stands on the other side, a property with a
setter, a plain attribute that hides a method. Nothing of it is stored, but what is shown afterwards may have it.

A plain ``Field`` of the project's own over a column of files (``resource = UploadedFileField(required=False)``) makes a file of a key
or a text; code that takes it out of the validated data finds nothing there in all requests that are served here.
"""

from __future__ import annotations

import re

from segue.snapshot.model import Model, Serializer, SerializerField
from segue.translate.context import Context
from segue.translate.load.models import concrete, field_of, reverse_of
from segue.translate.rules.stored_files import is_file
from segue.translate.serializers.facts import base_name, overridden
from segue.translate.serializers.own_input import converts_itself
from segue.translate.serializers.tag_lists import is_tag_list, untranslated


def left_fields(ctx: Context, serializer: Serializer) -> tuple[SerializerField, ...]:
    """The fields of ``serializer`` whose value is left to Django: not required, without a default, no column or set of the model,
    which no code of the project takes out or puts in before it is saved, or a column of files that the project's own field fills."""
    memo = ctx.memo.setdefault(("serializers", "left fields"), {})
    assert isinstance(memo, dict)
    if serializer.name not in memo:
        memo[serializer.name] = tuple(item for item in serializer.fields if _is_left(ctx, serializer, item))
    found = memo[serializer.name]
    assert isinstance(found, tuple)
    return found


def why_left(ctx: Context, serializer: Serializer, item: SerializerField) -> str:
    """What the log says of such a request."""
    if _makes_a_file(ctx, concrete(ctx, serializer.model), item):
        return f"{item.name}: a file is made of it"
    problem = untranslated(ctx, serializer, item) if is_tag_list(item) else None
    return f"{item.name}: {problem.refusal.why}" if problem is not None else f"{item.name} is no column"


def _is_left(ctx: Context, serializer: Serializer, item: SerializerField) -> bool:
    if item.read_only or item.required or item.default.kind != "empty" or base_name(item) == "HiddenField":
        return False
    if not serializer.model or serializer.model not in ctx.snapshot.models:
        return False
    if is_tag_list(item):
        return untranslated(ctx, serializer, item) is not None
    if item.source == "*" or "." in item.source or item.serializer:
        return False
    model = concrete(ctx, serializer.model)
    if _makes_a_file(ctx, model, item):
        return True
    reverse = reverse_of(model, item.source)
    if field_of(model, item.source) is not None or (reverse is not None and reverse.kind != "o2o"):
        return False
    if overridden(ctx, serializer.name, "create") or overridden(ctx, serializer.name, "update"):
        return False
    return not _is_named(ctx, serializer, item)


def _makes_a_file(ctx: Context, model: Model, item: SerializerField) -> bool:
    column = field_of(model, item.source)
    return (
        column is not None and is_file(column) and base_name(item) == "Field" and converts_itself(ctx, item)
    )


def _is_named(ctx: Context, serializer: Serializer, item: SerializerField) -> bool:
    """Whether code of the serializer, or any that handles validated data, may take it out or put it in."""
    known = ctx.snapshot.classes.get(serializer.name)
    owners = set(known.mro) if known is not None else {serializer.name}
    names = rf"""["']({re.escape(item.source)}|{re.escape(item.name)})["']"""
    quoted = re.compile(rf"""(pop|setdefault)\(\s*{names}|\bdel\b.*{names}|{names}\]\s*=[^=]""")
    return any(
        quoted.search(f.source)
        for f in ctx.snapshot.functions.values()
        if f.owner in owners or "validated_data" in f.source
    )
