"""``request.user`` of a plain view is asked when code first looks at it (``SimpleLazyObject``): the session is read then, and the answer varies
on the cookie. So ``await call.visitor()`` stands where the legacy code has ``request.user``, and what comes behind one that was surely asked is
``call.user``."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field

from segue.translate.context import Context
from segue.translate.functions.record import records

ASKED = "call.visitor()"
KNOWN = "call.user"
_LOOKS = ("is_authenticated", "member", "has_perm")
_LATER = (ast.GeneratorExp, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp)


@dataclass(slots=True)
class _Found:
    """``name``: a parameter that stands for the user, in a function that she is handed to."""

    ctx: Context
    known: list[ast.Await] = field(default_factory=list)
    torn: list[ast.AST] = field(default_factory=list)
    name: str = ""


def settle(ctx: Context, lines: Sequence[str]) -> tuple[list[str], bool]:
    """The statements with ``call.user`` where the user was asked before on every way, and whether all others stand where Django asks:
    not handed to a function that may not look at it, nor inside of what runs later."""
    if not any(ASKED in line for line in lines):
        return list(lines), True
    source = "async def view():\n" + "\n".join("    " + line for line in lines)
    found = _Found(ctx)
    _block(ast.parse(source).body[0].body, False, found)  # type: ignore[attr-defined]
    text = source.splitlines()
    for node in sorted(found.known, key=lambda n: (n.lineno, n.col_offset), reverse=True):
        row = text[node.lineno - 1].encode()
        before, after = row[: node.col_offset], row[node.end_col_offset :]
        alone = before.endswith(b"(") and after.startswith(b")")
        if alone and before[-2:-1] in b" ([{=,!-":  # else it is a call's
            before, after = before[:-1], after[1:]
        text[node.lineno - 1] = (before + KNOWN.encode() + after).decode()
    return [line[4:] for line in text[1:]], not found.torn


def _block(body: Sequence[ast.stmt], asked: bool, found: _Found) -> bool:
    for statement in body:
        asked = _statement(statement, asked, found)
    return asked


def _statement(node: ast.stmt, asked: bool, found: _Found) -> bool:
    match node:
        case ast.If(test, body, orelse):
            asked = _expression(test, asked, found)
            ways = [_ended(b, _block(b, asked, found), found) for b in (body, orelse)]
            return all(ways)
        case ast.For() | ast.AsyncFor():
            asked = _expression(node.iter, asked, found)
            _block(node.body, asked, found)
            _block(node.orelse, asked, found)
            return asked
        case ast.While(test, body, orelse):
            asked = _expression(test, asked, found)
            _block(body, asked, found)
            _block(orelse, asked, found)
            return asked
        case ast.With() | ast.AsyncWith():
            for item in node.items:
                asked = _expression(item.context_expr, asked, found)
            inner = _block(node.body, asked, found)
            # ``with suppress(…)`` may end before the question.
            return (
                asked if any("suppress(" in ast.unparse(item.context_expr) for item in node.items) else inner
            )
        case ast.Try():
            inner = _block(node.body, asked, found)
            ends = [_ended(h.body, _block(h.body, asked, found), found) for h in node.handlers]
            inner = _block(node.orelse, inner, found)
            return _block(node.finalbody, asked, found) or (inner and all(ends))
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            found.torn += [n for n in ast.walk(node) if _asks(n, found)]
            return asked
        case _:
            return _expression(node, asked, found)


def _ended(body: Sequence[ast.stmt], asked: bool, found: _Found) -> bool:
    """True as well where nothing goes on behind the block; not where a function that the user is handed to ends there without a look."""
    ends = bool(body and isinstance(body[-1], ast.Return | ast.Raise | ast.Continue | ast.Break))
    return asked or (ends and not found.name)


def _asks(node: ast.AST, found: _Found) -> bool:
    if not found.name:
        return isinstance(node, ast.Await) and ast.unparse(node.value) == ASKED
    looked = [node.value] if isinstance(node, ast.Attribute) else []
    if isinstance(node, ast.Call) and ast.unparse(node.func) in _LOOKS:
        looked = node.args
    return any(isinstance(one, ast.Name) and one.id == found.name for one in looked)


def _expression(node: ast.AST, asked: bool, found: _Found) -> bool:
    """In the order in which Python evaluates."""
    if _asks(node, found):
        if asked and isinstance(node, ast.Await):
            found.known.append(node)
        return True
    if isinstance(node, ast.BoolOp):
        first = _expression(node.values[0], asked, found)
        inner = first
        for value in node.values[1:]:
            inner = _expression(value, inner, found)
        return first
    if isinstance(node, ast.Compare) and len(node.comparators) > 1:  # ``a < b < c`` looks at c where a < b
        first = _expression(node.comparators[0], _expression(node.left, asked, found), found)
        inner = first
        for value in node.comparators[1:]:
            inner = _expression(value, inner, found)
        return first
    if isinstance(node, ast.IfExp):
        asked = _expression(node.test, asked, found)
        return _expression(node.body, asked, found) & _expression(node.orelse, asked, found)
    if isinstance(node, _LATER) and not asked:
        found.torn += [n for n in ast.walk(node) if _asks(n, found)]
        return asked
    if isinstance(node, ast.Call) and not asked:
        handed: list[tuple[int | str, ast.expr]] = [
            *enumerate(node.args),
            *((k.arg or "", k.value) for k in node.keywords),
        ]
        found.torn += [
            n for at, n in handed if not found.name and _asks(n, found) and not _looks(node, at, found)
        ]
    for child in ast.iter_child_nodes(node):
        asked = _expression(child, asked, found)
    return asked


def _looks(call: ast.Call, at: int | str, found: _Found) -> bool:
    """Whether what is called looks at the user, handed in there, on every way through it."""
    called = ast.unparse(call.func)
    if called in _LOOKS:
        return True
    record = next((r for r in records(found.ctx) if r.token == called), None)
    if record is None:
        return False
    names = [p.name for p in record.parameters]
    name = at if isinstance(at, str) else names[at] if at < len(names) else ""
    if name not in names:
        return False
    source = "async def view():\n" + "\n".join("    " + line for line in record.lines)
    return _block(ast.parse(source).body[0].body, False, _Found(found.ctx, name=name))  # type: ignore[attr-defined]


__all__ = ["ASKED", "KNOWN", "settle"]
