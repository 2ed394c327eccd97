"""Row classes, their statements and loaders, written down from the plans."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from segue.snapshot.model import Function, Model, Value, Where
from segue.target.ir import Decl, Import
from segue.translate.context import Context
from segue.translate.interp.annotations import annotation
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.interp.value import name as named
from segue.translate.kinds import QuerySet
from segue.translate.load.fetch import entity_type
from segue.translate.load.models import column_kind, concrete, field_of, pk_field, snake
from segue.translate.load.plan import Plan
from segue.translate.models.polymorphic import drops_missing
from segue.translate.query.compile import alias_constant, typed
from segue.translate.query.ir import Prefetch, Query
from segue.translate.query.ordering import order_terms
from segue.translate.query.paths import Hop, hop_of

CONTENT_TYPE = "contenttypes.ContentType"
SESSION = Import("segue_bridge.db.session", "Session")
LOADER_IMPORTS = frozenset(
    {SESSION, Import("sqlalchemy", "Select"), Import("typing", "Any"), Import("collections.abc", "Mapping")}
)


# A to-many relation of rows that are loaded: local variable, plan of the items, index of the key column, relation, its Prefetch.
Group = tuple[str, Plan, int, str, Prefetch | None]


def scratch(ctx: Context, app: str) -> Frame:
    """A frame for text that belongs to no legacy function."""
    return Frame(ctx, Function("<generated>", Where(""), "", "function", {}), app)


def hop_by_accessor(frame: Frame, label: str, accessor: str) -> Hop:
    """The hop of a relation by its accessor (lookups may call a reverse relation otherwise)."""
    model = concrete(frame.ctx, label)
    lookup = accessor
    if field_of(model, accessor) is None:
        for reverse in model.reverse:
            if reverse.accessor == accessor:
                lookup = reverse.query_name
    hop = hop_of(frame, label, lookup, ast.Constant(accessor), generic=True)
    if hop is None:
        raise KeyError(f"{label} has no relation {accessor}")
    return hop


def render_row(ctx: Context, plan: Plan) -> None:
    """``class ArticleRow``."""
    model = concrete(ctx, plan.model)
    imports: set[Import] = {Import("dataclasses", "dataclass")}
    lines = [
        "@dataclass(frozen=True, slots=True)",
        f"class {plan.name}:",
        f'    """What is read of {model.label}."""',
        "",
    ]
    for column in plan.columns:
        item = field_of(model, column)
        assert item is not None
        text, needed = annotation(ctx, column_kind(ctx, item))
        imports |= needed
        lines.append(f"    {column}: {text}")
    for name, kind in plan.computed:
        text, needed = annotation(ctx, kind)
        imports |= needed
        lines.append(f"    {name}: {text}")
    for name, nullable, child in plan.one:
        imports.add(row_import(ctx, child))
        lines.append(f"    {name}: {child.name}{' | None' if nullable else ''}")
    for name, child in plan.many:
        imports.add(row_import(ctx, child))
        lines.append(f"    {name}: list[{child.name}]")
    own = ctx.import_path(model.app, "rows")
    late = {
        i
        if i.module == own or not i.module.startswith(ctx.program.package + ".")
        else Import(i.module, i.name, i.alias, True)
        for i in imports
    }
    ctx.module(model.app, "rows").add(Decl(plan.name, "\n".join(lines), frozenset(late), rank=10))


def row_import(ctx: Context, plan: Plan) -> Import:
    """Where the class of a plan's objects lives."""
    app = concrete(ctx, plan.model).app
    return Import(ctx.import_path(app, "models" if plan.written else "rows"), plan.name)


@dataclass(slots=True)
class Selection:
    """Columns and joins being collected for one statement; ``position`` is the next index."""

    frame: Frame
    columns: list[str] = field(default_factory=list)
    joins: list[str] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)
    keys: list[tuple[str, Plan, str, str]] = field(default_factory=list)

    def add(self, text: str) -> int:
        """Add a column; returns its index."""
        self.columns.append(text)
        return len(self.columns) - 1


def _class_in(selection: Selection, label: str, stem: str) -> str:
    cls, item = entity_type(selection.frame.ctx, label)
    selection.frame.use(item)
    depth = selection.tables.count(label)
    selection.tables.append(label)
    if not depth:
        return cls
    return ast.unparse(alias_constant(selection.frame, label, stem, depth))


def build(
    selection: Selection,
    plan: Plan,
    cls: str,
    base: dict[str, int],
    trail: str,
    groups: list[Group],
) -> str:
    """The constructor call for ``plan``; columns not in ``base`` are added to the selection.

    ``groups`` collects the to-many relations met: (local variable, plan of the items, index of the
    key column, accessor).
    """
    ctx = selection.frame.ctx
    model = concrete(ctx, plan.model)
    pk = pk_field(ctx, plan.model).attname
    arguments: list[str] = []
    for column in plan.columns:
        index = base[column] if column in base else selection.add(f"{cls}.{column}")
        base.setdefault(column, index)
        arguments.append(f"{column}=row[{index}]")
    for name, _ in plan.computed:
        arguments.append(f"{name}=row[{base[name]}]")
    if pk not in base:
        base[pk] = selection.add(f"{cls}.{pk}")
    for accessor, nullable, child in plan.one:
        hop = hop_by_accessor(selection.frame, model.label, accessor)
        inner = _class_in(selection, concrete(ctx, hop.target).label, accessor)
        item = field_of(model, accessor)
        outer = nullable or "?" in trail
        join = "outerjoin" if outer else "join"
        selection.joins.append(f".{join}({inner}, {inner}.{hop.link.right} == {cls}.{hop.link.left})")
        inside: dict[str, int] = {}
        call = build(selection, child, inner, inside, trail + ("?" if outer else ".") + accessor, groups)
        key = inside[pk_field(ctx, child.model).attname]
        arguments.append(
            f"{accessor}={call} if row[{key}] is not None else None"
            if outer and nullable
            else f"{accessor}={call}"
        )
        del item
    for accessor, child in plan.many:
        shown = plan.shown.get(accessor)
        hop = hop_by_accessor(selection.frame, model.label, shown.path if shown is not None else accessor)
        near = base.get(hop.link.left)
        if near is None:
            near = base[hop.link.left] = selection.add(f"{cls}.{hop.link.left}")
        stem = "_".join([*[t for t in trail.replace("?", ".").split(".") if t], accessor])
        groups.append((stem, child, near, f"{model.label}:{accessor}", shown))
        arguments.append(f"{accessor}={stem}.get(row[{near}], [])")
    if plan.written:
        selection.frame.use(row_import(ctx, plan))
        pairs = ", ".join(f"{key!r}: {value}" for key, _, value in (a.partition("=") for a in arguments))
        relations = {f.name for f in model.fields if f.relation is not None}
        relations |= {r.accessor for r in model.reverse}
        if "loaded" in relations:  # columns of that name are called otherwise, a relation hides the method
            selection.frame.use(Import("segue_bridge.db.base", "as_loaded"))
            return f"as_loaded({plan.name}, {{{pairs}}})"
        return f"{plan.name}.loaded({{{pairs}}})"
    selection.frame.use(row_import(ctx, plan))
    return f"{plan.name}({', '.join(arguments)})"


def render_loader(ctx: Context, plan: Plan, seen: set[str]) -> None:
    """``async def article_rows(db, statement, parameters=None) -> list[ArticleRow]``."""
    model = concrete(ctx, plan.model)
    frame = scratch(ctx, model.app)
    cls, item = entity_type(ctx, model.label)
    frame.use(item, *LOADER_IMPORTS, row_import(ctx, plan))
    selection = Selection(frame, tables=[model.label])
    base = {pk_field(ctx, plan.model).attname: 0}
    selection.columns.append("")
    for name, _ in plan.computed:
        selection.columns.append("")
        base[name] = len(selection.columns) - 1
    groups: list[Group] = []
    call = build(selection, plan, cls, base, "", groups)
    added = [c for c in selection.columns if c]
    text = "statement"
    if added:
        text += f".add_columns({', '.join(added)})"
    text += "".join(selection.joins)
    if plan.by_key:
        text += f".order_by({cls}.{pk_field(ctx, plan.model).attname})"
    frame.use(Import("segue_bridge.db.reads", "rows"))
    body = [f"    found = await rows(db, {text}, parameters)"]
    lines, call = _group_lines(ctx, frame, groups, seen, call)
    body += lines
    what = "entities" if plan.written else "rows"
    code = "\n".join(
        [
            f"async def {plan.loader}(db: Session, statement: Select[Any], parameters: Mapping[str, object] | None = None) -> list[{plan.name}]:",
            f'    """The {what} that ``statement`` (of {model.label} keys) selects, in its order{", and by their key where it leaves that open" if plan.by_key else ""}."""',
            *body,
            _returned(frame, plan, cls, call),
        ]
    )
    ctx.module(model.app, "queries").add(Decl(plan.loader, code, frozenset(frame.imports), rank=30))


def _returned(frame: Frame, plan: Plan, cls: str, call: str) -> str:
    """The last line of a loader; objects of polymorphic models become those of their own classes."""
    if not plan.classes:
        return f"    return [{call} for row in found]"
    below = []
    for label in (CONTENT_TYPE, *plan.classes):
        other, item = entity_type(frame.ctx, label)
        frame.use(item)
        below.append(other)
    frame.use(Import("segue_bridge.db.polymorphic", "real_objects"))
    dropping = ", drop_missing=True" if drops_missing(frame.ctx.snapshot) else ""
    return (
        f"    return await real_objects(db, {cls}, [{call} for row in found], {', '.join(below)}{dropping})"
    )


def _group_lines(
    ctx: Context, frame: Frame, groups: list[Group], seen: set[str], call: str
) -> tuple[list[str], str]:
    """The statements that load what is many, and ``call`` with the names that they give it.

    A local variable that is called like one of the functions would hide it from the first statement on.
    """
    functions = []
    for _, child, _, relation, shown in groups:
        label, _, accessor = relation.partition(":")
        function = render_group(ctx, label, accessor, child, seen, shown)
        frame.use(Import(ctx.import_path(concrete(ctx, label).app, "queries"), function))
        functions.append(function)
    lines: list[str] = []
    for (stem, _, index, _, _), function in zip(groups, functions, strict=True):
        local = stem
        if stem in functions:
            local = f"{stem}_by_key"
            call = re.sub(rf"\b{stem}\.get\(", f"{local}.get(", call)
        lines.append(
            f"    {local} = await {function}(db, [row[{index}] for row in found if row[{index}] is not None])"
        )
    return lines, call


def _order_of_set(frame: Frame, label: str, target: Model) -> str:
    """``.order_by(…)`` of a related set: that of its default manager."""
    from segue.translate.query.related_sets import in_any_scope

    own = in_any_scope(frame.ctx, label)
    query = own or Query(target.label)
    terms: Sequence[Value | Val] = query.terms if query.order == "terms" else target.ordering
    if query.order == "none" or not terms:
        return ""
    plain = Val(QuerySet(Query(target.label)), named("statement"))
    return order_terms(frame, plain, terms, None, flip=query.flip).text.removeprefix("statement")


def render_group(
    ctx: Context, label: str, accessor: str, plan: Plan, seen: set[str], shown: Prefetch | None = None
) -> str:
    """``async def article_tags(db, ids) -> dict[key, list[TagRow]]`` and its statement."""
    model = concrete(ctx, label)
    stem = f"{snake(model.cls.rpartition('.')[2])}_{accessor}"
    names = ctx.memo.setdefault(("kernel", "groups"), {})
    assert isinstance(names, dict)
    key = (label, accessor, id(plan), shown)
    if key in names:
        return str(names[key])
    module = ctx.module(model.app, "queries")
    # ``messages`` of a Ticket and all rows of TicketMessage would both be TICKET_MESSAGES.
    taken = {*names.values(), *(one.lower() for one in module.decls)}
    function = next(n for n in (stem, *(f"{stem}_{i}" for i in range(2, 500))) if n not in taken)
    names[key] = function
    frame = scratch(ctx, model.app)
    hop = hop_by_accessor(frame, label, shown.path if shown is not None else accessor)
    target = concrete(ctx, hop.target)
    selection = Selection(frame)
    inner = _class_in(selection, target.label, accessor)
    joins = ""
    conditions: list[str] = []
    if hop.through:
        through, item = entity_type(ctx, hop.through)
        frame.use(item)
        assert hop.through_link is not None
        key_text = f"{through}.{hop.link.right}"
        joins = f".join({inner}, {inner}.{hop.through_link.right} == {through}.{hop.through_link.left})"
        conditions += [ast.unparse(one) for one in typed(frame, hop, named(through))]
    else:
        key_text = f"{inner}.{hop.link.right}"
        conditions += [ast.unparse(one) for one in typed(frame, hop, named(inner))]
    selection.columns.append(key_text)
    groups: list[Group] = []
    base: dict[str, int] = {}
    conditions.insert(0, f"one_of({key_text}, 'ids')")
    if not hop.through and hop.link.right in plan.columns:
        base[hop.link.right] = 0
    call = build(selection, plan, inner, base, "", groups)
    frame.use(
        Import("sqlalchemy", "select"),
        Import("segue_bridge.db.query", "one_of"),
        Import("segue_bridge.db.reads", "rows"),
        *LOADER_IMPORTS,
        Import("collections.abc", "Sequence"),
    )
    statement = f"select({', '.join(selection.columns)}){'.select_from(' + through + ')' if hop.through else ''}{joins}{''.join(selection.joins)}.where({', '.join(conditions)})"
    link = field_of(model, accessor)
    if shown is None and link is not None and link.tags is not None:
        # ``_TaggableManager``: in the order in which the object got its tags.
        statement += f".order_by({through}.{pk_field(ctx, hop.through).attname})"
    elif shown is None:
        order = _order_of_set(frame, hop.target, target)
        if not order and plan.one and ctx.snapshot.settings.vendor == "postgresql":  # as ``joins_more`` says
            order = f".order_by({inner}.{pk_field(ctx, hop.target).attname})"
        statement += order
    else:
        statement += shown.text
        frame.use(*shown.imports)
    const = function.upper()
    loads, call = _group_lines(ctx, frame, groups, seen, call)
    source = field_of(model, hop.link.left)
    key_type = annotation(ctx, column_kind(ctx, source))[0] if source is not None else "Any"
    code = "\n".join(
        [
            f"async def {function}(db: Session, ids: Sequence[{key_type}]) -> dict[{key_type}, list[{plan.name}]]:",
            f'    """``{accessor}`` of many objects of {label}, by the key of the object."""',
            f"    groups: dict[{key_type}, list[{plan.name}]] = {{}}",
            "    if not ids:",
            "        return groups",
            f"    found = await rows(db, {const}, {{'ids': ids}})",
            *loads,
            "    for row in found:",
            f"        groups.setdefault(row[0], []).append({call})",
            "    return groups",
        ]
    )
    if source is not None:
        frame.use(*annotation(ctx, column_kind(ctx, source))[1])
    module.add(Decl(const, f"{const} = {statement}", frozenset(frame.imports), rank=20))
    module.add(Decl(function, code, frozenset(frame.imports), rank=30))
    from segue.translate.functions.finish import prunable

    prunable(ctx, module.path, const)
    prunable(ctx, module.path, function)
    return function
