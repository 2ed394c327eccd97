"""A dict that the model's own ``__init__`` makes for each object: ``self.permission_cache = {}``.

What code keeps there lives as long as the object, on both sides. The mapped class makes it when it is first asked for.
"""

from __future__ import annotations

import ast
import textwrap
from dataclasses import dataclass

from segue.snapshot.model import Model
from segue.translate.context import Context
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, const, literal, quote
from segue.translate.kinds import Const, Instance, Kind, ListOf, Scalar, TupleOf
from segue.translate.load.models import concrete, pk_field
from segue.translate.load.needs import column
from segue.translate.rules.registry import method


@dataclass(frozen=True, slots=True)
class KeptDict(Kind):
    """The dict ``name`` of an object of ``model``."""

    model: str
    name: str


def kept_dict(frame: Frame, owner: Val, name: str) -> Val | None:
    """``user.permission_cache``; None where ``name`` is no such attribute. The object becomes an entity."""
    kind = owner.kind
    assert isinstance(kind, Instance)
    assert owner.node is not None
    model = concrete(frame.ctx, kind.model)
    if not is_made_empty(frame.ctx, model, name):
        return None
    from segue.translate.models.classes import use_dict

    kind.site.written = True
    use_dict(frame.ctx, model.label, name)
    return Val(KeptDict(model.label, name), ast.Attribute(owner.node, name, ast.Load()))


def is_made_empty(ctx: Context, model: Model, name: str) -> bool:
    """Whether every object of the model starts with an empty dict there, and nothing else ever puts another in its place."""
    key = ("kept dicts", (model.label, name))
    if key not in ctx.memo:
        ctx.memo[key] = _is_made_empty(ctx, model, name)
    return bool(ctx.memo[key])


def _is_made_empty(ctx: Context, model: Model, name: str) -> bool:
    cls = ctx.snapshot.classes.get(model.cls)
    function = ctx.snapshot.functions.get(cls.methods.get("__init__", "")) if cls is not None else None
    if (
        cls is None
        or function is None
        or name in cls.methods
        or name in cls.attributes
        or name.startswith("_")
    ):
        return False
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    assert isinstance(tree, ast.FunctionDef)
    made = [s for s in tree.body if isinstance(s, ast.Assign) and ast.unparse(s.targets[0]) == f"self.{name}"]
    if len(made) != 1 or len(made[0].targets) != 1 or ast.unparse(made[0].value) not in ("{}", "dict()"):
        return False
    return not any(
        _puts(other.source, name) for other in ctx.snapshot.functions.values() if other is not function
    )


def _puts(source: str, name: str) -> bool:
    """Whether the code puts something else there (``x.name = …``, ``del x.name``)."""
    if name not in source:
        return False
    tree = ast.parse(textwrap.dedent(source))
    return any(
        isinstance(n, ast.Attribute) and n.attr == name and not isinstance(n.ctx, ast.Load)
        for n in ast.walk(tree)
    )


@method(KeptDict, "get")
def get(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``self.cache.get(key)``."""
    call.only(at_most=1)
    assert owner.node is not None
    return Val(Scalar("Any", True), quote("{0}.get({1})", owner.node, _key(frame, call.args[0], call.node)))


@method(KeptDict, "__setitem__")
def put(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``self.cache[key] = value``."""
    key, value = call.args
    kind = (
        value.kind.item
        if isinstance(value.kind, ListOf) and value.kind.type in ("set", "list")
        else value.kind
    )
    if value.node is None or owner.node is None or not isinstance(kind, Scalar | Const):
        raise frame.refuse(
            "assign-item", ast.unparse(call.node), "Segue does not know what is kept.", call.node
        )
    frame.emit(f"{ast.unparse(owner.node)}[{ast.unparse(_key(frame, key, call.node))}] = {value.text}")
    return const(None)


def _key(frame: Frame, key: Val, node: ast.AST) -> ast.expr:
    """The key; an object in it counts by its model and its primary key, as ``Model.__eq__`` does."""
    if isinstance(key.kind, TupleOf) and isinstance(key.node, ast.Tuple):
        parts: list[ast.expr] = []
        for kind, part in zip(key.kind.items, key.node.elts, strict=True):
            parts += _of_object(frame, kind, part) if isinstance(kind, Instance) else [part]
        return ast.Tuple(parts, ast.Load())
    if key.node is None or not isinstance(key.kind, Scalar | Const):
        raise frame.refuse("assign-item", "", "Segue does not know this key.", node)
    return key.node


def _of_object(frame: Frame, kind: Instance, node: ast.expr) -> list[ast.expr]:
    if kind.nullable:
        raise frame.refuse("nullable", ast.unparse(node), "This may be None here, and nothing checks it.")
    label = concrete(frame.ctx, kind.model).label
    key = pk_field(frame.ctx, label).attname
    column(frame.ctx, kind.site, key)
    return [literal(label), ast.Attribute(node, key, ast.Load())]


__all__ = ["KeptDict", "kept_dict"]
