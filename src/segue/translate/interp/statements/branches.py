"""``if``: folded when decided, else both branches with their narrowings, joined after."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Callable
from dataclasses import replace

from segue.refusal import Refused
from segue.target.ir import Import
from segue.translate.interp import held, keywords, leaving
from segue.translate.interp.annotations import annotation
from segue.translate.interp.conditions import Test, test
from segue.translate.interp.decide import Decided
from segue.translate.interp.frame import Frame
from segue.translate.interp.join import join
from segue.translate.interp.kept_rows import GIVEN, earlier
from segue.translate.interp.value import Val, is_pure
from segue.translate.kinds import (
    Const,
    DictOf,
    Failure,
    Global,
    Instance,
    Kind,
    Scalar,
    Unknown,
    User,
    ValidatedData,
)
from segue.translate.rules.registry import statement

End = tuple[dict[str, Val], dict[str, Kind], bool]


@statement(ast.If, Decided)
def branch(frame: Frame, node: ast.If) -> None:
    """Translate ``if``/``elif``/``else``."""
    from segue.translate.serializers import dropping

    dropping.prepare(frame, node)
    found = test(frame, node.test)
    if isinstance(node, Decided) and node.local in frame.env:
        text = frame.env[node.local].text
        found.then[text], found.otherwise[text] = Const(True), Const(False)
    dropping.check_condition(frame, node, found.node)
    if found.known is not None and is_pure(found.node):
        _decided(frame, node, found)
        return
    if found.known is None and keywords.sometimes(frame, node, found):
        return
    before, untouched = frame.snapshot_env(), held.remember(frame)
    frame.facts.update(found.then)
    lost = set(frame.taken)
    yes, yes_end = _arm_or_left(frame, node.body)
    lost_there, frame.taken = frame.taken - lost, lost
    frame.restore_env(before)
    after_yes = held.states(untouched)
    held.back_to(untouched)
    frame.facts.update(found.otherwise)
    no, no_end = _arm_or_left(frame, node.orelse)
    frame.taken |= lost_there
    if yes_end[2] and no_end[2]:
        _constants_before(frame, before[0], yes_end, no_end)
        _none_before(frame, held.merge(after_yes, held.states(untouched), no))
    elif yes_end[2]:
        held.back_to(after_yes)
    yes, no = _of_any_type(frame, before[0], yes, no, yes_end, no_end)
    if not yes and not no:
        if not is_pure(found.node):
            frame.emit(ast.unparse(found.node))
    elif not yes and no:
        frame.emit_block(f"if {ast.unparse(_negated(found.node))}:", no)
    elif not no and _taken_out(frame, node, found.node, yes):
        pass
    else:
        frame.emit_block(f"if {ast.unparse(found.node)}:", yes)
        if no and not yes_end[2] and node.lineno in frame.splits:
            frame.lines.extend(no)
        elif no:
            if no[0].startswith("if ") and isinstance(node.orelse[0], ast.If) and len(node.orelse) == 1:
                frame.lines.append("el" + no[0])
                frame.lines.extend(no[1:])
            else:
                frame.emit_block("else:", no)
    merge(frame, before, [yes_end, no_end])
    _note_taken(frame, node)
    if _torn(frame, yes_end, no_end):
        frame.torn.append(node.lineno)


def _constants_before(frame: Frame, before: dict[str, Val], yes: End, no: End) -> None:
    """``data: dict[str, Any] | None = None`` for a parameter that is a constant here and that one of the branches sets."""
    if frame.loops:
        return
    for key, value in before.items():
        if (
            not isinstance(value.kind, Const)
            or not isinstance(value.node, ast.Constant)
            or key.startswith("#")
        ):
            continue
        for kept, put in ((yes[0], no[0]), (no[0], yes[0])):
            there = put.get(key)
            if kept.get(key) != value or there is None or not isinstance(there.node, ast.Name):
                continue
            kind = join(value.kind, there.kind)
            if isinstance(kind, Unknown) or there.node.id != frame.renames.get(key, key):
                continue
            text, imports = annotation(frame.ctx, kind)
            if text.startswith("dict["):  # code may put other values in
                text, imports = "dict[str, Any] | None", frozenset({Import("typing", "Any")})
            frame.use(*imports)
            frame.emit(f"{there.text}: {text} = {value.text}")
            kept[key] = Val(value.kind, there.node)
            break


def _of_any_type(
    frame: Frame, before: dict[str, Val], yes: list[str], no: list[str], yes_end: End, no_end: End
) -> tuple[list[str], list[str]]:
    """``detail: Any`` before branches of which the first makes it a dict, and others something else."""
    if not (yes_end[2] and no_end[2]):
        return yes, no
    for key, value in yes_end[0].items():
        other = no_end[0].get(key)
        if (
            key in before
            or other is None
            or not isinstance(value.kind, DictOf)
            or other.kind != Scalar("Any")
            or not isinstance(value.node, ast.Name)
            or value.text != other.text
        ):
            continue
        said = f"{value.text}: Any"
        yes, no = ([line for line in lines if line.strip() != said] for lines in (yes, no))
        frame.use(Import("typing", "Any"))
        frame.emit(said)
    return yes, no


def _none_before(frame: Frame, optional: list[Val]) -> None:
    """``note: Note | None = None`` for each object that only one of the branches makes."""
    from segue.translate.load.fetch import entity_type

    for value in optional:
        kind = value.kind
        assert isinstance(kind, Instance)
        cls, imported = entity_type(frame.ctx, kind.model)
        frame.use(imported)
        frame.emit(f"{value.text}: {cls} | None = None")


def _taken_out(frame: Frame, node: ast.If, test: ast.expr, lines: list[str]) -> bool:
    """``if "tags" in data: data.pop("tags")`` as ``data.pop("tags", None)``: after it the key is not there."""
    match test:
        case ast.Compare(left=ast.Constant(value=str(key)), ops=[ast.In()], comparators=[ast.Name(id=owner)]):
            if lines != [f"{owner}.pop({key!r})"]:
                return False
        case _:
            return False
    from segue.translate.serializers.given import never_given

    if never_given(frame, owner, key, node):
        return True
    frame.emit(f"{owner}.pop({key!r}, None)")
    if _always_met(frame, node):
        frame.taken.add((owner, key))
    return True


def _note_taken(frame: Frame, node: ast.If) -> None:
    """After ``if "timer" in data: …; data.pop("timer")`` the key is not there, whatever else the branch does."""
    match node:
        case ast.If(ast.Compare(ast.Constant(str() as key), [ast.In()], [ast.Name(owner)]), body, []):
            pass
        case _:
            return
    from segue.translate.serializers.added import gone

    value = frame.env.get(owner)
    if value is None or not isinstance(value.kind, ValidatedData):
        return
    at = next((i for i, s in enumerate(body) if _pops(s, owner, key)), None)
    if at is None or any(_may_put(s, owner) for s in body[at + 1 :] if not _sets_another(s, owner, key)):
        return
    if any(isinstance(n, ast.Return) for s in body[:at] for n in ast.walk(s)):
        return
    if not gone(frame.ctx, value.kind.serializer, key):
        return
    taken = value.kind.taken | {key}
    frame.env[owner] = Val(ValidatedData(value.kind.serializer, taken), value.node)


def _pops(statement: ast.stmt, owner: str, key: str) -> bool:
    match statement:
        case ast.Expr(value) | ast.Assign(_, value):
            pass
        case _:
            return False
    match value:
        case ast.Call(ast.Attribute(ast.Name(name), "pop"), [ast.Constant(found), *_], []):
            return name == owner and found == key
    return False


def _sets_another(statement: ast.stmt, owner: str, key: str) -> bool:
    """``data["start"] = …``, by itself or in branches."""
    if isinstance(statement, ast.If):
        return all(_sets_another(s, owner, key) for s in [*statement.body, *statement.orelse])
    match statement:
        case ast.Assign([ast.Subscript(ast.Name(name), ast.Constant(str() as found))], value):
            return name == owner and found != key and not _may_put(ast.Expr(value), owner)
    return False


def _may_put(statement: ast.stmt, owner: str) -> bool:
    return any(isinstance(n, ast.Name) and n.id == owner for n in ast.walk(statement))


def _always_met(frame: Frame, node: ast.If) -> bool:
    """Does the statement stand at the top of the function, or in loops that are unrolled there?"""
    definition = ast.parse(textwrap.dedent(frame.function.source)).body[0]
    wanted = (node.lineno, node.col_offset)

    def at_top(body: list[ast.stmt]) -> bool:
        return any(
            (isinstance(s, ast.If) and (s.lineno, s.col_offset) == wanted)
            or (isinstance(s, ast.For) and at_top(s.body))
            for s in body
        )

    return frame.loops == 0 and at_top(getattr(definition, "body", []))


def _torn(frame: Frame, yes: End, no: End) -> bool:
    """Whether a local is something else in each branch, and has no kind after them."""
    return frame.alive and any(
        isinstance(value.kind, Unknown)
        and key in yes[0]
        and key in no[0]
        and not isinstance(yes[0][key].kind, Unknown)
        and not isinstance(no[0][key].kind, Unknown)
        for key, value in frame.env.items()
    )


def _negated(node: ast.expr) -> ast.expr:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return node.operand
    return ast.UnaryOp(ast.Not(), node)


def _arm(frame: Frame, run: Callable[[], None]) -> tuple[list[str], End]:
    frame.alive = True
    with frame.capture() as lines:
        run()
    end = (frame.env, frame.facts, frame.alive)
    frame.alive = True
    return lines, end


def _arm_or_left(frame: Frame, body: list[ast.stmt]) -> tuple[list[str], End]:
    """A branch, or what leaves the request to Django in its place."""
    before, counts = frame.snapshot_env(), (frame.in_atomic, frame.loops, frame.no_hoist)
    try:
        return _arm(frame, lambda: frame.run(body))
    except Refused as refused:
        frame.in_atomic, frame.loops, frame.no_hoist = counts
        if not leaving.may_leave(frame, body, refused):
            raise
        frame.restore_env(before)
        reason = refused
    return _arm(frame, lambda: leaving.leave(frame, reason))


def _decided(frame: Frame, node: ast.If, found: Test) -> None:
    frame.facts.update(found.then if found.known else found.otherwise)
    taken, skipped = (node.body, node.orelse) if found.known else (node.orelse, node.body)
    if skipped is node.body:
        for stmt in skipped:
            frame.comments.skip(stmt)
    frame.run(taken)
    for stmt in skipped:
        frame.comments.skip(stmt)


def merge(frame: Frame, before: tuple[dict[str, Val], dict[str, Kind]], ends: list[End]) -> None:
    """Bindings after branches: the join of those that go on."""
    alive = [end for end in ends if end[2]]
    if not alive:
        frame.alive = False
        return
    frame.alive = True
    env, facts = dict(alive[0][0]), dict(alive[0][1])
    for other_env, other_facts, _ in alive[1:]:
        for key in list(env):
            if key.startswith("#") and key not in other_env:
                if not key.startswith(GIVEN):
                    del env[key]
                continue
            if key in other_env:
                if key.startswith(GIVEN):
                    env[key] = earlier(env[key], other_env[key])
                    continue
                env[key] = _joined(_narrowed(env[key], facts), _narrowed(other_env[key], other_facts))
        for key, value in other_env.items():
            if not key.startswith("#") or key.startswith(GIVEN):
                env.setdefault(key, value)
        facts = {k: v for k, v in facts.items() if k in other_facts and other_facts[k] == v}
    frame.env, frame.facts = env, facts


def _narrowed(value: Val, facts: dict[str, Kind]) -> Val:
    """An exception, a user, or a value that is not None, with what tests have told of it."""
    if not isinstance(value.kind, Failure | User | Scalar) or value.node is None:
        return value
    known = facts.get(value.text)
    if isinstance(value.kind, Scalar) and known != replace(value.kind, nullable=False):
        return value
    return Val(known, value.node) if isinstance(known, type(value.kind)) else value


def _joined(a: Val, b: Val) -> Val:
    if a.kind == b.kind and a.text == b.text:
        return a
    kind = join(a.kind, b.kind)
    if a.node is None or b.node is None or a.text != b.text:
        if (
            isinstance(a.kind, Const)
            and isinstance(b.kind, Const)
            and a.node is not None
            and a.text == b.text
        ):
            return Val(kind, a.node)
        if isinstance(a.kind, Global) or isinstance(b.kind, Global) or a.text != b.text or a.node is None:
            return Val(Unknown("It is one thing or another, depending on the branch."))
    return Val(kind, a.node)
