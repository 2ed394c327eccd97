"""Dicts that hold values of several kinds: ``data: dict[str, Any] = {"count": 1, "names": []}``.

Type checkers take the type of a dict from the display that makes it, or from the first item that is put into an empty one,
and refuse what the code does with the others.
"""

from __future__ import annotations

import ast
import re
import textwrap

from segue.target.ir import Import
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import Const, DictOf, Instance, Kind, ListOf, Scalar

_DISPLAY = re.compile(r"\s*[A-Za-z_]\w* = \{")


def note_item(frame: Frame, owner: ast.expr, key: Val, value: Kind) -> None:
    """``owner[key] = value`` was written."""
    if isinstance(owner, ast.Name):
        frame.put_items.setdefault(owner.id, []).append((key.kind, value))


def say_types(frame: Frame) -> None:
    """Annotate the locals of the finished function that hold dicts whose values a checker would get wrong."""
    if not frame.put_items and not any(_DISPLAY.match(line) for line in frame.lines):
        return
    tree = ast.parse(textwrap.dedent("\n".join(["async def f():", *("    " + line for line in frame.lines)])))
    for local, display in _displays(tree).items():
        put = frame.put_items.get(local, [])
        types = [_type(kind) for _, kind in put]
        if display.keys:
            known = frame.env.get(local) or next((v for v in frame.env.values() if v.text == local), None)
            if known is None or not isinstance(known.kind, DictOf) or not (put or _looked_into(tree, local)):
                continue
            types += [_type(kind) for _, kind in known.kind.items]
            if known.kind.value is not None:
                types.append(_type(known.kind.value))
        of_texts = (
            bool(display.keys)
            and isinstance(display.keys[0], ast.Constant)
            and isinstance(display.keys[0].value, str)
        )
        mixed = of_texts and not all(_is_text(key) for key, _ in put)
        if not mixed and (len(types) < 2 or (len(set(types)) == 1 and types[0] != "Any")):
            continue
        text = all(_is_text(key) for key, _ in put) and all(
            isinstance(key, ast.Constant) and isinstance(key.value, str) for key in display.keys
        )
        _annotate(frame, local, "str" if text else "Any")


def _displays(tree: ast.AST) -> dict[str, ast.Dict]:
    """The locals that are assigned once in the function, a dict display."""
    found: dict[str, ast.Dict] = {}
    stored: dict[str, int] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            stored[node.id] = stored.get(node.id, 0) + 1
        match node:
            case ast.Assign([ast.Name(local)], ast.Dict() as display):
                found[local] = display
    return {local: display for local, display in found.items() if stored[local] == 1}


def _looked_into(tree: ast.AST, local: str) -> bool:
    """Is an item of ``local`` read?"""
    return any(
        isinstance(node, ast.Subscript)
        and isinstance(node.value, ast.Name)
        and node.value.id == local
        and isinstance(node.ctx, ast.Load)
        for node in ast.walk(tree)
    )


def _type(kind: Kind) -> str:
    """What tells types apart here, without a row's class being made for it."""
    match kind:
        case Const(value=value):
            return type(value).__name__
        case Scalar(type=text, nullable=nullable):
            return f"{text} | None" if nullable and text != "Any" else text
        case Instance(model=model, nullable=nullable):
            return f"{model} | None" if nullable else model
        case ListOf(item=item, type=shape):
            return f"{shape}[{_type(item)}]"
    return type(kind).__name__


def _is_text(key: Kind) -> bool:
    match key:
        case Const(value=str()) | Scalar(type="str", nullable=False):
            return True
    return False


def _annotate(frame: Frame, local: str, key: str) -> None:
    start = re.compile(rf"(\s*{local}) = \{{")
    for index, line in enumerate(frame.lines):
        if start.match(line):
            frame.lines[index] = start.sub(rf"\1: dict[{key}, Any] = {{", line, count=1)
            frame.use(Import("typing", "Any"))


__all__ = ["note_item", "say_types"]
