"""Comprehensions; a generator expression that awaits becomes a list where that is the same."""

from __future__ import annotations

import ast
import copy

from segue.translate.functions.writing import may_write
from segue.translate.interp.conditions import Test, test
from segue.translate.interp.frame import Frame
from segue.translate.interp.iterate import bind_target, iterable
from segue.translate.interp.join import join, joined_keys, said_keys, widen
from segue.translate.interp.kept_rows import GIVEN, ROWS
from segue.translate.interp.same_set import share
from segue.translate.interp.unroll import introspected
from segue.translate.interp.value import Val, const, is_pure
from segue.translate.kinds import DictOf, Introspected, Kind, ListOf, Unknown
from segue.translate.load.needs import joined
from segue.translate.rules.registry import expression

PRIVATE = "_"
"""Stands among the facts of ``dir()`` for the names with an underscore."""


def _generators(frame: Frame, generators: list[ast.comprehension]) -> list[ast.comprehension]:
    out: list[ast.comprehension] = []
    for number, generator in enumerate(generators):
        if number:
            frame.no_hoist += 1
        try:
            code, item = iterable(frame, over := frame.eval(generator.iter), generator.iter)
        finally:
            if number:
                frame.no_hoist -= 1
        target = bind_target(frame, generator.target, item)
        share(frame, [n.id for n in ast.walk(target) if isinstance(n, ast.Name)], Val(over.kind, code))
        conditions: list[ast.expr] = []
        frame.no_hoist += 1
        try:
            for condition in generator.ifs:
                found = test(frame, condition)
                if found.known is True and is_pure(found.node):
                    continue
                conditions.append(found.node)
                frame.facts.update(found.then)
        finally:
            frame.no_hoist -= 1
        out.append(ast.comprehension(target, code, conditions, 0))
    return out


def _scoped(
    frame: Frame, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, *parts: ast.expr
) -> tuple[list[ast.comprehension], list[Val]]:
    saved = frame.snapshot_env()
    try:
        made, parts = _spelled_out(frame, node.generators, parts)
        generators = _generators(frame, made)
        frame.no_hoist += 1
        try:
            values = [frame.eval(part) for part in parts]
        finally:
            frame.no_hoist -= 1
    finally:
        fetched = {k: v for k, v in frame.env.items() if k.startswith((ROWS, GIVEN))}
        frame.restore_env(saved)
        frame.env.update(fetched)
    for value, part in zip(values, parts, strict=True):
        if value.node is None:
            raise frame.refuse("comprehension", ast.unparse(part), "This cannot be kept in a list.", part)
    return generators, values


def _spelled_out(
    frame: Frame, generators: list[ast.comprehension], parts: tuple[ast.expr, ...]
) -> tuple[list[ast.comprehension], tuple[ast.expr, ...]]:
    """The same over the members of an enumeration, where what is asked of a member has a name of its own."""
    from segue.translate.rules.enumeration_loops import spelled_out

    if len(generators) != 1:
        return generators, parts
    one = generators[0]
    found = spelled_out(frame, one.target, one.iter, [*parts, *one.ifs])
    if found is None:
        return generators, parts
    target, over, rest = found
    kept = [part for part in rest if isinstance(part, ast.expr)]
    return [ast.comprehension(target, over, kept[len(parts) :], 0)], tuple(kept[: len(parts)])


def _takes_none(generators: list[ast.comprehension]) -> bool:
    """``[x for x in (1, 2) if False]``."""
    first = generators[0]
    never = bool(first.ifs) and isinstance(first.ifs[0], ast.Constant) and first.ifs[0].value is False
    return never and isinstance(first.iter, ast.Tuple | ast.List) and is_pure(first.iter)


@expression(ast.ListComp, ast.SetComp, ast.GeneratorExp)
def sequence(frame: Frame, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> Val:
    """``[x for …]``, ``{x for …}``, ``(x for …)``."""
    drawn = _over_fields(frame, node, node.elt)
    if drawn is not None:
        return _one_by_one(frame, drawn, node) if isinstance(node, ast.GeneratorExp) else drawn
    drawn = _over_facts(frame, node)
    if drawn is not None:
        return drawn
    so_far = len(joined(frame.ctx))
    generators, (value,) = _scoped(frame, node, node.elt)
    assert value.node is not None
    _check_order(frame, node, so_far, value)
    if isinstance(node, ast.ListComp) and _takes_none(generators):
        return Val(ListOf(Unknown("empty")), ast.List([], ast.Load()))
    item: Kind = widen(value.kind)
    from segue.translate.kinds import QuerySet

    if isinstance(item, QuerySet):
        raise frame.refuse("comprehension", ast.unparse(node), "A list of querysets is not translated.", node)
    if isinstance(node, ast.ListComp):
        return Val(ListOf(item), ast.ListComp(value.node, generators))
    if isinstance(node, ast.SetComp):
        return Val(ListOf(item, "set"), ast.SetComp(value.node, generators))
    return Val(ListOf(item, "Iterator"), ast.GeneratorExp(value.node, generators))


def _check_order(frame: Frame, node: ast.expr, so_far: int, *values: Val) -> None:
    """Refuse what writes for each object and joins what those lead to, counted from ``so_far``."""
    if len(joined(frame.ctx)) > so_far and may_write(frame.ctx, [value.text for value in values]):
        why = "What its objects lead to is read with them, and Django reads it behind what was written for those before."
        raise frame.refuse("read-order", ast.unparse(node), why, node)


def _over_facts(frame: Frame, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> Val | None:
    """``{n for n in dir(x) if n.startswith("can_") and getattr(x, n)}``: one condition for each name that is not passed over."""
    generator = node.generators[0]
    facts = introspected(frame, generator.iter)
    if len(node.generators) > 1 or facts is None or not isinstance(generator.target, ast.Name):
        return None
    if not isinstance(node, ast.SetComp | ast.ListComp):
        return None
    saved = frame.snapshot_env()
    drawn: list[tuple[ast.expr, ast.expr]] = []
    kind: Kind | None = None
    frame.no_hoist += 1
    try:
        for fact in facts:
            if not isinstance(fact, str):
                return None
            frame.restore_env(saved)
            frame.env[generator.target.id] = const(fact)
            tests = [found for part in generator.ifs for found in [_all_of(frame, part)]]
            if any(found.known is False for found in tests):
                continue
            left = [found.node for found in tests if found.known is not True]
            value = frame.eval(node.elt)
            if value.node is None or fact == PRIVATE or any(not is_pure(part) for part in left):
                raise frame.refuse(
                    "comprehension", ast.unparse(node), "Segue cannot tell which names these are.", node
                )
            kind = widen(value.kind) if kind is None else join(kind, widen(value.kind))
            condition = (
                left[0] if len(left) == 1 else ast.BoolOp(ast.And(), left) if left else ast.Constant(True)
            )
            drawn.append((value.node, condition))
    finally:
        frame.no_hoist -= 1
        frame.restore_env(saved)
    if kind is None:
        raise frame.refuse("comprehension", ast.unparse(node), "No name is among them.", node)
    item, held = frame.fresh(generator.target.id), frame.fresh("held")
    pairs = ast.Tuple([ast.Tuple([v, c], ast.Load()) for v, c in drawn], ast.Load())
    target = ast.Tuple([ast.Name(item, ast.Store()), ast.Name(held, ast.Store())], ast.Store())
    made = ast.comprehension(target, pairs, [ast.Name(held, ast.Load())], 0)
    if isinstance(node, ast.SetComp):
        return Val(ListOf(kind, "set"), ast.SetComp(ast.Name(item, ast.Load()), [made]))
    return Val(ListOf(kind), ast.ListComp(ast.Name(item, ast.Load()), [made]))


def _over_fields(
    frame: Frame, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, *parts: ast.expr
) -> Val | None:
    """``{f.name: getattr(self, f.name) for f in self._meta.fields if f.name != "id"}``: a display of what is left of the fields.

    None where it goes over something else. Raises ``Refused`` where a request decides which fields those are.
    """
    generator = node.generators[0]
    facts = introspected(frame, generator.iter)
    if facts is None or not all(isinstance(fact, Introspected) for fact in facts):
        return None
    if len(node.generators) > 1 or not isinstance(generator.target, ast.Name):
        raise frame.refuse(
            "comprehension", ast.unparse(node), "Segue reads one plain loop over fields.", node
        )
    saved, wanted = frame.snapshot_env(), generator.target.id
    if any(_binds(part, wanted) for part in parts):
        raise frame.refuse(
            "comprehension", ast.unparse(node), f"Another variable in it is called {wanted}, too.", node
        )
    rows: list[list[ast.expr]] = []
    names: dict[str, Val] = {}
    frame.no_hoist += 1
    try:
        for number, fact in enumerate(facts):
            frame.env[wanted] = names[f"{wanted}#{number}"] = Val(fact)
            tests = [_all_of(frame, part).known for part in generator.ifs]
            if None in tests and False not in tests:
                raise frame.refuse(
                    "comprehension", ast.unparse(node), "A request decides which fields these are.", node
                )
            if False not in tests:
                rows.append([_called(part, wanted, f"{wanted}#{number}") for part in parts])
        frame.restore_env(saved)
        frame.env.update(names)
        if isinstance(node, ast.DictComp):
            made: ast.expr = ast.Dict([key for key, _ in rows], [value for _, value in rows])
        elif isinstance(node, ast.SetComp):
            made = ast.Set([row[0] for row in rows])
        else:
            made = ast.List([row[0] for row in rows], ast.Load())
        return frame.eval(ast.copy_location(made, node))
    finally:
        frame.no_hoist -= 1
        frame.restore_env(saved)


def _one_by_one(frame: Frame, drawn: Val, node: ast.GeneratorExp) -> Val:
    """A list as what gives its items once: ``next()`` takes no list, and going through a generator again finds nothing."""
    if drawn.node is None or not is_pure(drawn.node):
        raise frame.refuse(
            "comprehension", ast.unparse(node), "What it makes one by one may fail half-way.", node
        )
    item = drawn.kind.item if isinstance(drawn.kind, ListOf) else drawn.kind
    return Val(ListOf(item, "Iterator"), ast.Call(ast.Name("iter", ast.Load()), [drawn.node], []))


def _binds(part: ast.expr, name: str) -> bool:
    """Whether a comprehension or lambda within ``part`` has a variable of that name."""
    return any(
        (isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store) and n.id == name)
        or (isinstance(n, ast.arg) and n.arg == name)
        for n in ast.walk(part)
    )


def _called(node: ast.expr, name: str, other: str) -> ast.expr:
    """``node`` with its variable called otherwise."""

    class Rename(ast.NodeTransformer):
        def visit_Name(self, found: ast.Name) -> ast.Name:
            return ast.copy_location(ast.Name(other, found.ctx), found) if found.id == name else found

    renamed: ast.expr = Rename().visit(copy.deepcopy(node))
    return renamed


def _all_of(frame: Frame, node: ast.expr) -> Test:
    """``a and b`` stops at what is False already: what follows may be of no meaning for this name."""
    if not (isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And)):
        return test(frame, node)
    found: list[Test] = []
    for part in node.values:
        one = _all_of(frame, part)
        if one.known is False:
            return one
        if one.known is not True:
            found.append(one)
    if not found:
        return Test(ast.Constant(True), True)
    return found[0] if len(found) == 1 else Test(ast.BoolOp(ast.And(), [f.node for f in found]))


@expression(ast.DictComp)
def mapping(frame: Frame, node: ast.DictComp) -> Val:
    """``{k: v for …}``."""
    drawn = _over_fields(frame, node, node.key, node.value)
    if drawn is not None:
        return drawn
    so_far = len(joined(frame.ctx))
    generators, (key, value) = _scoped(frame, node, node.key, node.value)
    _check_order(frame, node, so_far, key, value)
    assert key.node is not None
    assert value.node is not None
    kind = DictOf((), widen(value.kind), said_keys(joined_keys(None, widen(key.kind))))
    return Val(kind, ast.DictComp(key.node, value.node, generators))


def awaits(node: ast.expr) -> bool:
    """Whether a generator expression has to be asynchronous."""
    return isinstance(node, ast.GeneratorExp) and (
        any(isinstance(n, ast.Await) for n in ast.walk(node.elt))
        or any(isinstance(n, ast.Await) for g in node.generators for c in g.ifs for n in ast.walk(c))
        or any(isinstance(n, ast.Await) for g in node.generators[1:] for n in ast.walk(g.iter))
    )
