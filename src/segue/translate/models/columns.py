"""One model field → one ``mapped_column``."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from segue.snapshot.model import Model, ModelField
from segue.target.ir import Import
from segue.translate.context import Context
from segue.translate.models import countries, ddl, tablespaces
from segue.translate.models.conversions import conversion
from segue.translate.models.kinds import (
    AUTO,
    FOREIGN,
    IMPORTS,
    ColumnKind,
    base_name,
    column_kind,
    json_option,
    kind_of,
    own_kind,
)
from segue.translate.models.names import attribute, concrete
from segue.translate.models.own_defaults import full_default_of
from segue.translate.models.phones import column_code, is_phone, problem
from segue.translate.models.problems import column_is_known, key_fields, missing_table
from segue.translate.models.time_stamps import created_of
from segue.translate.versions import since

TYPES = "segue_bridge.db.types"


@dataclass(slots=True)
class Text:
    """Source text and the imports it needs."""

    lines: list[str] = field(default_factory=list)
    imports: set[Import] = field(default_factory=set)

    def use(self, module: str, *names: str) -> None:
        """Import names of a module."""
        self.imports.update(Import(module, name) for name in names)


def kind(ctx: Context, item: ModelField) -> ColumnKind:
    """The column type; for a custom field that makes its own column, its DDL."""
    if not column_is_known(ctx.snapshot, item):
        return own_kind(ctx.snapshot, item)
    return column_kind(ctx.snapshot, item)


def _through_key(ctx: Context, model: Model, item: ModelField) -> ColumnKind | None:
    """The key of an automatic through table, as migrations make it.

    Migrations know no ``AppConfig.default_auto_field`` (``migrations.state.AppConfigStub``), so the
    setting decides, whatever the model says.
    """
    setting = ctx.snapshot.settings.values.get("DEFAULT_AUTO_FIELD")
    if not model.auto_created or not item.primary_key or base_name(item) not in AUTO or setting is None:
        return None
    name = str(setting.data).rpartition(".")[2]
    return kind_of(ctx.snapshot, name, item) if name in AUTO else None


def identity(ctx: Context) -> bool:
    """Django ≥ 4.1 makes identity columns on PostgreSQL, older ones ``serial``."""
    return since(ctx.snapshot.versions.django, 4, 1)


@dataclass(slots=True)
class Column:
    """A column as text: attribute, annotation, and the arguments of ``mapped_column`` or ``Column``.

    ``arguments`` are those of the database; ``mapped`` those that only the mapped class has
    (Python-side default, ``info``). ``name`` is the column's own name.
    """

    attribute: str
    name: str
    annotation: str
    arguments: list[str]
    mapped: list[str]
    nullable: bool


def column(ctx: Context, model: Model, item: ModelField, out: Text) -> str:
    """``title: Mapped[str] = mapped_column(Varchar(200))``; adds its imports to ``out``."""
    out.use("sqlalchemy.orm", "Mapped", "mapped_column")
    made = column_parts(ctx, model, item, out)
    _converted(ctx, item, made, out)
    named = [repr(made.name)] if made.name != made.attribute else []
    if made.annotation == "Any" and not item.primary_key:
        made.mapped.insert(0, f"nullable={made.nullable}")
    arguments = ", ".join([*named, *made.arguments, *made.mapped])
    return f"{made.attribute}: Mapped[{made.annotation}] = mapped_column({arguments})"


def _converted(ctx: Context, item: ModelField, made: Column, out: Text) -> None:
    """``Converted(Varchar(200), read=…, write=…)`` where the field's class converts values itself."""
    if is_phone(ctx, item) and problem(ctx, item) is None:
        made.arguments[0], needed = column_code(ctx, item)
        out.imports |= needed
        out.use("segue_bridge.phones", "PhoneValue")
        made.annotation = "PhoneValue"
        made.mapped.insert(0, f"nullable={made.nullable}")
        return
    if countries.is_country(ctx, item) and countries.problem(ctx, item) is None:
        made.arguments[0], needed = countries.column_code(ctx, item)
        out.imports |= needed
        return
    found = conversion(ctx, item)
    if found is None or (found.read is None and found.write is None):
        return
    out.use(TYPES, "Converted")
    functions = []
    for key, lifted in (("read", found.read), ("write", found.write)):
        if lifted is not None:
            out.imports |= lifted.imports
            functions.append(f"{key}={lifted.name}")
    made.arguments[0] = f"Converted({made.arguments[0]}, {', '.join(functions)})"
    if found.read is not None:
        out.use("typing", "Any")
        made.annotation = "Any"


def table_column(ctx: Context, model: Model, item: ModelField, out: Text) -> str:
    """``Column("title", Varchar(200), nullable=False)``, for the baseline revision."""
    out.use("sqlalchemy", "Column")
    made = column_parts(ctx, model, item, Text())
    for name in column_imports(ctx, model, item):
        out.imports.add(name)
    null = [] if _is_key(model, item) else [f"nullable={made.nullable}"]
    return f"Column({', '.join([repr(made.name), *made.arguments, *null])})"


def column_imports(ctx: Context, model: Model, item: ModelField) -> set[Import]:
    """Imports that the database side of a column needs."""
    out = Text()
    text = " ".join(column_parts(ctx, model, item, out).arguments)
    return {
        found
        for found in out.imports
        if re.search(rf"\b{re.escape(found.name)}\(|encoder={re.escape(found.name)}\b", text)
    }


def column_parts(ctx: Context, model: Model, item: ModelField, out: Text) -> Column:
    """Everything about the column of a field."""
    found = _through_key(ctx, model, item) or kind(ctx, item)
    out.use(TYPES, *found.names)
    arguments: list[str] = [found.code]
    mapped: list[str] = []
    info: dict[str, str] = {}
    _reference(ctx, item, arguments, info, out)
    if found.auto and item.primary_key and identity(ctx):
        arguments.append("Identity()")
        out.use("sqlalchemy", "Identity")
    generated = _generated(ctx, model, item, out)
    if generated:
        arguments.append(generated)
    if found.positive:
        name = ddl.quoted(ddl.supported(ctx.snapshot)[0], item.column)
        arguments.append(f"CheckConstraint({name + ' >= 0'!r})")
        out.use("sqlalchemy", "CheckConstraint")
    if _is_key(model, item):
        arguments.append("primary_key=True")
        if found.auto and not identity(ctx):
            arguments.append("autoincrement=True")
        elif not found.auto and found.annotation == "int":
            arguments.append("autoincrement=False")
    if item.primary_key:
        pass  # has an index of its own
    elif item.unique:
        if not key_tablespace(ctx, model, item):
            arguments.append("unique=True")
    elif item.db_index and not _indexed_by_mysql(ctx, item) and not index_tablespace(ctx, model, item):
        arguments.append("index=True")
    _defaults(ctx, model, item, arguments, mapped, out)
    if item.comment:
        arguments.append(f"comment={item.comment!r}")
    if item.auto_now:
        info["auto_now"] = "True"
    created = created_of(ctx.snapshot, model, item)
    if created:
        info["as_created"] = repr(created)
    if item.auto_now_add:
        info["auto_now_add"] = "True"
    if base_name(item) in ("FileField", "ImageField"):
        info["file"] = "True"
    if base_name(item) == "JSONField" and json_option(item, "decoder"):
        info["decoder"] = "True"
    if info:
        pairs = ", ".join(f"{key!r}: {value}" for key, value in info.items())
        mapped.append(f"info={{{pairs}}}")
    null = item.null or base_name(item) == "GeneratedField"  # Django writes no NOT NULL on a formula
    return Column(attribute(item), item.column, _annotation(found, null, out), arguments, mapped, null)


def key_tablespace(ctx: Context, model: Model, item: ModelField) -> str:
    """The tablespace of the index that a primary key or a unique column is: then the constraint stands in ``__table_args__``."""
    return "" if ddl.is_mysql(ctx.snapshot) else tablespaces.of_key(model, item)


def index_tablespace(ctx: Context, model: Model, item: ModelField) -> str:
    """The tablespace of the index that ``db_index`` asks for: then it stands in ``__table_args__``."""
    if ddl.is_mysql(ctx.snapshot) or not item.db_index or item.unique or item.primary_key:
        return ""
    return tablespaces.of_columns(model, [item.column])


# ``mysql.base.DatabaseWrapper._limited_data_types``
_LARGE = frozenset(
    {"json", *(size + kind for size in ("tiny", "", "medium", "long") for kind in ("blob", "text"))}
)


def _indexed_by_mysql(ctx: Context, item: ModelField) -> bool:
    """Where Django makes no index on MySQL: InnoDB has made that of a foreign key, and large columns have none
    (``mysql.schema.DatabaseSchemaEditor._field_should_be_indexed``)."""
    if not ddl.is_mysql(ctx.snapshot):
        return False
    key = base_name(item) == "ForeignKey" and item.relation is not None and item.relation.db_constraint
    return key or (item.db_types.get("mysql") or "").lower() in _LARGE


def _is_key(model: Model, item: ModelField) -> bool:
    """Whether the column is the primary key, or one of several that are it together."""
    return item.primary_key or not {item.name, item.attname}.isdisjoint(key_fields(model))


def _annotation(found: ColumnKind, null: bool, out: Text) -> str:
    text = found.annotation
    if text in IMPORTS:
        out.use(*IMPORTS[text])
    elif text.startswith("list["):
        inner = text.removeprefix("list[").removesuffix("]")
        if inner in IMPORTS:
            out.use(*IMPORTS[inner])
    return f"{text} | None" if null and text != "Any" else text


def _reference(ctx: Context, item: ModelField, arguments: list[str], info: dict[str, str], out: Text) -> None:
    relation = item.relation
    if base_name(item) not in FOREIGN or relation is None:
        return
    target = concrete(ctx, relation.to)
    column_ = next(f.column for f in target.fields if (relation.to_field or target.pk) in (f.name, f.attname))
    owner = table_of(ctx, target, relation.to_field or target.pk)
    details = [f"'on_delete': {on_delete(item)}"]
    if on_delete(item) == "'SET'":
        details.append(f"'set_value': {set_value(item)}")
    if item.attname != f"{item.name}_id":
        details.append(f"'field': {item.name!r}")
    place = f"{owner}.{column_}"
    if relation.db_constraint and missing_table(ctx.snapshot, target) is None:
        out.use("sqlalchemy", "ForeignKey")
        # MySQL checks each row at once
        late = "" if ddl.is_mysql(ctx.snapshot) else "deferrable=True, initially='DEFERRED', "
        arguments.append(f"ForeignKey({place!r}, {late}info={{{', '.join(details)}}})")
    else:
        info["references"] = repr(place)
        for detail in details:
            key, _, value = detail.partition(": ")
            info[key.strip("'")] = value


def table_of(ctx: Context, model: Model, name: str) -> str:
    """The table that has the column of a field (the parent's for inherited ones)."""
    for item in model.fields:
        if name in (item.name, item.attname):
            owner = inherited_model(ctx, model, item)
            return owner.table if owner is not None else model.table
    return model.table


def inherited_model(ctx: Context, model: Model, item: ModelField) -> Model | None:
    """The parent model whose table has the field's column; None when it is the model's own."""
    owner = ctx.snapshot.models.get(item.inherited_from)
    if owner is None or owner.label == model.label or owner.abstract:
        return None
    owner = concrete(ctx, owner.label)
    return None if owner.label == model.label else owner


def on_delete(item: ModelField) -> str:
    """Repr of the ``on_delete`` name the runtime library knows."""
    assert item.relation is not None
    name = item.relation.on_delete
    if name in ("CASCADE", "PROTECT", "RESTRICT", "SET_NULL", "SET_DEFAULT", "DO_NOTHING"):
        return repr(name)
    if name.startswith("SET("):
        return "'SET'" if set_value(item) else repr(name)
    return repr(name)


def set_value(item: ModelField) -> str:
    """Text of the constant in ``SET(constant)``; '' when it is not a plain number or text."""
    assert item.relation is not None
    inner = item.relation.on_delete.removeprefix("SET(").removesuffix(")")
    return inner if re.fullmatch(r"-?\d+", inner) else ""


def _generated(ctx: Context, model: Model, item: ModelField, out: Text) -> str:
    if base_name(item) != "GeneratedField":
        return ""
    vendors = ddl.vendors(ctx.snapshot, model)
    found = {vendor: ddl.generated_text(model, vendor, item.column) for vendor in vendors}
    known = {vendor: text for vendor, text in found.items() if text is not None}
    if not known:
        return ""
    out.use("sqlalchemy", "Computed")
    stored = next(iter(known.values()))[1]
    code = _sql({vendor: text for vendor, (text, _) in known.items()}, out)
    return f"Computed({code}, persisted={stored})"


def _sql(texts: dict[str, str], out: Text) -> str:
    """The expression for all databases, or for each its own."""
    made = {}
    for vendor, text in texts.items():
        made[vendor], used = ddl.expression(text)
        out.use("sqlalchemy", used)
    if len(set(made.values())) == 1:
        return next(iter(made.values()))
    out.use("segue_bridge.db.query", "per_dialect")
    return f"per_dialect({made['postgresql']}, {made['sqlite']})"


def _defaults(
    ctx: Context, model: Model, item: ModelField, arguments: list[str], mapped: list[str], out: Text
) -> None:
    default = full_default_of(ctx, item)
    if default.unknown:
        out.use("segue_bridge.db.base", "no_default")
        mapped.append(f"default=no_default({default.unknown!r})")
    elif default.code and default.code != "None":
        out.imports.update(default.imports)
        mapped.append(f"default={default.code}")
    if item.db_default.kind == "empty":
        return
    vendors = ddl.vendors(ctx.snapshot, model)
    texts = {vendor: ddl.default_text(model, vendor, item.column) for vendor in vendors}
    texts = {vendor: text for vendor, text in texts.items() if text}
    if not texts:
        return
    arguments.append(f"server_default={_sql(texts, out)}")
