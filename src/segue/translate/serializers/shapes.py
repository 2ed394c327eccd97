"""Read shapes: the TypedDict of what a presenter returns."""

from __future__ import annotations

import keyword
from dataclasses import dataclass

from segue.snapshot.model import Serializer
from segue.target.ir import Decl, Import, Origin
from segue.translate.context import Context
from segue.translate.functions.finish import prunable
from segue.translate.kinds import Shape
from segue.translate.serializers.facts import app_label, short, stem


@dataclass(frozen=True, slots=True)
class Entry:
    """A key of the answer: its type text, and whether it can be absent."""

    name: str
    type: str
    imports: frozenset[Import]
    optional: bool = False


def declare(ctx: Context, serializer: Serializer, entries: list[Entry]) -> Shape:
    """Emit ``XRead`` into schemas.py; another shape of the same serializer gets a number."""
    app = app_label(ctx, serializer)
    module = ctx.module(app, "schemas")
    path = ctx.import_path(app, "schemas")
    table = ctx.memo.setdefault(("serializers", ("shapes", serializer.name)), {})
    assert isinstance(table, dict)
    imports: set[Import] = set()
    for entry in entries:
        imports |= {item for item in entry.imports if item.module != path}
    key = tuple((e.name, e.type, e.optional) for e in entries)
    if key not in table:
        base = f"{stem(ctx, serializer)}Read"
        name = base if not table else f"{base}{len(table) + 1}"
        table[key] = name
        imports.add(Import("typing_extensions", "TypedDict"))  # Pydantic takes no other before Python 3.12
        if any(entry.optional for entry in entries):
            imports.add(Import("typing", "NotRequired"))
        code = _code(name, serializer, entries)
        module.add(Decl(name, code, frozenset(imports), 10, Origin(serializer.name, serializer.where)))
        prunable(ctx, module.path, name)
    return Shape(str(table[key]), path)


def _type(entry: Entry) -> str:
    return f"NotRequired[{entry.type}]" if entry.optional else entry.type


def _code(name: str, serializer: Serializer, entries: list[Entry]) -> str:
    doc = f'"""What {short(serializer.name)} shows ({serializer.where})."""'
    if all(entry.name.isidentifier() and not keyword.iskeyword(entry.name) for entry in entries):
        lines = [f"class {name}(TypedDict):", f"    {doc}", ""]
        lines += [f"    {entry.name}: {_type(entry)}" for entry in entries]
        return "\n".join(lines)
    items = ", ".join(f'"{entry.name}": {_type(entry)}' for entry in entries)
    return f'{name} = TypedDict("{name}", {{{items}}})'
