"""Comprehensions; a generator expression that awaits becomes a list where that is the same."""

from __future__ import annotations

import ast

from segue.translate.interp.conditions import test
from segue.translate.interp.frame import Frame
from segue.translate.interp.iterate import bind_target, iterable
from segue.translate.interp.join import widen
from segue.translate.interp.value import Val, is_pure
from segue.translate.kinds import DictOf, Kind, ListOf
from segue.translate.rules.registry import expression


def _generators(frame: Frame, generators: list[ast.comprehension]) -> list[ast.comprehension]:
    out: list[ast.comprehension] = []
    for number, generator in enumerate(generators):
        if number:
            frame.no_hoist += 1
        try:
            code, item = iterable(frame, frame.eval(generator.iter), generator.iter)
        finally:
            if number:
                frame.no_hoist -= 1
        target = bind_target(frame, generator.target, item)
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
        generators = _generators(frame, node.generators)
        frame.no_hoist += 1
        try:
            values = [frame.eval(part) for part in parts]
        finally:
            frame.no_hoist -= 1
    finally:
        fetched = {k: v for k, v in frame.env.items() if k.startswith("#rows:")}
        frame.restore_env(saved)
        frame.env.update(fetched)
    for value, part in zip(values, parts, strict=True):
        if value.node is None:
            raise frame.refuse("comprehension", ast.unparse(part), "This cannot be kept in a list.", part)
    return generators, values


@expression(ast.ListComp, ast.SetComp, ast.GeneratorExp)
def sequence(frame: Frame, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> Val:
    """``[x for …]``, ``{x for …}``, ``(x for …)``."""
    generators, (value,) = _scoped(frame, node, node.elt)
    assert value.node is not None
    item: Kind = widen(value.kind)
    from segue.translate.kinds import QuerySet

    if isinstance(item, QuerySet):
        raise frame.refuse("comprehension", ast.unparse(node), "A list of querysets is not translated.", node)
    if isinstance(node, ast.ListComp):
        return Val(ListOf(item), ast.ListComp(value.node, generators))
    if isinstance(node, ast.SetComp):
        return Val(ListOf(item, "set"), ast.SetComp(value.node, generators))
    return Val(ListOf(item, "Iterator"), ast.GeneratorExp(value.node, generators))


@expression(ast.DictComp)
def mapping(frame: Frame, node: ast.DictComp) -> Val:
    """``{k: v for …}``."""
    generators, (key, value) = _scoped(frame, node, node.key, node.value)
    assert key.node is not None
    assert value.node is not None
    return Val(DictOf((), widen(value.kind)), ast.DictComp(key.node, value.node, generators))


def awaits(node: ast.expr) -> bool:
    """Whether a generator expression has to be asynchronous."""
    return isinstance(node, ast.GeneratorExp) and (
        any(isinstance(n, ast.Await) for n in ast.walk(node.elt))
        or any(isinstance(n, ast.Await) for g in node.generators for c in g.ifs for n in ast.walk(c))
        or any(isinstance(n, ast.Await) for g in node.generators[1:] for n in ast.walk(g.iter))
    )
