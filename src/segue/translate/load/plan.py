"""From grown needs to row classes: equal needs share one class, names are given by size."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field

from segue.translate.context import Context
from segue.translate.kinds import Kind
from segue.translate.load.models import class_name, concrete, field_of, reverse_of, snake
from segue.translate.load.unordered import joins_more
from segue.translate.needs import Needs
from segue.translate.query.ir import Prefetch


@dataclass(slots=True, eq=False)
class Plan:
    """A row class. ``columns`` in field order; ``one`` with nullability; ``computed`` in SELECT order; ``shown``: how a relation
    of ``many`` is loaded that a ``Prefetch`` has a queryset for. ``by_key``: what a statement leaves open is ordered by the key."""

    model: str
    columns: tuple[str, ...]
    computed: tuple[tuple[str, Kind], ...]
    one: tuple[tuple[str, bool, Plan], ...]
    many: tuple[tuple[str, Plan], ...]
    written: bool
    classes: tuple[str, ...] = ()
    shown: dict[str, Prefetch] = field(default_factory=dict)
    by_key: bool = False
    hints: set[str] = field(default_factory=set)
    name: str = ""
    loader: str = ""


@dataclass(slots=True)
class Plans:
    """All plans by key."""

    by_key: dict[Hashable, Plan] = field(default_factory=dict)
    by_needs: dict[int, Plan] = field(default_factory=dict)
    named: bool = False


def plans(ctx: Context) -> Plans:
    """The run's table of plans."""
    found = ctx.memo.setdefault(("kernel", "plans"), Plans())
    assert isinstance(found, Plans)
    return found


def plan_of(ctx: Context, needs: Needs) -> Plan:
    """The plan of a site (final: call it only when everything has been translated)."""
    table = plans(ctx)
    if needs.serial in table.by_needs:
        return table.by_needs[needs.serial]
    model = concrete(ctx, needs.model)
    names = [f.attname for f in model.fields if f.column]
    if needs.written:
        for child in [*needs.one.values(), *needs.many.values()]:
            _whole(child)
    columns = tuple(names if needs.written else [n for n in names if n in needs.columns])
    one: list[tuple[str, bool, Plan]] = []
    for accessor in sorted(a for a, child in needs.one.items() if not child.late):
        item = field_of(model, accessor)
        nullable = item.null if item is not None else True
        one.append((accessor, nullable, plan_of(ctx, needs.one[accessor])))
    many = tuple((a, plan_of(ctx, needs.many[a])) for a in sorted(needs.many))
    computed = tuple(needs.computed.items())
    key: Hashable = (
        model.label,
        columns,
        tuple((n, repr(k)) for n, k in computed),
        tuple((a, n, id(p)) for a, n, p in one),
        tuple((a, id(p)) for a, p in many),
        needs.written,
        needs.classes,
        needs.firsts,
        tuple((a, needs.shown[a]) for a, _ in many if a in needs.shown),
    )
    plan = table.by_key.get(key)
    if plan is None:
        plan = Plan(
            model.label, columns, computed, tuple(one), many, needs.written, needs.classes, dict(needs.shown)
        )
        table.by_key[key] = plan
    plan.by_key = plan.by_key or joins_more(ctx, needs)
    if needs.hint:
        plan.hints.add(needs.hint)
    table.by_needs[needs.serial] = plan
    return plan


def _whole(needs: Needs) -> None:
    """An object that is loaded with one that is written has all its columns too. It is not saved itself, which would have been
    known before, so that what code has noted on it (``Needs.noted``) does not matter."""
    for each in (needs, *needs.united):
        object.__setattr__(each, "written", True)


def name_all(ctx: Context) -> None:
    """Give every plan its name: the widest of a model is ``ArticleRow``, others say what they are for."""
    from segue.translate.functions.hiding import locals_of_rows
    from segue.translate.functions.record import records
    from segue.translate.load.fetch import sites

    table = plans(ctx)
    if table.named:
        return
    table.named = True
    for site in list(sites(ctx).by_needs.values()):
        plan_of(ctx, site.needs)
    taken: dict[str, set[str]] = {}
    hiding = locals_of_rows(records(ctx), ctx.program.modules.values())
    groups: dict[str, list[Plan]] = {}
    for plan in table.by_key.values():
        groups.setdefault(plan.model, []).append(plan)
    for label, group in groups.items():
        used = taken.setdefault(concrete(ctx, label).app, set(hiding))
        cls = class_name(ctx, label)
        ordered = sorted(
            group, key=lambda p: -(len(p.columns) + 2 * len(p.one) + 3 * len(p.many) + len(p.computed))
        )
        for plan in ordered:
            if plan.written:
                plan.name = cls
                plan.loader = _free(f"{snake(cls)}_entities", used, _with(plan))
                continue
            plan.name = next(o for o in _wishes(cls, plan) if o not in used)
            used.add(plan.name)
            plan.loader = _free(f"{snake(plan.name.removesuffix('Row'))}_rows", used)


def _wishes(cls: str, plan: Plan) -> Iterator[str]:
    """``BookRow``; then by what shows it (``BookListRow``), by its only column (``BookTitleRow``), by number."""
    yield f"{cls}Row"
    bare = not plan.one and not plan.many and not plan.computed
    if bare and len(plan.columns) <= 1:
        yield f"{cls}RefRow"
    for hint in sorted(plan.hints):
        words = _camel(hint)
        yield f"{words}Row" if words.startswith(cls) else f"{cls}{words}Row"
    if bare and len(plan.columns) == 2:
        yield f"{cls}{_camel(plan.columns[1])}Row"
    yield f"{cls}BriefRow"
    yield from (f"{cls}Row{number}" for number in range(2, 500))


def _camel(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


def _with(plan: Plan) -> str:
    """The relations that come along: ``_with_author_and_tags``."""
    names = [*(item[0] for item in plan.one), *(item[0] for item in plan.many)]
    return f"_with_{'_and_'.join(names)}" if 1 <= len(names) <= 3 else ""


def _free(wish: str, used: set[str], otherwise: str = "") -> str:
    """``wish``, with ``otherwise`` behind it if that is taken, then with a number."""
    number, candidate = 1, wish
    if candidate in used and otherwise:
        wish = candidate = f"{wish}{otherwise}"
    while candidate in used:
        number += 1
        candidate = f"{wish}_{number}"
    used.add(candidate)
    return candidate


def row_name(ctx: Context, needs: Needs) -> str:
    """Name of the class of a site's objects."""
    name_all(ctx)
    return plan_of(ctx, needs).name


def loader_name(ctx: Context, needs: Needs) -> str:
    """Name of the loader of a site."""
    name_all(ctx)
    return plan_of(ctx, needs).loader


__all__ = ["Plan", "Plans", "loader_name", "name_all", "plan_of", "plans", "reverse_of", "row_name"]
