"""``for`` and ``while``: the body is interpreted until the kinds of its variables stand."""

from __future__ import annotations

import ast
import copy

from segue.target.ir import Import
from segue.translate.functions.writing import may_write
from segue.translate.interp import changing_types
from segue.translate.interp.conditions import test
from segue.translate.interp.frame import PUT, Frame
from segue.translate.interp.iterate import bind_target, iterable
from segue.translate.interp.join import widen
from segue.translate.interp.kept_rows import GIVEN, ROWS, check_rounds
from segue.translate.interp.same_set import share
from segue.translate.interp.statements.branches import merge
from segue.translate.interp.statements.setattr_loop import setattr_loop
from segue.translate.interp.unroll import unroll
from segue.translate.interp.value import Val, is_pure
from segue.translate.kinds import Const, DictOf, Kind, ListOf, Scalar
from segue.translate.load.needs import doubtful, joined
from segue.translate.rules.enumeration_loops import spelled_out
from segue.translate.rules.registry import statement


def _stable(frame: Frame, body: list[ast.stmt], prepare: object, at: ast.stmt) -> list[str]:
    """Lines of the body once another round would not change what the variables are."""
    settled = _settled(frame, at)
    _widen_assigned(frame, body)
    frame.loops += 1
    try:
        return _rounds(frame, body, prepare, at, settled)
    finally:
        frame.loops -= 1


def _annotate(frame: Frame, places: list[ast.AST]) -> None:
    """Say of an empty dict that is looked into before anything is put in what it will be: mypy cannot tell."""
    for place in places:
        for part in ast.walk(place):
            if not isinstance(part, ast.Name) or not isinstance(
                frame.env.get(part.id, Val(Const(None))).kind, DictOf
            ):
                continue
            local = frame.env[part.id].text
            if f"{local} = {{}}" in frame.lines:
                frame.lines[frame.lines.index(f"{local} = {{}}")] = f"{local}: dict[Any, Any] = {{}}"
                frame.use(Import("typing", "Any"))


def _settled(frame: Frame, loop: ast.stmt) -> dict[str, Kind]:
    """What is known of locals that no round binds anew: ``if data:`` before a loop over ``data.items()``."""
    bound = {
        frame.renames.get(n.id, n.id)
        for n in ast.walk(loop)
        if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)
    }
    return {
        text: kind
        for text, kind in frame.facts.items()
        if isinstance(kind, DictOf | ListOf | Scalar) and text.isidentifier() and text not in bound
    }


def _rounds(
    frame: Frame, body: list[ast.stmt], prepare: object, at: ast.stmt, settled: dict[str, Kind]
) -> list[str]:
    comments = copy.deepcopy(frame.comments)
    looked: list[ast.AST] = []
    writes = any(map(_writes, body))
    before, evaluated = dict(frame.env), len(frame.evaluated)
    after: dict[str, Val] = {}
    joins = joined(frame.ctx)
    for _ in range(6):
        so_far = len(joins)
        frame.facts = dict(settled)
        if frame.loops == 1:
            looked += frame.bottoms
            frame.bottoms.clear()
        start = frame.snapshot_env()
        frame.comments = copy.deepcopy(comments)
        returns = len(frame.returns)
        with frame.capture() as lines:
            if writes:
                frame.writing.append(lines)
            assert callable(prepare)
            prepare()
            frame.alive = True
            frame.left.append([])
            try:
                frame.run(body)
            finally:
                left = frame.left.pop()
        end = (frame.env, frame.facts, True)
        frame.alive = True
        after = after or end[0]
        merge(frame, start, [(start[0], {}, True), (end[0], {}, True), *((env, {}, True) for env in left)])
        frame.facts = dict(settled)
        asked = any(lines is passed for passed in frame.passed)
        if asked and not writes and may_write(frame.ctx, lines):
            # The next round finds the objects that it did not bind behind what this one has written. What this one has joined for
            # them was read too early.
            writes = True
            doubtful(frame.ctx).update((site.serial, relation) for site, relation in joins[so_far:])
        elif _same(start[0], frame.env):
            if frame.loops == 1 and frame.bottoms:
                place = frame.bottoms[0]
                raise frame.refuse(
                    "loop", ast.unparse(place), "Segue does not see what was put in here before.", place
                )
            _annotate(frame, looked)
            changing_types.annotate(frame, before, after, left)
            read = [
                p
                for p in frame.evaluated[evaluated:]
                if GIVEN + p in frame.env and _stays(frame, GIVEN + p, at)
            ]
            check_rounds(frame, lines, read, at)
            return lines
        del frame.returns[returns:]
    raise frame.refuse(
        "loop", type(at).__name__.lower(), "What the loop's variables are does not settle.", at
    )


_WRITERS = frozenset(
    {"save", "create", "delete", "bulk_create", "bulk_update", "get_or_create", "update_or_create", "update"}
)


def _writes(statement: ast.stmt) -> bool:
    """Whether it writes rows at first sight; what it does by functions is known when they are translated."""
    return any(
        isinstance(n, ast.Call)
        and isinstance(n.func, ast.Attribute)
        and (n.func.attr in _WRITERS if n.keywords or not n.args else n.func.attr in _WRITERS - {"update"})
        for n in ast.walk(statement)
    )


def _widen_assigned(frame: Frame, body: list[ast.stmt]) -> None:
    for stmt in body:
        for node in ast.walk(stmt):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id in frame.env:
                value = frame.env[node.id]
                if (value.node is not None and not isinstance(value.node, ast.Constant)) or isinstance(
                    value.node, ast.Constant
                ):
                    frame.env[node.id] = Val(widen(value.kind), value.node)
    frame.facts = {}


def _same(a: dict[str, Val], b: dict[str, Val]) -> bool:
    return all(
        key in b and a[key].kind == b[key].kind and a[key].text == b[key].text
        for key in a
        if not key.startswith("#")
    )


def _over_answers(frame: Frame, node: ast.For) -> bool:
    """``for receiver, answer in signal.send(…)``: the body once for each receiver, after all were called."""
    from segue.translate.rules.signal_answers import answers

    match node:
        case ast.For(ast.Tuple([ast.Name(receiver), ast.Name(answer)]), ast.Call() as sent, body, []):
            pass
        case _:
            return False
    if frame.loops or any(isinstance(n, ast.Break | ast.Continue) for s in body for n in ast.walk(s)):
        return False
    if any(isinstance(n, ast.Name) and n.id == receiver for s in body for n in ast.walk(s)):
        return False
    found = answers(frame, sent)
    for value in found or ():
        if frame.alive:
            frame.env[answer] = value
            frame.run(body)
    return found is not None


def _stays(frame: Frame, key: str, loop: ast.AST) -> bool:
    """Whether the key of ``frame.env`` names rows of a queryset that no round of the loop binds anew."""
    bound = {n.id for n in ast.walk(loop) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
    kept = next((begin for begin in (ROWS, GIVEN) if key.startswith(begin)), "")
    return bool(kept) and key.removeprefix(kept) not in {frame.renames.get(n, n) for n in bound}


@statement(ast.For)
def for_loop(frame: Frame, node: ast.For) -> None:
    """``for target in items``."""
    from segue.translate.serializers import dropping

    dropping.prepare(frame, node)
    if setattr_loop(frame, node) or _over_answers(frame, node) or unroll(frame, node):
        return
    spelled = spelled_out(frame, node.target, node.iter, list(node.body))
    if spelled is not None:
        body = [part for part in spelled[2] if isinstance(part, ast.stmt)]
        node = ast.copy_location(ast.For(spelled[0], spelled[1], body, node.orelse), node)
    over = frame.eval(node.iter)
    if isinstance(over.node, ast.List) and not over.node.elts:  # never entered
        for statement in node.body:
            frame.comments.skip(statement)
        frame.run(node.orelse)
        return
    code, item = iterable(frame, over, node.iter)
    for key in [
        k for k in frame.env if k.startswith("#") and not k.startswith(PUT) and not _stays(frame, k, node)
    ]:
        del frame.env[key]
    target: list[ast.expr] = []
    breaks = any(isinstance(n, ast.Break) for s in node.body for n in ast.walk(s))

    def prepare() -> None:
        target[:] = [bind_target(frame, node.target, item)]
        share(frame, [n.id for n in ast.walk(target[0]) if isinstance(n, ast.Name)], Val(over.kind, code))

    lines = _stable(frame, node.body, prepare, node)
    frame.emit_block(f"for {ast.unparse(target[0])} in {ast.unparse(code)}:", lines)
    frame.alive = True
    if node.orelse:
        _else(frame, node.orelse, breaks)


def _else(frame: Frame, body: list[ast.stmt], breaks: bool) -> None:
    """``else`` of a loop, which a ``break`` passes over."""
    start = frame.snapshot_env()
    with frame.capture() as rest:
        frame.run(body)
    frame.emit_block("else:", rest)
    if breaks:
        end = (frame.env, frame.facts, frame.alive)
        frame.alive = True
        merge(frame, start, [(start[0], {}, True), end])


@statement(ast.While)
def while_loop(frame: Frame, node: ast.While) -> None:
    """``while test``."""
    _widen_assigned(frame, node.body)
    header: list[ast.expr] = []

    def prepare() -> None:
        frame.no_hoist += 1
        try:
            found = test(frame, node.test)
        finally:
            frame.no_hoist -= 1
        header[:] = [found.node]
        facts: dict[str, Kind] = found.then
        frame.facts.update(facts)

    lines = _stable(frame, node.body, prepare, node)
    frame.emit_block(f"while {ast.unparse(header[0])}:", lines)
    endless = isinstance(header[0], ast.Constant) and bool(header[0].value) and is_pure(header[0])
    breaks = any(isinstance(n, ast.Break) for s in node.body for n in ast.walk(s))
    frame.alive = not endless or breaks
    if node.orelse and not endless:
        _else(frame, node.orelse, breaks)


@statement(ast.Break, ast.Continue)
def leave(frame: Frame, node: ast.Break | ast.Continue) -> None:
    """``break`` / ``continue``: what locals are here, they may be behind the loop."""
    if frame.left:
        frame.left[-1].append(dict(frame.env))
    frame.emit("break" if isinstance(node, ast.Break) else "continue")
    frame.alive = False
