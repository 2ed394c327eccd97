"""``for name in <what is known already>``: the body once for each item, where the item names something.

A loop whose variable is a key of ``self.kwargs`` or ``self.fields``, the name of an attribute, or a keyword has no form
with the variable in it; with the values of a class attribute in its place it has.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Sequence
from typing import Any

from segue.refusal import Refused
from segue.target.ir import Import
from segue.translate.interp import empty_lists
from segue.translate.interp.frame import Frame
from segue.translate.interp.join import widen
from segue.translate.interp.known_entries import known_entries
from segue.translate.interp.value import Val, const
from segue.translate.kinds import Const, Instance, Introspected

# Longer lists are no lists of names.
_MOST = 30
_NAMED = ("self.kwargs", "self.fields", "self.Meta", "self.context")


class NotKnown(Exception):
    """The value is not known before the code runs."""


def unroll(frame: Frame, node: ast.For) -> bool:
    """Interpret the body for each item; False where the loop stays one."""
    names = {n.id for n in ast.walk(node.target) if isinstance(n, ast.Name)}
    facts = _facts(frame, node.iter)
    if node.orelse or (facts is None and not _names_something(node.body, names)):
        return False
    body = without_continue(node.body)
    leaves: tuple[type[ast.stmt], ...] = (ast.Break, ast.Continue)
    if facts is not None:
        leaves += (ast.Return,)
    if any(isinstance(n, leaves) for s in body for n in ast.walk(s)):
        return False
    if facts is not None:
        items = list(facts)
    else:
        try:
            items = list(known(frame, node.iter))
        except (NotKnown, Refused):
            return False
        if len(items) > _MOST:
            return False
    quiet = facts is not None and not _changes_a_dict(body)
    if facts is not None:
        for statement in body:
            frame.comments.skip(statement)  # they tell of choices that are made by now
    frame.facts_loops += quiet
    start, given = len(frame.lines), set(frame.env)
    kinds: dict[str, set[str]] = {}
    try:
        for item in items:
            if not _bind(frame, node.target, item):
                return False
            frame.run(body)
            if not frame.alive:
                break
            for local in stored(body) - given:
                if local in frame.env:
                    kinds.setdefault(local, set()).add(repr(widen(frame.env[local].kind)))
    finally:
        frame.facts_loops -= quiet
    if facts is not None:
        for value in frame.env.values():  # lists that no round has put anything into
            empty_lists.annotate(frame, value)
    for local in sorted(name for name, found in kinds.items() if len(found) > 1):
        target = frame.renames.get(local, local)
        if sum(line.strip().startswith(f"{target} = ") for line in frame.lines[start:]) > 1:
            frame.lines.insert(start, f"{target}: Any")  # one thing in one round, another in the next
            frame.use(Import("typing", "Any"))
    return True


def stored(body: list[ast.stmt]) -> set[str]:
    """The locals that the statements assign to."""
    return {
        n.id for s in body for n in ast.walk(s) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }


def _changes_a_dict(body: list[ast.stmt]) -> bool:
    return any(
        (isinstance(n, ast.Subscript) and not isinstance(n.ctx, ast.Load))
        or (isinstance(n, ast.Attribute) and n.attr in ("pop", "popitem", "update", "setdefault", "clear"))
        for statement in body
        for n in ast.walk(statement)
    )


def introspected(frame: Frame, node: ast.expr) -> Sequence[Any] | None:
    """What a loop over ``node`` goes through, where that is known of a class; None for anything else."""
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "dir":
        with frame.capture():
            kind = frame.eval(node).kind
        return kind.items if isinstance(kind, Introspected) else None
    return _facts(frame, node)


def _facts(frame: Frame, node: ast.expr) -> Sequence[Any] | None:
    """``instance._meta.fields``, ``info.relations.items()``: what Django or DRF tell of a class."""
    match node:
        case ast.Call(func=ast.Attribute(value=owner, attr="items" | "keys" | "values" as method), args=[]):
            found = _introspected(frame, owner)
            if found is None or found.by_key is None:
                return None
            return [pair if method == "items" else pair[method == "values"] for pair in found.by_key]
        case _:
            found = _introspected(frame, node)
            if found is None:
                return None
            return found.items if found.by_key is None else [key for key, _ in found.by_key]


def _introspected(frame: Frame, node: ast.expr) -> Introspected | None:
    root = node
    while isinstance(root, ast.Attribute):
        root = root.value
    if not isinstance(root, ast.Name) or root.id not in frame.env:
        return None
    try:
        with frame.capture():
            kind = frame.eval(node).kind
    except Refused:
        return None
    return kind if isinstance(kind, Introspected) else None


def without_continue(body: list[ast.stmt]) -> list[ast.stmt]:
    """``if x: continue`` and what follows → ``if not x:`` with what follows."""
    for index, statement in enumerate(body):
        match statement:
            case ast.If(test=test, body=[ast.Continue()], orelse=[]):
                rest = without_continue(body[index + 1 :])
                if not rest:
                    return [*body[:index], ast.copy_location(ast.Expr(test), statement)]
                turned = ast.copy_location(ast.UnaryOp(ast.Not(), test), test)
                return [*body[:index], ast.copy_location(ast.If(turned, rest, []), statement)]
    return body


def known(frame: Frame, node: ast.expr) -> Any:
    """The value of ``node``. Raises :class:`NotKnown`."""
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return tuple(known(frame, part) for part in parts)
        case ast.Call(func=ast.Name(id="zip" | "enumerate" | "sorted" | "tuple" | "list" as function), args=args, keywords=[]) if (
            function not in frame.env
        ):  # fmt: skip
            given = [known(frame, a) for a in args]
            return {"zip": zip, "enumerate": enumerate, "sorted": sorted, "tuple": tuple, "list": list}[
                function
            ](*given)  # type: ignore[operator]
        case ast.Call(
            func=ast.Attribute(value=owner, attr="items" | "keys" | "values" as method), args=[], keywords=[]
        ):
            mapping = known_entries(frame, owner) or known(frame, owner)
            if not isinstance(mapping, dict):
                raise NotKnown
            return list(getattr(mapping, method)())
        case ast.Subscript(value=owner, slice=key):
            try:
                return known(frame, owner)[known(frame, key)]
            except (KeyError, IndexError, TypeError):
                raise NotKnown from None
        case ast.Attribute(value=ast.Name(id=owner), attr=attr) if owner in frame.env and isinstance(
            frame.env[owner].kind, Instance
        ):
            return _of_model(frame, frame.env[owner], attr, node)
        case ast.Name() | ast.Attribute() | ast.Call(func=ast.Name(id="getattr")):
            return _evaluated(frame, node)
        case _:
            raise NotKnown


def _evaluated(frame: Frame, node: ast.expr) -> Any:
    if isinstance(node, ast.Name):
        literal = _literal_of(frame, node.id)
        if literal is not None:
            return known(frame, literal)
    if not _of_the_class(frame, node):
        raise NotKnown
    with frame.capture() as lines:
        value = frame.eval(node)
    if lines:
        raise NotKnown
    if isinstance(value.kind, Const):
        return value.kind.value
    if value.node is None:
        raise NotKnown
    try:
        return ast.literal_eval(value.node)
    except ValueError:
        raise NotKnown from None


def _of_model(frame: Frame, owner: Val, attr: str, node: ast.expr) -> Any:
    """A property of a model that only tells something of its class: ``return [f.name for f in self._meta.fields if …]``."""
    from segue.translate.load.models import concrete
    from segue.translate.rules.instance import model_method
    from segue.translate.rules.polymorphic import same_class

    kind = owner.kind
    assert isinstance(kind, Instance)
    function = model_method(frame, concrete(frame.ctx, kind.model).cls, attr)
    if function is None or function.role not in ("property", "cached_property"):
        raise NotKnown
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    match tree.body[-1] if isinstance(tree, ast.FunctionDef) and len(tree.body) == 1 else None:
        case ast.Return(ast.ListComp() as value):
            pass
        case _:
            raise NotKnown
    same_class(frame, kind, node)
    inner = Frame(frame.ctx, function, frame.app, env={"self": owner})
    made = inner.eval(value)
    if made.node is None or inner.lines or inner.state_used:
        raise NotKnown
    try:
        return ast.literal_eval(made.node)
    except ValueError:
        raise NotKnown from None


def _literal_of(frame: Frame, local: str) -> ast.expr | None:
    """The list of constants that the function gives ``local`` once and otherwise only runs over or looks into."""
    tree = ast.parse(textwrap.dedent(frame.function.source))
    uses = [n for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id == local]
    values = [
        n.value
        for n in ast.walk(tree)
        if isinstance(n, ast.Assign) and [ast.unparse(t) for t in n.targets] == [local]
    ]
    read = [n.iter for n in ast.walk(tree) if isinstance(n, ast.For | ast.comprehension)]
    read += [c for n in ast.walk(tree) if isinstance(n, ast.Compare) for c in n.comparators]
    only_read = sum(isinstance(n, ast.Name) and n.id == local for n in read) == len(uses) - 1
    if len(values) != 1 or not only_read:
        return None
    value = values[0]
    plain = isinstance(value, ast.List | ast.Tuple) and all(isinstance(e, ast.Constant) for e in value.elts)
    return value if plain else None


def _of_the_class(frame: Frame, node: ast.expr) -> bool:
    """``self.…`` that no code sets, a constant of the module, or a variable of an outer loop of this sort."""
    if isinstance(node, ast.Call):
        return bool(node.args) and _of_the_class(frame, node.args[0])
    root = node
    while isinstance(root, ast.Attribute):
        root = root.value
    if not isinstance(root, ast.Name):
        return False
    value = frame.env.get(root.id)
    if value is None or value.node is None:
        return True
    return isinstance(node, ast.Name) and isinstance(value.kind, Const)


def _bind(frame: Frame, target: ast.expr, item: Any) -> bool:
    if isinstance(target, ast.Name):
        if isinstance(item, Val):
            frame.env[target.id] = item
            return True
        if not isinstance(item, str | int | float | bool | tuple | Introspected | None):
            return False
        frame.env[target.id] = Val(item) if isinstance(item, Introspected) else const(item)
        return True
    if (
        isinstance(target, ast.Tuple | ast.List)
        and isinstance(item, tuple | list)
        and len(item) == len(target.elts)
    ):
        return all(_bind(frame, part, one) for part, one in zip(target.elts, item, strict=True))
    return False


def _names_something(body: list[ast.stmt], names: set[str]) -> bool:
    return any(_uses(part, names) for statement in body for part in ast.walk(statement))


def _uses(part: ast.AST, names: set[str]) -> bool:
    def is_name(node: ast.AST | None) -> bool:
        return isinstance(node, ast.Name) and node.id in names

    match part:
        case ast.Call(func=ast.Name(id="getattr" | "hasattr" | "setattr"), args=[_, second, *_]):
            return is_name(second)
        case ast.Call(func=ast.Attribute(value=owner), args=[first, *_]) if ast.unparse(owner) in _NAMED:
            return is_name(first)
        case ast.Subscript(value=owner, slice=key) if is_name(key):
            return ast.unparse(owner).startswith(_NAMED) or isinstance(part.ctx, ast.Store)
        case ast.Compare(left=left, comparators=[right]) if is_name(left):
            return ast.unparse(right) in _NAMED
        case ast.For(iter=over):
            return any(is_name(n) for n in ast.walk(over))
        case ast.Dict(keys=keys):
            return any(is_name(k) for k in keys)
        case _:
            return False


__all__ = ["NotKnown", "introspected", "known", "unroll"]
