"""Permissions made with arguments of the view (``partial(CanEdit, self.queryset)``): what ``self.<attribute>`` is in them."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Hashable
from dataclasses import dataclass, field

from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import Object, ViewSelf
from segue.translate.rules.registry import attribute
from segue.translate.specialise.endpoint import Endpoint


@dataclass(frozen=True, slots=True)
class Constructed:
    """``attributes``: source of the argument that ``__init__`` keeps under each name, in the view's terms."""

    endpoint: Endpoint
    attributes: tuple[tuple[str, str], ...]
    key: Hashable = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", (self.endpoint.key, self.attributes))


def made_with(endpoint: Endpoint, cls: str, given: tuple[str, ...]) -> Constructed:
    """What ``cls(*given)`` keeps. Raises ``Refused`` unless its ``__init__`` only keeps its arguments."""
    known = endpoint.ctx.snapshot.classes.get(cls)
    dotted = known.methods.get("__init__", "") if known is not None else ""
    function = endpoint.ctx.snapshot.functions.get(dotted)
    refused = endpoint.refuse(
        "permission-init",
        f"{cls}.__init__",
        "Segue does not know what it does with its arguments.",
        function.where if function is not None else None,
    )
    if function is None:
        raise refused
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    if not isinstance(tree, ast.FunctionDef) or tree.args.vararg or tree.args.kwarg or tree.args.kwonlyargs:
        raise refused
    names = [a.arg for a in tree.args.args]
    if len(names) != len(given) + 1:
        raise refused
    values = dict(zip(names[1:], given, strict=True))
    kept: list[tuple[str, str]] = []
    for statement in tree.body:
        match statement:
            case ast.Expr(ast.Constant()) | ast.Pass():
                continue
            case ast.Expr(ast.Call(ast.Attribute(ast.Call(ast.Name("super"), _, []), "__init__"), [], [])):
                continue
            case ast.Assign([ast.Attribute(ast.Name(own), attr)], ast.Name(value)) if (
                own == names[0] and value in values
            ):
                if known is None or attr in known.attributes or attr in known.methods:
                    raise refused
                kept.append((attr, values[value]))
            case _:
                raise refused
    return Constructed(endpoint, tuple(kept))


@attribute(Object, "*")
def kept_argument(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val | None:
    """``self.queryset`` of such a permission: the view's."""
    kind = owner.kind
    assert isinstance(kind, Object)
    if not isinstance(kind.use, Constructed):
        return None
    source = dict(kind.use.attributes).get(name)
    if source is None:
        return None
    was = frame.env
    frame.env = {"self": Val(ViewSelf(kind.use.endpoint))}
    try:
        return frame.eval(ast.parse(source, mode="eval").body)
    finally:
        frame.env = was
