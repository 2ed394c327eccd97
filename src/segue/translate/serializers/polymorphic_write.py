"""Writes of ``PolymorphicSerializer`` (django-rest-polymorphic): the serializer of the class that the input names does them.

DRF validates twice there (``is_valid`` of it, then that of the child): once here, so that a validation which may write is
refused. Source: ``rest_polymorphic.serializers.PolymorphicSerializer``.
"""

from __future__ import annotations

from collections.abc import Callable

from segue.refusal import Refused, refuse
from segue.snapshot.model import Model, Serializer
from segue.target.ir import Decl, Import, Origin
from segue.translate.context import Context
from segue.translate.functions.finish import prunable
from segue.translate.functions.record import record_of
from segue.translate.functions.writing import may_write
from segue.translate.interp.frame import Frame, Parameter
from segue.translate.kinds import Instance, Kind, ValidatedData
from segue.translate.load.fetch import entity_type
from segue.translate.load.models import concrete, snake
from segue.translate.needs import Needs
from segue.translate.serializers.facts import app_label, local_name, short, stem
from segue.translate.serializers.interface import Saver, Writer
from segue.translate.serializers.polymorphic import choices, creatable, type_field
from segue.translate.serializers.synthetic import Recipe, call_lifted, compose

_MODULE = "segue_bridge.schema.polymorphic"
_VALUES = Import("segue_bridge.schema.form", "Values")


def top_model(ctx: Context, serializer: Serializer) -> Model:
    """The model that all others of the mapping are below. Raises :class:`Refused`."""
    models = creatable(ctx, serializer)
    for one in models:
        if all(one.cls in ctx.snapshot.classes[other.cls].mro for other in models):
            return concrete(ctx, one.label)
    raise _refused(serializer, "model_serializer_mapping", "Its classes have no parent among them.")


def polymorphic_writer(
    ctx: Context, serializer: Serializer, child: Callable[[Context, str], Writer]
) -> Writer:
    """``validate_x`` that calls the child's. Raises :class:`Refused`."""
    base = top_model(ctx, serializer)
    field = type_field(ctx, serializer)
    made = [(model, child(ctx, name)) for model, name in choices(ctx, serializer, base.label)]
    for _, one in made:
        _check_child(ctx, serializer, one)
    model_name = f"{stem(ctx, serializer)}Write"
    app = app_label(ctx, serializer)
    imports = _declare(ctx, serializer, app, model_name, [one for _, one in made])

    def build(frame: Frame) -> tuple[Kind, list[Parameter]]:
        for local in ("data", "instance", "partial", "kind"):
            frame.locals_seen.add(local)
        frame.is_async = True
        cls, imported = entity_type(ctx, base.label)
        types = [_entity(frame, model.label) for model in creatable(ctx, serializer)]
        frame.use(imported, _VALUES, Import(_MODULE, "resource_type"), Import(_MODULE, "of_class"))
        named = f"({', '.join(types)},)"
        frame.emit(f"kind = resource_type(data, {field!r}, {named}, instance, partial=partial)")
        lines: list[str] = []
        for model, one in made:
            title = _entity(frame, model.label)
            given = f"instance={'instance' if model.label == base.label else f'of_class(instance, {title})'}"
            call = call_lifted(frame, one.lifted, "data", given, "partial=partial")
            lines += [f"    case {_title(model)!r}:", f"        values = {call}"]
        frame.use(Import(_MODULE, "invalid_type"))
        lines += ["    case _:", f"        raise invalid_type({field!r})"]
        frame.lines += ["match kind:", *lines]
        frame.emit(f"return {{**values, {field!r}: kind}}")
        parameters = [
            Parameter("data", lambda: "object"),
            Parameter("instance", lambda: f"{cls} | None", "None"),
            Parameter("partial", lambda: "bool", "False"),
        ]
        for given in ("instance", "partial", "data"):
            frame.state_used.pop(given, None)
        return ValidatedData(serializer.name), parameters

    lifted = compose(
        ctx,
        Recipe(
            legacy=serializer.name,
            where=serializer.where,
            app=app,
            module_kind="validation",
            name=f"validate_{snake(stem(ctx, serializer))}",
            doc=f"Validate input of {short(serializer.name)}: by the serializer of the class that it names.",
            build=build,
        ),
    )
    # A whole update by another class is left to Django.
    return Writer(lifted, model_name, imports, True, True)


def polymorphic_saver(
    ctx: Context, serializer: Serializer, action: str, child: Callable[[Context, str], Saver]
) -> Saver:
    """``create_x`` or ``update_x`` that calls the child's. Raises :class:`Refused`."""
    base = top_model(ctx, serializer)
    field = type_field(ctx, serializer)
    known = {model.label for model in creatable(ctx, serializer)}
    # By the name of its class alone: one that has its parent's serializer is not found any more when it is saved.
    made = [(m, child(ctx, name)) for m, name in choices(ctx, serializer, base.label) if m.label in known]
    for model, one in made:
        if concrete(ctx, one.model).label != model.label:
            raise _refused(serializer, model.label, "Its serializer saves objects of another class.")

    def build(frame: Frame) -> tuple[Kind, list[Parameter]]:
        _ = frame.db
        local = local_name(base.label, {"values": 0, "given": 0})
        frame.locals_seen.update({local, "values", "given"})
        cls = _entity(frame, base.label)
        frame.use(_VALUES, Import(_MODULE, "invalid_type"))
        frame.emit("given = dict(values)")
        lines = []
        for model, one in made:
            held = []
            lines.append(f"    case {_title(model)!r}:")
            if action == "update":
                held = [local]
                if model.label != base.label:
                    lines.append(f"        assert isinstance({local}, {_entity(frame, model.label)})")
            lines.append(f"        return {call_lifted(frame, one.lifted, *held, 'given')}")
        frame.lines += [f"match given.pop({field!r}):", *lines]
        frame.emit(f"raise invalid_type({field!r})")
        site = Needs(base.label, written=True, fetched=True, whole=True)
        parameters = [Parameter(local, lambda: cls)] if action == "update" else []
        parameters.append(Parameter("values", lambda: "Values"))
        return Instance(base.label, site, "entity"), parameters

    lifted = compose(
        ctx,
        Recipe(
            legacy=serializer.name,
            where=serializer.where,
            app=app_label(ctx, serializer),
            module_kind="services",
            name=f"{action}_{snake(stem(ctx, serializer))}",
            doc=f"{action.capitalize()} by the serializer of the class that the input named.",
            build=build,
        ),
    )
    return Saver(lifted, base.label)


def _check_child(ctx: Context, serializer: Serializer, one: Writer) -> None:
    if any(state.name == "kept" for state in one.lifted.state):
        raise _refused(serializer, one.model, "The serializer of a class keeps something on itself.")
    if may_write(ctx, record_of(ctx, one.lifted).lines):
        raise _refused(serializer, one.model, "Its validation may write, and the package validates twice.")


def _declare(
    ctx: Context, serializer: Serializer, app: str, name: str, made: list[Writer]
) -> frozenset[Import]:
    """The write model: any of the children's."""
    module = ctx.module(app, "schemas")
    own = ctx.import_path(app, "schemas")
    models = dict.fromkeys(one.model for one in made)
    imports = frozenset(i for one in made for i in one.model_imports if i.module != own)
    code = f'{name} = {" | ".join(models)}\n"""Input of {short(serializer.name)} ({serializer.where})."""'
    module.add(Decl(name, code, imports, 20, Origin(serializer.name, serializer.where)))
    prunable(ctx, module.path, name)
    return frozenset({Import(own, name)})


def _entity(frame: Frame, label: str) -> str:
    cls, imported = entity_type(frame.ctx, label)
    frame.use(imported)
    return cls


def _title(model: Model) -> str:
    """``Model._meta.object_name``."""
    return model.cls.rpartition(".")[2]


def _refused(serializer: Serializer, what: str, why: str) -> Refused:
    return refuse("polymorphic", f"{short(serializer.name)}: {what}", why, serializer.where)


__all__ = ["polymorphic_saver", "polymorphic_writer", "top_model"]
