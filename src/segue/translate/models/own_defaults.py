"""``default=`` that is a function of the project: translated once, and called when an object is made.

``Model.__init__`` calls ``Field.get_default`` for every field that was not given, and the mapped class does
the same. Such a function has no arguments and no request; one that asks for the database or for another part of
the generated package (which imports the mapped classes itself) is not followed.
"""

from __future__ import annotations

from segue.refusal import Refused
from segue.snapshot.model import ModelField
from segue.target.ir import Import
from segue.translate.context import Context
from segue.translate.models.defaults import Default, default_of
from segue.translate.versions import since

_SHORT_UUID = "shortuuid.django_fields.ShortUUIDField._generate_uuid"


def full_default_of(ctx: Context, field: ModelField) -> Default:
    """``default_of`` of the field, with the project's own function in place of an unknown one where it has a translation."""
    found = default_of(field)
    if not found.unknown or field.default.kind != "ref":
        return found
    if found.unknown == _SHORT_UUID:
        return _short_uuid(ctx, field) or found
    memo = ctx.memo.setdefault(("models", "own-defaults"), {})
    assert isinstance(memo, dict)
    if found.unknown not in memo:
        memo[found.unknown] = _translated(ctx, found)
    made = memo[found.unknown]
    assert isinstance(made, Default)
    return made


def _short_uuid(ctx: Context, field: ModelField) -> Default | None:
    """``ShortUUIDField`` of shortuuid, which makes its default of its own options: so does the column."""
    release = ctx.snapshot.versions.packages.get("shortuuid", "")
    options = {name: field.attributes.get(name) for name in ("prefix", "alphabet", "length")}
    data = {
        name: value.data for name, value in options.items() if value is not None and value.kind == "const"
    }
    if not since(release or "0", 1, 0, 9) or len(data) != len(options):
        return None
    alphabet = "" if data["alphabet"] is None else f"alphabet={data['alphabet']!r}"
    prefix = f"{data['prefix']!r} + " if data["prefix"] else ""
    code = f"lambda: {prefix}ShortUUID({alphabet}).random(length={data['length']!r})"
    return Default(code, frozenset({Import("shortuuid", "ShortUUID")}))


def _translated(ctx: Context, found: Default) -> Default:
    from segue.translate.functions.lift import lift
    from segue.translate.functions.record import record_of

    function = ctx.snapshot.functions.get(found.unknown)
    if function is None or function.role != "function":
        return found
    try:
        lifted = lift(ctx, function, module_kind="defaults")
    except Refused:
        return found
    record = record_of(ctx, lifted)
    package = ctx.program.package
    if (
        lifted.is_async
        or lifted.state
        or lifted.explicit
        or any(item.module == package or item.module.startswith(f"{package}.") for item in record.imports)
    ):
        return found
    return Default(lifted.name, frozenset(lifted.imports))


__all__ = ["full_default_of"]
