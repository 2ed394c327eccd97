"""``CheckConstraint.validate`` as a function of the object.

Django asks the database whether the condition holds for the object's values, NULL counting as true
(``django.db.models.query_utils.Q.check``). Only comparisons whose answer does not depend on the database are translated:
of whole numbers, decimals, dates and durations by size, of these, texts, booleans and UUIDs by equality, nothing negated.
"""

from __future__ import annotations

from collections.abc import Callable

from segue.refusal import Refused
from segue.snapshot.model import Constraint, Model, ModelField, Value
from segue.target.ir import Import
from segue.translate.context import Context
from segue.translate.language import lazy, vary
from segue.translate.load.models import field_of, python_type, snake
from segue.translate.serializers.code import Text

_SIZES = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_BY_SIZE = frozenset({"int", "Decimal", "date", "datetime", "timedelta"})
_BY_EQUALITY = frozenset({*_BY_SIZE, "str", "bool", "UUID"})
_Q = ("django.db.models.Q", "django.db.models.query_utils.Q")
_F = ("django.db.models.F", "django.db.models.expressions.F")
_TEXT = "Constraint “%(name)s” is violated."
_DEFAULT = Value("lazy", _TEXT, "django.utils.translation.gettext", (Value("const", _TEXT),))

Refusing = Callable[[str], Refused]


def check_text(ctx: Context, model: Model, constraint: Constraint, refused: Refusing) -> Text:
    """``Check(message, fields, lambda x: …)``. Raises what ``refused`` makes of the reason."""
    if constraint.condition is None:
        raise refused(f"The condition of its constraint {constraint.name} is not known.")
    local = snake(model.cls.rpartition(".")[2])
    fields: dict[str, None] = {}
    text = _tree(ctx, model, constraint.condition, local, fields, refused)
    imports: set[Import] = set()
    if vary(ctx) and (constraint.lazy_message is not None or not constraint.message):
        said = constraint.lazy_message or _DEFAULT
        message, imports = lazy(ctx, said, model.where, constraint.name)
        message = f"{message}.filled(name={constraint.name!r})"
    else:
        message = repr((constraint.message or _TEXT) % {"name": constraint.name})
    return Text(f"Check({message}, {tuple(fields)!r}, lambda {local}: {text})", imports)


def _tree(
    ctx: Context, model: Model, value: Value, local: str, fields: dict[str, None], refused: Refusing
) -> str:
    options = {key.data: item.data for key, item in value.pairs}
    if value.kind != "call" or value.name not in _Q or options.get("negated"):
        raise refused("Segue does not know how the database answers its check constraint.")
    connector = options.get("connector", "AND")
    if connector not in ("AND", "OR") or not value.items:
        raise refused("Segue does not know how the database answers its check constraint.")
    parts = []
    for item in value.items:
        if item.kind == "call":
            parts.append(_tree(ctx, model, item, local, fields, refused))
            continue
        key, given = item.items
        parts.append(_leaf(ctx, model, str(key.data), given, local, fields, refused))
    if len(parts) == 1:
        return parts[0]
    return f" {str(connector).lower()} ".join(f"({part})" for part in parts)


def _leaf(
    ctx: Context, model: Model, key: str, given: Value, local: str, fields: dict[str, None], refused: Refusing
) -> str:
    name, _, lookup = key.partition("__")
    column = _column(model, name, refused)
    kind = python_type(ctx, column)
    fields[name] = None
    left = f"{local}.{column.attname}"
    if lookup == "isnull" and given.kind == "const":
        return f"{left} is {'' if given.data else 'not '}None"
    sign = _SIZES.get(lookup) or ("==" if lookup in ("", "exact") else "")
    if not sign or kind not in (_BY_EQUALITY if sign == "==" else _BY_SIZE):
        raise refused(f"Its check constraint compares {key} by what the database knows.")
    if given.kind == "call" and given.name in _F and len(given.items) == 1:
        other = _column(model, str(given.items[0].data), refused)
        if python_type(ctx, other) != kind:
            raise refused(f"Its check constraint compares {key} with another type.")
        fields[other.name] = None
        right = f"{local}.{other.attname}"
        return f"{left} is None or {right} is None or {left} {sign} {right}"
    if given.kind != "const" or type(given.data).__name__ not in (
        {kind, "int"} if kind == "Decimal" else {kind}
    ):
        raise refused(f"Its check constraint compares {key} with another type.")
    return f"{left} is None or {left} {sign} {given.data!r}"


def _column(model: Model, name: str, refused: Refusing) -> ModelField:
    column = field_of(model, name)
    if column is None or column.name != name or column.relation is not None or not column.column:
        raise refused(f"Its check constraint looks at {name}, which is no plain column.")
    return column


__all__ = ["check_text"]
