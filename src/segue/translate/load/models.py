"""Facts about models: generated class names, fields by name, Python types of columns."""

from __future__ import annotations

from segue.refusal import Refused
from segue.snapshot.model import Model, ModelField, ReverseRelation
from segue.translate.context import Context
from segue.translate.kinds import Country, Kind, Localized, Phone, Scalar
from segue.translate.models import names
from segue.translate.models.conversions import conversion, is_localized
from segue.translate.models.countries import is_country
from segue.translate.models.phones import is_phone
from segue.translate.models.problems import value_problem

# Nearest django.db.models field class → annotation of the value that the generated column gives.
PYTHON_TYPES = {
    "AutoField": "int",
    "BigAutoField": "int",
    "SmallAutoField": "int",
    "IntegerField": "int",
    "BigIntegerField": "int",
    "SmallIntegerField": "int",
    "PositiveIntegerField": "int",
    "PositiveBigIntegerField": "int",
    "PositiveSmallIntegerField": "int",
    "CharField": "str",
    "TextField": "str",
    "EmailField": "str",
    "SlugField": "str",
    "URLField": "str",
    "FilePathField": "str",
    "FileField": "str",
    "ImageField": "str",
    "IPAddressField": "str",
    "GenericIPAddressField": "str",
    "CommaSeparatedIntegerField": "str",
    "BooleanField": "bool",
    "NullBooleanField": "bool",
    "DateField": "date",
    "DateTimeField": "datetime",
    "TimeField": "time",
    "DurationField": "timedelta",
    "DecimalField": "Decimal",
    "FloatField": "float",
    "UUIDField": "UUID",
    "BinaryField": "bytes",
    "JSONField": "Any",
}


def field_of(model: Model, name: str) -> ModelField | None:
    """The field called ``name``, by name, column attribute, or ``pk``."""
    if name == "pk":
        name = model.pk
    for item in model.fields:
        if name in (item.name, item.attname):
            return item
    return None


def reverse_of(model: Model, accessor: str) -> ReverseRelation | None:
    """The reverse relation with that accessor."""
    for item in model.reverse:
        if item.accessor == accessor:
            return item
    return None


def reverse_query(model: Model, query_name: str) -> ReverseRelation | None:
    """The reverse relation that lookups call ``query_name``."""
    for item in model.reverse:
        if item.query_name == query_name:
            return item
    return None


def pk_field(ctx: Context, label: str) -> ModelField:
    """Primary key field of a model."""
    model = ctx.model(label)
    found = field_of(model, "pk")
    if found is None:
        raise KeyError(f"{label} has no primary key in the snapshot")
    return found


def target_field(ctx: Context, item: ModelField) -> ModelField:
    """The field that a foreign key's column refers to."""
    assert item.relation is not None
    target = ctx.model(item.relation.to)
    found = field_of(target, item.relation.to_field or "pk")
    return found if found is not None else pk_field(ctx, item.relation.to)


def is_relation(item: ModelField) -> bool:
    """Foreign key or one-to-one with a column of its own."""
    return item.relation is not None and item.relation.kind in ("fk", "o2o")


def python_type(ctx: Context, item: ModelField) -> str:
    """Annotation text (without ``| None``) of the value in ``item``'s column."""
    seen = 0
    while item.relation is not None and item.relation.kind in ("fk", "o2o") and seen < 8:
        item, seen = target_field(ctx, item), seen + 1
    converted = conversion(ctx, item)
    if converted is not None and converted.read is not None:
        return "Any"  # an object has what was assigned until it is read again
    base = item.base.rpartition(".")[2]
    if base == "ArrayField":
        return "list[Any]"
    return PYTHON_TYPES.get(base, "Any")


def column_kind(ctx: Context, item: ModelField) -> Kind:
    """What reading the column attribute gives. Refuses what :func:`check_value` refuses."""
    check_value(ctx, item)
    if is_localized(ctx, item):
        return Localized()
    if is_phone(ctx, item):
        return Phone(item.null)
    if is_country(ctx, item):
        return Country(item.null)
    return Scalar(python_type(ctx, item), item.null)


def class_name(ctx: Context, label: str) -> str:
    """Name of the generated mapped class."""
    return names.class_name(ctx, label)


def module_app(ctx: Context, label: str) -> str:
    """App label whose ``models.py`` holds the class."""
    return ctx.model(label).app


def check_value(ctx: Context, item: ModelField) -> None:
    """Refuse a column whose values the generated class does not have as Django gives them.

    Raises :class:`segue.refusal.Refused`.
    """
    problem = value_problem(ctx, item)
    if problem is not None:
        raise Refused(problem)


def concrete(ctx: Context, label: str) -> Model:
    """The model whose table is used: proxies resolved."""
    return names.concrete(ctx, label)


def snake(text: str) -> str:
    """``ArticleComment`` → ``article_comment``; a class that a function makes again and again has a number behind its name."""
    out: list[str] = []
    text = text.partition("#")[0]
    for i, char in enumerate(text):
        if (
            char.isupper()
            and i
            and (not text[i - 1].isupper() or (i + 1 < len(text) and text[i + 1].islower()))
        ):
            out.append("_")
        out.append(char.lower())
    return "".join(out).replace("__", "_")


def plural(word: str) -> str:
    """English plural, good enough for names of constants."""
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return word + "es"
    if word.endswith("y") and len(word) > 1 and word[-2] not in "aeiou":
        return word[:-1] + "ies"
    return word + "s"
