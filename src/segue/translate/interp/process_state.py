"""What functions change in the memory of the process: class attributes and module variables that are no constants.

The probe sees what such a name holds once everything is imported. Where a function gives it another value, or changes the
dict or list that it holds, that value is only the first one.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator

from segue.snapshot.model import Function, GlobalRef, Where
from segue.translate.context import Context
from segue.translate.interp.frame import Frame

_CHANGING = frozenset(
    {
        "add", "append", "appendleft", "clear", "discard", "extend", "insert", "move_to_end", "pop", "popitem", "remove",
        "reverse", "setdefault", "sort", "update",
    }
)  # fmt: skip
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
    if attr not in _perhaps_changed(ctx):
        return None
    pattern = re.compile(rf"\.{re.escape(attr)}\b")
    for function in ctx.snapshot.functions.values():
        if pattern.search(function.source) is None:
            continue
        for target, line, in_place in _changes(function):
            if isinstance(target, ast.Attribute) and target.attr == attr:
                owner = _class_of(function, target.value, in_place=in_place)
                if owner is not None and _related(ctx, owner, cls):
                    return Where(function.where.file, function.where.line + line - 1)
    return None


def _perhaps_changed(ctx: Context) -> set[str]:
    """Names of attributes that look as if some function changed them; that of every other one is changed by none."""
    key = ("kernel", "perhaps changed attributes")
    if key not in ctx.memo:
        sources = "\n".join(function.source for function in ctx.snapshot.functions.values())
        ctx.memo[key] = set(_LOOKS_CHANGED.findall(sources))
    found = ctx.memo[key]
    assert isinstance(found, set)
    return found


_LOOKS_CHANGED = re.compile(
    rf"\.(\w+)\s*(?=\[|,|\)|\]|:|\bin\b|\.(?:{'|'.join(sorted(_CHANGING))})\b|(?:[-+*/%|&^@<>]{{0,2}})=(?!=)|$)",
    re.MULTILINE,
)
"""Before an index, a comma or bracket (``self.a, self.b = …``), ``=``, ``in`` or the end of a line (``del self.a``)."""


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
    pattern = re.compile(
        rf"\b{re.escape(text)}\s*(\[|\.\w+\()" if held else rf"\bglobal\b.*\b{re.escape(text)}\b"
    )
    declared = re.compile(rf"\bglobal\b.*\b{re.escape(text)}\b")
    for function in ctx.snapshot.functions.values():
        if pattern.search(function.source) is None and declared.search(function.source) is None:
            continue
        known = function.globals.get(text)
        if known is None or (known.name != ref.name and not (held and known.value == ref.value)):
            continue
        rebound = declared.search(function.source) is not None
        for target, line, _ in _changes(function):
            if (
                isinstance(target, ast.Name)
                and target.id == text
                and (rebound or not _is_local(function, text))
            ):
                yield function, line


def _tree(function: Function) -> ast.AST | None:
    try:
        return ast.parse(textwrap.dedent(function.source))
    except SyntaxError:
        return None


def _is_local(function: Function, text: str) -> bool:
    tree = _tree(function)
    return tree is not None and any(
        isinstance(n, ast.Name) and n.id == text and isinstance(n.ctx, ast.Store) for n in ast.walk(tree)
    )


def _changes(function: Function) -> Iterator[tuple[ast.expr, int, bool]]:
    """What the function assigns, deletes or calls a changing method of, with the line in its source, and whether what it
    held before is changed in place."""
    tree = _tree(function)
    for node in ast.walk(tree) if tree is not None else ():
        targets: list[ast.expr] = []
        called = False
        if isinstance(node, ast.Assign | ast.Delete):
            targets = list(node.targets)
        elif isinstance(node, ast.AugAssign | ast.AnnAssign | ast.For | ast.NamedExpr):
            targets = [node.target]
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in _CHANGING
        ):
            targets, called = [node.func.value], True
        for target, inside in _flat(targets):
            yield target, target.lineno, called or inside


def _flat(targets: list[ast.expr], inside: bool = False) -> Iterator[tuple[ast.expr, bool]]:
    """Names and attributes, and whether an item of what they hold is meant."""
    for target in targets:
        if isinstance(target, ast.Tuple | ast.List):
            yield from _flat(list(target.elts), inside)
        elif isinstance(target, ast.Subscript | ast.Starred):
            yield from _flat([target.value], inside or isinstance(target, ast.Subscript))
        else:
            yield target, inside


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
    tree = _tree(function)
    body = tree.body[0] if isinstance(tree, ast.Module) and tree.body else None
    if not isinstance(body, ast.FunctionDef | ast.AsyncFunctionDef):
        return ""
    names = [*body.args.posonlyargs, *body.args.args]
    return names[0].arg if names else ""


def _related(ctx: Context, one: str, other: str) -> bool:
    """Whether one is the other or a base of it."""
    return any(
        a == b or (a in ctx.snapshot.classes and b in ctx.snapshot.classes[a].mro)
        for a, b in ((one, other), (other, one))
    )
