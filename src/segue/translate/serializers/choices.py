"""Choices as module constants of ``schemas.py``: ``ARTICLE_STATUS = (("draft", "Draft"), ...)``."""

from __future__ import annotations

from segue.snapshot.model import SerializerField, Value
from segue.target.ir import Decl, Import
from segue.translate.context import Context
from segue.translate.functions.finish import prunable
from segue.translate.interp.frame import Frame
from segue.translate.language import is_text
from segue.translate.load.models import snake
from segue.translate.serializers.code import Text, value_text
from segue.translate.serializers.facts import field_refusal


def choices_constant(frame: Frame, item: SerializerField) -> str:
    """Name of the constant, imported into the frame's module."""
    name, imported = declare(frame.ctx, frame.app, frame.function.name, item)
    frame.use(imported)
    return name


def declare(ctx: Context, app: str, owner: str, item: SerializerField) -> tuple[str, Import]:
    """Emit the choices of ``item``; equal ones of an app share a constant."""
    value = item.kwargs.get("choices")
    if value is None or value.kind not in ("list", "tuple"):
        raise field_refusal(item, "choices", "The snapshot does not know its choices.")
    text = _pairs(value, item)
    table = ctx.memo.setdefault(("serializers", ("choices", app)), {})
    assert isinstance(table, dict)
    known = table.get(text.text)
    module = ctx.import_path(app, "schemas")
    if known is None:
        stem = owner.rpartition(".")[2].removesuffix("Serializer") or "Choice"
        known = base = f"{snake(stem)}_{item.name or 'items'}".upper()
        number = 1
        while known in table.values():
            number += 1
            known = f"{base}_{number}"
        table[text.text] = known
        target = ctx.module(app, "schemas")
        target.add(Decl(known, f"{known} = {text.text}", frozenset(text.imports), rank=0))
        prunable(ctx, target.path, known)
    return str(known), Import(module, str(known))


def _pairs(value: Value, item: SerializerField) -> Text:
    parts: list[str] = []
    imports: set[Import] = set()
    for pair in value.items:
        if len(pair.items) != 2:
            raise field_refusal(item, "choices", "A choice is not a pair.")
        found = value_text(pair.items[0], item.where, item.name)
        imports |= found.imports
        label = pair.items[1]
        # The labels stand here for people: no answer has them.
        shown = label.items[-1].data if is_text(label) and label.items else label.data
        parts.append(f"({found.text}, {str(shown)!r})")
    return Text(f"({', '.join(parts)},)" if parts else "()", imports)
