"""``super(Class, self)``: written as ``super()`` where that is the class that defines the method, and told apart where it is another,
or is asked of another object.

``super(Parent, self).save()`` in a child skips ``Parent.save``. Rules look for ``super()`` in many shapes, so that the other kind gets
a name that none of them knows, :data:`BEHIND`; ``rules/view_self.py`` has the rule for it.
"""

from __future__ import annotations

import ast
import re
import textwrap
from dataclasses import replace

from segue.snapshot.model import Function, GlobalRef, Snapshot

BEHIND = "super_behind"
_NAMED = re.compile(r"\bsuper\(\s*[^)\s]")


def plain_super(snapshot: Snapshot) -> Snapshot:
    """``snapshot`` with both kinds told apart in the sources of its methods."""
    changed = {
        name: rewritten
        for name, function in snapshot.functions.items()
        if _NAMED.search(function.source) and (rewritten := _rewritten(function)) is not None
    }
    return replace(snapshot, functions={**snapshot.functions, **changed}) if changed else snapshot


def _rewritten(function: Function) -> Function | None:
    source = textwrap.dedent(function.source)
    tree = ast.parse(source)
    calls = [
        n
        for n in ast.walk(tree)
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == "super" and n.args
    ]
    if not calls or not function.owner:
        return None
    lines = [line.encode() for line in source.split("\n")]
    others = False
    for call in sorted(calls, key=lambda c: (c.lineno, c.col_offset), reverse=True):
        line, start = call.lineno - 1, call.col_offset
        mine = class_named(function, call.args[0]) == function.owner and _of_self(tree, call)
        others |= not mine
        if not mine:
            lines[line] = lines[line][:start] + BEHIND.encode() + lines[line][start + len("super") :]
        elif call.end_lineno == call.lineno and call.end_col_offset is not None:
            lines[line] = lines[line][:start] + b"super()" + lines[line][call.end_col_offset :]
    extra = {BEHIND: GlobalRef("builtin", f"builtins.{BEHIND}")} if others else {}
    return replace(function, source=b"\n".join(lines).decode(), globals={**function.globals, **extra})


def _of_self(tree: ast.Module, call: ast.Call) -> bool:
    """Whether it is asked of what the method itself is called on: its first parameter, which nothing else is put into."""
    method = tree.body[0] if tree.body else None
    if not isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef) or len(call.args) != 2 or call.keywords:
        return False
    given = [*method.args.posonlyargs, *method.args.args]
    asked = call.args[1]
    if not given or not isinstance(asked, ast.Name) or asked.id != given[0].arg:
        return False
    named = (n for n in ast.walk(method) if isinstance(n, ast.Name) and n.id == asked.id)
    return all(isinstance(n.ctx, ast.Load) for n in named)


def class_named(function: Function, node: ast.expr) -> str:
    """The class that an expression names; empty where that is not known."""
    text = ast.unparse(node)
    if text == "__class__":
        return function.owner
    ref = function.globals.get(text)
    if ref is not None and ref.kind in ("class", "model"):
        return ref.name
    first, _, rest = text.partition(".")
    outer = function.globals.get(first)
    return f"{outer.name}.{rest}" if rest and outer is not None and outer.kind in ("class", "model") else ""


__all__ = ["BEHIND", "class_named", "plain_super"]
