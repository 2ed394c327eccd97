"""Condition trees → SQLAlchemy conditions, with Django's joins, guards and negations.

To-one and unambiguous to-many relations become ``EXISTS`` (``related``), which has the truth of
Django's join and never repeats a row. Where Django's join does repeat rows the same join is
written (:class:`Joins`). Observed in SEMANTICS-ORM §1.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from segue.target.ir import Decl, Import
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, name, quote
from segue.translate.kinds import (
    Const,
    CutMoment,
    Expr,
    Money,
    QuerySet,
    Scalar,
    SearchText,
    SearchWords,
    Sometimes,
)
from segue.translate.load.fetch import entity_type
from segue.translate.load.models import concrete, field_of, snake
from segue.translate.query import json_lookups, postgres, ranges, transforms
from segue.translate.query.coerce import nullable_key
from segue.translate.query.expressions import check_no_join
from segue.translate.query.ir import Query
from segue.translate.query.lookups import TABLE, Target, target
from segue.translate.query.paths import TRANSFORMS, Hop, Link, Path, resolve
from segue.translate.query.where import Leaf, Node, Raw

CONTENT_TYPE = "contenttypes.ContentType"
_COMPARISONS = frozenset({"exact", "gt", "gte", "lt", "lte"})


@dataclass(slots=True)
class Joins:
    """Real joins that a condition needs: ``(alias, on, outer)`` in order, and aliases by hop names.

    ``negated``: negated look-ups are over them too, as inside expressions (``Q.resolve_expression``: no ``split_subq``)."""

    outer: bool = False
    negated: bool = False
    parts: list[tuple[ast.expr, ast.expr]] = field(default_factory=list)
    aliases: dict[tuple[str, ...], ast.expr] = field(default_factory=dict)


@dataclass(slots=True)
class Compiler:
    """Compiles trees over ``query``; ``root`` is the expression of its model's class."""

    frame: Frame
    query: Query
    root: ast.expr
    joins: Joins | None = None
    long: frozenset[str] | None = None
    having: bool = False

    # trees -----------------------------------------------------------------------------

    def tree(self, node: Node, negated: bool = False) -> ast.expr | None:
        """The condition, or ``None`` for an empty tree."""
        if self.long is None:
            self.long = self._long_names(node)
        inner = negated != node.negated
        if node.connector == "XOR":
            return self._exactly_one(node, inner)
        parts: list[ast.expr] = []
        if node.connector == "AND" and not inner:
            parts = list(self._grouped(node.children, inner))
        else:
            for child in node.children:
                found = self.child(child, inner)
                if found is not None:
                    parts.append(found)
        if not parts:
            return None
        joined = (
            parts[0] if len(parts) == 1 else self._call("and_" if node.connector == "AND" else "or_", parts)
        )
        return (
            quote("{0}({1})", self.frame.imported("sqlalchemy", "not_"), joined) if node.negated else joined
        )

    def _exactly_one(self, node: Node, negated: bool) -> ast.expr:
        """``Q ^ Q``: of three, Django ≥ 5.0 asks for an odd number and Django before for one."""
        from segue.translate.query.grouping import crosses

        parts = [self.child(child, False) for child in node.children]
        if (
            negated
            or len(parts) != 2
            or any(isinstance(c, Node) and c.connector == "XOR" for c in node.children)
            or crosses(self.frame, self.query.model, node)
        ):
            raise self.frame.refuse(
                "q-xor", "Q ^ Q", "XOR of more than two conditions, negated or over to-many relations."
            )
        first, second = parts
        if first is None or second is None:
            raise self.frame.refuse("q-xor", "Q ^ Q", "One of the conditions is empty.")
        return quote(
            "{0}({1}, {2})", self.frame.imported("segue_bridge.db.functions", "exactly_one"), first, second
        )

    def child(self, child: Node | Leaf | Raw, negated: bool) -> ast.expr | None:
        """One child of a tree."""
        if isinstance(child, Node):
            return self.tree(child, negated)
        if isinstance(child, Raw):
            return child.node
        return self.leaf(child, negated)

    def _grouped(self, children: Sequence[Node | Leaf | Raw], negated: bool) -> Iterator[ast.expr]:
        """Children of an AND; leaves over the same relation become one ``related``."""
        groups: dict[str, list[tuple[Leaf, Path]]] = {}
        order: list[tuple[str, Node | Leaf | Raw]] = []
        for child in children:
            if isinstance(child, Leaf) and not isinstance(child.value.kind, Sometimes):
                path = self._path(child)
                if path is not None and path.hops and not self._by_join(path) and not _is_null(child, path):
                    key = path.hops[0].name + ">" + path.hops[0].target
                    if key not in groups:
                        groups[key] = []
                        order.append((key, child))
                    groups[key].append((child, path))
                    continue
            order.append(("", child))
        for key, child in order:
            if key:
                yield self._related(groups[key], self.root, self.query.model, ())
            else:
                found = self.child(child, negated)
                if found is not None:
                    yield found

    def _path(self, leaf: Leaf) -> Path | None:
        if leaf.key == "__expression__" or self.query.annotation(leaf.key.split("__")[0]) is not None:
            return None
        first = leaf.key.split("__")[0]
        path = resolve(
            self.frame,
            self.query.model,
            leaf.key,
            leaf.at,
            shortcut=first not in (self.long or ()),
            generic=True,
        )
        check_no_join(self.frame, self.query, path, leaf.key, leaf.at)
        return path

    def _long_names(self, node: Node) -> frozenset[str]:
        """Relations of which some lookups read the target and others only its key: all take the long
        way then, so that they speak of the same row."""
        short: dict[str, set[bool]] = {}

        def walk(tree: Node) -> None:
            for child in tree.children:
                if isinstance(child, Node):
                    walk(child)
                elif isinstance(child, Leaf):
                    path = self._path(child)
                    if path is not None and path.hops:
                        short.setdefault(child.key.split("__")[0], set()).add(path.hops[-1].shortcut)

        walk(node)
        return frozenset(name for name, kinds in short.items() if len(kinds) > 1)

    def _by_join(self, path: Path) -> bool:
        return self.joins is not None and any(h.many for h in path.hops)

    # leaves ----------------------------------------------------------------------------

    def leaf(self, leaf: Leaf, negated: bool) -> ast.expr:
        """One lookup."""
        if leaf.key == "__expression__":
            assert isinstance(leaf.value.kind, Expr)
            node, kind = leaf.value.kind.build.render(self.frame, self.query, self.root)
            if getattr(kind, "type", "") != "bool":
                raise self.frame.refuse(
                    "condition", "filter(expression)", "The expression is no condition.", leaf.at
                )
            return node  # type: ignore[no-any-return]
        if isinstance(leaf.value.kind, Sometimes):
            return self._sometimes(leaf, leaf.value.kind, negated)
        path = self._path(leaf)
        if path is None:
            return self._annotated(leaf, negated)
        if path.hops and not negated and self._by_join(path):
            return self._joined(leaf, path)
        if path.hops and self.joins is not None and self.joins.negated and self._by_join(path):
            return self._negated_of_join(leaf, path)
        if path.hops:
            if path.json and (negated or (path.lookup == "exact" and _is_null(leaf, path))):
                # A key that is not there makes the condition NULL: of a join, not of EXISTS.
                raise self.frame.refuse(
                    "json-lookup",
                    leaf.key,
                    "null, or exclude(), by a key in the JSON of a related object.",
                    leaf.at,
                )
            if negated and any(h.typed[0] for h in path.hops):
                code = "tags" if any(h.typed[0] and h.through for h in path.hops) else "generic-relation"
                why = "exclude() by rows that name the object by its content type is not translated."
                raise self.frame.refuse(code, leaf.key, why, leaf.at)
            if negated and not any(h.many for h in path.hops):
                self._refuse_parts(leaf, path)
            if _is_null(leaf, path):
                if negated and any(h.many for h in path.hops) and not (len(path.hops) == 1 and path.relation):
                    raise self.frame.refuse(
                        "exclude-isnull",
                        leaf.key,
                        "exclude() by isnull over a to-many relation is not translated.",
                        leaf.at,
                    )
                if not isinstance(leaf.value.kind, Const):
                    raise self.frame.refuse(
                        "isnull", leaf.key, "Whether a relation is missing depends on a value.", leaf.at
                    )
                absent = leaf.value.kind.value
                if path.lookup == "exact":
                    absent = True
                inside = Leaf(leaf.key, Val(Const(False), name("False")), leaf.at)
                found = self._related([(inside, _as_isnull(path))], self.root, self.query.model, ())
                return quote("~{0}", found) if absent else found
            if (
                negated
                and leaf.value.node is not None
                and path.lookup == "in"
                and "select" in leaf.value.text
            ):
                raise self.frame.refuse(
                    "exclude-subquery",
                    leaf.key,
                    "exclude() by a subquery over a relation is not translated.",
                    leaf.at,
                )
            return self._related([(leaf, path)], self.root, self.query.model, ())
        column = self._column(self.root, self.query.model, path.field.attname)
        if path.lookup == "exact" and not path.transforms:
            key = nullable_key(self.frame, leaf.value, target(self.frame, column, path.field), leaf.at)
            leaf = replace(leaf, value=key)
        condition = self._lookup(leaf, path, column, self.root, self.query.model)
        guards: list[ast.expr] = []
        constant_none = isinstance(leaf.value.kind, Const) and leaf.value.kind.value is None
        if negated and path.lookup != "isnull" and not constant_none:
            if path.field.null:
                self._refuse_unsure(leaf)
                guards.append(quote("{0}.is_not(None)", column))
            if isinstance(leaf.value.kind, Expr) and self._bare_null(leaf, leaf.value.kind.build.column):
                rendered, _ = leaf.value.kind.build.render(self.frame, self.query, self.root)
                guards.append(quote("{0}.is_not(None)", rendered))
        return self._call("and_", [condition, *guards]) if guards else condition

    def _refuse_parts(self, leaf: Leaf, path: Path) -> None:
        """Refuse exclude() by an item of an array or an end of a range that there may not be: NULL of a join, not of EXISTS."""
        of_range = ranges.is_range(path.field) and bool(path.transforms)
        if of_range or any(postgres.is_part(path.field, part) for part in path.transforms):
            raise self.frame.refuse(
                "range-lookup" if of_range else "array-lookup",
                leaf.key,
                "exclude() by a part of a related object's column, which may have no such part.",
                leaf.at,
            )

    def _bare_null(self, leaf: Leaf, column: str) -> bool:
        """Whether a negated look-up compares with a bare column that may be NULL: Django asks whether it is, of no other expression
        (``Query.build_filter``: ``isinstance(value, Col) and is_nullable(value.target)``)."""
        if not column:
            return False
        annotation = self.query.annotation(column)
        if annotation is not None:
            if getattr(annotation.kind, "nullable", True):
                raise self.frame.refuse(
                    "exclude-annotation", leaf.key, "exclude() by an annotation that may be NULL.", leaf.at
                )
            return False
        found = resolve(self.frame, self.query.model, column, leaf.at)
        return found.field.null and not found.transforms

    def _negated_of_join(self, leaf: Leaf, path: Path) -> ast.expr:
        """A look-up that is negated around here, over an outer join (``Query.build_filter``: ``col IS NOT NULL``)."""
        assert self.joins is not None
        condition = self._joined(leaf, path)
        if _is_null(leaf, path):
            return condition
        self._refuse_unsure(leaf)
        if isinstance(leaf.value.kind, Expr):
            raise self.frame.refuse(
                "aggregate-filter", leaf.key, "A negated condition between columns over a relation.", leaf.at
            )
        owner = self.joins.aliases[tuple(hop.name for hop in path.hops)]
        column = self._column(owner, path.model, path.field.attname)
        return self._call("and_", [condition, quote("{0}.is_not(None)", column)])

    def _sometimes(self, leaf: Leaf, given: Sometimes, negated: bool) -> ast.expr:
        """A lookup that is asked where a test holds."""
        with self.frame.capture() as lines:
            path = self._path(leaf)
            condition = self.leaf(Leaf(leaf.key, given.value, leaf.at), negated)
        if negated or lines or path is None or path.hops:
            raise self.frame.refuse(
                "dynamic-keywords",
                leaf.key,
                "Such a lookup is followed on the model's own columns in filter() only.",
                leaf.at,
            )
        return quote(
            "{0} if {1} else {2}()", condition, given.test, self.frame.imported("sqlalchemy", "true")
        )

    def _refuse_unsure(self, leaf: Leaf) -> None:
        if getattr(leaf.value.kind, "nullable", False):
            raise self.frame.refuse(
                "exclude-nullable",
                leaf.key,
                "exclude() by a value that may be None is not translated.",
                leaf.at,
            )

    def _annotated(self, leaf: Leaf, negated: bool) -> ast.expr:
        first, _, rest = leaf.key.partition("__")
        column = self.query.annotation(first)
        assert column is not None
        if column.aggregate and self.query.grouped and not self.having:
            raise self.frame.refuse(
                "having", leaf.key, "Filtering on an aggregate of groups is not translated.", leaf.at
            )
        if column.window:
            raise self.frame.refuse(
                "window", leaf.key, "Django filters what a window gave by a query around it.", leaf.at
            )
        kind = column.kind
        cuts = [part for part in rest.split("__") if part in TRANSFORMS]
        if cuts:
            rest = "__".join(part for part in rest.split("__") if part not in TRANSFORMS)
        if rest and rest not in TABLE:
            raise self.frame.refuse(
                "lookup", leaf.key, "Segue has no rule for this lookup on an annotation.", leaf.at
            )
        if isinstance(kind, CutMoment):
            raise self.frame.refuse(
                "lookup", leaf.key, "A lookup on a moment that is cut is not translated.", leaf.at
            )
        if isinstance(kind, SearchWords):
            if rest not in ("", "exact") or cuts:
                raise self.frame.refuse(
                    "postgres-search", leaf.key, "Words are searched by equality.", leaf.at
                )
            searched = self._value(leaf.value)
            return postgres.found(self.frame, name(column.text), kind.config, searched, leaf.at)
        kind_type = getattr(kind, "type", "Any")
        null = getattr(kind, "nullable", True)
        model = concrete(self.frame.ctx, self.query.model)
        on = Target(name(column.text), model.fields[0], kind_type, null)
        value = self._value(leaf.value)
        if cuts:
            condition = transforms.compare(self.frame, on, tuple(cuts), rest or "exact", value, leaf.at)
        else:
            condition = TABLE[rest or "exact"](self.frame, on, value, leaf.at)
        if negated and null:
            raise self.frame.refuse(
                "exclude-annotation", leaf.key, "exclude() on an annotation that may be NULL.", leaf.at
            )
        return condition

    def _value(self, value: Val) -> Val:
        if isinstance(value.kind, Expr):
            node, kind = value.kind.build.render(self.frame, self.query, self.root)
            if isinstance(kind, SearchText):
                return Val(kind, node)
            return Val(Expr(transforms.Rendered(node)), node)
        return value

    def _lookup(self, leaf: Leaf, path: Path, column: ast.expr, owner: ast.expr, label: str) -> ast.expr:
        on = target(self.frame, column, path.field)
        if path.field.money is not None and (
            path.lookup == "in" or isinstance(leaf.value.kind, Expr | Money | QuerySet)
        ):
            # ``djmoney.models.managers._expand_money_kwargs`` asks for the currency, too, or makes another condition of it.
            why = "Amounts are looked up by plain numbers, one at a time."
            raise self.frame.refuse("money", leaf.key, why, leaf.at)
        value = self._value(leaf.value)
        if path.json:
            return json_lookups.condition(self.frame, on, path.transforms, path.lookup, value, leaf.at)
        if (
            path.number
            and on.type == "int"
            and path.lookup in _COMPARISONS
            and isinstance(value.kind, Scalar)
            and value.kind.type == "int"
        ):
            as_number = self.frame.imported("segue_bridge.db.query", "as_number")
            on = replace(on, column=quote("{0}({1})", as_number, column))
        if ranges.is_range(path.field):
            return ranges.condition(self.frame, on, path.transforms, path.lookup, value, leaf.at)
        if path.transforms == (postgres.LENGTH,):
            counted = postgres.length(self.frame, on, leaf.at)
            return TABLE[path.lookup](self.frame, counted, value, leaf.at)
        if len(path.transforms) == 1 and postgres.is_part(path.field, path.transforms[0]):
            on, path = (
                postgres.part_of_array(self.frame, on, path.transforms[0], leaf.at),
                replace(path, transforms=()),
            )
        if postgres.is_array(on) and path.lookup in postgres.ARRAYS and value.kind != Const(None):
            return postgres.array_lookup(self.frame, on, path.lookup, value, leaf.at)
        if postgres.is_vector(on) and path.lookup == "exact" and value.kind != Const(None):
            return postgres.found(self.frame, on.column, "", value, leaf.at)
        if path.transforms:
            return transforms.compare(self.frame, on, path.transforms, path.lookup, value, leaf.at)
        return TABLE[path.lookup](self.frame, on, value, leaf.at)

    def _column(self, owner: ast.expr, label: str, attname: str) -> ast.expr:
        return ast.Attribute(owner, attname, ast.Load())

    # EXISTS ----------------------------------------------------------------------------

    def _related(
        self, leaves: Sequence[tuple[Leaf, Path]], owner: ast.expr, label: str, outer: tuple[str, ...]
    ) -> ast.expr:
        """``related(Target, link, conditions of leaves)`` for leaves over the same first hop."""
        hop = leaves[0][1].hops[0]
        tables = (*outer, concrete(self.frame.ctx, label).label)
        if hop.through:
            through = self._class(hop.through, tables, hop)
            inner = self._class(hop.target, (*tables, hop.through), hop)
            return self._through(
                through, inner, hop, owner, self._inside(leaves, inner, hop, (*tables, hop.through))
            )
        inner = self._class(hop.target, tables, hop)
        link = [self._link(owner, hop.link, inner), *typed(self.frame, hop, inner)]
        return self._call_of("related", [inner, *link, *self._inside(leaves, inner, hop, tables)])

    def _through(
        self, through: ast.expr, inner: ast.expr, hop: Hop, owner: ast.expr, conditions: Sequence[ast.expr]
    ) -> ast.expr:
        assert hop.through_link is not None
        nested = self._call_of("related", [inner, self._link(through, hop.through_link, inner), *conditions])
        link = [self._link(owner, hop.link, through), *typed(self.frame, hop, through)]
        return self._call_of("related", [through, *link, nested])

    def _inside(
        self, leaves: Sequence[tuple[Leaf, Path]], inner: ast.expr, hop: Hop, tables: tuple[str, ...]
    ) -> list[ast.expr]:
        out: list[ast.expr] = []
        deeper: dict[str, list[tuple[Leaf, Path]]] = {}
        for leaf, path in leaves:
            rest = replace(path, hops=path.hops[1:])
            if rest.hops:
                deeper.setdefault(rest.hops[0].name, []).append((leaf, rest))
                continue
            if rest.relation and rest.lookup == "isnull" and path.field.primary_key:
                continue
            column = self._column(inner, path.model, path.field.attname)
            out.append(self._lookup(leaf, rest, column, inner, path.model))
        for group in deeper.values():
            out.append(self._related(group, inner, hop.target, tables))
        return out

    def _class(self, label: str, tables: tuple[str, ...], hop: Hop) -> ast.expr:
        """The class of ``label``, aliased when an outer level has it already."""
        real = concrete(self.frame.ctx, label).label
        cls, item = entity_type(self.frame.ctx, real)
        self.frame.use(item)
        if real not in tables:
            return name(cls)
        depth = sum(1 for t in tables if t == real)
        return alias_constant(self.frame, real, hop.name, depth)

    def _link(self, left: ast.expr, link: Link, right: ast.expr) -> ast.expr:
        return quote(
            "{0} == {1}",
            ast.Attribute(right, link.right, ast.Load()),
            ast.Attribute(left, link.left, ast.Load()),
        )

    # real joins ------------------------------------------------------------------------

    def _joined(self, leaf: Leaf, path: Path) -> ast.expr:
        assert self.joins is not None
        owner, label = self.root, self.query.model
        names: tuple[str, ...] = ()
        for hop in path.hops:
            names = (*names, hop.name)
            if names not in self.joins.aliases:
                left = owner
                if hop.through:
                    assert hop.through_link is not None
                    through = self._alias(hop.through, leaf)
                    on = [self._link(owner, hop.link, through), *typed(self.frame, hop, through)]
                    self.joins.parts.append((through, self._call("and_", on) if len(on) > 1 else on[0]))
                    alias = self._alias(hop.target, leaf)
                    self.joins.parts.append((alias, self._link(through, hop.through_link, alias)))
                else:
                    alias = self._alias(hop.target, leaf)
                    on = [self._link(left, hop.link, alias), *typed(self.frame, hop, alias)]
                    self.joins.parts.append((alias, self._call("and_", on) if len(on) > 1 else on[0]))
                self.joins.aliases[names] = alias
            owner, label = self.joins.aliases[names], hop.target
        column = self._column(owner, label, path.field.attname)
        return self._lookup(leaf, path, column, owner, label)

    def _alias(self, label: str, leaf: Leaf) -> ast.expr:
        cls, item = entity_type(self.frame.ctx, label)
        self.frame.use(item)
        aliased = self.frame.imported("sqlalchemy.orm", "aliased")
        return self.frame.hoist(snake(cls) + "_", quote("{0}({1})", aliased, name(cls)), leaf.at)

    # helpers ---------------------------------------------------------------------------

    def _call(self, function: str, parts: Sequence[ast.expr]) -> ast.expr:
        return ast.Call(self.frame.imported("sqlalchemy", function), list(parts), [])

    def _call_of(self, helper: str, parts: Sequence[ast.expr]) -> ast.expr:
        return ast.Call(self.frame.imported("segue_bridge.db.reads", helper), list(parts), [])


def typed(frame: Frame, hop: Hop, through: ast.expr) -> list[ast.expr]:
    """The condition that the rows in between name an object of this model, where they may name others."""
    column, label = hop.typed
    if not column:
        return []
    cls, imported = entity_type(frame.ctx, CONTENT_TYPE)
    frame.use(imported)
    app, _, model = label.partition(".")
    key = ast.Call(
        frame.imported("segue_bridge.db.content_types", "key_of"),
        [name(cls), ast.Constant(app), ast.Constant(model.lower())],
        [],
    )
    return [quote("{0} == {1}", ast.Attribute(through, column, ast.Load()), key)]


def _is_null(leaf: Leaf, path: Path) -> bool:
    constant = isinstance(leaf.value.kind, Const)
    return path.lookup == "isnull" or (
        path.lookup == "exact"
        and constant
        and isinstance(leaf.value.kind, Const)
        and leaf.value.kind.value is None
    )


def _as_isnull(path: Path) -> Path:
    return replace(path, lookup="isnull")


def alias_constant(frame: Frame, label: str, stem: str, depth: int) -> ast.expr:
    """A module-level ``aliased(Class)`` for the ``depth``-th use of a table inside itself."""
    ctx = frame.ctx
    cls, item = entity_type(ctx, label)
    title = "".join(part.capitalize() for part in stem.split("_") if part)
    const = f"{title}{cls}" if depth == 1 else f"{title}{cls}{depth}"
    app = ctx.model(label).app
    module = ctx.module(app, "queries")
    module.add(
        Decl(
            const, f"{const} = aliased({cls})", frozenset({item, Import("sqlalchemy.orm", "aliased")}), rank=5
        )
    )
    from segue.translate.functions.finish import prunable

    prunable(ctx, module.path, const)
    # ``aliased`` sets up all mappers, whose relations name classes of modules that nobody may have imported yet.
    package = ctx.program.module(
        f"{ctx.program.package}/__init__.py", "The service; importing it makes every mapped class known."
    )
    package.add(
        Decl(
            "__all__",
            '__all__ = ["MODULES"]',
            frozenset({Import(f"{ctx.program.package}.models", "MODULES")}),
        )
    )
    frame.use(Import(ctx.import_path(app, "queries"), const))
    return name(const)


def repeats(frame: Frame, label: str, tree: Node) -> bool:
    """Whether Django's joins for this condition may repeat a row of ``label``."""
    return _repeats(frame, label, tree, certain=True, negated=False)


def _repeats(frame: Frame, label: str, node: Node, *, certain: bool, negated: bool) -> bool:
    negated = negated != node.negated
    certain = certain and not node.negated and (node.connector == "AND" or len(node.children) == 1)
    groups: dict[tuple[str, ...], list[Path]] = {}
    for child in node.children:
        if isinstance(child, Node):
            if _repeats(frame, label, child, certain=certain, negated=negated):
                return True
        elif isinstance(child, Leaf) and not negated:
            path = resolve_or_none(frame, label, child)
            if path is None or not any(h.many for h in path.hops):
                continue
            if _is_null(child, path) and not (
                isinstance(child.value.kind, Const) and child.value.kind.value is False
            ):
                continue
            if not certain:
                return True
            key = tuple(h.name + h.target for h in path.hops)
            groups.setdefault(key, []).append(path)
    return any(not _unique(frame, paths) for paths in groups.values())


def resolve_or_none(frame: Frame, label: str, leaf: Leaf) -> Path | None:
    """The path, or ``None`` when the key is no field (an annotation)."""
    first = leaf.key.split("__")[0]
    model = concrete(frame.ctx, label)
    known = field_of(model, first) is not None or any(r.query_name == first for r in model.reverse)
    return resolve(frame, label, leaf.key, leaf.at, generic=True) if known else None


def _unique(frame: Frame, paths: Sequence[Path]) -> bool:
    """At most one joined row can satisfy exact lookups on these columns."""
    hops = paths[0].hops
    if sum(1 for h in hops if h.many) != 1 or not hops[-1].many or hops[-1].through:
        return False
    fixed = {p.field.attname for p in paths if p.lookup == "exact" and not p.transforms}
    fixed.add(hops[-1].link.right)
    model = frame.ctx.model(paths[0].model)
    sets: list[set[str]] = [{f.attname} for f in model.fields if f.primary_key or f.unique]
    sets += [set(names) for names in model.unique_together]
    sets += [
        set(c.fields)
        for c in model.constraints
        if c.kind == "unique" and c.fields and c.condition is None and not c.sql
    ]
    for names in sets:
        columns = {f.attname for n in names for f in model.fields if n in (f.name, f.attname)}
        if columns and columns <= fixed:
            return True
    return False
