"""``del self.fields["x"]`` in ``to_representation``: fields that some requests are not shown.

``self.fields`` belongs to the serializer object, which shows one row after another: what is taken out for the first is out
for all. So where a condition looks at the row, the set of what is out belongs to whoever shows the rows, and a ``del`` must
bear being met again.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.scope import Scope
from segue.translate.interp.value import Val, const, literal, name, quote
from segue.translate.kinds import Const, FieldSet, Instance, Scalar, SerializerFields, SerializerSelf
from segue.translate.serializers.facts import serializer_of
from segue.translate.serializers.interface import Presenter
from segue.translate.serializers.own_fields import LOCAL, field_set, without_gone
from segue.translate.serializers.popped import popped
from segue.translate.serializers.use import Use
from segue.translate.trees import walk

# The parameter that holds what the rows of one serializer object are not shown.
SHARED = "hidden"


def prepare(frame: Frame, node: ast.stmt) -> None:
    """Before a statement that may take out fields: the set that their names go into."""
    if _makes_fields(frame) or not _takes_out(node) or current(frame):
        return
    frame.hidden = frame.fresh("hidden")
    frame.emit(f"{frame.hidden}: set[str] = set()")


def check_condition(frame: Frame, node: ast.If, test: ast.expr) -> None:
    """A condition about the row around ``del self.fields[…]``: the set of what is out is a parameter then."""
    if not frame.hidden or not _takes_out(node):
        return
    rows = {v.text for v in frame.env.values() if v.node is not None and not isinstance(v.kind, Const)}
    rows -= set(frame.state_used) | {frame.hidden}
    used = {n.id for n in ast.walk(test) if isinstance(n, ast.Name)}
    use = _use(frame)
    inherited = use is not None and bool(use.hideable)
    if not used & rows or (use is not None and use.shared) or (SHARED in frame.state_used and not inherited):
        return
    made = f"{frame.hidden}: set[str] = set()"
    if frame.hidden != SHARED or made not in frame.lines:
        raise frame.refuse(
            "serializer-fields",
            ast.unparse(node.test),
            "Fields are taken out where Segue does not follow it.",
            node.test,
        )
    frame.lines.remove(made)
    frame.extra_state(SHARED, lambda: "set[str]", Scalar("set[str]"))


@contextmanager
def own_set(frame: Frame, made: Presenter) -> Iterator[None]:
    """Around the call of a presenter, where a serializer object is made: its rows share what they are not shown."""
    if not shares(made):
        yield
        return
    local = frame.fresh(SHARED)
    if made.fields is not None:
        frame.emit(f"{local} = {field_set(frame, made.fields, 'True')}.hidden")
    else:
        frame.emit(f"{local}: set[str] = set()")
    before = frame.scope
    scope = before if before is not None else Scope()
    frame.scope = replace(scope, names={**scope.names, SHARED: local})
    try:
        yield
    finally:
        frame.scope = before


def shares(made: Presenter) -> bool:
    """Whether what is not shown of one row decides what is not shown of the next."""
    return any(state.name == SHARED and state.sort == "extra" for state in made.lifted.state)


def _makes_fields(frame: Frame) -> bool:
    me = frame.env.get("self")
    use = me.kind.use if me is not None and isinstance(me.kind, SerializerSelf) else None
    return isinstance(use, Use) and use.purpose == "fields"


def _use(frame: Frame) -> Use | None:
    kind = frame.receiver.kind if frame.receiver is not None else None
    use = kind.use if isinstance(kind, SerializerSelf) else None
    return use if isinstance(use, Use) else None


def current(frame: Frame) -> str:
    """The set of what is not shown, in this function: its own, or what was handed to it; '' where there is none."""
    use = _use(frame)
    if not frame.hidden and use is not None and use.hideable:
        frame.extra_state(SHARED, lambda: "set[str]", Scalar("set[str]"))
        frame.hidden, frame.hideable = SHARED, use.hideable
    return frame.hidden


@contextmanager
def handed_on(frame: Frame, receiver: Val) -> Iterator[Val]:
    """``self`` of the ``to_representation`` that ``super()`` means: it is told what was taken out."""
    kind, use = receiver.kind, _use(frame)
    if not current(frame) or not frame.hideable or not isinstance(kind, SerializerSelf) or use is None:
        yield receiver
        return
    shared = use.shared or (SHARED in frame.state_used and not use.hideable)
    before = frame.scope
    scope = before if before is not None else Scope()
    frame.scope = replace(scope, names={**scope.names, SHARED: frame.hidden})
    try:
        yield Val(replace(kind, use=replace(use, hideable=frame.hideable, shared=shared)), receiver.node)
    finally:
        frame.scope = before


def _takes_out(node: ast.stmt) -> bool:
    for part in walk(node):
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
    declared = {item.name for item in serializer_of(frame.ctx, kind.serializer).fields}
    use = _use(frame)
    if use is not None and use.purpose == "write" and field in declared & popped(frame.ctx, kind.serializer):
        return
    if not frame.hidden or not kind.shown or frame.returns:
        raise frame.refuse(
            "serializer-fields",
            f"self.fields[{field!r}]",
            "Fields are taken out where Segue does not follow it.",
            node,
        )
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
    serializer = serializer_of(frame.ctx, kind.serializer)
    if field not in {item.name for item in serializer.fields} - without_gone(frame.ctx, serializer):
        return const(False)
    current(frame)
    frame.checked_fields.add(field)
    if field not in frame.hideable:
        return const(True)
    return Val(Scalar("bool"), quote("{0} not in {1}", literal(field), name(frame.hidden)))


def fields_of(frame: Frame, owner: Val) -> Val:
    """``self.fields``."""
    assert isinstance(owner.kind, SerializerSelf)
    use = owner.kind.use
    if isinstance(use, Use) and use.purpose == "fields":
        return Val(FieldSet(owner.kind.name, use.changes), name(LOCAL))
    shown = isinstance(use, Use) and use.purpose == "read" and isinstance(use.instance, Instance)
    return Val(SerializerFields(owner.kind.name, shown))


__all__ = [
    "check_condition",
    "current",
    "fields_of",
    "handed_on",
    "has_field",
    "own_set",
    "prepare",
    "shares",
    "take_out",
]
