"""``owner.name``: by rule for the kind of the owner."""

from __future__ import annotations

import ast
from dataclasses import replace

from segue.refusal import Refused
from segue.snapshot.model import GlobalRef
from segue.translate.interp.expressions.names import of_ref
from segue.translate.interp.frame import Frame
from segue.translate.interp.process_state import check_attribute
from segue.translate.interp.value import Val
from segue.translate.kinds import Const, Global, Instance, Kind, Made, Unknown
from segue.translate.packages.naming import attribute_use
from segue.translate.rules import registry
from segue.translate.rules.registry import expression


@expression(ast.Attribute)
def read(frame: Frame, node: ast.Attribute) -> Val:
    """Chains of module attributes are looked up whole first, as the probe resolved them."""
    whole = _dotted(node)
    if whole is not None and whole.partition(".")[0] not in frame.env:
        ref = frame.function.globals.get(whole)
        if ref is not None and (ref.kind != "instance" or _has_rules(ref)):
            return of_ref(frame, ref, node)
    return of(frame, frame.eval(node.value), node.attr, node)


def _has_rules(ref: GlobalRef) -> bool:
    """A signal or logger, which is the same wherever it is looked up."""
    made = ref.value.name if ref.value is not None and ref.value.kind == "call" else ""
    return made.endswith("Signal") or made in ("logging.Logger", "logging.RootLogger")


def of(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val:
    """``owner.attr`` by rules; refuses when there is none."""
    found = find(frame, owner, attr, node)
    if found is not None:
        return found
    raise refusal(frame, owner, attr, node)


def refusal(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Exception:
    """The refusal for an attribute or method without a rule."""
    kind = owner.kind
    text = ast.unparse(node) if isinstance(node, ast.expr) else attr
    if isinstance(kind, Unknown):
        return frame.refuse("unknown-value", text, kind.why or "Segue does not know what this is.", node)
    if isinstance(kind, Global):
        return frame.refuse("unknown-global", text, f"Segue has no rule for {kind.ref.name}.{attr}.", node)
    what = f"{type(kind).__name__}.{attr}"
    if isinstance(kind, Const):
        what = f"{type(kind.value).__name__}.{attr}"
    elif hasattr(kind, "type") and isinstance(kind.type, str):
        what = f"{kind.type}.{attr}"
    refused = frame.refuse("no-rule", text, f"Segue has no rule for {what}.", node)
    if isinstance(kind, Instance):
        cls = frame.ctx.model(kind.model).cls
        use = attribute_use(frame.ctx, cls, attr, text, frame.where(node))
        return Refused(replace(refused.refusal, use=use))
    return refused


def find(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val | None:
    """The value by rule, or ``None``."""
    if owner.node is not None and frame.bottom(owner.kind, node):
        return Val(owner.kind, ast.Attribute(owner.node, attr, ast.Load()))
    for kind in _classes(owner.kind):
        for key in (attr, "*"):
            rule = registry.attributes.get((kind, key))
            if rule is not None:
                found = rule(frame, owner, attr, node)
                if found is not None:
                    return found
    return None


def _classes(kind: Kind) -> list[type]:
    return [c for c in type(kind).__mro__ if c is not object]


def _dotted(node: ast.expr) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        inner = _dotted(node.value)
        return f"{inner}.{node.attr}" if inner is not None else None
    return None


def of_global(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val | None:
    """An attribute of a module or class that the probe did not resolve whole."""
    assert isinstance(owner.kind, Global)
    ref = owner.kind.ref
    text = f"{ref.name}.{attr}"
    if ref.kind == "module":
        return Val(Global(GlobalRef("function", text)))
    if ref.kind in ("class", "model"):
        cls = frame.ctx.snapshot.classes.get(ref.name)
        if cls is not None and attr in cls.attributes:
            from segue.translate.interp.constants import value_of

            held = cls.attributes[attr].value
            check_attribute(frame, ref.name, attr, node)
            found = value_of(frame, held)
            if found is not None:
                return found
            from segue.translate.rules.enumerations import member

            of_enum = member(frame, held)
            if of_enum is not None:
                return of_enum
            if held.kind == "call" and held.name in frame.ctx.snapshot.classes:
                return Val(Made(held))
        if text in frame.ctx.snapshot.functions:
            return Val(Global(GlobalRef("function", text)))
        if cls is not None and attr in cls.methods:
            return Val(Global(GlobalRef("function", cls.methods[attr])))
        if attr in ("DoesNotExist", "MultipleObjectsReturned"):
            return Val(Global(GlobalRef("class", text)))
    return None
