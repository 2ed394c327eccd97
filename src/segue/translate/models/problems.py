"""Fields and models whose meaning Segue cannot carry over, with the reason.

A table is written down whenever its columns are known, so that foreign keys and the schema stay
whole; what a custom field class does to *values* stops only code that reads or writes it.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Collection, Iterator

from segue.refusal import Refusal
from segue.snapshot.model import Function, Model, ModelField, Snapshot
from segue.translate.context import Context
from segue.translate.models import countries, money, phones
from segue.translate.models.by_vendor import is_djangos
from segue.translate.models.ddl import is_mysql
from segue.translate.models.kinds import (
    DJANGO_ENCODER,
    base_name,
    has_column,
    is_text,
    json_option,
    known_base,
    referred,
)
from segue.translate.models.time_stamps import asks_for_it, follows

# Django's fields whose ``get_prep_value`` or ``get_db_prep_value`` asks ``to_python``.
_BY_TO_PYTHON = frozenset(
    {"DateField", "DateTimeField", "TimeField", "DecimalField", "BooleanField", "NullBooleanField", "UUIDField", "GenericIPAddressField"}
)  # fmt: skip
# Methods of a field class through which values or columns change (django.db.models.fields.Field).
READ = ("from_db_value", "get_db_converters", "contribute_to_class", "descriptor_class", "select_format")
WRITE = (
    "get_prep_value",
    "get_db_prep_value",
    "get_db_prep_save",
    "pre_save",
    "get_placeholder",
    "get_default",
    "_get_default",
    "value_from_object",
    "save_form_data",
)
LOOKUP = ("get_lookup", "get_transform", "class_lookups")
# What a foreign key does not ask of the field that it refers to: that is about the attribute and the object.
_OF_THE_OBJECT = frozenset(
    {"contribute_to_class", "descriptor_class", "get_default", "_get_default", "pre_save", "value_from_object", "save_form_data"}
)  # fmt: skip
COLUMN = ("db_type", "rel_db_type", "db_parameters", "get_internal_type", "cast_db_type", "db_check")
FRAMEWORKS = ("django.",)


def overriding(snapshot: Snapshot, field: ModelField, name: str) -> str:
    """The dotted name of ``name`` where the field's class takes it from outside Django, and it does something else; else ''."""
    found = _overrides(snapshot, field, (name,))
    return "" if found and _gives_as_it_is(snapshot, field, found) else found


def _overrides(snapshot: Snapshot, field: ModelField, names: tuple[str, ...]) -> str:
    """The first of ``names`` that the field's class takes from outside Django, with its owner."""
    cls = snapshot.classes.get(field.cls)
    if cls is None:
        return ""
    for name in names:
        found = cls.methods.get(name, "")
        if found and not found.startswith(FRAMEWORKS):
            function = snapshot.functions.get(found)
            if function is not None and (
                is_djangos(snapshot, function, field.cls, FRAMEWORKS)
                or asks_for_it(snapshot, function)
                or follows(snapshot, field, found)
                or _says_its_type(function, field)
            ):
                continue
            return found
        attribute = cls.attributes.get(name)
        if attribute is not None and not attribute.defined_in.startswith(FRAMEWORKS):
            return f"{attribute.defined_in}.{name}"
    return ""


def _says_its_type(function: Function, field: ModelField) -> bool:
    """``def get_internal_type(self): return "DateTimeField"`` of a class that is one."""
    if not function.name.endswith(".get_internal_type"):
        return False
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    if not isinstance(tree, ast.FunctionDef):
        return False
    body = [s for s in tree.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    match body:
        case [ast.Return(ast.Constant(str() as name))]:
            return not tree.decorator_list and field.base == f"django.db.models.fields.{name}"
    return False


def _gives_as_it_is(snapshot: Snapshot, field: ModelField, dotted: str) -> bool:
    """A ``from_db_value`` that gives the value, or what Django's own ``to_python`` makes of a text: the same."""
    function = snapshot.functions.get(dotted)
    if function is None or not dotted.endswith(".from_db_value"):
        return False
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    if not isinstance(tree, ast.FunctionDef) or len(tree.args.args) < 2:
        return False
    body = [s for s in tree.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    if len(body) != 1 or not isinstance(body[0], ast.Return) or body[0].value is None:
        return False
    own, value = (a.arg for a in tree.args.args[:2])
    given = ast.unparse(body[0].value)
    if given == value:
        return True
    text = field.base in ("django.db.models.fields.CharField", "django.db.models.fields.TextField")
    return text and given == f"{own}.to_python({value})" and not _overrides(snapshot, field, ("to_python",))


def column_is_known(snapshot: Snapshot, field: ModelField) -> bool:
    """Whether the column type follows from Django's own field class."""
    if not known_base(field):
        return False
    return field.cls == field.base or not _overrides(snapshot, field, COLUMN)


def value_problem(ctx: Context, field: ModelField, *, writing: bool = False) -> Refusal | None:
    """Why values of ``field`` cannot be read (or written), or None.

    A class of the project or of a package that overrides nothing that touches values is as
    good as its Django base; what it converts by itself is lifted (:mod:`segue.translate.models.conversions`).
    """
    snapshot = ctx.snapshot
    if field.relation is not None and field.relation.kind not in ("fk", "o2o"):
        return None
    if not column_is_known(snapshot, field) and not is_text(field):
        return field_refusal(field, f"{field.cls} makes its own column.")
    own = _json_problem(field, writing) or (_array_problem(field) if writing else None)
    if own is not None:
        return own
    return _class_problem(ctx, field, writing) or _key_problem(ctx, field, writing)


def _key_problem(ctx: Context, field: ModelField, writing: bool) -> Refusal | None:
    """The same of a foreign key: its values are those of the column that it refers to (``ForeignKey.get_col``,
    ``get_prep_value``, ``get_db_prep_save``)."""
    key = referred(ctx.snapshot, field)
    if key is field:
        return None
    if not column_is_known(ctx.snapshot, key) and not is_text(key):
        return field_refusal(field, f"It refers to {key.name}, and {key.cls} makes its own column.")
    return _class_problem(ctx, key, writing, aside=_OF_THE_OBJECT)


def _class_problem(
    ctx: Context, field: ModelField, writing: bool, aside: Collection[str] = ()
) -> Refusal | None:
    """What the field's class does to values by itself, ``aside`` from some of its methods."""
    from segue.translate.models.conversions import conversion, is_localized

    snapshot = ctx.snapshot
    if field.cls == field.base or field.cls.startswith(FRAMEWORKS):
        return None
    cls = snapshot.classes.get(field.cls)
    if cls is None:
        return field_refusal(field, f"The snapshot does not know the class {field.cls}.")
    if field.replaced_lookups:
        return field_refusal(
            field, f"Its class has a look-up of its own for Django's: {field.replaced_lookups[0]}."
        )
    names: tuple[str, ...] = READ + WRITE + LOOKUP if writing else READ + LOOKUP
    names = tuple(name for name in names if name not in aside)
    if writing and base_name(field) in _BY_TO_PYTHON:
        names += ("to_python",)
    if is_localized(ctx, field):
        return None
    if phones.is_phone(ctx, field):
        if aside:
            return field_refusal(field, "A foreign key to a phone number is not translated.")
        return phones.problem(ctx, field)
    if money.is_currency(field):
        return None
    if money.is_money(field):
        return (
            field_refusal(field, "A foreign key to an amount is not translated.")
            if aside
            else money.problem(ctx, field)
        )
    if countries.is_country(ctx, field):
        if aside:
            return field_refusal(field, "A foreign key to a country is not translated.")
        return countries.problem(ctx, field)
    found = _overrides(
        snapshot, field, tuple(n for n in names if n not in ("from_db_value", "get_prep_value"))
    )
    if found:
        return field_refusal(field, f"{found} converts its values.")
    made = conversion(ctx, field)
    if made is None:
        return None
    return made.read_problem or (made.write_problem if writing else None)


def _json_problem(field: ModelField, writing: bool) -> Refusal | None:
    """A ``JSONField`` whose values are read or written by a class of the project's."""
    if base_name(field) != "JSONField":
        return None
    decoder, encoder = json_option(field, "decoder"), json_option(field, "encoder")
    if decoder:
        return field_refusal(field, f"Its decoder {decoder} makes the values that are read.")
    if writing and encoder not in ("", DJANGO_ENCODER):
        return field_refusal(field, f"Its encoder {encoder} makes what is written.")
    return None


def _array_problem(field: ModelField) -> Refusal | None:
    """What is written to it otherwise than here: ends of ranges, and NULL among JSON values."""
    bounds = field.options.get("default_bounds")
    # NULL has no bounds, and code that gives a range is refused where it stands (rules/model_class.py): only a default could be a pair.
    stays_null = field.null and field.default.kind in ("empty", "const") and field.default.data is None
    if bounds is not None and bounds.data != "[)" and not stays_null:
        return field_refusal(field, "Its default_bounds are not translated.")
    item = field.options.get("base_field")
    if base_name(field) == "ArrayField" and item is not None and item.name.endswith(".JSONField"):
        return field_refusal(field, "None in an array of JSON is written as JSON's null by Django.")
    return None


def unusable(snapshot: Snapshot, model: Model) -> Refusal | None:
    """Why rows of a model are neither read nor written, or None. Its table may be known all the same."""
    problem = missing_table(snapshot, model)
    if problem is not None:
        return problem
    if many_parents(model):
        why = (
            "What has two parent tables is one object in Django, and its class stands for its own table only."
        )
        return Refusal("model-many-parents", model.label, why, *_place(model))
    if key := key_fields(model):
        why = f"Its primary key is several columns ({', '.join(key)}); rows are read and written by keys of one."
        return Refusal("model-composite-key", model.label, why, *_place(model))
    return next(
        (found for parent in _parents(snapshot, model) if (found := unusable(snapshot, parent))), None
    )


def many_parents(model: Model) -> bool:
    """Whether an object of the model is rows of two other tables besides its own."""
    return not model.proxy and len([link for link in model.parents.values() if link]) > 1


def key_fields(model: Model) -> tuple[str, ...]:
    """Names of the fields that are the primary key together; () where it is one column."""
    key = next((field for field in model.fields if field.name == model.pk), None)
    names = None if key is None or has_column(key) else key.options.get("field_names")
    return () if names is None else tuple(str(item.data) for item in names.items)


def missing_table(snapshot: Snapshot, model: Model) -> Refusal | None:
    """Why a model has no mapped class, or None."""
    if model.swapped:
        return Refusal("model-swapped", model.label, f"It is swapped for {model.swapped}.", *_place(model))
    keys = [field for field in model.fields if field.name == model.pk]
    if not keys or not (has_column(keys[0]) or key_fields(model)):
        return Refusal(
            "model-composite-key", model.label, "Its primary key is not one column.", *_place(model)
        )
    for field in model.fields:
        if has_column(field) and not column_is_known(snapshot, field) and not any(field.db_types.values()):
            return Refusal(
                "model-unknown-column",
                f"{model.label}.{field.name}",
                "Its column type is unknown.",
                *_place(model),
            )
    owned = model.managed and not (model.proxy or model.abstract)
    if owned and is_mysql(snapshot) and not {"mysql", "mariadb"} <= set(model.create_sql):
        # what it has besides columns is known from these alone
        why = "Django's statements that make its table on MySQL and on MariaDB are not known."
        return Refusal("model-statements", model.label, why, *_place(model))
    return next(
        (found for parent in _parents(snapshot, model) if (found := missing_table(snapshot, parent))), None
    )


def _parents(snapshot: Snapshot, model: Model) -> Iterator[Model]:
    """The models that it extends by a table."""
    for field in model.fields:
        relation = field.relation
        if relation is None or not relation.parent_link:
            continue
        parent = snapshot.models.get(relation.to)
        if parent is not None and parent.label != model.label:
            yield parent


def _place(model: Model) -> tuple[str, int]:
    return model.where.file, model.where.line


def field_refusal(field: ModelField, why: str) -> Refusal:
    """A refusal of what the field's class does."""
    return Refusal("field-custom", field.name, why, field.where.file, field.where.line)
