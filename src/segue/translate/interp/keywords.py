"""Dicts that a function fills by known names and only spreads: ``known = {"a": x}``, ``known["b"] = y``, ``f(**known)``.

They have no code of their own: each value is a local of its own, or stands where the dict is spread.
"""

from __future__ import annotations

import ast
import textwrap
from functools import lru_cache
from typing import TYPE_CHECKING

from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, quote
from segue.translate.kinds import Const, Instance, KeywordDict, QuerySet, Scalar, Sometimes
from segue.translate.trees import nodes, parsed

if TYPE_CHECKING:
    from segue.translate.interp.conditions import Test


def assign(frame: Frame, node: ast.Assign) -> bool:
    """Whether ``node`` made or filled such a dict."""
    if len(node.targets) != 1:
        return False
    target = node.targets[0]
    if isinstance(target, ast.Name):
        given = _without_none(frame, target.id, node.value)
        if not isinstance(given, ast.Dict | ast.Call) or not _only_spread(frame.function.source, target.id):
            return False
        entries = _display(frame, given)
        if entries is None:
            return False
        made: list[tuple[str, Val]] = []
        for key, value in entries:
            made.append((key, _kept(frame, f"{target.id}_{key}", frame.eval(value), node)))
        frame.forget(target.id)
        frame.env[target.id] = Val(KeywordDict(tuple(made)))
        return True
    if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
        known = frame.env.get(target.value.id)
        if known is None or not isinstance(known.kind, KeywordDict):
            return False
        name = frame.eval(target.slice)
        if _shown_before(frame, target.value.id, node):
            why = "A serializer that was given this dict may show it before or after."
            raise frame.refuse("dynamic-keywords", ast.unparse(target), why, target)
        if not isinstance(name.kind, Const) or not isinstance(name.kind.value, str):
            raise frame.refuse(
                "dynamic-keywords", ast.unparse(target), "The name of a keyword is not known.", target
            )
        key = name.kind.value
        kept = _kept(frame, f"{target.value.id}_{key}", frame.eval(node.value), node)
        rest = tuple((k, v) for k, v in known.kind.entries if k != key)
        frame.env[target.value.id] = Val(KeywordDict((*rest, (key, kept))))
        return True
    return False


def _without_none(frame: Frame, local: str, node: ast.expr) -> ast.expr:
    """``{}`` of ``extra = extra or {}`` where ``extra`` is None here."""
    match node:
        case ast.BoolOp(ast.Or(), [ast.Name(name), ast.Dict() as otherwise]) if name == local:
            known = frame.env.get(local)
            if known is not None and isinstance(known.kind, Const) and not known.kind.value:
                return otherwise
    return node


def sometimes(frame: Frame, node: ast.If, found: Test) -> bool:
    """Whether ``if test: known["a"] = x`` was all that ``node`` is: the entry is there where the test holds."""
    if node.orelse or frame.loops:
        return False
    facts = dict(frame.facts)
    frame.facts.update(found.then)
    with frame.capture() as lines:
        put = _conditional(frame, node.body)
    frame.facts = facts
    if not put or lines:
        return False
    test = found.node
    if not _stays(frame, Val(Scalar("bool"), test)):
        test = frame.hoist(
            f"with_{put[0][1]}", test if isinstance(test, ast.Compare) else quote("bool({0})", test), node
        )
    for local, key, value in put:
        held = frame.env[local].kind
        assert isinstance(held, KeywordDict)
        frame.env[local] = Val(KeywordDict((*held.entries, (key, Val(Sometimes(value, test))))))
    return True


def _conditional(frame: Frame, body: list[ast.stmt]) -> list[tuple[str, str, Val]]:
    """Dict, key and value of each entry that ``body`` puts; none where it does anything else."""
    put: list[tuple[str, str, Val]] = []
    for statement in body:
        match statement:
            case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=local), slice=key)], value=value):
                known = frame.env.get(local)
                if known is None or not isinstance(known.kind, KeywordDict):
                    return []
                name, found = frame.eval(key).kind, frame.eval(value)
                there = {k for k, _ in known.kind.entries} | {k for d, k, _ in put if d == local}
                if not isinstance(name, Const) or not isinstance(name.value, str) or name.value in there:
                    return []
                if not _stays(frame, found):
                    return []
                put.append((local, name.value, found))
            case _:
                return []
    return put


def _stays(frame: Frame, value: Val) -> bool:
    """A constant, a parameter, or a local that the function sets once: the same wherever it stands."""
    if value.node is None or isinstance(value.kind, Instance | QuerySet | Sometimes):
        return False
    if not isinstance(value.node, ast.Name):
        return isinstance(value.node, ast.Constant)
    tree = ast.parse(textwrap.dedent(frame.function.source))
    stored = [n for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id == value.node.id]
    return sum(isinstance(n.ctx, ast.Store) for n in stored) <= (value.node.id in frame.locals_seen)


def _display(frame: Frame, node: ast.expr) -> list[tuple[str, ast.expr]] | None:
    """``{"a": x}`` or ``dict(a=x)`` with known names, such as ``User.USERNAME_FIELD``."""
    if isinstance(node, ast.Dict):
        if not all(isinstance(k, ast.Constant | ast.Attribute | ast.Name) for k in node.keys):
            return None
        names = [frame.eval(k).kind for k in node.keys if k is not None]
        if all(isinstance(n, Const) and isinstance(n.value, str) for n in names):
            return [
                (str(n.value), v) for n, v in zip(names, node.values, strict=True) if isinstance(n, Const)
            ]
    made = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dict"
    if made and isinstance(node, ast.Call) and not node.args and all(k.arg for k in node.keywords):
        return [(str(k.arg), k.value) for k in node.keywords]
    return None


@lru_cache(maxsize=4096)
def _only_spread(source: str, local: str) -> bool:
    """Whether the function does nothing with ``local`` but fill it by name and spread it."""
    allowed: set[int] = set()
    spread = False
    every = nodes(parsed(textwrap.dedent(source)))
    for part in every:
        if isinstance(part, ast.Call):
            for keyword in part.keywords:
                # ``XSerializer(instance=known)``: what a serializer shows
                shows = keyword.arg == "instance" and "serializer" in ast.unparse(part.func).lower()
                if (keyword.arg is None or shows) and isinstance(keyword.value, ast.Name):
                    allowed.add(id(keyword.value))
                    spread = spread or keyword.value.id == local
        if isinstance(part, ast.Assign):
            for target in part.targets:
                if isinstance(target, ast.Subscript):
                    allowed.add(id(target.value))
                elif isinstance(part.value, ast.BoolOp) and isinstance(target, ast.Name):
                    allowed |= {id(v) for v in part.value.values if ast.unparse(v) == target.id == local}
    loads = [n for n in every if isinstance(n, ast.Name) and n.id == local]
    return spread and all(isinstance(n.ctx, ast.Store) or id(n) in allowed for n in loads)


def _shown_before(frame: Frame, local: str, node: ast.stmt) -> bool:
    """Whether a serializer was made of the dict above ``node``, or in a loop."""
    calls = [
        n
        for n in nodes(parsed(textwrap.dedent(frame.function.source)))
        if isinstance(n, ast.Call)
        and any(
            k.arg == "instance" and isinstance(k.value, ast.Name) and k.value.id == local for k in n.keywords
        )
    ]
    return any(call.lineno < node.lineno or frame.loops for call in calls)


def _kept(frame: Frame, local: str, value: Val, node: ast.stmt) -> Val:
    """``value`` as it is now: what it is made of may change before the dict is spread."""
    root = value.node
    while isinstance(root, ast.Attribute):
        root = root.value
    if value.node is None or isinstance(root, ast.Constant) or isinstance(value.kind, QuerySet):
        return value
    if (
        isinstance(root, ast.Name)
        and root.id not in frame.locals_seen
        and not isinstance(value.kind, Instance)
    ):
        return value  # a parameter that nothing else is put into
    return Val(value.kind, frame.hoist(local, value.node, node))
