"""Growing the needs of a fetch site: columns, joined relations, loaded relations."""

from __future__ import annotations

from segue.refusal import refuse
from segue.snapshot.model import Model, ModelField
from segue.translate.context import Context
from segue.translate.load.models import check_value, concrete, field_of, pk_field, reverse_of, target_field
from segue.translate.load.own_loading import check_base, check_made
from segue.translate.needs import Needs


def column(ctx: Context, site: Needs, name: str) -> None:
    """The column attribute ``name`` (or ``pk``) of the site's rows is read."""
    item = field_of(concrete(ctx, site.model), name)
    if item is None:
        raise KeyError(f"{site.model} has no column {name}")
    if item.name != concrete(ctx, site.model).pk:
        check_fresh(site, item.attname)
    if item.attname in site.expressions:
        raise refuse(
            "model-field",
            f"{site.model}.{name}",
            "The object holds an expression here until it is read from the database again.",
            site.expressions[item.attname],
        )
    check_value(ctx, item)
    check_made(ctx, site.model)
    site.columns.add(item.attname)


def with_key(ctx: Context, site: Needs) -> Needs:
    """``site``, whose rows are told apart by their primary key. Raises ``Refused`` where that has values of a class of its own."""
    item = pk_field(ctx, site.model)
    check_value(ctx, item)
    site.columns.add(item.attname)
    return site


def check_fresh(site: Needs, name: str) -> None:
    """Refuse what a receiver's object has in memory and a query may find otherwise."""
    if not site.live:
        check_own(site, name)


def check_own(site: Needs, name: str) -> None:
    """Refuse to change what another object in memory leads to, where the object that Django has there is not known or a copy."""
    if site.stale is not None:
        raise refuse(
            "signal",
            f"{site.model}.{name}",
            "A receiver looks into a related object, which its sender may have changed in memory.",
            site.stale,
        )


def to_one(ctx: Context, site: Needs, name: str) -> Needs:
    """The object at the end of a foreign key, one-to-one or reverse one-to-one is looked into."""
    check_fresh(site, name)
    if site.refreshed is not None:
        raise refuse(
            "refresh-from-db",
            f"{site.model}.{name}",
            "It forgets relations that were loaded, and this one is read of one of several such objects.",
            site.refreshed,
        )
    if name not in site.one:
        model = concrete(ctx, site.model)
        item = field_of(model, name)
        if item is not None and item.relation is not None:
            site.columns.add(item.attname)
            target = item.relation.to
        else:
            reverse = reverse_of(model, name)
            if reverse is None:
                raise KeyError(f"{site.model} has no relation {name}")
            target = reverse.model
        check_base(ctx, target)
        check_made(ctx, target)
        site.one[name] = with_key(ctx, Needs(target, stale=site.told, written=name in site.kept))
        joined(ctx).append((site, name))
    else:
        doubtful(ctx).discard((site.serial, name))
    site.one[name].late = False
    return site.one[name]


def joined(ctx: Context) -> list[tuple[Needs, str]]:
    """What to-one relations have been looked into, in the order of translation."""
    found = ctx.memo.setdefault(("kernel", "joined"), [])
    assert isinstance(found, list)
    return found


def doubtful(ctx: Context) -> set[tuple[int, str]]:
    """Relations, by the serials of their sites, that only a round of a loop has joined which did not know yet that the rounds before it
    may have written (:mod:`segue.translate.interp.statements.loops`)."""
    found = ctx.memo.setdefault(("kernel", "doubtful joins"), set())
    assert isinstance(found, set)
    return found


def to_many(ctx: Context, site: Needs, accessor: str, *, narrowed: bool = False) -> Needs:
    """All objects of a to-many relation are listed. ``narrowed``: who asks leaves out those of other scopes (django-scopes)."""
    from segue.translate.load.fetch import describe
    from segue.translate.query.related_sets import in_any_scope, related_set

    if accessor in site.unshown:
        raise refuse(
            "prefetch",
            f"{site.model}.{accessor}",
            "Written objects keep the rows of a Prefetch.",
            site.unshown[accessor].where,
        )
    if accessor not in site.many:
        shown = site.shown.get(accessor)
        target = many_target(ctx, site.model, shown.path if shown is not None else accessor)
        if shown is None:
            (in_any_scope if narrowed else related_set)(ctx, target)
        check_made(ctx, target)
        child = with_key(ctx, Needs(target))
        reverse = reverse_of(concrete(ctx, site.model), shown.path if shown is not None else accessor)
        child.back = (reverse.field, site.serial) if reverse is not None and reverse.kind == "fk" else None
        if shown is not None and shown.query is not None:
            describe(ctx, child, shown.query)
        site.many[accessor] = child
    return site.many[accessor]


def many_target(ctx: Context, label: str, accessor: str) -> str:
    """Model at the other end of a to-many relation. Raises ``KeyError``."""
    model: Model = concrete(ctx, label)
    item: ModelField | None = field_of(model, accessor)
    if item is not None and item.tags is not None:
        return item.tags.to
    if item is not None and item.relation is not None and item.relation.kind in ("m2m", "generic_relation"):
        return item.relation.to
    reverse = reverse_of(model, accessor)
    if reverse is None or reverse.kind == "o2o":
        raise KeyError(f"{label} has no to-many relation {accessor}")
    return reverse.model


def relation_target_column(ctx: Context, item: ModelField) -> str:
    """Attribute on the other side that the foreign key's column equals."""
    return target_field(ctx, item).attname
