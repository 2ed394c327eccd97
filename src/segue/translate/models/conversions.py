"""Text columns whose field class converts values in Python: ``from_db_value``, ``get_prep_value``, ``to_python``.

Django calls ``from_db_value(value, expression, connection)`` on each value that a query gives, NULL too
(``SQLCompiler.apply_converters``), and ``get_prep_value(value)`` on what it writes and on what it looks up by equality
(``Field.get_db_prep_value``, ``FieldGetDbPrepValueMixin``). ``CharField.get_prep_value`` and ``TextField.get_prep_value`` call
``self.to_python(value)``. The functions are lifted into ``columns.py``, which the mapped classes name in their column's type.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from segue.refusal import Refusal, Refused
from segue.snapshot.model import Function, ModelField
from segue.translate.context import Context
from segue.translate.models.countries import is_country
from segue.translate.models.kinds import base_name, referred
from segue.translate.models.phones import is_phone
from segue.translate.models.problems import field_refusal, overriding

if TYPE_CHECKING:
    from segue.translate.functions.lift import Lifted
    from segue.translate.kinds import Object

TEXTS = frozenset({"CharField", "TextField", "SlugField", "EmailField", "URLField"})
HOME = "columns"
# What the snapshot tells of a field elsewhere than in its ``attributes``.
_ELSEWHERE = frozenset(
    {"creation_counter", "choices", "validators", "error_messages", "related_model", "model"}
)


@dataclass(frozen=True, slots=True, eq=False)
class ModelFieldUse:
    """``self`` in a method of a model field: the field as the probe saw it."""

    item: ModelField

    @property
    def key(self) -> Hashable:
        """Fields of one class with equal state translate equally."""
        item = self.item
        return (
            item.cls,
            item.base,
            item.null,
            item.blank,
            item.editable,
            repr(sorted(self.item.attributes.items(), key=lambda i: i[0])),
        )

    def may_hide(self, name: str) -> bool:
        """Whether the instance may have an attribute of that name that the snapshot does not tell here."""
        return name not in self.item.attributes and (name.startswith("_") or name in _ELSEWHERE)


@dataclass(frozen=True, slots=True)
class Conversion:
    """What reads and what writes convert by, or why that is not translated."""

    read: Lifted | None = None
    write: Lifted | None = None
    read_problem: Refusal | None = None
    write_problem: Refusal | None = None


_PHONE = Conversion()
"""What the column type itself does (:mod:`segue.translate.models.phones`)."""


def conversion(ctx: Context, field: ModelField) -> Conversion | None:
    """How the values of ``field`` are converted; None where Django's own class does that. Those of a foreign key are
    converted as the column is that it refers to."""
    field = referred(ctx.snapshot, field)
    if field.cls == field.base or field.cls.startswith("django.") or field.cls not in ctx.snapshot.classes:
        return None
    reads = overriding(ctx.snapshot, field, "from_db_value")
    writes = overriding(ctx.snapshot, field, "get_prep_value")
    if not writes and base_name(field) in TEXTS:
        writes = overriding(ctx.snapshot, field, "to_python")
    if (not reads and not writes) or is_country(ctx, field):
        return None
    key = ("conversion", (reads, writes, ModelFieldUse(field).key))
    memo = ctx.memo.get(key)
    if not isinstance(memo, Conversion):
        if is_phone(ctx, field):
            made = _PHONE
        else:
            made = _localized() if is_localized(ctx, field) else _made(ctx, field, reads, writes)
        memo = ctx.memo[key] = made
    assert isinstance(memo, Conversion)
    return replace(
        memo, read_problem=_at(field, memo.read_problem), write_problem=_at(field, memo.write_problem)
    )  # fields of one class share what was found


def lookup_problem(ctx: Context, field: ModelField) -> Refusal | None:
    """Why rows cannot be found by equality with ``field``. What is bound to its column is converted as Django does that."""
    found = conversion(ctx, field)
    if found is None or is_phone(ctx, field):
        return None
    if found.read is not None or found.read_problem is not None:
        return field_refusal(field, "Look-ups by a column whose values are converted are not translated.")
    return found.write_problem


def is_localized(ctx: Context, field: ModelField) -> bool:
    """Whether the column is one of django-i18nfield's, and converts its values as the package does."""
    known = ctx.snapshot.classes.get(field.cls)
    return (
        known is not None
        and not _LOCALIZED.isdisjoint(known.mro)
        and all(
            dotted.startswith(("i18nfield.", "django."))
            for name, dotted in known.methods.items()
            if name in _CONVERTING
        )
    )


_LOCALIZED = frozenset({"i18nfield.fields.I18nCharField", "i18nfield.fields.I18nTextField"})
_CONVERTING = frozenset(
    {
        "to_python",
        "get_prep_value",
        "from_db_value",
        "get_db_prep_value",
        "get_db_prep_save",
        "pre_save",
        "value_from_object",
    }
)


def _localized() -> Conversion:
    from segue.translate.functions.lift import Lifted
    from segue.translate.kinds import Localized, Scalar

    module = "segue_bridge.localized"
    read = Lifted("localized", module, (), ("value",), False, Localized())
    return Conversion(read, Lifted("stored", module, (), ("value",), False, Scalar("str", True)))


def _at(field: ModelField, problem: Refusal | None) -> Refusal | None:
    if problem is None or problem.code != "field-custom":
        return problem
    return field_refusal(field, problem.why)


def _made(ctx: Context, field: ModelField, reads: str, writes: str) -> Conversion:
    read = write = None
    read_problem = write_problem = None
    try:
        read = _lifted(ctx, field, reads, "str") if reads else None
    except Refused as refused:
        read_problem = refused.refusal
    try:
        write = _lifted(ctx, field, writes, "Any") if writes else None
        if write is not None and not _is_text(write):
            raise Refused(field_refusal(field, f"Segue does not see that {writes} always gives a text."))
    except Refused as refused:
        write, write_problem = None, refused.refusal
    return Conversion(read, write, read_problem, write_problem)


def _lifted(ctx: Context, field: ModelField, dotted: str, given: str) -> Lifted:
    """The method as a function of the value alone. Raises ``Refused``."""
    from segue.translate.functions.lift import app_of, lift
    from segue.translate.kinds import Scalar
    from segue.translate.load.models import snake
    from segue.translate.rules import registry

    function = ctx.snapshot.functions.get(dotted)
    if base_name(field) not in TEXTS or function is None:
        raise Refused(field_refusal(field, f"{dotted} converts its values."))
    registry.discover()
    method = dotted.rpartition(".")[2]
    with at_home(ctx, HOME):
        lifted = lift(
            ctx, function, self_kind=self_of_field(ctx, field), arguments={first_of(function, field): Scalar(given, given == "str")},
            module_kind=HOME, app=app_of(ctx, function), name=f"{snake(field.cls.rpartition('.')[2])}_{method}",
        )  # fmt: skip
    if lifted.is_async or lifted.state or len(lifted.explicit) != 1:
        raise Refused(field_refusal(field, f"{dotted} needs more than the value."))
    return lifted


def _is_text(lifted: Lifted) -> bool:
    from segue.translate.kinds import Scalar

    return isinstance(lifted.returns, Scalar) and lifted.returns.type == "str"


def first_of(function: Function, field: ModelField) -> str:
    """Name of the parameter that is the value. Raises ``Refused``."""
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    if not isinstance(tree, ast.FunctionDef) or len(tree.args.args) < 2:
        raise Refused(field_refusal(field, f"{function.name} does not take the value by its name."))
    return tree.args.args[1].arg


def self_of_field(ctx: Context, field: ModelField) -> Object:
    """The field as ``self``."""
    from segue.translate.interp.constants import value_of
    from segue.translate.interp.frame import Frame
    from segue.translate.kinds import Kind, Object, Unknown
    from segue.translate.serializers.held_object import constant, held_kind

    cls = ctx.snapshot.classes[field.cls]
    frame = Frame(ctx, Function(field.cls, field.where, "", "function", {}), cls.name.partition(".")[0])
    fields: list[tuple[str, Kind]] = []
    for name, value in field.attributes.items():
        found = value_of(frame, value)
        kind = held_kind(frame, value) if found is None else constant(found)
        fields.append((name, kind or Unknown(f"Segue cannot write down {field.cls}.{name}.")))
    return Object(field.cls, ModelFieldUse(field), tuple(fields))


@contextmanager
def at_home(ctx: Context, kind: str) -> Iterator[None]:
    """Helpers of what is lifted inside stand in the same module: ``columns.py`` may import no other, as models import it."""
    before = ctx.memo.get(("kernel", "home"))
    ctx.memo[("kernel", "home")] = kind
    try:
        yield
    finally:
        ctx.memo[("kernel", "home")] = before


__all__ = [
    "Conversion",
    "ModelFieldUse",
    "at_home",
    "conversion",
    "first_of",
    "lookup_problem",
    "self_of_field",
]
