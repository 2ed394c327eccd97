"""Django field classes and the column types of the runtime library.

Source: ``DatabaseWrapper.data_types`` of Django's backends, ``Field.rel_db_type``.
"""

from __future__ import annotations

from dataclasses import dataclass

from segue.snapshot.model import ModelField, Snapshot, Value
from segue.translate.models.ddl import is_mysql, supported

# field class → (column type, annotation)
PLAIN: dict[str, tuple[str, str]] = {
    "AutoField": ("Int", "int"),
    "BigAutoField": ("BigInt", "int"),
    "SmallAutoField": ("SmallInt", "int"),
    "IntegerField": ("Int", "int"),
    "BigIntegerField": ("BigInt", "int"),
    "SmallIntegerField": ("SmallInt", "int"),
    "PositiveIntegerField": ("PositiveInt", "int"),
    "PositiveBigIntegerField": ("PositiveBigInt", "int"),
    "PositiveSmallIntegerField": ("PositiveSmallInt", "int"),
    "OrderWrt": ("Int", "int"),
    "TextField": ("Text", "str"),
    "BooleanField": ("Bool", "bool"),
    "NullBooleanField": ("Bool", "bool"),
    "DateField": ("Date", "date"),
    "TimeField": ("Time", "time"),
    "DurationField": ("Interval", "timedelta"),
    "FloatField": ("Float", "float"),
    "UUIDField": ("Uuid", "UUID"),
    "BinaryField": ("Binary", "bytes"),
    "GenericIPAddressField": ("Inet", "str"),
    "JSONField": ("Json", "Any"),
    "HStoreField": ("HStore", "Mapping[str, str | None]"),
    "IntegerRangeField": ("IntRange", "Any"),
    "BigIntegerRangeField": ("BigIntRange", "Any"),
    "DecimalRangeField": ("DecimalRange", "Any"),
    "DateTimeRangeField": ("DateTimeRange", "Any"),
    "DateRangeField": ("DateRange", "Any"),
    "SearchVectorField": ("SearchVector", "str"),
    "CITextField": ("CIText", "str"),
    "CICharField": ("CIText", "str"),
    "CIEmailField": ("CIText", "str"),
}
SIZED = frozenset(
    {
        *("CharField", "SlugField", "EmailField", "URLField", "FileField", "ImageField", "FilePathField"),
        "CommaSeparatedIntegerField",
    }
)
AUTO = frozenset({"AutoField", "BigAutoField", "SmallAutoField"})
POSITIVE = {
    "PositiveIntegerField": "IntegerField",
    "PositiveBigIntegerField": "BigIntegerField",
    "PositiveSmallIntegerField": "SmallIntegerField",
}
OTHERS = frozenset({"DecimalField", "DateTimeField", "ArrayField"})
FOREIGN = frozenset({"ForeignKey", "OneToOneField"})
IMPORTS = {
    "date": ("datetime", "date"),
    "time": ("datetime", "time"),
    "datetime": ("datetime", "datetime"),
    "timedelta": ("datetime", "timedelta"),
    "Decimal": ("decimal", "Decimal"),
    "UUID": ("uuid", "UUID"),
    "Any": ("typing", "Any"),
    "Mapping[str, str | None]": ("collections.abc", "Mapping"),
    "list[Any]": ("typing", "Any"),
}


@dataclass(frozen=True, slots=True)
class ColumnKind:
    """A column type: ``code`` to call it, ``names`` from the types module, ``annotation`` of values."""

    code: str
    names: frozenset[str]
    annotation: str
    auto: bool = False
    positive: bool = False


def base_name(field: ModelField) -> str:
    """Class name of the nearest Django field class."""
    return field.base.rpartition(".")[2]


def has_column(field: ModelField) -> bool:
    """Whether the field is a column of a table (Django gives many-to-many fields a name for one too)."""
    return bool(field.column) and (field.relation is None or field.relation.kind in ("fk", "o2o"))


def is_text(field: ModelField) -> bool:
    """Whether the nearest Django class is a text field, whose values are used as they are."""
    return base_name(field) in SIZED or base_name(field) == "TextField"


def known_base(field: ModelField) -> bool:
    """Whether the nearest Django field class is one whose column Segue knows."""
    name = base_name(field)
    if "gis" in field.base:
        return False
    return name in PLAIN or name in SIZED or name in OTHERS or name in FOREIGN or name == "GeneratedField"


def column_kind(snapshot: Snapshot, field: ModelField) -> ColumnKind:
    """The column type of a field; a foreign key's is that of the column it refers to."""
    if base_name(field) in FOREIGN:
        return _referring(snapshot, field)
    return kind_of(snapshot, base_name(field), field)


def kind_of(snapshot: Snapshot, name: str, field: ModelField) -> ColumnKind:
    """The column type for field class ``name`` with the options of ``field``."""
    collation = f"collation={field.collation!r}" if field.collation else ""
    if name in SIZED:
        arguments = ", ".join(
            text for text in ("" if field.max_length is None else str(field.max_length), collation) if text
        )
        return ColumnKind(f"Varchar({arguments})", frozenset({"Varchar"}), "str")
    if name == "DecimalField":
        code = f"Money({field.max_digits}, {field.decimal_places})"
        return ColumnKind(code, frozenset({"Money"}), "Decimal")
    if name == "DateTimeField":
        return _moment(snapshot)
    if name == "ArrayField":
        return _array(snapshot, field)
    if name == "GeneratedField":
        output = field.options.get("output_field")
        return (None if output is None else _item(snapshot, output)) or _raw(snapshot, field)
    if name not in PLAIN:
        return _raw(snapshot, field)
    type_, annotation = PLAIN[name]
    arguments, used = _of_options(type_, field, collation)
    if type_ == "Uuid" and is_mysql(snapshot) and field.db_types.get("mariadb") != "uuid":
        arguments = (
            "native=False"  # Django before 5.0, or the class that its notes give for tables of those times
        )
    if name in AUTO and is_mysql(snapshot):
        arguments = "numbered=True"
    return ColumnKind(
        f"{type_}({arguments})", used | {type_}, annotation, auto=name in AUTO, positive=name in POSITIVE
    )


DJANGO_ENCODER = "django.core.serializers.json.DjangoJSONEncoder"


def _of_options(type_: str, field: ModelField, collation: str) -> tuple[str, frozenset[str]]:
    """Arguments of a column type, and the names they need besides."""
    if type_ in ("Text", "CIText"):
        return collation, frozenset()
    if type_ == "Bool" and field.null:
        return "null=True", frozenset()
    if type_ == "Inet" and _is_true(field.options.get("unpack_ipv4")):
        return "unpack=True", frozenset()
    if type_ == "Json" and json_option(field, "encoder") == DJANGO_ENCODER:
        return "encoder=DjangoJSONEncoder", frozenset({"DjangoJSONEncoder"})
    return "", frozenset()


def json_option(field: ModelField, name: str) -> str:
    """The class given as ``encoder`` or ``decoder`` of a ``JSONField``; '' without one."""
    value = field.options.get(name)
    if value is None or (value.kind == "const" and value.data is None):
        return ""
    return value.name or "?"


def _is_true(value: Value | None) -> bool:
    return value is not None and value.data is True


def _moment(snapshot: Snapshot) -> ColumnKind:
    aware = snapshot.settings.values.get("USE_TZ")
    default = int(snapshot.versions.django.split(".")[0]) >= 5  # the default became True in Django 5.0
    if aware.data if aware is not None else default:
        return ColumnKind("UtcDateTime()", frozenset({"UtcDateTime"}), "datetime")
    zone = snapshot.settings.values.get("TIME_ZONE")
    name = zone.data if zone is not None else "America/Chicago"
    return ColumnKind(f"LocalDateTime({name!r})", frozenset({"LocalDateTime"}), "datetime")


def referred(snapshot: Snapshot, field: ModelField) -> ModelField:
    """The field whose values the column of a foreign key has; ``field`` itself where it is none."""
    seen: set[int] = set()
    item = field
    while item.relation is not None and item.relation.kind in ("fk", "o2o") and id(item) not in seen:
        seen.add(id(item))
        target = snapshot.models.get(item.relation.to)
        wanted = "" if target is None else item.relation.to_field or target.pk
        found = target and next((f for f in target.fields if wanted in (f.name, f.attname)), None)
        if not found:
            break
        item = found
    return item


def _referring(snapshot: Snapshot, field: ModelField) -> ColumnKind:
    item = referred(snapshot, field)
    # MySQL alone wants both columns to be of one type (features.related_fields_match_type)
    name = base_name(item) if is_mysql(snapshot) else POSITIVE.get(base_name(item), base_name(item))
    found = kind_of(snapshot, name, item)
    return ColumnKind(found.code, found.names, found.annotation)


_ITEM_OPTIONS = {"max_length", "max_digits", "decimal_places"}


def _array(snapshot: Snapshot, field: ModelField) -> ColumnKind:
    """``ArrayField(base_field, size)``. The item field is a ``call`` value of its class."""
    item = field.options.get("base_field")
    found = None if item is None else _item(snapshot, item)
    if found is None:
        return _raw(snapshot, field)
    size = field.options.get("size")
    bound = "" if size is None or size.data is None else f", {size.data}"
    return ColumnKind(f"Array({found.code}{bound})", found.names | {"Array"}, f"list[{found.annotation}]")


def _item(snapshot: Snapshot, value: Value) -> ColumnKind | None:
    name = value.name.rpartition(".")[2]
    if value.kind != "call" or not value.name.startswith("django."):
        return None
    options = {str(key.data): item.data for key, item in value.pairs}
    numbers = {key: options.get(key) for key in _ITEM_OPTIONS}
    from segue.snapshot.model import Where

    field = ModelField(
        name="item",
        attname="item",
        cls=value.name,
        base=value.name,
        where=Where(""),
        max_length=_number(numbers["max_length"])
        or {"EmailField": 254, "SlugField": 50, "URLField": 200}.get(name),
        max_digits=_number(numbers["max_digits"]),
        decimal_places=_number(numbers["decimal_places"]),
    )
    if name not in PLAIN and name not in SIZED and name not in ("DecimalField", "DateTimeField"):
        return None
    return kind_of(snapshot, name, field)


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _raw(snapshot: Snapshot, field: ModelField) -> ColumnKind:
    """The column as Django's backends make it, values as the driver gives them."""
    known = {
        vendor: text for vendor, text in field.db_types.items() if text and vendor in supported(snapshot)
    }
    mariadb = field.db_types.get("mariadb")
    if mariadb and known.get("mysql") not in (None, mariadb):
        known["mariadb"] = mariadb
    texts = ", ".join(f"{vendor}={text!r}" for vendor, text in sorted(known.items()))
    return ColumnKind(f"Raw({texts})", frozenset({"Raw"}), "Any")


def own_kind(snapshot: Snapshot, field: ModelField) -> ColumnKind:
    """The column of a custom field that makes its own: text stays text, others are not looked into."""
    found = _raw(snapshot, field)
    if not is_text(field):
        return found
    return ColumnKind(found.code.replace("Raw(", "OwnText(", 1), frozenset({"OwnText"}), "str")
