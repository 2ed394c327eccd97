"""Lambdas: kept as code where a function is wanted, applied in place where the kernel calls them."""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, name
from segue.translate.kinds import Callback, Global, Kind


def apply(frame: Frame, callback: Callback, arguments: list[Val], at: ast.AST) -> Val:
    """The body with the parameters bound to ``arguments`` (simple expressions only)."""
    node = callback.node
    if not isinstance(node, ast.Lambda):
        raise frame.refuse("nested-function", node.name, "It is only translated as a hook of on_commit.", at)
    names = [a.arg for a in node.args.args]
    if len(names) != len(arguments) or node.args.vararg or node.args.kwarg or node.args.defaults:
        raise frame.refuse("lambda", ast.unparse(node), "Only plain positional lambdas are translated.", at)
    saved = frame.snapshot_env()
    for parameter, value in zip(names, arguments, strict=True):
        frame.env[parameter] = value
    try:
        return frame.eval(node.body)
    finally:
        frame.restore_env(saved)


def as_function(frame: Frame, value: Val, items: list[Kind], at: ast.AST) -> tuple[ast.expr, Kind]:
    """Code of a lambda (or known function) taking ``items``, for ``sorted(key=…)``, ``map`` …"""
    if isinstance(value.kind, Global) and len(items) == 1:
        made = _named(frame, value.kind.ref.name, items[0], at)
        if made is not None:
            return made
    if not isinstance(value.kind, Callback):
        raise frame.refuse(
            "callback",
            ast.unparse(at) if isinstance(at, ast.expr) else "callback",
            "Only a lambda or a function of the project is translated here.",
            at,
        )
    node = value.kind.node
    if not isinstance(node, ast.Lambda):
        raise frame.refuse("nested-function", node.name, "It is only translated as a hook of on_commit.", at)
    arguments = [Val(kind, name(a.arg)) for kind, a in zip(items, node.args.args, strict=False)]
    was = frame.is_async
    frame.no_hoist += 1
    try:
        frame.is_async = False
        body = apply(frame, value.kind, arguments, at)
        if any(isinstance(n, ast.Await) for n in ast.walk(body.node or ast.Constant(0))):
            raise frame.refuse("lambda-query", ast.unparse(node), "The lambda asks the database.", at)
    finally:
        frame.no_hoist -= 1
        frame.is_async = was or frame.is_async
    if body.node is None:
        raise frame.refuse("lambda", ast.unparse(node), "Its result has no form in the generated code.", at)
    return ast.Lambda(node.args, body.node), body.kind


def _named(frame: Frame, dotted: str, item: Kind, at: ast.AST) -> tuple[ast.expr, Kind] | None:
    """The translation of the project's function ``dotted`` where nothing but the item is passed to it; None for any other."""
    from segue.translate.interp.invoke import bind_arguments, invoke

    function = frame.ctx.snapshot.functions.get(dotted)
    if function is None or function.role != "function":
        return None
    site = CallSite(frame, ast.Call(name(dotted), [ast.Name("item", ast.Load())], []), dotted)
    site.given_args = site._args = [Val(item, name("item"))]
    called = invoke(frame, function, bind_arguments(frame, function, site, False), None, at)
    node = called.node
    if not isinstance(node, ast.Call) or len(node.args) != 1 or ast.unparse(node.args[0]) != "item":
        raise frame.refuse(
            "callback",
            ast.unparse(at) if isinstance(at, ast.expr) else dotted,
            f"{dotted} needs more than the item: the session or something of the request.",
            at,
        )
    return node.func, called.kind
