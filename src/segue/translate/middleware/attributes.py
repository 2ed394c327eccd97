"""Attributes that a middleware gives to requests, and whether anyone reads them."""

from __future__ import annotations

import ast
import re

from segue.snapshot.model import Snapshot
from segue.translate.context import Context
from segue.translate.middleware.limits import own_functions
from segue.translate.middleware.request import RESERVED
from segue.translate.middleware.sources import Def, tree_of
from segue.translate.trees import nodes, walk

_MEMO = ("middleware", "reads")
_READ = re.compile(
    r"""\b_?req(?:uest)?\.(\w+)|\b(?:getattr|hasattr)\(\s*(?:self\.)?_?req(?:uest)?,\s*["'](\w+)["']"""
)
_ANSWER = re.compile(r"(Response\w*|^redirect)$")


def kept(snapshot: Snapshot, defined: str) -> set[str]:
    """Names of the attributes that every request has when it leaves the middleware for the view."""
    out: set[str] = set()
    for function in own_functions(snapshot, defined):
        tree = tree_of(function)
        for inner in nodes(tree) if tree is not None else ():
            if isinstance(inner, ast.FunctionDef) and _enters(inner):
                own = "request" if "request" in [a.arg for a in inner.args.args] else inner.args.args[-1].arg
                out |= _set(inner.body, own)
    return out


def put(snapshot: Snapshot, defined: str) -> set[str]:
    """Names of the attributes that it puts on requests anywhere."""
    return {
        node.attr
        for function in own_functions(snapshot, defined)
        if (tree := tree_of(function)) is not None
        for node in nodes(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.value, ast.Name)
        and node.value.id in ("request", "_request")
    } - RESERVED


def _enters(function: Def) -> bool:
    names = [a.arg for a in function.args.args]
    return bool(names) and (function.name in ("__call__", "process_request") or names == ["request"])


def _set(body: list[ast.stmt], request: str) -> set[str]:
    out: set[str] = set()
    for statement in body:
        match statement:
            case ast.Assign([ast.Attribute(ast.Name(owner), attr)]) if owner == request:
                out.add(attr)
            case ast.If(_, then, otherwise) if otherwise:
                out |= _set(then, request) & _set(otherwise, request)
            case ast.Try(inside, handlers, otherwise, last):
                # What no handler takes goes on to no view; what a handler takes has run that handler.
                each = [_set([*inside, *otherwise], request), *(_set(h.body, request) for h in handlers)]
                out |= set.intersection(*each) | _set(last, request)
        if any(_goes_on(n) for n in walk(statement)):
            break
    return out


def _goes_on(node: ast.AST) -> bool:
    """Whether the request may go on to the view here: ``get_response``, and whatever is returned but an answer."""
    if isinstance(node, ast.Attribute | ast.Name):
        return _name(node) == "get_response"
    if not isinstance(node, ast.Return):
        return False
    made = node.value.func if isinstance(node.value, ast.Call) else None
    return not isinstance(made, ast.Attribute | ast.Name) or _ANSWER.search(_name(made)) is None


def _name(node: ast.Attribute | ast.Name) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id


def read_elsewhere(ctx: Context, defined: str) -> bool:
    """Whether other code of the project reads what it puts on some request."""
    names = kept(ctx.snapshot, defined) | put(ctx.snapshot, defined)
    if not names:
        return False
    own = {f.name for f in own_functions(ctx.snapshot, defined)}
    return any(reader not in own for name in names for reader in _readers(ctx).get(name, ()))


def _readers(ctx: Context) -> dict[str, set[str]]:
    """Attribute of something called request → functions of the project that name it."""
    known = ctx.memo.get(_MEMO)
    if isinstance(known, dict):
        return known
    out: dict[str, set[str]] = {}
    for function in ctx.snapshot.functions.values():
        for name in _READ.findall(function.source):
            name = name[0] or name[1]
            out.setdefault(name, set()).add(function.name)
    ctx.memo[_MEMO] = out
    return out
