"""django-taggit's ``TagListSerializerField`` and ``TaggitSerializer``.

Source: ``taggit.serializers`` (6.x). The field shows the names of an object's tags and takes a list of names, as JSON text too;
the serializer sets them once the object is saved. Where the tags cannot be written here, requests that name some are Django's.
"""

from __future__ import annotations

import ast

from segue.refusal import Refused, refuse
from segue.snapshot.model import Serializer, SerializerField, TagRelation
from segue.target.ir import Decl, Import
from segue.translate.context import Context
from segue.translate.functions.finish import prunable
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, name
from segue.translate.kinds import Instance, ListOf, Scalar
from segue.translate.load.fetch import entity_type
from segue.translate.load.models import concrete, pk_field, snake
from segue.translate.load.needs import column, to_many
from segue.translate.models.writing import delete_problem, save_problem
from segue.translate.query.compile import CONTENT_TYPE
from segue.translate.redefined import redefined
from segue.translate.rules.receivers import saved_by
from segue.translate.rules.relation_signals import of_rows_between
from segue.translate.rules.tags import tags_of
from segue.translate.serializers.facts import class_of, const, field_refusal

FIELD = "taggit.serializers.TagListSerializerField"
BRIDGE = Import("segue_bridge.schema.tags", "TagNames")
_SERIALIZER = "taggit.serializers.TaggitSerializer"
_MODEL = "django.db.models.base.Model"
_DELETIONS = ("pre_delete", "post_delete")


def is_tag_list(item: SerializerField) -> bool:
    """Whether it is the package's own field; a class below it may change anything."""
    return item.cls == FIELD


def names_shown(frame: Frame, serializer: Serializer, item: SerializerField, instance: Val) -> Val:
    """``[tag.name for tag in note.tags]``. Raises ``Refused``."""
    _relation(frame.ctx, serializer, item)
    assert isinstance(instance.kind, Instance)
    assert instance.node is not None
    child = to_many(frame.ctx, instance.kind.site, item.source)
    column(frame.ctx, child, "name")
    tag = name(frame.fresh("tag"))
    listed = ast.Attribute(instance.node, item.source, ast.Load())
    made = ast.ListComp(ast.Attribute(tag, "name", ast.Load()), [ast.comprehension(tag, listed, [], 0)])
    return Val(ListOf(Scalar("str")), made)


def saves_tags(ctx: Context, serializer: str, function: str) -> bool:
    """Whether ``function`` is the package's ``create`` or ``update``, and goes on to DRF's."""
    owner, _, method = function.rpartition(".")
    known = class_of(ctx, serializer)
    if owner != _SERIALIZER or known is None:
        return False
    behind = known.mro[known.mro.index(_SERIALIZER) + 1 :]
    found = (ctx.snapshot.classes.get(cls) for cls in behind)
    after = next((c.methods[method] for c in found if c is not None and method in c.methods), "")
    return after.startswith("rest_framework.")


def tag_fields(serializer: Serializer) -> list[SerializerField]:
    """The fields whose names ``TaggitSerializer`` takes out of the validated values."""
    return [item for item in serializer.fields if is_tag_list(item) and not item.read_only]


def untranslated(ctx: Context, serializer: Serializer, item: SerializerField) -> Refused | None:
    """Why tags are not written here."""
    try:
        check_saved(ctx, serializer, item)
    except Refused as refused:
        return refused
    return None


def check_saved(ctx: Context, serializer: Serializer, item: SerializerField) -> TagRelation:
    """What is known of the tags that ``item`` sets. Raises ``Refused``."""
    known = class_of(ctx, serializer.name)
    if known is None or any(
        not saves_tags(ctx, serializer.name, known.methods.get(method, "")) for method in ("create", "update")
    ):
        raise field_refusal(item, "tags", "TaggitSerializer is not what saves it.")
    relation = _relation(ctx, serializer, item)
    if item.name != item.source:
        raise field_refusal(item, "tags", "It is called otherwise than the manager of the tags.")
    settings = ctx.snapshot.settings.values
    if const(settings.get("TAGGIT_STRIP_UNICODE_WHEN_SLUGIFYING"), False):
        raise field_refusal(item, "tags", "Slugs are made with unidecode.")
    for label in (relation.to, relation.through):
        _check_written(ctx, label, relation)
    return relation


def _relation(ctx: Context, serializer: Serializer, item: SerializerField) -> TagRelation:
    found = tags_of(ctx, serializer.model, item.source) if serializer.model else None
    if found is None:
        raise field_refusal(item, "tags", "Its source is no TaggableManager that Segue knows.")
    return found


def _check_written(ctx: Context, label: str, relation: TagRelation) -> None:
    model = concrete(ctx, label)
    for method, dotted in redefined(ctx, model.cls, (), of=_MODEL):
        if dotted.startswith("taggit.models.") or method in ("clean", "delete", "adelete"):
            continue
        raise refuse("tags", dotted, f"Tagging runs {method} of {label}.", model.where)
    if relation.own:
        raise refuse("tags", relation.to, "Its class saves itself otherwise than taggit's.", model.where)
    given = (
        {"name", "slug"}
        if label == relation.to
        else {relation.source, relation.target, relation.content_type}
    )
    problem = save_problem(ctx, label, given) or delete_problem(ctx.snapshot, relation.through)
    if problem is not None:
        raise Refused(problem)
    told = [*saved_by(ctx, label), *of_rows_between(ctx, relation.through)]
    for receiver in ctx.snapshot.receivers:
        if receiver.signal.rpartition(".")[2] in _DELETIONS and receiver.sender in (
            "",
            relation.through,
            model.cls,
        ):
            told.append(receiver)
    if told:
        raise refuse("tags", told[0].function, f"It is told what is written of {label}.", told[0].where)


def set_tags(frame: Frame, serializer: Serializer, item: SerializerField, local: str) -> str:
    """``await NOTE_TAGGING.set(db, note.id, tags)``."""
    ctx = frame.ctx
    relation = check_saved(ctx, serializer, item)
    constant = _declared(ctx, serializer.model, relation)
    frame.use(constant)
    key = pk_field(ctx, serializer.model).attname
    return f"await {constant.name}.set(db, {local}.{key}, {item.name})"


def _declared(ctx: Context, label: str, relation: TagRelation) -> Import:
    """The constant that says where the tags of a model are."""
    model = concrete(ctx, label)
    module = ctx.module(model.app, "queries")
    constant = f"{snake(model.cls.rpartition('.')[2])}_tagging".upper()
    (tag, first), (through, second) = (entity_type(ctx, one) for one in (relation.to, relation.through))
    imports = {first, second, Import("segue_bridge.db.tags", "Tagging")}
    arguments = [tag, through, repr(relation.source), repr(relation.target)]
    if relation.content_type:
        types, third = entity_type(ctx, CONTENT_TYPE)
        imports.add(third)
        app, _, short = model.label.partition(".")
        arguments += [
            f"types={types}", f"type_column={relation.content_type!r}", f"model={(app, short.lower())!r}",
        ]  # fmt: skip
    if const(ctx.snapshot.settings.values.get("TAGGIT_CASE_INSENSITIVE"), False):
        arguments.append("ignore_case=True")
    text = f"{constant} = Tagging({', '.join(arguments)})"
    module.add(Decl(constant, text, frozenset(imports), rank=20))
    prunable(ctx, module.path, constant)
    return Import(ctx.import_path(model.app, "queries"), constant)


__all__ = [
    "BRIDGE",
    "FIELD",
    "check_saved",
    "is_tag_list",
    "names_shown",
    "saves_tags",
    "set_tags",
    "tag_fields",
    "untranslated",
]
