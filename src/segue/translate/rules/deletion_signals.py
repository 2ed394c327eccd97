"""Receivers of ``pre_delete`` and ``post_delete``: functions that the collector calls for each object.

Django's collector (``django.db.models.deletion.Collector.delete``) sends ``pre_delete`` for every object that will go, by
model and key, then clears and updates what it has not read, then deletes each model's rows and sends ``post_delete`` for them.
``segue_bridge.db.listeners.Listeners`` says which function is told of which class.
"""

from __future__ import annotations

import ast

from segue.snapshot.model import GlobalRef, Receiver
from segue.translate.functions.lift import Lifted, lift
from segue.translate.functions.record import record_of
from segue.translate.interp.frame import Frame, Parameter
from segue.translate.interp.value import Val, const, name
from segue.translate.kinds import Global, Instance, Kind
from segue.translate.load.fetch import entity_type
from segue.translate.load.models import concrete, snake
from segue.translate.models.writing import deleted_with
from segue.translate.needs import Needs
from segue.translate.rules.file_cleanup import after_delete, deletes_files
from segue.translate.rules.idle_receivers import is_idle
from segue.translate.rules.receivers import does_nothing, parameters_of, receiver_function, refused_receiver

_BEFORE, _AFTER = "pre_delete", "post_delete"


def listeners(frame: Frame, label: str, *, held: bool) -> list[ast.expr]:
    """The argument that tells ``Session.delete`` whom to call; none where nobody listens. Raises :class:`Refused`.

    ``held``: what is deleted is an object that the code has in memory, not what the collector finds.
    """
    before: list[tuple[str, list[Lifted]]] = []
    after: list[tuple[str, list[Lifted]]] = []
    for other in deleted_with(frame.ctx.snapshot, label):
        if frame.ctx.snapshot.models[other].auto_created:
            continue  # no signals are sent for rows between two models
        found = {_BEFORE: before, _AFTER: after}
        for receiver in _receivers(frame, label, other):
            lifted = _lifted(frame, receiver, other, told=held and other == concrete(frame.ctx, label).label)
            table = found[receiver.signal.rpartition(".")[2]]
            if not table or table[-1][0] != other:
                table.append((other, []))
            if lifted is not None:
                table[-1][1].append(lifted)
    if not any(functions for _, functions in (*before, *after)):
        return []
    given = [
        ast.keyword(key, _table(frame, rows)) for key, rows in (("before", before), ("after", after)) if rows
    ]
    if any(not receiver.sender and _is_deletion(receiver) for receiver in frame.ctx.snapshot.receivers):
        given.append(ast.keyword("everyone", ast.Constant(True)))
    return [ast.Call(frame.imported("segue_bridge.db.listeners", "Listeners"), [], given)]


def _receivers(frame: Frame, label: str, other: str) -> list[Receiver]:
    """Who listens to deletions of ``other``, in the order of connecting."""
    ctx = frame.ctx
    family = {
        one.label: one.cls for one in ctx.snapshot.models.values() if concrete(ctx, one.label).label == other
    }
    model = ctx.model(other)
    found = []
    for receiver in ctx.snapshot.receivers:
        if not _is_deletion(receiver):
            continue
        if receiver.sender not in ("", *family, *family.values()):
            continue
        if not receiver.sender and is_idle(ctx, receiver, other):
            continue
        if after_delete(receiver) and receiver.sender not in (other, model.cls):
            continue  # a proxy of it: each class has one of its own, and the collector's objects are of this one
        if receiver.sender not in ("", other, model.cls) or ctx.model(label).proxy:
            raise refused_receiver(
                receiver, other, "Which of a model and its proxies is deleted decides whether it runs."
            )
        if _is_a_parent(frame, other):
            raise refused_receiver(receiver, other, "Rows of multi-table models are not given to receivers.")
        found.append(receiver)
    return found


def _is_deletion(receiver: Receiver) -> bool:
    return receiver.signal.rpartition(".")[2] in (_BEFORE, _AFTER)


def _is_a_parent(frame: Frame, label: str) -> bool:
    # A proxy has its model among its parents as well, without a link.
    return any(frame.ctx.model(label).parents.values()) or any(
        other.parents.get(label) for other in frame.ctx.snapshot.models.values()
    )


def _lifted(frame: Frame, receiver: Receiver, label: str, *, told: bool) -> Lifted | None:
    """The receiver for objects of ``label``; None where it comes out empty."""
    if after_delete(receiver):
        return deletes_files(frame, receiver, label)
    function = receiver_function(frame.ctx, receiver, label)
    sender = Val(Global(GlobalRef("model", frame.ctx.model(label).cls)))
    known: dict[str, Kind | Val] = {"using": const("default"), "sender": sender}
    arguments = {key: value for key, value in known.items() if key in parameters_of(function)}
    if "instance" in parameters_of(function):
        # What the collector has read is as it is in the database; an object that code holds may not be.
        needs = Needs(label, written=True, told=receiver.where if told else None, live=True)
        arguments["instance"] = Instance(label, needs, "entity")
    hint = snake(frame.ctx.model(label).cls.rpartition(".")[2])
    # Of several models each has a function of its own, though none looks at the object.
    taken = Parameter("_instance", lambda: "object", legacy="instance")
    lifted = lift(
        frame.ctx, function, arguments=arguments, module_kind="services", hint=hint, listener=[taken]
    )
    return None if does_nothing(record_of(frame.ctx, lifted)) else lifted


def _table(frame: Frame, rows: list[tuple[str, list[Lifted]]]) -> ast.expr:
    keys: list[ast.expr | None] = []
    values: list[ast.expr] = []
    for label, functions in rows:
        cls, imported = entity_type(frame.ctx, label)
        frame.use(imported)
        for one in functions:
            frame.use(*one.imports)
        keys.append(name(cls))
        values.append(ast.List([name(one.name) for one in functions], ast.Load()))
    return ast.Dict(keys, values)


__all__ = ["listeners"]
