"""``PolymorphicSerializer`` of django-rest-polymorphic: each object is shown by the serializer of its own class.

The child serializers are made once, with the arguments of the one around them, so that they have its context. Source:
``rest_polymorphic.serializers.PolymorphicSerializer``.
"""

from __future__ import annotations

from collections.abc import Callable

from segue.refusal import Refused, refuse
from segue.snapshot.model import Model, Serializer
from segue.target.ir import Import
from segue.translate.context import Context
from segue.translate.interp.annotations import annotation
from segue.translate.interp.frame import Frame, Parameter
from segue.translate.interp.scope import STATE
from segue.translate.interp.value import Val, name
from segue.translate.kinds import DictOf, Instance, Kind, Scalar
from segue.translate.load.fetch import entity_type
from segue.translate.load.models import concrete, snake
from segue.translate.models.polymorphic import children, drops_missing, is_polymorphic
from segue.translate.needs import Needs
from segue.translate.serializers.facts import app_label, class_of, local_name, short, stem
from segue.translate.serializers.interface import Presenter
from segue.translate.serializers.synthetic import Recipe, call_lifted, compose

BASE = "rest_polymorphic.serializers.PolymorphicSerializer"
_LIBRARIES = ("rest_polymorphic.", "rest_framework.", "django.")
_ANY = Import("typing", "Any")


def chooses_by_class(ctx: Context, serializer: str) -> bool:
    """Is it a ``PolymorphicSerializer``?"""
    found = class_of(ctx, serializer)
    return found is not None and BASE in found.mro


def choices(ctx: Context, serializer: Serializer, label: str) -> list[tuple[Model, str]]:
    """The classes that an object of ``label`` may have, those further down first, each with its serializer.

    Raises :class:`Refused` where one of them has none, or where code of the project takes part in choosing.
    """
    found = class_of(ctx, serializer.name)
    assert found is not None
    for method, dotted in found.methods.items():
        if not dotted.startswith(_LIBRARIES):
            raise refuse(
                f"serializer-{method.strip('_').replace('_', '-')}",
                f"{short(serializer.name)}.{method}",
                "The serializer overrides how rest_polymorphic chooses.",
                serializer.where,
            )
    model = concrete(ctx, label)
    if not is_polymorphic(ctx.snapshot, model):
        raise _refused(
            serializer, label, "The model is not polymorphic: its objects are of its own class only."
        )
    known = _mapping(ctx, serializer)
    result = []
    below = sorted(children(ctx.snapshot, model), key=lambda m: -len(ctx.snapshot.classes[m.cls].mro))
    for one in [*below, model]:
        if one.proxy:
            raise _refused(serializer, one.label, "Proxies of polymorphic models are not translated.")
        chosen = next((known[cls] for cls in ctx.snapshot.classes[one.cls].mro if cls in known), None)
        if chosen is None:
            raise _refused(serializer, one.label, "The mapping has no serializer for this class.")
        result.append((one, chosen))
    return result


def creatable(ctx: Context, serializer: Serializer) -> list[Model]:
    """The models that input may name: the keys of the mapping, in its order."""
    known = _mapping(ctx, serializer)
    models = [m for cls in known for m in ctx.snapshot.models.values() if m.cls == cls]
    if len({model.cls.rpartition(".")[2] for model in models}) != len(known):
        raise _refused(serializer, "model_serializer_mapping", "Two of its classes have the same name.")
    return models


def mapped(ctx: Context, name: str) -> list[str]:
    """The serializers that a ``PolymorphicSerializer`` chooses from; none for any other, or where that is not known."""
    found = class_of(ctx, name)
    attribute = found.attributes.get("model_serializer_mapping") if found is not None else None
    if attribute is None or not chooses_by_class(ctx, name):
        return []
    return [value.name for _, value in attribute.value.pairs if value.kind == "ref"]


def type_field(ctx: Context, serializer: Serializer) -> str:
    """``resource_type_field_name``."""
    found = class_of(ctx, serializer.name)
    attribute = found.attributes.get("resource_type_field_name") if found is not None else None
    if attribute is None or attribute.value.kind != "const" or not isinstance(attribute.value.data, str):
        raise _refused(serializer, "resource_type_field_name", "Segue does not know its value.")
    return attribute.value.data


def _mapping(ctx: Context, serializer: Serializer) -> dict[str, str]:
    """Dotted class of a model → name of its serializer."""
    found = class_of(ctx, serializer.name)
    attribute = found.attributes.get("model_serializer_mapping") if found is not None else None
    if attribute is None or attribute.value.kind != "dict":
        raise _refused(serializer, "model_serializer_mapping", "Segue does not know what it maps.")
    known: dict[str, str] = {}
    for key, value in attribute.value.pairs:
        if key.kind != "ref" or value.kind != "ref" or value.name not in ctx.snapshot.serializers:
            raise _refused(serializer, "model_serializer_mapping", "It maps more than classes.")
        known[key.name] = value.name
    return known


def polymorphic_presenter(
    ctx: Context,
    serializer: Serializer,
    instance: Instance,
    present: Callable[[str, Instance], Presenter],
) -> Presenter:
    """``present_x`` that asks for the class of the object. ``present`` makes the presenter of one class."""
    site = instance.site
    possible = choices(ctx, serializer, instance.model)
    sites = [site, *site.united]
    if not all(each.fetched for each in sites):
        raise _refused(serializer, instance.model, "Segue does not know the classes of these objects.")
    if any(each.computed for each in sites):
        raise _refused(serializer, instance.model, "The query adds values to the objects.")
    if drops_missing(ctx.snapshot) is None:
        raise _refused(
            serializer, instance.model, "Segue knows django-polymorphic before 4 and from 4.11 on."
        )
    site.written = True
    base = concrete(ctx, instance.model)
    theirs = {f.name for f in base.fields} | {r.accessor for r in base.reverse}
    try:
        made = [
            (model, present(chosen, Instance(model.label, _own(site, model.label))))
            for model, chosen in possible
        ]
    finally:
        # They are loaded with the parent's rows, which do not have what a class below adds.
        foreign = {*site.one, *site.many} - theirs
        for accessor in foreign:
            site.one.pop(accessor, None)
            site.many.pop(accessor, None)
    if foreign:
        raise _refused(serializer, instance.model, "A class below it shows a relation of its own.")
    for each in sites:
        each.classes = tuple(model.label for model, _ in possible[:-1])
    return dispatcher(ctx, serializer, instance, made, f"present_{snake(stem(ctx, serializer))}")


def dispatcher(
    ctx: Context, serializer: Serializer, instance: Instance, made: list[tuple[Model, Presenter]], wished: str
) -> Presenter:
    """The function that calls the presenter of the object's class."""
    key = type_field(ctx, serializer)

    def build(frame: Frame) -> tuple[Kind, list[Parameter]]:
        local = local_name(instance.model, STATE)
        frame.locals_seen.add(local)
        frame.env[local] = Val(instance, name(local))
        text, imports = annotation(ctx, instance)
        frame.use(*imports, _ANY)
        for model, shown in made:
            title = model.cls.rpartition(".")[2]
            line = f"return {{**{call_lifted(frame, shown.lifted, local)}, {key!r}: {title!r}}}"
            if model.label == concrete(ctx, instance.model).label:
                frame.emit(line)
                continue
            cls, imported = entity_type(ctx, model.label)
            frame.use(imported)
            frame.emit_block(f"if isinstance({local}, {cls}):", [line])
        return DictOf(value=Scalar("Any")), [Parameter(local, lambda: text)]

    lifted = compose(
        ctx,
        Recipe(
            legacy=serializer.name,
            where=serializer.where,
            app=app_label(ctx, serializer),
            module_kind="presenters",
            name=wished,
            doc=f"What {short(serializer.name)} shows: what the serializer of the object's class does.",
            build=build,
        ),
    )
    text, imports = annotation(ctx, lifted.returns)
    return Presenter(lifted, text, imports)


def _own(site: Needs, label: str) -> Needs:
    """Objects of ``site`` that are of one class: what is asked of them is loaded with all of them."""
    made = Needs(
        label, told=site.told, stale=site.stale, live=site.live, copied=site.copied, written=True, exact=True
    )
    for attribute in ("columns", "one", "many", "prefetched", "selected", "kept"):
        setattr(made, attribute, getattr(site, attribute))
    made.unshown.update(site.shown)
    return made


def _refused(serializer: Serializer, what: str, why: str) -> Refused:
    return refuse("polymorphic", f"{short(serializer.name)}: {what}", why, serializer.where)


__all__ = [
    "choices",
    "chooses_by_class",
    "creatable",
    "dispatcher",
    "mapped",
    "polymorphic_presenter",
    "type_field",
]
