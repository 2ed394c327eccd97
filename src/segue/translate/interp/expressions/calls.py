"""Calls: methods by the kind of their owner, functions by their dotted name, project code by lifting."""

from __future__ import annotations

import ast
from dataclasses import replace

from segue.refusal import Refused
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.expressions import attributes
from segue.translate.interp.frame import Frame
from segue.translate.interp.same_set import places
from segue.translate.interp.value import Val
from segue.translate.kinds import BoundMethod, Callback, Const, Global, Object, QuerySet, Unknown
from segue.translate.packages.naming import used
from segue.translate.rules import registry
from segue.translate.rules.own_querysets import check_call
from segue.translate.rules.plain_objects import PlainUse
from segue.translate.rules.queryset_sets import check_follows
from segue.translate.rules.registry import expression


@expression(ast.Call)
def call(frame: Frame, node: ast.Call) -> Val:
    """Find the rule for what is called; a refusal in another package says where the project calls that."""
    try:
        return _call(frame, node)
    except Refused as refused:
        raise used(frame, node, refused) from None


def _call(frame: Frame, node: ast.Call) -> Val:
    if isinstance(node.func, ast.Attribute):
        whole = attributes._dotted(node.func)
        resolved = (
            whole is not None and whole.partition(".")[0] not in frame.env and whole in frame.function.globals
        )
        if not resolved or _is_classmethod(frame, node.func):
            owner = frame.eval(node.func.value)
            return method_call(frame, owner, node.func.attr, node)
    named = _named(frame, node.func)
    if named is not None:
        return method_call(
            frame, frame.eval(named.value), named.attr, ast.Call(named, node.args, node.keywords)
        )
    target = frame.eval(node.func)
    return call_value(frame, target, node)


def _named(frame: Frame, node: ast.expr) -> ast.Attribute | None:
    """``getattr(owner, name)`` with a name that is known, as ``owner.name``; None for any other expression."""
    match node:
        case ast.Call(ast.Name("getattr"), [owner, key], []) if "getattr" not in frame.env:
            pass
        case _:
            return None
    with frame.capture():
        name = frame.eval(key).kind
    if not isinstance(name, Const) or not isinstance(name.value, str) or not name.value.isidentifier():
        return None
    return ast.copy_location(ast.Attribute(owner, name.value, ast.Load()), node)


def _is_classmethod(frame: Frame, node: ast.Attribute) -> bool:
    """``Class.method()`` where the class is handed in: which one is known by the text, not by the function."""
    owner = frame.function.globals.get(ast.unparse(node.value))
    ref = frame.function.globals.get(ast.unparse(node))
    if owner is None or ref is None or owner.kind not in ("class", "model") or ref.kind != "function":
        return False
    if ref.name in registry.functions:  # a rule knows it by that name
        return False
    known = frame.ctx.snapshot.classes.get(owner.name)
    dotted = known.methods.get(node.attr, ref.name) if known is not None else ref.name
    function = frame.ctx.snapshot.functions.get(dotted)
    return function is not None and function.role == "classmethod"


def method_call(frame: Frame, owner: Val, attr: str, node: ast.Call) -> Val:
    """``owner.attr(...)``."""
    if isinstance(owner.kind, QuerySet):
        check_call(frame, owner.kind.query.model, attr, node, owner.kind.query.begun)
        check_follows(frame, owner.kind.query, attr, node)
    for kind in attributes._classes(owner.kind):
        for key in (attr, "*"):
            rule = registry.methods.get((kind, key))
            if rule is not None:
                found = rule(frame, owner, CallSite(frame, node, attr))
                if found is not None:
                    return _another(frame, owner, found)
    target = attributes.find(frame, owner, attr, node.func)
    if target is None:
        raise attributes.refusal(frame, owner, attr, node.func)
    return call_value(frame, target, node)


def _another(frame: Frame, owner: Val, found: Val) -> Val:
    """What a method of a queryset gives is a queryset of its own (``Query.held``), without the rows of the other (``Query.anew``)."""
    if isinstance(owner.kind, QuerySet) and isinstance(found.kind, QuerySet):
        query = found.kind.query
        anew = found.text == owner.text and bool(places(frame, owner))
        if query.held or query.anew != anew:
            return Val(QuerySet(replace(query, held=False, anew=anew)), found.node)
    return found


def call_value(frame: Frame, target: Val, node: ast.Call) -> Val:
    """Call something that is a value: a global, a bound method, a lambda."""
    kind = target.kind
    if isinstance(kind, Global):
        return call_named(frame, kind.ref.name, node)
    if isinstance(kind, BoundMethod):
        rule = registry.methods.get((type(kind.owner), kind.name))
        if rule is not None:
            found = rule(frame, Val(kind.owner, target.node), CallSite(frame, node, kind.name))
            if found is not None:
                return found
    if isinstance(kind, Object) and isinstance(kind.use, PlainUse):
        return method_call(frame, target, "__call__", node)
    rule = registry.methods.get((type(kind), "__call__"))
    if rule is not None:
        found = rule(frame, target, CallSite(frame, node, "__call__"))
        if found is not None:
            return found
    if isinstance(kind, Callback) and isinstance(kind.node, ast.FunctionDef):
        from segue.translate.interp.nested import call_nested

        return call_nested(frame, kind.node, node)
    if isinstance(kind, Callback):
        from segue.translate.interp.callbacks import apply

        site = CallSite(frame, node, "lambda")
        return apply(frame, kind, site.args, node)
    why = kind.why if isinstance(kind, Unknown) else f"Segue has no rule for calling a {type(kind).__name__}."
    raise frame.refuse("call", ast.unparse(node.func), why or "Segue does not know what is called.", node)


def call_named(frame: Frame, dotted: str, node: ast.Call) -> Val:
    """Call the function or class ``dotted``."""
    site = CallSite(frame, node, dotted)
    rule = registry.functions.get(dotted)
    if rule is not None:
        found = rule(frame, site)
        if found is not None:
            return found
    from segue.translate.interp.invoke import construct, invoke_function

    function = frame.ctx.snapshot.functions.get(dotted)
    if function is not None:
        return invoke_function(frame, function, site)
    found = construct(frame, dotted, site)
    if found is not None:
        return found
    raise frame.refuse(
        "unknown-call", f"{ast.unparse(node.func)}()", f"Segue has no rule for {dotted}.", node
    )
