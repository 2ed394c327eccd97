"""What a serializer's methods put on ``self`` (``self.user = …`` in ``validate``) and read again, or its view reads.

The serializer object does not exist in the generated code: ``kept``, a dict that whoever validates makes, takes its place.
What an attribute is, is known from the assignments in the order in which DRF runs them, which is the order of translation.
"""

from __future__ import annotations

import ast
import re

from segue.target.ir import Import
from segue.translate.context import Context
from segue.translate.interp.annotations import annotation
from segue.translate.interp.frame import KEPT, Frame
from segue.translate.interp.join import join, nullable
from segue.translate.interp.value import Val, const, literal
from segue.translate.kinds import Const, Kind, NewPasswordForm, SerializerSelf, Unknown
from segue.translate.serializers.own_init import own_attribute
from segue.translate.serializers.use import Use

NAME = "kept"
PURPOSES = ("write", "called")


def assigned(ctx: Context, serializer: str) -> set[str]:
    """The attributes that translated code has assigned so far."""
    found = ctx.memo.setdefault(("kept-assigned", serializer), set())
    assert isinstance(found, set)
    return found


def kinds(ctx: Context, serializer: str) -> dict[str, Kind]:
    """What is on the serializer after the functions that have been translated, where that is certain."""
    found = ctx.memo.setdefault(("kept-kinds", serializer), {})
    assert isinstance(found, dict)
    return found


def leaves(frame: Frame) -> None:
    """A method has been translated: what each of its returns leaves on ``self`` is there for those that follow."""
    receiver = frame.receiver.kind if frame.receiver is not None else None
    if not isinstance(receiver, SerializerSelf) or not frame.exits:
        return
    table = kinds(frame.ctx, receiver.name)
    first, *others = frame.exits
    for key, kind in first.items():
        if all(key in other for other in others):
            for other in others:
                kind = join(kind, other[key])
            table[key.removeprefix(KEPT)] = kind


def place(frame: Frame) -> Val:
    """The dict."""
    if NAME not in frame.state_used:
        frame.use(Import("typing", "Any"))
    return frame.extra_state(NAME, lambda: "dict[str, Any]", Unknown("what is kept"))


def item(frame: Frame, name: str) -> ast.expr:
    """``kept["user"]``."""
    node = place(frame).node
    assert node is not None
    return ast.Subscript(node, literal(name), ast.Load())


def value(frame: Frame, serializer: str, name: str) -> Val | None:
    """What the attribute is here; None where no translated code has put it there."""
    here = frame.env.get(KEPT + name)
    if here is not None:
        return here
    if name in kinds(frame.ctx, serializer):
        return Val(kinds(frame.ctx, serializer)[name], item(frame, name))
    if name not in assigned(frame.ctx, serializer):
        return own_attribute(frame, serializer, name)
    return None


def _typed(frame: Frame, kind: Kind, name: str) -> Val:
    """What is kept, in a local of its type where methods of it are asked."""
    node = item(frame, name)
    if not isinstance(kind, NewPasswordForm) or frame.no_hoist:
        return Val(kind, node)
    text, imports = annotation(frame.ctx, kind)
    frame.use(*imports)
    local = frame.fresh("form")
    frame.emit(f"{local}: {text} = {ast.unparse(node)}")
    made = frame.env[KEPT + name] = Val(kind, ast.Name(local, ast.Load()))
    return made


def before_class(frame: Frame, me: SerializerSelf, name: str, node: ast.AST) -> Val | None:
    """What hides the class attribute of that name: what methods have put on ``self``; None where nothing may have.

    Raises ``Refused`` where some may have, for certain requests only.
    """
    known = frame.ctx.snapshot.classes.get(me.name)
    held = known.attributes.get(name) if known is not None else None
    if held is None or held.defined_in.startswith("rest_framework."):
        return None
    here = frame.env.get(KEPT + name)
    if here is not None:
        return here
    if name in kinds(frame.ctx, me.name):
        return _typed(frame, kinds(frame.ctx, me.name)[name], name)
    if name in assigned(frame.ctx, me.name):
        why = "A method of the serializer puts it there, for some requests only."
        raise frame.refuse("serializer-state", f"self.{name}", why, node)
    return None


# What ``Field`` and ``BaseSerializer`` put on every serializer, or on some as they are used.
_OF_DRF = frozenset(
    {
        "instance", "partial", "context", "initial_data", "validated_data", "data", "errors", "fields", "root", "parent", "field_name",
        "source", "source_attrs", "label", "help_text", "style", "read_only", "write_only", "required", "default", "initial", "allow_null",
        "error_messages", "validators", "many", "child", "_context", "_validated_data", "_errors", "_data", "_args", "_kwargs", "_declared_fields",
    }
)  # fmt: skip


def or_default(frame: Frame, owner: Val, name: str, default: Val) -> Val | None:
    """``getattr(self, "user", default)``; None where Segue cannot tell."""
    assert isinstance(owner.kind, SerializerSelf)
    serializer = owner.kind.name
    known = frame.ctx.snapshot.classes.get(serializer)
    if known is None or name in known.methods or name in known.attributes or name in _OF_DRF:
        return None
    use = owner.kind.use
    if not isinstance(use, Use) or use.purpose not in PURPOSES:
        return None
    here = frame.env.get(KEPT + name)
    if here is not None:
        return here
    if name not in assigned(frame.ctx, serializer):
        made = own_attribute(frame, serializer, name)
        return made if made is not None else default
    kind = kinds(frame.ctx, serializer).get(name)
    if kind is None or not (isinstance(default.kind, Const) and default.kind.value is None):
        return None
    node = place(frame).node
    assert node is not None
    return Val(nullable(kind), ast.Call(ast.Attribute(node, "get", ast.Load()), [literal(name)], []))


def of_context(key: str) -> str:
    """The name under which ``self.context[key]`` is kept: apart from the attributes."""
    return f"context.{key}"


def assigns(ctx: Context, serializer: str, name: str) -> bool:
    """Whether any method of the class has ``self.<name> = …``."""
    known = ctx.snapshot.classes.get(serializer)
    pattern = re.compile(rf"\bself\.{re.escape(name)}\s*(:[^=]+)?=[^=]")
    return known is not None and any(
        f is not None and pattern.search(f.source)
        for f in (ctx.snapshot.functions.get(m) for m in known.methods.values())
    )


__all__ = [
    "NAME",
    "assigned",
    "const",
    "item",
    "kinds",
    "leaves",
    "of_context",
    "or_default",
    "place",
    "value",
]
