"""``serializer.save()``: validated values become rows.

Without overrides this is ``ModelSerializer.create`` and ``update`` (DRF 3.18): many-to-many
relations apart, one INSERT or one UPDATE of all columns, then each relation is set.
"""

from __future__ import annotations

import ast

from segue.refusal import Refused, refuse
from segue.snapshot.model import ModelField, Serializer, SerializerField
from segue.target.ir import Import
from segue.translate.context import Context
from segue.translate.free_names import renamed
from segue.translate.functions.lift import lift
from segue.translate.interp.frame import Frame, Parameter, RenameNeeded
from segue.translate.interp.scope import STATE
from segue.translate.interp.value import Val, const, name
from segue.translate.kinds import Instance, Kind, Scalar, SerializerSelf, ValidatedData
from segue.translate.load.fetch import entity_type
from segue.translate.load.models import concrete, field_of, python_type, reverse_of, snake
from segue.translate.load.needs import many_target
from segue.translate.models.money import is_currency, is_money
from segue.translate.models.phones import is_phone
from segue.translate.models.polymorphic import INIT, SAVE, children, definer, is_polymorphic
from segue.translate.models.writing import save_problem
from segue.translate.needs import Needs
from segue.translate.query.related_sets import scoped_set
from segue.translate.rules.before_files import sees_files
from segue.translate.rules.managers import manager_of, start
from segue.translate.rules.own_save import own_save, saves_as_tag, tried_again
from segue.translate.rules.receivers import saved_by, send_post_save, send_pre_save
from segue.translate.rules.relation_signals import changes, seen_by
from segue.translate.serializers.by_view import own_context, view_key, view_of
from segue.translate.serializers.facts import (
    app_label,
    base_name,
    check_drivers,
    class_of,
    field_refusal,
    local_name,
    overridden,
    override_place,
    serializer_of,
    short,
    stem,
)
from segue.translate.serializers.hooks import taken_out
from segue.translate.serializers.interface import Saver
from segue.translate.serializers.left_fields import left_fields
from segue.translate.serializers.money import FIELD as MONEY
from segue.translate.serializers.money import split
from segue.translate.serializers.own_input import converts_itself
from segue.translate.serializers.phones import is_phone_field
from segue.translate.serializers.polymorphic import chooses_by_class
from segue.translate.serializers.polymorphic_write import polymorphic_saver
from segue.translate.serializers.show import NESTED
from segue.translate.serializers.synthetic import Recipe, compose
from segue.translate.serializers.tag_lists import check_saved, is_tag_list, saves_tags, set_tags, tag_fields
from segue.translate.serializers.untouched import fields_vary
from segue.translate.serializers.uploads import asks_much, check_upload, local_of, store, store_held, take
from segue.translate.serializers.use import Use
from segue.translate.serializers.validators import first_parameter
from segue.translate.serializers.values import SCALARS, value_kind, written

MODEL_SERIALIZER = "rest_framework.serializers.ModelSerializer"
_COMPATIBLE = frozenset({("int", "float"), ("int", "Decimal"), ("str", "Any")})


def creator(ctx: Context, serializer_name: str) -> Saver:
    """Emit ``create_x(db, values) -> entity``. Raises ``Refused``."""
    return _saver(ctx, serializer_name, "create")


def updater(ctx: Context, serializer_name: str) -> Saver:
    """Emit ``update_x(db, entity, values) -> entity``. Raises ``Refused``."""
    return _saver(ctx, serializer_name, "update")


def _saver(ctx: Context, serializer_name: str, action: str) -> Saver:
    key = (serializer_name, action, view_key(ctx, serializer_name))
    memo = ctx.memo.get(("saver", key))
    if isinstance(memo, Saver):
        return memo
    serializer = serializer_of(ctx, serializer_name)
    if chooses_by_class(ctx, serializer_name):
        child = creator if action == "create" else updater
        chosen = ctx.memo[("saver", key)] = polymorphic_saver(ctx, serializer, action, child)
        return chosen
    check_drivers(ctx, serializer)
    override = overridden(ctx, serializer_name, action)
    own = bool(override) and not saves_tags(ctx, serializer_name, override)
    made = _overridden(ctx, serializer, action, override) if own else plain_saver(ctx, serializer, action)
    ctx.memo[("saver", key)] = made
    return made


def _overridden(ctx: Context, serializer: Serializer, action: str, override: str) -> Saver:
    function = ctx.snapshot.functions.get(override)
    if function is None:
        raise refuse("no-source", override, "The snapshot has no source for it.", serializer.where)
    model = serializer.model
    arguments: dict[str, Kind | Val] = {}
    if action == "update":
        if not model:
            raise refuse("serializer-update", short(override), "Its serializer has no model.", function.where)
        instance = first_parameter(function.source, function.where, 1)
        arguments[instance] = Instance(model, _whole(ctx, model), "entity")
    values = first_parameter(function.source, function.where, 1 if action == "create" else 2)
    arguments[values] = ValidatedData(serializer.name)
    lifted = lift(
        ctx,
        function,
        self_kind=Val(
            SerializerSelf(
                serializer.name,
                Use(serializer.name, "save", view=view_of(ctx, serializer.name), own=own_context(ctx)),
            )
        ),
        arguments=arguments,
        module_kind="services",
        app=app_label(ctx, serializer),
        name=f"{action}_{snake(stem(ctx, serializer))}",
    )
    if not isinstance(lifted.returns, Instance) or lifted.returns.nullable:
        raise refuse(
            f"serializer-{action}",
            short(override),
            "Segue does not see which object it returns.",
            function.where,
        )
    return Saver(lifted, lifted.returns.model)


def _whole(ctx: Context, label: str) -> Needs:
    """The site of objects that are saved: those of a polymorphic model have been made of the class that they were saved as."""
    site = written(label)
    site.whole = is_polymorphic(ctx.snapshot, concrete(ctx, label))
    return site


def plain_saver(ctx: Context, serializer: Serializer, action: str, *, called: bool = False) -> Saver:
    """DRF's own ``create`` or ``update``.

    ``called``: by an override through ``super()``, which has taken out what DRF cannot save (else
    both sides fail).
    """
    found = class_of(ctx, serializer.name)
    if not serializer.model or found is None or MODEL_SERIALIZER not in found.mro:
        raise refuse(
            f"serializer-{action}",
            short(serializer.name),
            f"It has no {action}(), so saving it is an error in DRF.",
            serializer.where,
        )
    check_model(ctx, serializer)
    always = {item.source for item in serializer.fields if not item.read_only and item.required}
    if fields_vary(ctx, serializer.name):
        always = set()
    problem = save_problem(ctx, serializer.model, always if action == "create" else None, real=True)
    if problem is not None:
        raise Refused(problem)
    if action == "update":
        _check_below(ctx, serializer)
    many, files = _fields(ctx, serializer, called)
    held = bool(files) and (
        sees_files(ctx, serializer.model)
        or any(asks_much(ctx, concrete(ctx, serializer.model).label, column) for column in files)
    )
    # A tag of django-taggit gets its slug as it is inserted; who listens would be told before.
    as_tag = saves_as_tag(ctx, serializer.model) and not saved_by(ctx, serializer.model)
    left = left_fields(ctx, serializer)
    tagged = [item for item in tag_fields(serializer) if item not in left]
    uploads = [] if held else [local_of(column) for column in files]
    unsaved = [column.name for column in files] if held else []
    emptied = {item.source for item in serializer.fields if item.allow_null}
    amounts = [
        item for item in serializer.fields if item.cls == MONEY and not item.read_only and item not in left
    ]
    app = app_label(ctx, serializer)
    cls, imported = entity_type(ctx, serializer.model)

    def build(frame: Frame) -> tuple[Kind, list[Parameter]]:
        frame.use(
            imported,
            Import("segue_bridge.schema.form", "Values"),
        )
        _ = frame.db
        local = local_name(serializer.model, {**STATE, "values": 0, "given": 0, **dict.fromkeys(uploads, 0)})
        local = frame.renames.get(local, local)
        frame.locals_seen.update({local, "values", "given", *uploads})
        frame.emit("given = dict(values)")
        for accessor in many:
            frame.use(Import("segue_bridge.schema.unset", "UNSET"))
            frame.emit(f"{accessor} = given.pop({accessor!r}, UNSET)")
        for item in tagged:
            frame.use(Import("segue_bridge.schema.unset", "UNSET"))
            frame.emit(f"{item.name} = given.pop({item.name!r}, UNSET)")
        for column in [] if held else files:
            take(frame, column)
        for field in renamed(concrete(ctx, serializer.model)):
            frame.emit_block(
                f"if {field.name!r} in given:",
                [f"given[{field.attname!r}] = given.pop({field.name!r})"],
            )
        for item in amounts:
            split(frame, serializer, item, "" if action == "create" else local)
        if action == "create":
            frame.emit(f"{local} = {cls}(**given)")
            if not as_tag:
                send_pre_save(frame, serializer.model, name(local), adding=True, uploads=unsaved)
            for column in files:
                storing = store_held if held else store
                storing(frame, serializer.model, local, column, null=column.name in emptied)
            if as_tag:
                frame.use(Import("segue_bridge.db.tags", "insert_tag"))
            frame.emit(f"await insert_tag(db, {local})" if as_tag else f"await db.insert({local})")
            send_post_save(frame, serializer.model, name(local), const(True))
        else:
            frame.use(Import("segue_bridge.schema.related", "assign"))
            frame.emit(f"assign({local}, given)")
            send_pre_save(frame, serializer.model, name(local), adding=False, uploads=unsaved)
            for column in files:
                storing = store_held if held else store
                storing(frame, serializer.model, local, column, null=column.name in emptied)
            frame.emit(f"await db.update({local})")
            send_post_save(frame, serializer.model, name(local), const(False))
        for accessor in many:
            frame.use(Import("segue_bridge.db", "relations"))
            told = _told(frame, serializer, accessor)
            if action == "update":
                told += _among(frame, serializer.model, accessor)
            frame.emit_block(
                f"if {accessor} is not UNSET:",
                [f"await relations.set_(db, {local}, {accessor!r}, {accessor}{told})"],
            )
        for item in tagged:
            frame.emit_block(f"if {item.name} is not UNSET:", [set_tags(frame, serializer, item, local)])
        frame.emit(f"return {local}")
        imports = {item.alias or item.name for item in frame.imports}
        if local in imports:  # a model Media and the storage ``media()``
            raise RenameNeeded(local)
        for other in imports & {*many, *uploads, *(item.name for item in tagged)}:
            raise refuse(
                "names", other, "A field is called like a function that saving it needs.", serializer.where
            )
        parameters = [Parameter(local, lambda: cls)] if action == "update" else []
        parameters.append(Parameter("values", lambda: "Values"))
        site = _whole(ctx, serializer.model)
        site.exact = site.whole and action == "create"
        site.bare = action == "create"
        return Instance(serializer.model, site, "entity"), parameters

    lifted = compose(
        ctx,
        Recipe(
            legacy=serializer.name,
            where=serializer.where,
            app=app,
            module_kind="services",
            name=f"{action}_{snake(stem(ctx, serializer))}",
            doc=f"{action.capitalize()} from validated values.",
            build=build,
        ),
    )
    return Saver(lifted, serializer.model)


def _check_below(ctx: Context, serializer: Serializer) -> None:
    """Refuse updates of a polymorphic model whose object may be of a class that is saved in another way."""
    model = concrete(ctx, serializer.model)
    for child in children(ctx.snapshot, model):
        problem = save_problem(ctx, child.label, real=True)
        if problem is not None:
            raise Refused(problem)
        other = definer(ctx.snapshot, model, "save")
        if other is not None or saved_by(ctx, model.label) or saved_by(ctx, child.label):
            raise refuse(
                "polymorphic",
                f"{model.label} → {child.label}",
                "Which class the object is of decides what runs when it is saved.",
                serializer.where,
            )


def check_model(ctx: Context, serializer: Serializer) -> None:
    """Refuse models whose saving runs code of the project's: ``save()``, managers, signals."""
    model = concrete(ctx, serializer.model)
    for method in ("save", "save_base", "full_clean", "__init__", "from_db", "_do_insert"):
        name = overridden(ctx, model.cls, method)
        if name in (SAVE, INIT):
            continue
        if name and method == "save" and tried_again(ctx, model.label) is not None:
            continue
        if name and method == "save":
            stored = saves_as_tag(ctx, model.label) and not saved_by(ctx, model.label)
            own_save(ctx, model.label, stored=stored, files=True)
        elif name and method != "full_clean":
            raise refuse(
                "model-save",
                f"{short(model.cls)}.{method}",
                "Saving the model runs this, which is not translated here.",
                override_place(ctx, name, model.where),
            )
    saved_by(ctx, serializer.model)
    manager = model.managers.get(model.default_manager, "")
    create = overridden(ctx, manager, "create") if manager else ""
    if create:
        raise refuse(
            "manager-create",
            f"{short(manager)}.create",
            "The model's manager overrides it.",
            override_place(ctx, create, model.where),
        )


def _among(frame: Frame, label: str, accessor: str) -> str:
    """The argument for the rows that ``field.set(...)`` may take out: those that the related manager shows. Raises ``Refused``."""
    target = many_target(frame.ctx, label, accessor)
    if not scoped_set(frame.ctx, target):
        return ""
    manager = manager_of(frame, target, "_default_manager")
    assert manager is not None
    return f", among={start(frame, manager, ast.Pass(lineno=1)).text}"


def _told(frame: Frame, serializer: Serializer, accessor: str) -> str:
    """The argument for receivers of ``m2m_changed``, which DRF's ``field.set(...)`` sends; '' where there are none."""
    seen = seen_by(frame.ctx, serializer.model, accessor)
    given = changes(frame, seen, "set", None) if seen is not None else []
    if given and is_polymorphic(frame.ctx.snapshot, concrete(frame.ctx, serializer.model)):
        raise refuse(
            "signal",
            f"m2m_changed({serializer.model}.{accessor})",
            "Which class the object is of may decide what it does.",
            serializer.where,
        )
    return "".join(f", {ast.unparse(keyword)}" for keyword in given)


def _fields(ctx: Context, serializer: Serializer, called: bool) -> tuple[list[str], list[ModelField]]:
    """To-many sources and columns of uploads, after checking that every written source is something the model has."""
    model = concrete(ctx, serializer.model)
    many: list[str] = []
    files: list[ModelField] = []
    left = left_fields(ctx, serializer)
    for item in serializer.fields:
        if item.read_only or item in left:
            continue
        base = base_name(item)
        if called and _not_saved(ctx, serializer, item):
            continue
        if is_tag_list(item):
            check_saved(ctx, serializer, item)
            continue
        if base in NESTED or base == "ListSerializer":
            raise field_refusal(
                item, "nested-write", "DRF does not save nested input without an own create/update."
            )
        if item.source == "*" or "." in item.source:
            raise field_refusal(
                item, "source-write", "DRF does not save this source without an own create/update."
            )
        column = field_of(model, item.source)
        if column is not None and is_money(column) and item.cls == MONEY:
            continue  # ``split``
        if column is not None and (is_money(column) or is_currency(column)):
            raise field_refusal(item, "money", "Saving an amount of money or its currency is not translated.")
        if column is None and _taken_out(ctx, serializer, item):
            continue
        if base in ("FileField", "ImageField"):
            check_upload(ctx, serializer.model, item, column)
            assert column is not None
            files.append(column)
            continue
        if column is None:
            reverse = reverse_of(model, item.source)
            if reverse is not None and reverse.kind == "m2m":
                many.append(item.source)
                continue
            raise field_refusal(item, "source-write", f"{item.source} is no field of {model.label}.")
        if column.relation is not None and column.relation.kind == "m2m":
            many.append(item.source)
        elif column.relation is not None and column.relation.kind in ("generic_fk", "generic_relation"):
            raise field_refusal(item, "source-write", f"{item.source} is a generic relation.")
        else:
            _same_type(ctx, item, column)
    return many, files


def _taken_out(ctx: Context, serializer: Serializer, item: SerializerField) -> bool:
    """Whether ``validate()`` takes the value out before anything is saved."""
    from segue.translate.serializers.write import writer

    if not overridden(ctx, serializer.name, "validate"):
        return False
    writer(ctx, serializer.name)
    return item.source in taken_out(ctx, serializer.name)


def _not_saved(ctx: Context, serializer: Serializer, item: SerializerField) -> bool:
    """Is it nested, or no field of the model?"""
    if base_name(item) in NESTED or base_name(item) == "ListSerializer":
        return True
    if item.source == "*" or "." in item.source:
        return True
    model = concrete(ctx, serializer.model)
    return field_of(model, item.source) is None and reverse_of(model, item.source) is None


def _same_type(ctx: Context, item: SerializerField, field: ModelField) -> None:
    """A value of another type than the column's is converted by Django's field on saving."""
    if is_phone_field(ctx, item):
        if not is_phone(ctx, field):
            raise field_refusal(item, "field-type", "A phone number is saved into a column that is none.")
        return
    column = python_type(ctx, field)
    known = SCALARS.get(base_name(item))
    if converts_itself(ctx, item):
        kind = value_kind(ctx, item)
        if isinstance(kind, Instance):
            if (
                field.relation is None
                or concrete(ctx, field.relation.to).label != concrete(ctx, kind.model).label
            ):
                raise field_refusal(
                    item, "field-type", f"An object of {kind.model} is saved into {field.name}."
                )
            return
        known = kind.type if isinstance(kind, Scalar) else "list"
        if field.relation is not None:
            raise field_refusal(item, "field-type", f"A {known} is saved into a relation.")
    if known is not None and known != column and column != "Any" and (known, column) not in _COMPATIBLE:
        raise field_refusal(item, "field-type", f"A {known} is saved into a {column} column.")


__all__ = ["creator", "plain_saver", "updater"]
