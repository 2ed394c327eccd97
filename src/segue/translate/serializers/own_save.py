"""``save(self, **kwargs)`` of a serializer that gives DRF's own more keywords, and does nothing else.

Source: ``rest_framework.serializers.BaseSerializer.save``.
"""

from __future__ import annotations

import ast
import textwrap

from segue.refusal import Refused, refuse
from segue.snapshot.model import Function
from segue.translate.context import Context
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, is_pure
from segue.translate.kinds import SerializerSelf
from segue.translate.serializers.facts import framework, overridden, short


def own_saves(ctx: Context, serializer: str) -> list[Function]:
    """Each ``save`` along the MRO before DRF's, the nearest first. Raises ``Refused`` where one has no source."""
    known = ctx.snapshot.serializers[serializer]
    cls = ctx.snapshot.classes[serializer]
    found: list[Function] = []
    for base in cls.mro:
        other = ctx.snapshot.classes.get(base)
        if framework(base) or (other is not None and other.methods.get("save", "") != f"{base}.save"):
            continue
        function = ctx.snapshot.functions.get(f"{base}.save")
        if function is not None:
            found.append(function)
        elif other is not None or overridden(ctx, serializer, "save"):
            raise refuse(
                "override-save", f"{short(base)}.save", "The snapshot has no source for it.", known.where
            )
    return found


def keywords(
    frame: Frame, function: Function, me: SerializerSelf, given: dict[str, Val], *, creates: bool
) -> dict[str, Val]:
    """What ``super().save(…)`` is given where ``save`` was given ``given``. ``creates``: there is no instance. Raises ``Refused``."""
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    if not isinstance(tree, ast.FunctionDef) or tree.decorator_list or function.wrapped_by:
        raise _refused(frame, function, function)
    spec = tree.args
    plain = len(spec.args) == 1 and not (spec.kwonlyargs or spec.vararg or spec.posonlyargs)
    if not plain or spec.kwarg is None:
        raise _refused(frame, function, tree)
    rest = spec.kwarg.arg
    found = dict(given)
    was = frame.env, frame.function, frame.receiver, frame.owner
    frame.env, frame.function = {"self": Val(me)}, function
    frame.receiver, frame.owner = Val(me), function.owner
    try:
        body = [s for s in tree.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
        for statement in body[:-1]:
            _put(frame, function, statement, rest, found, creates)
        if not body or not isinstance(body[-1], ast.Return | ast.Expr) or body[-1].value is None:
            raise _refused(frame, function, tree)
        if isinstance(body[-1], ast.Expr):
            raise _refused(
                frame, function, body[-1]
            )  # the view is given None, and so is ``self.instance`` of nobody
        _handed_on(frame, function, body[-1].value, rest, found)
    finally:
        frame.env, frame.function, frame.receiver, frame.owner = was
    return found


_CREATES = {"self.instance is None": True, "self.instance is not None": False}


def _put(
    frame: Frame, function: Function, statement: ast.stmt, rest: str, found: dict[str, Val], creates: bool
) -> None:
    """``kwargs["owner"] = self.context["request"].user``, ``kwargs.setdefault(…)``, ``kwargs.update(owner=…)``."""
    match statement:
        case ast.If(test, then, otherwise) if ast.unparse(test) in _CREATES:
            for inner in then if _CREATES[ast.unparse(test)] == creates else otherwise:
                _put(frame, function, inner, rest, found, creates)
        case ast.Assign([ast.Subscript(ast.Name(name), ast.Constant(str() as key))], value) if name == rest:
            found[key] = frame.eval(value)
        case ast.Expr(
            ast.Call(ast.Attribute(ast.Name(name), "setdefault"), [ast.Constant(str() as key), value], [])
        ) if name == rest:
            if key not in found:
                found[key] = frame.eval(value)
        case ast.Expr(ast.Call(ast.Attribute(ast.Name(name), "update"), [], keywords)) if name == rest:
            for keyword in keywords:
                if keyword.arg is None:
                    raise _refused(frame, function, statement)
                found[keyword.arg] = frame.eval(keyword.value)
        case ast.Assign([ast.Name(local)], value) if local not in (rest, "self") and not _calls(value):
            found_there = frame.eval(value)
            if found_there.node is not None and not is_pure(found_there.node):
                found_there = Val(found_there.kind, frame.hoist(local, found_there.node, statement))
            frame.env[local] = found_there
        case _:
            raise _refused(frame, function, statement)


def _calls(node: ast.expr) -> bool:
    """Whether a local would have to be computed once: calls other than looks into a mapping."""
    return any(
        isinstance(n, ast.Call) and not (isinstance(n.func, ast.Attribute) and n.func.attr == "get")
        for n in ast.walk(node)
    )


def _handed_on(frame: Frame, function: Function, node: ast.expr, rest: str, found: dict[str, Val]) -> None:
    match node:
        case ast.Call(ast.Attribute(ast.Call(ast.Name("super")), "save"), [], keywords):
            spread = [k for k in keywords if k.arg is None]
            if [ast.unparse(k.value) for k in spread] == [rest]:
                for keyword in keywords:
                    if keyword.arg is not None:
                        if keyword.arg in found:
                            raise _refused(frame, function, node)  # TypeError: twice
                        found[keyword.arg] = frame.eval(keyword.value)
                return
    raise _refused(frame, function, node)


def _refused(frame: Frame, function: Function, node: object) -> Refused:
    owner, _, _ = function.name.rpartition(".")
    before = frame.function
    frame.function = function
    try:
        return frame.refuse(
            "override-save",
            f"{short(owner)}.save",
            "Its own save() does more than to give super().save(**kwargs) further keywords; do it in create() and update().",
            node if isinstance(node, ast.AST) else None,
        )
    finally:
        frame.function = before


__all__ = ["keywords", "own_saves"]
