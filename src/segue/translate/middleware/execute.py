"""Statements of the abstract run."""

from __future__ import annotations

import ast
import builtins
import contextlib
from collections.abc import Sequence

from segue.translate.middleware.evaluate import evaluate, few, truth
from segue.translate.middleware.machine import (
    DIGITS,
    HOST_AND_PORT,
    Frame,
    Left,
    Raised,
    Returned,
    first_line,
)
from segue.translate.middleware.objects import delete_item, is_local, set_attribute, set_item
from segue.translate.middleware.values import NONE, Bound, Closure, Global, Known, Unknown, Value


def execute(frame: Frame, body: Sequence[ast.stmt]) -> None:
    """Run statements. Raises ``Returned``, ``Raised``, ``Left``."""
    for statement in body:
        _statement(frame, statement)


def _statement(frame: Frame, node: ast.stmt) -> None:
    if isinstance(node, ast.Expr):
        evaluate(frame, node.value)
    elif isinstance(node, ast.Return):
        value = NONE if node.value is None else evaluate(frame, node.value)
        frame.machine.path.returned = (first_line(node), frame.where(node))
        raise Returned(value)
    elif isinstance(node, ast.If):
        execute(frame, node.body if truth(frame, evaluate(frame, node.test)) else node.orelse)
    elif isinstance(node, ast.Assign):
        value = evaluate(frame, node.value)
        for target in node.targets:
            assign(frame, target, value)
    elif isinstance(node, ast.AnnAssign):
        if node.value is not None:
            assign(frame, node.target, evaluate(frame, node.value))
    elif isinstance(node, ast.AugAssign):
        read = ast.copy_location(_as_load(node.target), node.target)
        assign(
            frame, node.target, evaluate(frame, ast.copy_location(ast.BinOp(read, node.op, node.value), node))
        )
    elif isinstance(node, ast.Try):
        _try(frame, node)
    elif isinstance(node, ast.With | ast.AsyncWith):
        _with(frame, node, 0)
    elif isinstance(node, ast.Raise):
        _raise(frame, node)
    elif isinstance(node, ast.For | ast.AsyncFor | ast.While):
        _loop(frame, node)
    elif isinstance(node, ast.Break | ast.Continue):
        raise Left(isinstance(node, ast.Break))
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        value = Closure(node, frame.scope, frame.names, frame.function)
        frame.scope[node.name] = Unknown(node.name, pure=False) if node.decorator_list else value
    elif isinstance(node, ast.Assert):
        if not truth(frame, evaluate(frame, node.test)):
            raise Raised("builtins.AssertionError")
    elif isinstance(node, ast.Delete):
        for target in node.targets:
            _delete(frame, target)
    elif isinstance(node, ast.Import | ast.ImportFrom):
        _import(frame, node)
    elif not isinstance(node, ast.Pass):
        frame.event(node, "Segue does not follow this statement.")


def _as_load(target: ast.expr) -> ast.expr:
    found = ast.parse(ast.unparse(target), mode="eval").body
    for child in ast.walk(found):
        ast.copy_location(child, target)
    return found


def assign(frame: Frame, target: ast.expr, value: Value) -> None:
    """``target = value``."""
    if isinstance(target, ast.Name):
        frame.scope[target.id] = value
    elif isinstance(target, ast.Attribute):
        set_attribute(frame, evaluate(frame, target.value), target.attr, value, target)
    elif isinstance(target, ast.Subscript):
        set_item(frame, evaluate(frame, target.value), evaluate(frame, target.slice), value, target)
    elif isinstance(target, ast.Tuple | ast.List):
        items: list[Value] = [_part(value) for _ in target.elts]
        if isinstance(value, Known) and isinstance(value.value, tuple | list):
            if len(value.value) == len(target.elts):
                items = [Known(v) for v in value.value]
        elif isinstance(value, Unknown) and value.what == HOST_AND_PORT and len(items) == 2:
            items = [Unknown("host"), Unknown(DIGITS)]
        elif isinstance(value, Unknown) and value.what != "pair" and frame.machine.path.decide():
            raise Raised("builtins.ValueError", certain=False)
        for item, found in zip(target.elts, items, strict=True):
            assign(frame, item.value if isinstance(item, ast.Starred) else item, found)
    else:
        frame.event(target, "Segue does not follow this assignment.")


def _part(value: Value) -> Unknown:
    return Unknown("item", pure=not isinstance(value, Unknown) or value.pure)


def _delete(frame: Frame, target: ast.expr) -> None:
    if isinstance(target, ast.Name):
        frame.scope.pop(target.id, None)
    elif isinstance(target, ast.Subscript):
        delete_item(frame, evaluate(frame, target.value), evaluate(frame, target.slice), target)
    elif not (isinstance(target, ast.Attribute) and is_local(evaluate(frame, target.value))):
        frame.event(target, "Segue does not follow this deletion.")


def _import(frame: Frame, node: ast.Import | ast.ImportFrom) -> None:
    for name in node.names:
        local = name.asname or name.name.partition(".")[0]
        if local not in frame.names:
            frame.scope[local] = Unknown(local, pure=False)


def _raise(frame: Frame, node: ast.Raise) -> None:
    frame.machine.path.raised = (first_line(node), frame.where(node))
    if node.exc is None:
        raise Raised("builtins.BaseException", certain=False)
    target = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    for argument in node.exc.args if isinstance(node.exc, ast.Call) else ():
        evaluate(frame, argument)
    found = evaluate(frame, target)
    if isinstance(found, Global):
        raise Raised(found.ref.name)
    raise Raised("builtins.BaseException", certain=False)


def _try(frame: Frame, node: ast.Try) -> None:
    try:
        try:
            execute(frame, node.body)
        except Raised as raised:
            for handler in node.handlers:
                if catches(frame, handler.type, raised):
                    if handler.name:
                        frame.scope[handler.name] = Unknown(handler.name, pure=False)
                    execute(frame, handler.body)
                    return
            raise
        execute(frame, node.orelse)
    finally:
        execute(frame, node.finalbody)


def catches(frame: Frame, kind: ast.expr | None, raised: Raised) -> bool:
    """Whether ``except kind`` takes it; both answers are tried where that cannot be told."""
    if kind is None:
        return True
    options = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    return any(_catches(frame, evaluate(frame, option), raised) for option in options)


def _catches(frame: Frame, option: Value, raised: Raised) -> bool:
    if not isinstance(option, Global):
        return frame.machine.path.decide()
    name = option.ref.name
    if name in ("builtins.BaseException", "builtins.Exception") or name == raised.name:
        return True
    one, other = _builtin(name), _builtin(raised.name)
    if one is not None and other is not None:
        if issubclass(other, one):
            return True
        return issubclass(one, other) and not raised.certain and frame.machine.path.decide()
    known = frame.machine.snapshot.classes.get(raised.name)
    if known is not None:
        return name in known.mro
    if other is not None and raised.certain:
        return False  # an exception of Python is no instance of a class of a package
    return frame.machine.path.decide()


def _builtin(name: str) -> type[BaseException] | None:
    found = getattr(builtins, name.removeprefix("builtins."), None) if name.startswith("builtins.") else None
    return found if isinstance(found, type) and issubclass(found, BaseException) else None


def _with(frame: Frame, node: ast.With | ast.AsyncWith, index: int) -> None:
    if index == len(node.items):
        execute(frame, node.body)
        return
    item = node.items[index]
    manager = evaluate(frame, item.context_expr)
    if item.optional_vars is not None:
        assign(frame, item.optional_vars, Unknown("with", pure=False))
    if isinstance(manager, Bound) and manager.name == "suppress":
        call = item.context_expr
        assert isinstance(call, ast.Call)
        try:
            _with(frame, node, index + 1)
        except Raised as raised:
            if not any(catches(frame, option, raised) for option in call.args):
                raise
        return
    if not (isinstance(manager, Bound) and manager.name == "nullcontext"):
        frame.event(item.context_expr, "Segue does not know what this context manager does.")
    _with(frame, node, index + 1)


def _loop(frame: Frame, node: ast.For | ast.AsyncFor | ast.While) -> None:
    """Any number of rounds: what the loop assigns is unknown before, within and after it."""
    changed = {
        n.id for part in (*node.body,) for n in ast.walk(part) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }  # fmt: skip
    source = NONE if isinstance(node, ast.While) else evaluate(frame, node.iter)
    if not isinstance(node, ast.While) and isinstance(source, Known) and few(source.value):
        _rounds(frame, node, source.value)
        return
    _forget(frame, changed)
    test = (
        truth(frame, evaluate(frame, node.test))
        if isinstance(node, ast.While)
        else frame.machine.path.decide()
    )
    if test:
        if not isinstance(node, ast.While):
            assign(frame, node.target, Unknown("item", _pure(source)))
        with contextlib.suppress(Left):
            execute(frame, node.body)
        _forget(frame, changed)
    if node.orelse and frame.machine.path.decide():
        execute(frame, node.orelse)


def _rounds(frame: Frame, node: ast.For | ast.AsyncFor, values: Sequence[object]) -> None:
    """A loop over what is known, round by round."""
    for value in values:
        assign(frame, node.target, Known(value))
        try:
            execute(frame, node.body)
        except Left as left:
            if left.broken:
                return
    execute(frame, node.orelse)


def _pure(value: Value) -> bool:
    return isinstance(value, Known) or (isinstance(value, Unknown) and value.pure)


def _forget(frame: Frame, names: set[str]) -> None:
    for name in names:
        if name in frame.scope:
            frame.scope[name] = Unknown(name, pure=_pure(frame.scope[name]))
