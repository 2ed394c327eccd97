"""What functions change in the memory of the process: class attributes and module variables that are no constants.

The probe sees what such a name holds once everything is imported. Where a function gives it another value, or changes the
dict or list that it holds, that value is only the first one.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from segue.snapshot.model import Function, GlobalRef, Where
from segue.translate.context import Context
from segue.translate.interp.changed_in_place import Change, Changes
from segue.translate.interp.frame import Frame
from segue.translate.interp.origins import related
from segue.translate.trees import nodes, parsed

_CONTAINERS = frozenset({"dict", "list", "set"})


def check_attribute(frame: Frame, cls: str, attr: str, node: ast.AST) -> None:
    """Refuse ``Class.attr`` where a function of the project changes it."""
    where = _once(frame.ctx, ("class", cls, attr), lambda: _attribute_changed(frame.ctx, cls, attr))
    if where is not None:
        raise _refusal(frame, f"{cls.rpartition('.')[2]}.{attr}", where, node)


def check_variable(frame: Frame, ref: GlobalRef, text: str, node: ast.AST) -> None:
    """Refuse the module's variable ``text`` where a function of the project changes it."""
    where = _once(frame.ctx, ("module", ref.name, text), lambda: _variable_changed(frame.ctx, ref, text))
    if where is not None:
        raise _refusal(frame, text, where, node)


def check_default(frame: Frame, parameter: str, node: ast.expr) -> None:
    """Refuse the default of a parameter that the function changes: Python makes it once, when the function is defined."""
    made = isinstance(node, ast.List | ast.Dict | ast.Set | ast.Call)
    if made and parameter in _changes(frame.ctx).changed_arguments(frame.function):
        where = frame.function.where
        raise _refusal(frame, f"{parameter}={ast.unparse(node)}", where, node)


def _once(ctx: Context, key: tuple[str, str, str], find: object) -> Where | None:
    memo = ctx.memo.setdefault(("kernel", "process-state"), {})
    assert isinstance(memo, dict)
    if key not in memo:
        assert callable(find)
        memo[key] = find()
    found = memo[key]
    assert found is None or isinstance(found, Where)
    return found


def _refusal(frame: Frame, text: str, where: Where, node: ast.AST) -> Exception:
    return frame.refuse(
        "process-state",
        text,
        f"It is kept in the memory of the process, and {where.file}:{where.line} changes it.",
        node,
    )


def _attribute_changed(ctx: Context, cls: str, attr: str) -> Where | None:
    for change in _changes(ctx).of(attr):
        expr, function = change.origin.expr, change.origin.function
        if isinstance(expr, ast.Attribute):
            owner = _class_of(function, expr.value, in_place=change.in_place)
            if owner is not None and related(ctx.snapshot, owner, cls):
                return _where(change)
    return None


def _changes(ctx: Context) -> Changes:
    key = ("kernel", "changes")
    if key not in ctx.memo:
        ctx.memo[key] = Changes(ctx.snapshot)
    found = ctx.memo[key]
    assert isinstance(found, Changes)
    return found


def _where(change: Change) -> Where:
    place = change.function.where
    return Where(place.file, place.line + change.line - 1)


def _variable_changed(ctx: Context, ref: GlobalRef, text: str) -> Where | None:
    first = next(iter(variable_changes(ctx, ref, text)), None)
    return Where(first[0].where.file, first[0].where.line + first[1] - 1) if first is not None else None


def variable_changes(ctx: Context, ref: GlobalRef, text: str) -> tuple[tuple[Function, int], ...]:
    """The functions that change the module's variable ``text``, and the line in their source."""
    memo = ctx.memo.setdefault(("kernel", "variable changes"), {})
    assert isinstance(memo, dict)
    key = (ref.name, text)
    if key not in memo:
        memo[key] = tuple(_changing(ctx, ref, text))
    found: tuple[tuple[Function, int], ...] = memo[key]
    return found


def _changing(ctx: Context, ref: GlobalRef, text: str) -> Iterator[tuple[Function, int]]:
    held = ref.value is not None and ref.value.kind in _CONTAINERS
    for change in _changes(ctx).of(text.rpartition(".")[2]):
        expr, function = change.origin.expr, change.origin.function
        spelled = ast.unparse(expr)
        known = function.globals.get(spelled)
        if known is None or (known.name != ref.name and not (held and known.value == ref.value)):
            continue
        if change.in_place or _rebound(function, expr):
            yield change.function, change.line


def _rebound(function: Function, expr: ast.expr) -> bool:
    """Whether it is a name that the function declares ``global``."""
    found = (n for n in nodes(parsed(function.source)) if isinstance(n, ast.Global))
    return isinstance(expr, ast.Name) and any(expr.id in node.names for node in found)


def _class_of(function: Function, node: ast.expr, *, in_place: bool) -> str | None:
    """The class that ``cls``, ``type(self)``, ``self.__class__`` or its name mean in ``function``; ``self`` as well for what
    is changed ``in_place``: an object without a dict of its own changes that of its class."""
    text = ast.unparse(node)
    if in_place and function.owner and function.role in ("method", "property") and text == _first(function):
        return function.owner
    if function.owner and (
        (function.role == "classmethod" and text == _first(function))
        or text in (f"type({_first(function)})", f"{_first(function)}.__class__")
    ):
        return function.owner
    known = function.globals.get(text)
    return known.name if known is not None and known.kind in ("class", "model") else None


def _first(function: Function) -> str:
    body = parsed(function.source).body[0]
    if not isinstance(body, ast.FunctionDef | ast.AsyncFunctionDef):
        return ""
    names = [*body.args.posonlyargs, *body.args.args]
    return names[0].arg if names else ""
