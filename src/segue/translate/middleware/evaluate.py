"""Expressions of the abstract run."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

from segue.snapshot.model import Value as Described
from segue.translate.middleware.library import constant
from segue.translate.middleware.machine import MORE, Frame, collection, known_tuple
from segue.translate.middleware.objects import attribute, contains, item, method_call
from segue.translate.middleware.paths import Path
from segue.translate.middleware.values import (
    Bound,
    Closure,
    Fact,
    Global,
    Known,
    Super,
    Thing,
    Unknown,
    Value,
)

_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Mod: operator.mod,
    ast.FloorDiv: operator.floordiv, ast.Div: operator.truediv, ast.BitOr: operator.or_, ast.BitAnd: operator.and_,
}  # fmt: skip
_ORDER: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
}  # fmt: skip


def truth(frame: Frame, value: Value) -> bool:
    """Whether it is true on this path."""
    if isinstance(value, Known):
        return bool(value.value)
    if not isinstance(value, Unknown):
        return True
    if value.prefix:
        return True
    truths = frame.machine.path.truths
    if value.what == "collection":
        return frame.machine.path.decide()  # it may have changed since it was last asked
    if value not in truths:
        truths[value] = _decide(frame.machine.path, value.truth)
    return truths[value]


def _decide(path: Path, fact: Fact | None) -> bool:
    if fact is None:
        return path.decide()
    if fact.kind in ("method", "status", "accessed"):
        return path.decide(fact)
    # A header that is there may still be empty, so only "true" tells something.
    if path.facts.get(fact) is False:
        return False
    return path.decide() and path.decide(fact)


def evaluate(frame: Frame, node: ast.expr) -> Value:
    """The value of ``node``. Raises ``Raised`` where the code does."""
    found = _EXPRESSIONS.get(type(node))
    if found is None:
        frame.event(node, "Segue does not follow this expression.")
        return Unknown("expression", pure=False)
    return found(frame, node)


def _constant(frame: Frame, node: ast.expr) -> Value:
    assert isinstance(node, ast.Constant)
    return Known(node.value)


def _name(frame: Frame, node: ast.expr) -> Value:
    assert isinstance(node, ast.Name)
    if node.id in frame.scope:
        return frame.scope[node.id]
    return _global(frame, node.id) or Unknown(node.id, pure=False)


def _global(frame: Frame, dotted: str) -> Value | None:
    ref = frame.names.get(dotted)
    if ref is None:
        return None
    if ref.name == "django.conf.settings.DEBUG":
        # Tests and shells turn it off; what is proved must hold for both.
        return Unknown("settings.DEBUG")
    if ref.kind == "constant" and ref.value is not None:
        if ref.name.startswith("django.conf.settings.") or fixed(ref.name, ref.value):
            return constant(ref.value, dotted)
        return Unknown(dotted, pure=ref.value.kind == "const")
    return Global(ref)


def fixed(name: str, value: Described) -> bool:
    """A module's constant by its name; what is written small may be a cache or a switch that code sets later."""
    if not name.rpartition(".")[2].isupper():
        return False
    return value.kind in ("const", "tuple", "regex") or bool(value.items or value.pairs)


def _attribute(frame: Frame, node: ast.expr) -> Value:
    assert isinstance(node, ast.Attribute)
    dotted = _dotted(node)
    if dotted and dotted.partition(".")[0] not in frame.scope:
        found = _global(frame, dotted)
        if found is not None:
            return found
    return attribute(frame, evaluate(frame, node.value), node.attr, node)


def _dotted(node: ast.expr) -> str:
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def _subscript(frame: Frame, node: ast.expr) -> Value:
    assert isinstance(node, ast.Subscript)
    owner = evaluate(frame, node.value)
    if isinstance(node.slice, ast.Slice):
        for part in (node.slice.lower, node.slice.upper, node.slice.step):
            if part is not None:
                evaluate(frame, part)
        return Unknown("slice", pure=isinstance(owner, Known) or (isinstance(owner, Unknown) and owner.pure))
    return item(frame, owner, evaluate(frame, node.slice), node)


def _call(frame: Frame, node: ast.expr) -> Value:
    assert isinstance(node, ast.Call)
    if isinstance(node.func, ast.Name) and node.func.id == "super" and "super" not in frame.scope:
        if frame.receiver is None or not frame.function.owner:
            return Unknown("super", pure=False)
        return Super(frame.receiver, frame.function.owner)
    quantified = _quantified(frame, node)
    if quantified is not None:
        return quantified
    target = evaluate(frame, node.func)
    given: list[Value] = []
    named: dict[str, Value] = {}
    for argument in node.args:
        value = evaluate(frame, argument.value if isinstance(argument, ast.Starred) else argument)
        given.append(Unknown(MORE, pure=False) if isinstance(argument, ast.Starred) else value)
    for keyword in node.keywords:
        value = evaluate(frame, keyword.value)
        named[keyword.arg if keyword.arg is not None else MORE] = value
    if any(isinstance(a, ast.Starred) for a in node.args):
        named[MORE] = Unknown(MORE, pure=False)
    return method_call(frame, target, given, named, node)


def few(value: object) -> bool:
    """A sequence short enough to go through item by item."""
    return isinstance(value, tuple | list) and len(value) <= 25


def _quantified(frame: Frame, node: ast.Call) -> Value | None:
    """``any(… for x in CONSTANT)`` and ``all(…)``."""
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name not in ("any", "all") or name in frame.scope or len(node.args) != 1:
        return None
    inner = node.args[0]
    if not isinstance(inner, ast.GeneratorExp | ast.ListComp) or len(inner.generators) != 1:
        return None
    generator = inner.generators[0]
    source = evaluate(frame, generator.iter)
    if not isinstance(source, Known) or not few(source.value) or not isinstance(generator.target, ast.Name):
        return None
    outer = dict(frame.scope)
    wanted, answer = name == "any", name == "all"
    for value in source.value:
        frame.scope[generator.target.id] = Known(value)
        chosen = all(truth(frame, evaluate(frame, test)) for test in generator.ifs)
        if chosen and truth(frame, evaluate(frame, inner.elt)) is wanted:
            answer = wanted
            break
    frame.scope = outer
    return Known(answer)


def _compare(frame: Frame, node: ast.expr) -> Value:
    assert isinstance(node, ast.Compare)
    left = evaluate(frame, node.left)
    result: Value = Known(True)
    for op, comparator in zip(node.ops, node.comparators, strict=True):
        if isinstance(op, ast.In | ast.NotIn) and isinstance(comparator, ast.List | ast.Set | ast.Tuple):
            right = known_tuple([evaluate(frame, e) for e in comparator.elts])
        else:
            right = evaluate(frame, comparator)
        result = compare(frame, op, left, right, node)
        if len(node.ops) > 1 and not truth(frame, result):
            return Known(False)
        left = right
    return result


def compare(frame: Frame, op: ast.cmpop, left: Value, right: Value, node: ast.AST) -> Value:
    """One comparison."""
    if isinstance(op, ast.NotEq | ast.IsNot | ast.NotIn):
        positive: ast.cmpop = {ast.NotEq: ast.Eq, ast.IsNot: ast.Is, ast.NotIn: ast.In}[type(op)]()
        return Known(not truth(frame, compare(frame, positive, left, right, node)))
    if isinstance(op, ast.In):
        return contains(frame, left, right, node)
    if isinstance(op, ast.Eq | ast.Is):
        return _equal(frame, left, right)
    if isinstance(left, Known) and isinstance(right, Known):
        try:
            return Known(_ORDER[type(op)](left.value, right.value))
        except TypeError:
            pass
    return Unknown("comparison")


def _equal(frame: Frame, left: Value, right: Value) -> Value:
    if isinstance(left, Known) and isinstance(right, Known):
        return Known(left.value == right.value)
    if isinstance(left, Known):
        left, right = right, left
    if isinstance(left, Unknown) and isinstance(right, Known):
        if left.compares:
            return Unknown("comparison", truth=Fact(left.compares, str(right.value)))
        if right.value is None and left.truth is not None and left.truth.kind in _REQUEST_FACTS:
            return Known(not frame.machine.path.decide(left.truth))
        if left.prefix and isinstance(right.value, str):
            return Unknown("comparison") if right.value.startswith(left.prefix) else Known(False)
        return Unknown("comparison", truth=left.truth if right.value else None)
    if isinstance(left, Thing) and isinstance(right, Known):
        return Known(False)
    return Unknown("comparison")


_REQUEST_FACTS = ("header", "cookie", "query", "session")


def _boolean(frame: Frame, node: ast.expr) -> Value:
    assert isinstance(node, ast.BoolOp)
    value: Value = Known(None)
    for part in node.values:
        value = evaluate(frame, part)
        if part is node.values[-1]:
            return value
        if truth(frame, value) is isinstance(node.op, ast.Or):
            return value
    return value


def _not(frame: Frame, node: ast.expr) -> Value:
    assert isinstance(node, ast.UnaryOp)
    value = evaluate(frame, node.operand)
    if isinstance(node.op, ast.Not):
        return Known(not truth(frame, value))
    if isinstance(value, Known) and isinstance(node.op, ast.USub) and isinstance(value.value, int | float):
        return Known(-value.value)
    return Unknown("number")


def _binary(frame: Frame, node: ast.expr) -> Value:
    assert isinstance(node, ast.BinOp)
    left, right = evaluate(frame, node.left), evaluate(frame, node.right)
    if isinstance(left, Known) and isinstance(right, Known) and type(node.op) in _BINARY:
        try:
            return Known(_BINARY[type(node.op)](left.value, right.value))
        except (TypeError, ValueError, ZeroDivisionError):
            return Unknown("operation", pure=False)
    if isinstance(node.op, ast.Add):
        if isinstance(left, Unknown) and left.prefix:
            return Unknown(left.what, left.pure, prefix=left.prefix)
        if isinstance(left, Known) and isinstance(left.value, str):
            return Unknown("text", prefix=left.value)
    return collection([left, right])


def _joined(frame: Frame, node: ast.expr) -> Value:
    assert isinstance(node, ast.JoinedStr)
    values = [evaluate(frame, v.value) for v in node.values if isinstance(v, ast.FormattedValue)]
    plain = all(not isinstance(v, ast.FormattedValue) or (v.conversion == -1 and v.format_spec is None) for v in node.values)  # fmt: skip
    if plain and all(isinstance(v, Known) and isinstance(v.value, str | int) for v in values):
        found = iter(values)
        parts = [v.value if isinstance(v, ast.Constant) else str(next(found).value) for v in node.values]  # type: ignore[union-attr]
        return Known("".join(str(p) for p in parts))
    return Unknown("text")


def _choice(frame: Frame, node: ast.expr) -> Value:
    assert isinstance(node, ast.IfExp)
    return evaluate(frame, node.body if truth(frame, evaluate(frame, node.test)) else node.orelse)


def _walrus(frame: Frame, node: ast.expr) -> Value:
    assert isinstance(node, ast.NamedExpr)
    value = evaluate(frame, node.value)
    frame.scope[node.target.id] = value
    return value


def _lambda(frame: Frame, node: ast.expr) -> Value:
    assert isinstance(node, ast.Lambda)
    return Closure(node, frame.scope, frame.names, frame.function)


def _tuple(frame: Frame, node: ast.expr) -> Value:
    assert isinstance(node, ast.Tuple)
    return known_tuple([evaluate(frame, e) for e in node.elts])


def _collection(frame: Frame, node: ast.expr) -> Value:
    """A list, set or dict: its code may change it, so nothing is known of what is in it."""
    parts = [c for c in ast.iter_child_nodes(node) if isinstance(c, ast.expr)]
    return collection([evaluate(frame, p) for p in parts])


def _comprehension(frame: Frame, node: ast.expr) -> Value:
    assert isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp)
    from segue.translate.middleware.execute import assign

    outer = dict(frame.scope)
    sources: list[Value] = []
    for generator in node.generators:
        source = evaluate(frame, generator.iter)
        sources.append(source)
        pure = isinstance(source, Known) or (isinstance(source, Unknown) and source.pure)
        assign(frame, generator.target, Unknown("item", pure=pure))
        for test in generator.ifs:
            evaluate(frame, test)
    parts = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
    values = [evaluate(frame, p) for p in parts]
    frame.scope = outer
    return collection([*values, *sources])


def _await(frame: Frame, node: ast.expr) -> Value:
    assert isinstance(node, ast.Await)
    return evaluate(frame, node.value)


def _starred(frame: Frame, node: ast.expr) -> Value:
    assert isinstance(node, ast.Starred)
    return collection([evaluate(frame, node.value)])


_EXPRESSIONS: dict[type[ast.expr], Callable[[Frame, ast.expr], Value]] = {
    ast.Constant: _constant, ast.Name: _name, ast.Attribute: _attribute, ast.Subscript: _subscript, ast.Call: _call,
    ast.Compare: _compare, ast.BoolOp: _boolean, ast.UnaryOp: _not, ast.BinOp: _binary, ast.JoinedStr: _joined,
    ast.IfExp: _choice, ast.NamedExpr: _walrus, ast.Lambda: _lambda, ast.Tuple: _tuple, ast.List: _collection,
    ast.Set: _collection, ast.Dict: _collection, ast.ListComp: _comprehension, ast.SetComp: _comprehension,
    ast.GeneratorExp: _comprehension, ast.DictComp: _comprehension, ast.Await: _await, ast.Starred: _starred,
}  # fmt: skip

__all__ = ["Bound", "compare", "evaluate", "fixed", "truth"]
