"""``del self.fields["x"]`` in ``to_representation``: fields that some requests are not shown.

``self.fields`` belongs to the serializer object, which shows one row after another: what is taken out for the first is out
for all. So a condition may look at the request, but not at the row, and must bear being met again.
"""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, const, literal, name, quote
from segue.translate.kinds import Const, Instance, Scalar, SerializerFields, SerializerSelf
from segue.translate.serializers.facts import serializer_of
from segue.translate.serializers.use import Use


def prepare(frame: Frame, node: ast.stmt) -> None:
    """Before a statement that may take out fields: the set that their names go into."""
    if frame.hidden or not _takes_out(node):
        return
    frame.hidden = frame.fresh("hidden")
    frame.emit(f"{frame.hidden}: set[str] = set()")


def check_condition(frame: Frame, node: ast.If, test: ast.expr) -> None:
    """Refuse a condition about the row around ``del self.fields[…]``."""
    if not frame.hidden or not _takes_out(node):
        return
    rows = {v.text for v in frame.env.values() if v.node is not None and not isinstance(v.kind, Const)}
    rows -= set(frame.state_used) | {frame.hidden}
    used = {n.id for n in ast.walk(test) if isinstance(n, ast.Name)}
    if used & rows:
        raise frame.refuse(
            "serializer-fields", ast.unparse(node.test),
            "Fields are taken out for one row; DRF leaves them out of those after it as well.", node.test,
        )  # fmt: skip


def _takes_out(node: ast.stmt) -> bool:
    for part in ast.walk(node):
        if isinstance(part, ast.Delete):
            owners = [t.value for t in part.targets if isinstance(t, ast.Subscript)]
        elif isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute) and part.func.attr == "pop":
            owners = [part.func.value]
        else:
            continue
        if any(ast.unparse(owner) == "self.fields" for owner in owners):
            return True
    return False


def take_out(frame: Frame, owner: Val, key: Val, node: ast.AST, *, missing_ok: bool) -> None:
    """``del self.fields["x"]``, ``self.fields.pop("x", None)``."""
    kind = owner.kind
    assert isinstance(kind, SerializerFields)
    field = key.kind.value if isinstance(key.kind, Const) else None
    if not isinstance(field, str):
        raise frame.refuse("serializer-fields", ast.unparse(node), "The field's name is computed.", node)
    if not frame.hidden or not kind.shown or frame.returns:
        raise frame.refuse(
            "serializer-fields",
            f"self.fields[{field!r}]",
            "Fields are taken out where Segue does not follow it.",
            node,
        )
    declared = {item.name for item in serializer_of(frame.ctx, kind.serializer).fields}
    if field not in declared:
        if missing_ok:
            return
        raise frame.refuse(
            "serializer-fields", f"self.fields[{field!r}]", "It has no such field: KeyError in DRF.", node
        )
    if not missing_ok and field not in frame.checked_fields:
        raise frame.refuse(
            "serializer-fields", f"del self.fields[{field!r}]",
            "Nothing checks that it is there still: KeyError in DRF for the second row.", node,
        )  # fmt: skip
    if field not in frame.hideable:
        frame.hideable = (*frame.hideable, field)
    frame.emit(f"{frame.hidden}.add({field!r})")


def has_field(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``"x" in self.fields``."""
    kind = owner.kind
    assert isinstance(kind, SerializerFields)
    key = call.argument(0)
    field = key.kind.value if key is not None and isinstance(key.kind, Const) else None
    if not isinstance(field, str):
        return None
    if field not in {item.name for item in serializer_of(frame.ctx, kind.serializer).fields}:
        return const(False)
    frame.checked_fields.add(field)
    if field not in frame.hideable:
        return const(True)
    return Val(Scalar("bool"), quote("{0} not in {1}", literal(field), name(frame.hidden)))


def fields_of(frame: Frame, owner: Val) -> Val:
    """``self.fields``."""
    assert isinstance(owner.kind, SerializerSelf)
    use = owner.kind.use
    shown = isinstance(use, Use) and use.purpose == "read" and isinstance(use.instance, Instance)
    return Val(SerializerFields(owner.kind.name, shown))


__all__ = ["check_condition", "fields_of", "has_field", "prepare", "take_out"]
