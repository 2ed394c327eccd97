"""Receivers of ``m2m_changed``: functions that the bridge calls around each write of rows between two models.

Source: ``create_forward_many_to_many_manager`` in ``django.db.models.fields.related_descriptors``: ``add``, ``remove`` and ``clear``
send one signal before and one after the statement, ``set`` sends those of ``remove`` and ``add`` (of ``clear`` and ``add`` with
``clear=True``), ``create`` those of ``add``. ``sender`` is the model of the rows in between, ``instance`` the object whose manager it
is, ``model`` the class of the others, ``reverse`` whether the relation is seen from the other side.
``segue_bridge.db.listeners.Changes`` says which function is told of which action.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from segue.snapshot.model import GlobalRef, Receiver
from segue.translate.context import Context
from segue.translate.functions.lift import Lifted, lift
from segue.translate.functions.record import record_of
from segue.translate.interp.frame import Frame, Parameter
from segue.translate.interp.value import Val, const, name
from segue.translate.kinds import Const, Global, Instance, Kind, ListOf, Scalar
from segue.translate.load.models import concrete, field_of, pk_field, python_type, reverse_of, target_field
from segue.translate.needs import Needs
from segue.translate.rules.following import keep_related
from segue.translate.rules.idle_receivers import is_idle
from segue.translate.rules.receivers import (
    M2M_CHANGED,
    does_nothing,
    parameters_of,
    receiver_function,
    refused_receiver,
)

# What each method of the manager sends, in order.
ACTIONS = {
    "add": ("pre_add", "post_add"),
    "create": ("pre_add", "post_add"),
    "remove": ("pre_remove", "post_remove"),
    "clear": ("pre_clear", "post_clear"),
    "set": ("pre_remove", "post_remove", "pre_add", "post_add"),
    "set clear": ("pre_clear", "post_clear", "pre_add", "post_add"),
}
_TAKEN = (
    Parameter("_instance", lambda: "object", legacy="instance"),
    Parameter("_keys", lambda: "object", legacy="pk_set"),
)


@dataclass(frozen=True, slots=True)
class Seen:
    """A many-to-many relation from one side: labels of the rows in between, of the object's model and of the others."""

    through: str
    model: str
    other: str
    reverse: bool


def of_rows_between(ctx: Context, through: str) -> list[Receiver]:
    """Who listens to writes of ``through``, in the order of connecting."""
    model = ctx.snapshot.models.get(through)
    return [
        receiver
        for receiver in ctx.snapshot.receivers
        if receiver.signal.rpartition(".")[2] == M2M_CHANGED
        and receiver.sender in ("", through, model.cls if model is not None else through)
        and not (not receiver.sender and is_idle(ctx, receiver, through))
    ]


def changes(frame: Frame, seen: Seen, method: str, instance: Instance | None) -> list[ast.keyword]:
    """The argument that tells ``relations.<method>`` whom to call; none where nobody listens. Raises :class:`Refused`.

    ``instance`` is the object's kind, where code holds it: what receivers look into then comes with it.
    """
    receivers = of_rows_between(frame.ctx, seen.through)
    if not receivers:
        return []
    _check_keys(frame.ctx, seen, receivers[0])
    given: list[ast.keyword] = []
    for action in ACTIONS[method]:
        functions = [_lifted(frame, receiver, seen, action) for receiver in receivers]
        called: list[ast.expr] = []
        for one in functions:
            if one is not None:
                frame.use(*one.imports)
                called.append(name(one.name))
        if called:
            given.append(ast.keyword(action, ast.List(called, ast.Load())))
    if not given:
        return []
    if instance is not None:
        keep_related(frame.ctx, instance.site, instance.model)
    made = ast.Call(frame.imported("segue_bridge.db.listeners", "Changes"), [], given)
    return [ast.keyword("changes", made)]


def _lifted(frame: Frame, receiver: Receiver, seen: Seen, action: str) -> Lifted | None:
    """The receiver for one action; None where it does nothing then."""
    ctx = frame.ctx
    function = receiver_function(ctx, receiver, seen.through)
    taken = parameters_of(function)
    sender, model = (
        Val(Global(GlobalRef("model", ctx.model(label).cls))) for label in (seen.through, seen.other)
    )
    keys: Kind | Val = const(None)
    if not action.endswith("clear"):
        keys = ListOf(Scalar(python_type(ctx, pk_field(ctx, seen.other))), "set")
    # The object may hold what no save has written yet.
    needs = Needs(seen.model, written=True, told=receiver.where, live=True)
    known: dict[str, Kind | Val] = {
        "sender": sender,
        "instance": Instance(seen.model, needs, "entity"),
        "action": const(action),
        "reverse": const(seen.reverse),
        "model": model,
        "pk_set": keys,
        "using": const("default"),
    }
    arguments = {key: value for key, value in known.items() if key in taken}
    lifted = lift(ctx, function, arguments=arguments, module_kind="services", hint=action, listener=_TAKEN)
    record = record_of(ctx, lifted)
    record.unused = does_nothing(record)
    return None if record.unused else lifted


def _check_keys(ctx: Context, seen: Seen, receiver: Receiver) -> None:
    """Refuse relations by other columns than keys: the set has values of those columns."""
    through = concrete(ctx, seen.through)
    for item in through.fields:
        if (
            item.relation is not None
            and item.relation.kind == "fk"
            and concrete(ctx, item.relation.to).label
            in (concrete(ctx, seen.model).label, concrete(ctx, seen.other).label)
            and not target_field(ctx, item).primary_key
        ):
            raise refused_receiver(receiver, seen.through, "The relation is by another column than the key.")


def set_method(clear: Val | None) -> str:
    """Which of :data:`ACTIONS` a ``set(clear=…)`` is."""
    return "set clear" if clear is not None and isinstance(clear.kind, Const) and clear.kind.value else "set"


def seen_by(ctx: Context, label: str, accessor: str) -> Seen | None:
    """The many-to-many relation ``accessor`` of objects of ``label``; None for another relation."""
    model = concrete(ctx, label)
    item = field_of(model, accessor)
    reverse = item is None
    other = ""
    if item is None:
        found = reverse_of(model, accessor)
        if found is None:
            return None
        item, other = field_of(concrete(ctx, found.model), found.field), found.model
    if item is None or item.relation is None or item.relation.kind != "m2m":
        return None
    return Seen(item.relation.through, label, other or item.relation.to, reverse)


__all__ = ["ACTIONS", "Seen", "changes", "of_rows_between", "seen_by", "set_method"]
