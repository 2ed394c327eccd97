"""Python-side defaults of columns as text."""

from __future__ import annotations

from dataclasses import dataclass

from segue.snapshot.model import ModelField, Value
from segue.target.ir import Import
from segue.translate.language import is_text
from segue.translate.models.money import amount_of_default, is_money

CALLABLES: dict[str, tuple[str, Import]] = {
    "django.utils.timezone.now": ("now", Import("segue_bridge.zone", "now")),
    "datetime.date.today": ("today", Import("segue_bridge.zone", "today")),
    "builtins.date.today": ("today", Import("segue_bridge.zone", "today")),  # as the C method calls itself
    "uuid.uuid4": ("uuid4", Import("uuid", "uuid4")),
    "uuid.uuid1": ("uuid1", Import("uuid", "uuid1")),
}
# Only for columns of what they give: others would have Django convert it.
_FOR: dict[str, tuple[str, str, Import]] = {
    "django.utils.timezone.localtime": (
        "DateTimeField",
        "localtime",
        Import("segue_bridge.zone", "localtime"),
    ),
    "django.utils.timezone.localdate": ("DateField", "localdate", Import("segue_bridge.zone", "localdate")),
}
BUILTINS = frozenset({"dict", "list", "str", "int", "float", "bool", "bytes"})


@dataclass(frozen=True, slots=True)
class Default:
    """``code`` of ``default=``; ``unknown`` names a callable that cannot be written down."""

    code: str = ""
    imports: frozenset[Import] = frozenset()
    unknown: str = ""


def default_of(field: ModelField) -> Default:
    """The default of a field, empty when it has none."""
    value = field.default
    if (
        value.kind == "empty" or field.auto_now
    ):  # (which Django allows no default, but a class of its own may have one)
        return Default()
    if value.kind == "ref":
        base, code, item = _FOR.get(value.name, ("", "", None))
        if item is not None and field.base == f"django.db.models.fields.{base}":
            return Default(code, frozenset({item}))
        return _reference(value.name)
    amount = amount_of_default(field) if is_money(field) else None
    if amount is not None:
        return Default(f"Decimal({amount!r})", frozenset({Import("decimal", "Decimal")}))
    found = literal(value)
    if found is None:
        return Default(unknown=value.name or str(value.data))
    code, imports = found
    if value.kind in ("list", "dict", "set"):  # Django hands out the one object; a copy is safer
        code = f"lambda: {code}"
    return Default(code, imports)


def _reference(name: str) -> Default:
    if name in CALLABLES:
        code, item = CALLABLES[name]
        return Default(code, frozenset({item}))
    module, _, last = name.rpartition(".")
    if module == "builtins" and last in BUILTINS:
        return Default(last)
    return Default(unknown=name)


def literal(value: Value) -> tuple[str, frozenset[Import]] | None:
    """Python text of a constant value; None when it is not one."""
    if value.kind in ("const", "lazy") and not is_text(value):
        return repr(value.data), frozenset()
    if value.kind in ("list", "tuple", "set"):
        items = [literal(item) for item in value.items]
        if any(item is None for item in items):
            return None
        known = [item for item in items if item is not None]
        inner = ", ".join(text for text, _ in known)
        imports = frozenset(i for _, found in known for i in found)
        if value.kind == "tuple":
            return f"({inner}{',' if len(known) == 1 else ''})", imports
        if value.kind == "set" and not known:
            return "set()", imports
        return (f"[{inner}]" if value.kind == "list" else f"{{{inner}}}"), imports
    if value.kind == "dict":
        pairs = [(literal(key), literal(item)) for key, item in value.pairs]
        if any(key is None or item is None for key, item in pairs):
            return None
        text = ", ".join(f"{key[0]}: {item[0]}" for key, item in pairs if key and item)
        found = frozenset(i for pair in pairs for part in pair if part for i in part[1])
        return f"{{{text}}}", found
    return _typed(value)


def _typed(value: Value) -> tuple[str, frozenset[Import]] | None:
    text = repr(value.data)
    if value.kind == "bytes":
        return repr(bytes.fromhex(str(value.data))), frozenset()
    if value.kind == "decimal":
        return f"Decimal({text})", frozenset({Import("decimal", "Decimal")})
    if value.kind in ("date", "datetime", "time"):
        return f"{value.kind}.fromisoformat({text})", frozenset({Import("datetime", value.kind)})
    if value.kind == "uuid":
        return f"UUID({text})", frozenset({Import("uuid", "UUID")})
    if value.kind == "timedelta":
        return _timedelta(str(value.data))
    return None


def _timedelta(text: str) -> tuple[str, frozenset[Import]] | None:
    """``timedelta`` from the probe's microseconds, in the largest unit that says it exactly."""
    imports = frozenset({Import("datetime", "timedelta")})
    if not text.lstrip("-").isdigit():
        return None
    number = int(text)
    for unit, size in (("days", 86_400_000_000), ("seconds", 1_000_000), ("microseconds", 1)):
        if number % size == 0:
            return f"timedelta({unit}={number // size})", imports
    return None
