"""``author__profile__city__icontains`` → hops over relations, the last column, the lookup."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from segue.snapshot.model import Model, ModelField, TagRelation
from segue.translate.interp.frame import Frame
from segue.translate.load.models import concrete, field_of, pk_field, python_type, reverse_query, target_field
from segue.translate.query.json_fields import is_json, split

LOOKUPS = frozenset(
    {
        "exact",
        "iexact",
        "contains",
        "icontains",
        "in",
        "gt",
        "gte",
        "lt",
        "lte",
        "startswith",
        "istartswith",
        "endswith",
        "iendswith",
        "range",
        "isnull",
        "regex",
        "iregex",
    }
)
TRANSFORMS = frozenset(
    {
        "date",
        "year",
        "iso_year",
        "month",
        "day",
        "week",
        "week_day",
        "iso_week_day",
        "quarter",
        "time",
        "hour",
        "minute",
        "second",
    }
)
# Of django.contrib.postgres.
POSTGRES_LOOKUPS = frozenset({"search", "trigram_similar", "trigram_word_similar", "contained_by", "overlap"})
POSTGRES_TRANSFORMS = frozenset({"len"})


@dataclass(frozen=True, slots=True)
class Link:
    """One equality of a join: ``left`` column attribute of the model before, ``right`` of the one after."""

    left: str
    right: str


@dataclass(frozen=True, slots=True)
class Hop:
    """One step over a relation, from ``source`` to ``target`` (model labels).

    ``many`` when one source row may meet several target rows. ``through`` is the through model
    with its two links for many-to-many. ``name`` is the lookup name of the step, ``nullable``
    whether a source row may have no target. ``shortcut``: the target is the through table of a
    many-to-many, because only the far key is looked at. ``typed``: the column of the through table, or of the target without one,
    that says whose key it holds (a content type), and the label of the model that it must be.
    """

    name: str
    source: str
    target: str
    link: Link
    many: bool
    nullable: bool
    through: str = ""
    through_link: Link | None = None
    shortcut: bool = False
    typed: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class Path:
    """Hops, then ``field`` of the last model (``None``: the relation itself is meant), then
    ``transforms`` and ``lookup``; ``json``: these are keys and a look-up of a JSON column. ``number``: the key of the related model was named (``author__id``), whose lookups
    are an integer field's, though the column is that of the relation."""

    hops: tuple[Hop, ...]
    model: str
    field: ModelField
    transforms: tuple[str, ...]
    lookup: str
    relation: bool
    number: bool = False
    json: bool = False


def _is_part(item: ModelField, part: str) -> bool:
    from segue.translate.query.postgres import is_part

    return is_part(item, part)


def hop_of(frame: Frame, label: str, name: str, at: ast.AST, *, generic: bool = False) -> Hop | None:
    """The relation called ``name`` in lookups on ``label``. ``generic``: who asks looks at :attr:`Hop.typed` of targets, too."""
    ctx = frame.ctx
    model = concrete(ctx, label)
    item = field_of(model, name)
    if item is not None and item.tags is not None and name == item.name:
        return _tags(frame, model, item, item.tags)
    if item is not None and item.relation is not None and name == item.name:
        relation = item.relation
        if relation.kind in ("fk", "o2o"):
            return Hop(
                name,
                model.label,
                relation.to,
                Link(item.attname, target_field(ctx, item).attname),
                False,
                item.null,
            )
        if relation.kind == "m2m":
            return _m2m(frame, name, model.label, item, forward=True, at=at)
        if relation.kind == "generic_relation" and generic:
            return generic_hop(frame, label, item, at)
        raise frame.refuse("generic-relation", name, "Generic relations are not translated here.", at)
    reverse = reverse_query(model, name)
    if reverse is None:
        return None
    other = ctx.model(reverse.model)
    back = field_of(other, reverse.field)
    if back is None or back.relation is None:
        raise frame.refuse(
            "relation", name, "The snapshot does not know the other side of this relation.", at
        )
    if back.relation.kind == "generic_relation":
        why = "It leads from a row to the object that it is about."
        raise frame.refuse("generic-relation", name, why, at)
    if reverse.kind == "m2m":
        return _m2m(frame, name, model.label, back, forward=False, at=at, other=reverse.model)
    return Hop(
        name,
        model.label,
        reverse.model,
        Link(target_field(ctx, back).attname, back.attname),
        reverse.kind == "fk",
        True,
    )


def _tags(frame: Frame, model: Model, item: ModelField, tags: TagRelation) -> Hop:
    """Over the rows of django-taggit to the tags."""
    ctx = frame.ctx
    typed = (tags.content_type, model.label) if tags.content_type else ("", "")
    return Hop(
        item.name,
        model.label,
        concrete(ctx, tags.to).label,
        Link(pk_field(ctx, model.label).attname, tags.source),
        True,
        True,
        concrete(ctx, tags.through).label,
        Link(tags.target, pk_field(ctx, tags.to).attname),
        typed=typed,
    )


def generic_hop(frame: Frame, label: str, item: ModelField, at: ast.AST) -> Hop:
    """Over a ``GenericRelation`` to the rows that name an object of ``label`` by content type and key.

    Source: ``django.contrib.contenttypes.fields.GenericRelation.get_extra_restriction`` and ``create_generic_related_manager``.
    """
    ctx, relation = frame.ctx, item.relation
    assert relation is not None
    model, target = ctx.model(label), concrete(ctx, relation.to)
    whose, number = (field_of(target, n) for n in (relation.content_type_field, relation.object_id_field))
    key = pk_field(ctx, label)
    below = any(model.label in m.parents for m in ctx.snapshot.models.values() if not m.proxy)
    why = ""
    if model.proxy or model.parents or below or not relation.for_concrete_model:
        why = "Its rows may name the object by another model."
    elif whose is None or whose.relation is None or number is None or target.parents:
        why = "Segue does not know the columns that name the object."
    elif python_type(ctx, key) != python_type(ctx, number):
        why = f"{target.label}.{number.name} holds the keys as another type."
    if why or whose is None or number is None:
        raise frame.refuse("generic-relation", f"{label}.{item.name}", why, at)
    link = Link(key.attname, number.attname)
    return Hop(item.name, model.label, target.label, link, True, True, typed=(whose.attname, model.label))


def _m2m(
    frame: Frame, name: str, label: str, item: ModelField, *, forward: bool, at: ast.AST, other: str = ""
) -> Hop:
    relation = item.relation
    assert relation is not None
    through = frame.ctx.snapshot.models.get(relation.through)
    if through is None:
        raise frame.refuse("relation", name, "The snapshot does not know its through table.", at)
    source = field_of(through, relation.through_source)
    target = field_of(through, relation.through_target)
    if source is None or target is None:
        raise frame.refuse(
            "relation", name, "The snapshot does not know the columns of its through table.", at
        )
    near, far = (source, target) if forward else (target, source)
    return Hop(
        name,
        label,
        relation.to if forward else other,
        Link(target_field(frame.ctx, near).attname, near.attname),
        True,
        True,
        through.label,
        Link(far.attname, target_field(frame.ctx, far).attname),
    )


def _not_tags(frame: Frame, tag: str, model: Model, found: ModelField | None, key: str, at: ast.AST) -> None:
    """Refuse look-ups of tags themselves: taggit has its own for those."""
    if found is not None and found.tags is not None:
        raise frame.refuse(
            "tags", key, f"Objects of {model.label} are looked up by columns of {tag} only.", at
        )


def resolve(
    frame: Frame, label: str, key: str, at: ast.AST, *, shortcut: bool = True, generic: bool = False
) -> Path:
    """Take ``key`` apart. Refuses names that the model does not have. ``generic``: as for :func:`hop_of`."""
    parts = key.split("__")
    hops: list[Hop] = []
    current = concrete(frame.ctx, label).label
    item: ModelField | None = None
    relation = False
    from segue.translate.query.ranges import is_range
    from segue.translate.query.ranges import split as ranges_split

    while parts:
        part = parts[0]
        model = frame.ctx.model(current)
        found = field_of(model, part)
        if item is not None and (part in LOOKUPS or part in TRANSFORMS):
            break
        if found is not None and not (
            (found.relation is not None or found.tags is not None) and part == found.name
        ):
            if item is not None:
                break
            item, relation = found, False
            parts.pop(0)
            break
        hop = hop_of(frame, current, part, at, generic=generic)
        if hop is None:
            if item is None:
                raise frame.refuse("lookup", key, f"{current} has no field or relation {part}.", at)
            break
        hops.append(hop)
        current = hop.target
        parts.pop(0)
        if not parts or parts[0] in LOOKUPS:
            _not_tags(frame, current, model, found, key, at)
            item, relation = pk_field(frame.ctx, current), True
            if hop.through_link is None and not hop.many:
                target = field_of(frame.ctx.model(current), hop.link.right)
                item = target if target is not None and field_of(model, part) is not None else item
            break
    if item is None:
        raise frame.refuse("lookup", key, "The lookup names no column.", at)
    if is_json(item):
        keys, lookup = split(parts)
        return Path(tuple(hops), current, item, keys, lookup, relation, json=bool(keys) or lookup != "isnull")
    if is_range(item):
        found_parts = ranges_split(parts)
        if found_parts is None:
            raise frame.refuse("lookup", key, "Segue has no rule for this look-up of ranges.", at)
        return Path(tuple(hops), current, item, *found_parts, relation=False)
    lookup = "exact"
    transforms: list[str] = []
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        if last and (part in LOOKUPS or part in POSTGRES_LOOKUPS):
            lookup = part
        elif part in TRANSFORMS or part in POSTGRES_TRANSFORMS or (number == 0 and _is_part(item, part)):
            transforms.append(part)
        else:
            raise frame.refuse("lookup", key, f"Segue has no rule for the lookup or transform {part}.", at)
    named = not relation and item.relation is None
    # A path that ends on a foreign key's target column needs no join: the column is here already.
    while hops and not hops[-1].many and not hops[-1].through:
        last_hop = hops[-1]
        near = field_of(frame.ctx.model(last_hop.source), last_hop.link.left)
        if (
            item.attname == last_hop.link.right
            and near is not None
            and near.relation is not None
            and near.attname == last_hop.link.left
            and near.relation.to in (last_hop.target,)
        ):
            hops.pop()
            item, current, relation = near, last_hop.source, True
        else:
            break
    # A many-to-many that ends on the target's key is answered by the through table.
    if (
        shortcut
        and hops
        and hops[-1].through_link is not None
        and item.attname == hops[-1].through_link.right
    ):
        last_hop = hops.pop()
        through = frame.ctx.model(last_hop.through)
        far = field_of(through, last_hop.through_link.left) if last_hop.through_link is not None else None
        assert far is not None
        hops.append(
            Hop(last_hop.name, last_hop.source, through.label, last_hop.link, True, True, shortcut=True)
        )
        item, current, relation = far, through.label, True
    return Path(tuple(hops), current, item, tuple(transforms), lookup, relation, named and relation)
