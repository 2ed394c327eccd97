"""Whether what a property reads stays as it is behind the writes of an operation.

A property that only follows foreign keys (``return self.question.event``) gives the same object again where no row of a table that it
comes to is written, and no key that it follows. Then it is no matter that Django's object keeps it (``cached_property``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from segue.translate.context import Context
from segue.translate.functions.writing import others_than_reads
from segue.translate.interp.frame import Parameter
from segue.translate.load.fetch import entity_type
from segue.translate.load.models import concrete, field_of
from segue.translate.serializers.added import gone

_STEP = re.compile(r"(?:(\w+) = |return )await follow\(db, (\w+), (\w+)\.(\w+)\)")
_PATH = re.compile(r"return (\w+(?:\.\w+)+)")
# The first column that rows are asked for is their own primary key.
_MADE = re.compile(r"([A-Z]\w*)\(|(?:(?:found|only)\()?await segue__rows_\d+__\([\w.]*\bdb, select\((\w+)\.")
_WRITE = re.compile(r"\bdb\.(?:insert|update|save)\((\w+)[,)]")
_SET = re.compile(r"\b(\w+)\.(\w+) (?:[-+*/|&^%]|//|\*\*|<<|>>)?= ")
_ASSIGNED = re.compile(r"\bassign\((\w+), ")
# Asking for a content type may write its row.
_CONTENT_TYPE = "contenttypes.ContentType"
_BY_NAME = re.compile(r"\bsetattr\(")


@dataclass(frozen=True, slots=True)
class Code:
    """Lines of generated code, the function of the project's (or the serializer) that they stand for, and their parameters."""

    legacy: str
    parameters: Sequence[Parameter]
    lines: Sequence[str]


def same_behind(ctx: Context, property_: Sequence[Sequence[str]], code: Sequence[Code]) -> bool:
    """Whether each of ``property_``, the translations of one property, gives behind all that ``code`` writes what it gave before.

    ``code`` is the whole operation, with all functions that it calls; anything that is written in another way than row by row, and any
    class that is not known, says no.
    """
    # Rows that bring all of it along show what they have; where entities go, they tell the classes.
    shown = [_shown(lines) for lines in property_]
    found = [_followed(lines) for lines, path in zip(property_, shown, strict=True) if not path]
    if not found or any(one is None for one in found):
        return False
    keys = {key for one in found if one is not None for key in one}
    paths = {tuple(name for _, name in one) for one in found if one is not None}
    if any(path and path not in paths for path in shown):
        return False
    models = _by_class(ctx)
    read: set[str] = set()
    followed: dict[str, set[str]] = {}
    for cls, name in keys:
        label = models.get(cls)
        item = field_of(ctx.snapshot.models[label], name) if label is not None else None
        if (
            label is None
            or item is None
            or item.relation is None
            or item.relation.to not in ctx.snapshot.models
        ):
            return False
        read |= _family(ctx, item.relation.to)
        followed.setdefault(label, set()).update((item.name, item.attname))
    columns = {n for label in read for f in ctx.snapshot.models[label].fields for n in (f.name, f.attname)}
    columns |= {n for names in followed.values() for n in names}
    return all(_leaves(ctx, record, models, read, followed, columns) for record in code)


def _shown(lines: Sequence[str]) -> tuple[str, ...]:
    """The names of ``return page.note.press``; none for anything else."""
    code = [line for line in lines if not line.startswith("#")]
    found = _PATH.fullmatch(code[0]) if len(code) == 1 else None
    return tuple(found[1].split(".")[1:]) if found is not None else ()


def _followed(lines: Sequence[str]) -> list[tuple[str, str]] | None:
    """The foreign keys (class and name) that the function follows from its object, in order; None where it does anything else."""
    found: list[tuple[str, str]] = []
    at: str | None = None
    for line in lines:
        step = _STEP.fullmatch(line)
        if step is not None and at in (None, step[2]):
            at = step[1]
            found.append((step[3], step[4]))
        elif line.startswith("#") or line == f"return {at}":
            continue
        else:
            return None
    return found or None


def _leaves(
    ctx: Context,
    record: Code,
    models: dict[str, str],
    read: set[str],
    followed: dict[str, set[str]],
    columns: set[str],
) -> bool:
    """Whether the function writes no row of ``read``, and none of the keys that are ``followed``."""
    text = "\n".join(record.lines)
    types = 0 if _CONTENT_TYPE in read else text.count("await content_type(")
    written = others_than_reads(record.lines) - types
    if _BY_NAME.search(text) or written != len(_WRITE.findall(text)):
        return False

    def label_of(local: str) -> str | None:
        return models.get(_class_of(record, local))

    for local, name in _SET.findall(text):
        # Of an object in memory it is asked as well: Django's property keeps the very object.
        label = label_of(local)
        if name in columns and (label is None or label in read or name in followed.get(label, ())):
            return False
    for local in _ASSIGNED.findall(text):
        label = label_of(local)
        if label is None or label in read:
            return False
        if not _never_given(ctx, record.legacy, followed.get(label, set())):
            return False
    for local in _WRITE.findall(text):
        label = label_of(local)
        if label is None or _family(ctx, label) & read:
            return False
    return True


def _never_given(ctx: Context, legacy: str, names: set[str]) -> bool:
    """Whether input that a serializer takes holds none of ``names``, and no code puts one in."""
    if not names:
        return True
    serializer = ctx.snapshot.serializers.get(legacy)
    if serializer is None:
        return False
    sources = {item.source.partition(".")[0] for item in serializer.fields if not item.read_only}
    return not sources & {*names, "*"} and all(gone(ctx, legacy, name) for name in sorted(names))


def _class_of(record: Code, local: str) -> str:
    """The mapped class of a local; '' where that is not plain to see."""
    given = [p for p in record.parameters if p.name == local]
    made = re.findall(rf"^\s*{re.escape(local)}(?:: \w+)? = (.*)$", "\n".join(record.lines), re.MULTILINE)
    if given and not made:
        return given[0].annotation().strip('"')
    if not given and len(made) == 1 and (call := _MADE.match(made[0])) is not None:
        return call[1] or call[2]
    return ""


def _by_class(ctx: Context) -> dict[str, str]:
    """Labels of the models by their mapped classes; no classes of one name."""
    found: dict[str, list[str]] = {}
    for label, model in ctx.snapshot.models.items():
        if not (model.proxy or model.swapped or model.abstract):
            found.setdefault(entity_type(ctx, label)[0], []).append(label)
    return {cls: labels[0] for cls, labels in found.items() if len(labels) == 1}


def _family(ctx: Context, label: str) -> set[str]:
    """The model whose table that is, with its parents and its children."""
    own = concrete(ctx, label)
    parents = _parents(ctx, own.label)
    below = {other for other in ctx.snapshot.models if own.label in _parents(ctx, other)}
    return {own.label, *parents, *below}


def _parents(ctx: Context, label: str) -> set[str]:
    model = ctx.snapshot.models[label]
    found = {concrete(ctx, one).label for one in model.parents if one in ctx.snapshot.models}
    for one in tuple(found):
        found |= _parents(ctx, one)
    return found


__all__ = ["same_behind"]
