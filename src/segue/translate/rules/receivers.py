"""Signal receivers of a model's ``save``: functions, called where ``Model.save_base`` sends the signal.

Django (``Model.save_base``, ``dispatcher.Signal.send``) calls the receivers in the order in which they were
connected, by keyword, and lets their exceptions through: ``pre_save`` before anything of the row is computed,
``post_save`` after the statement, in no transaction of its own. ``sender`` is the class of the object itself.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Collection

from segue.refusal import Refused, refuse
from segue.snapshot.model import Function, GlobalRef, Model, Receiver
from segue.translate.context import Context
from segue.translate.functions.lift import Lifted, find, lift
from segue.translate.functions.record import FunctionRecord, record_of
from segue.translate.interp.frame import Frame
from segue.translate.interp.invoke import lifted_call
from segue.translate.interp.value import Val, const, name
from segue.translate.kinds import Const, Global, Instance, Kind
from segue.translate.load.models import concrete
from segue.translate.needs import Needs
from segue.translate.rules.file_cleanup import after_save, emit_replaced, only_remembers, replaces_files
from segue.translate.rules.idle_receivers import is_idle
from segue.translate.rules.own_save import GIVE_KEY, before_save, gives_key
from segue.translate.rules.receiver_keywords import spelled_out
from segue.translate.rules.save_behind import after_own_save
from segue.translate.rules.unsaved import only_columns

PRE_SAVE, POST_SAVE, M2M_CHANGED = "pre_save", "post_save", "m2m_changed"
# Sent for every object that is made or loaded.
_OF_OBJECTS = ("pre_init", "post_init")
_FRAMEWORKS = ("rest_framework.", "django.")


def saved_by(ctx: Context, label: str) -> tuple[Receiver, ...]:
    """The project's and other packages' receivers of ``pre_save`` and ``post_save`` of ``label``, in Django's order.

    Raises :class:`Refused` where the snapshot does not say for which objects a receiver is called.
    """
    model = ctx.model(label)
    family = {
        name: other for name, other in ctx.snapshot.models.items() if _table(ctx, other) == _table(ctx, model)
    }
    found = []
    for receiver in ctx.snapshot.receivers:
        signal = receiver.signal.rpartition(".")[2]
        if signal not in (PRE_SAVE, POST_SAVE, *_OF_OBJECTS) or receiver.function.startswith(_FRAMEWORKS):
            continue
        if receiver.sender in ("", *family, *(other.cls for other in family.values())):
            if only_remembers(receiver):
                continue
            if after_save(receiver):
                # Sent with the class of the object: a model and its proxies have one each.
                if receiver.sender in (label, model.cls) and replaces_files(ctx, label):
                    found.append(receiver)
                continue
            if signal in _OF_OBJECTS:
                raise refused_receiver(receiver, label, "It runs for every object that is made or loaded.")
            if not receiver.sender and is_idle(ctx, receiver, label):
                continue
            if model.proxy or receiver.sender not in ("", label, model.cls):
                raise refused_receiver(
                    receiver, label, "Which of a model and its proxies is saved decides whether it runs."
                )
            found.append(receiver)
    return tuple(found)


def send_pre_save(
    frame: Frame,
    label: str,
    instance: ast.expr,
    *,
    adding: bool,
    named: bool = False,
    uploads: Collection[str] = (),
) -> None:
    """Emit what ``save`` does before the statement: a model's own ``save``, then the receivers of ``pre_save``.

    ``adding``: the object may have no row yet. ``named``: ``save`` was told ``update_fields``. ``uploads``: columns that may
    hold an upload, which is stored afterwards.
    """
    before_save(frame, label, instance, adding=adding, uploads=uploads)
    for receiver in saved_by(frame.ctx, label):
        if receiver.signal.rpartition(".")[2] != PRE_SAVE:
            continue
        function = receiver_function(frame.ctx, receiver, label)
        if adding:
            _check_unsaved(frame.ctx, receiver, label, function, keys=True)
        site = Needs(
            label, written=True, told=receiver.where, live=True, keyless=adding, unsaved=set(uploads)
        )
        _call(
            frame,
            receiver,
            label,
            function,
            instance,
            {"update_fields": None if named else const(None)},
            site,
        )


def send_post_save(
    frame: Frame, label: str, instance: ast.expr, created: Val, *, named: bool = False
) -> None:
    """Emit the calls of ``post_save``. ``created`` is a constant, or holds what ``Session.save`` returned."""
    for receiver in saved_by(frame.ctx, label):
        if after_save(receiver):
            emit_replaced(frame, receiver, label, instance, created, named=named)
        elif receiver.signal.rpartition(".")[2] == POST_SAVE:
            given = {"update_fields": None if named else const(None), "created": created}
            _call(frame, receiver, label, receiver_function(frame.ctx, receiver, label), instance, given)
    after_own_save(frame, label, instance)


def before_insert(frame: Frame, label: str) -> ast.expr | None:
    """What ``pre_save`` of a new object calls, as a function of the object alone; None where it calls nothing.

    For writes that stand inside of an expression. Raises :class:`Refused` for more than one such function, for one
    that asks for more than the object, and for receivers of ``post_save``.
    """
    found: list[Lifted] = []
    for receiver in saved_by(frame.ctx, label):
        if after_save(receiver):
            continue  # nothing is replaced yet
        function = receiver_function(frame.ctx, receiver, label)
        if receiver.signal.rpartition(".")[2] != PRE_SAVE:
            raise refused_receiver(receiver, label, "It would be called in the middle of an expression.")
        _check_unsaved(frame.ctx, receiver, label, function)
        sender = Val(Global(GlobalRef("model", frame.ctx.model(label).cls)))
        given = {
            "raw": const(False), "using": const("default"), "update_fields": const(None), "sender": sender,
        }  # fmt: skip
        arguments: dict[str, Kind | Val] = {k: v for k, v in given.items() if k in parameters_of(function)}
        if "instance" in parameters_of(function):
            told = Needs(label, written=True, told=receiver.where)
            arguments["instance"] = Instance(label, told, "entity")
        lifted = lift(frame.ctx, function, arguments=arguments, module_kind="services")
        if _empty(frame.ctx, lifted):
            continue
        if lifted.is_async or lifted.state or len(lifted.explicit) != 1 or found:
            raise refused_receiver(receiver, label, "It would be called in the middle of an expression.")
        found.append(lifted)
    if gives_key(frame.ctx, label):
        if found:
            raise refuse(
                "signal", label, "Its receiver would be called in the middle of an expression.", frame.where()
            )
        return frame.imported(*GIVE_KEY)
    if not found:
        return None
    frame.use(*found[0].imports)
    return name(found[0].name)


def asks_created(ctx: Context, label: str) -> bool:
    """Does a receiver of ``post_save`` take ``created``?"""
    return any(
        after_save(receiver) or "created" in parameters_of(receiver_function(ctx, receiver, label))
        for receiver in saved_by(ctx, label)
        if receiver.signal.rpartition(".")[2] == POST_SAVE
    )


def _call(
    frame: Frame,
    receiver: Receiver,
    label: str,
    function: Function,
    instance: ast.expr,
    given: dict[str, Val | None],
    site: Needs | None = None,
) -> None:
    """One call, unless the function comes out empty for these arguments."""
    arguments: dict[str, Kind | Val] = {}
    nodes: list[ast.expr] = []
    sender = Val(Global(GlobalRef("model", frame.ctx.model(label).cls)))
    known = {"raw": const(False), "using": const("default"), "sender": sender, **given}
    for parameter in parameters_of(function):
        if parameter == "instance":
            told = site or Needs(label, written=True, told=receiver.where, live=True)
            arguments[parameter] = Instance(label, told, "entity")
            nodes.append(instance)
        elif parameter in known:
            value = known[parameter]
            if value is None:
                raise refused_receiver(receiver, label, f"It takes {parameter}, which is given here.")
            if isinstance(value.kind, Const | Global):
                arguments[parameter] = value
            else:
                assert value.node is not None
                arguments[parameter] = value.kind
                nodes.append(value.node)
    lifted = lift(frame.ctx, function, arguments=arguments, module_kind="services")
    if _empty(frame.ctx, lifted):
        return
    frame.emit(ast.unparse(lifted_call(frame, lifted, nodes)))
    if isinstance(instance, ast.Name):
        frame.forget(instance.id)


def does_nothing(record: FunctionRecord) -> bool:
    """Is there no statement in it?"""
    return all(line.strip() in ("", "pass", "return", "return None") for line in record.lines)


def _empty(ctx: Context, lifted: Lifted) -> bool:
    return does_nothing(record_of(ctx, lifted))


def receiver_function(ctx: Context, receiver: Receiver, label: str) -> Function:
    function = find(ctx, receiver.function, receiver.where)
    if receiver.function.startswith("segue_bridge.legacy.events."):
        reason = "It writes to the outbox what happens to the model (announce); the other side would not hear of it any more."
        raise refused_receiver(receiver, label, reason)
    if not receiver.own:
        raise refused_receiver(receiver, label, "It is another package's.")
    if function.role not in ("function", "staticmethod"):
        raise refused_receiver(receiver, label, "It is a method of an object or a class.")
    given = {"signal", "sender", "instance", "using"}
    signal = receiver.signal.rpartition(".")[2]
    if signal in (PRE_SAVE, POST_SAVE):
        given |= {"raw", "update_fields"} | ({"created"} if signal == POST_SAVE else set())
    elif signal == M2M_CHANGED:
        given |= {"action", "reverse", "model", "pk_set"}
    else:
        given.add("origin")
    if not given.issuperset(required_of(function)):
        # ``self`` of a method that was connected bound, or what a wrapper passes.
        raise refused_receiver(receiver, label, "It takes an argument that the signal does not give.")
    return spelled_out(function, given)


def _definition(function: Function) -> ast.FunctionDef:
    tree = ast.parse(textwrap.dedent(function.source)).body
    if not tree or not isinstance(tree[0], ast.FunctionDef):
        raise refuse("no-source", function.name, "Its source is not one function definition.", function.where)
    return tree[0]


def parameters_of(function: Function) -> list[str]:
    spec = _definition(function).args
    return [item.arg for item in [*spec.posonlyargs, *spec.args, *spec.kwonlyargs]]


def required_of(function: Function) -> list[str]:
    """Parameters without default."""
    spec = _definition(function).args
    positional = [*spec.posonlyargs, *spec.args]
    named = [item for item, default in zip(spec.kwonlyargs, spec.kw_defaults, strict=True) if default is None]
    return [item.arg for item in [*positional[: len(positional) - len(spec.defaults)], *named]]


def _check_unsaved(
    ctx: Context, receiver: Receiver, label: str, function: Function, *, keys: bool = False
) -> None:
    """Before the INSERT the key and what the database or ``pre_save`` of a field computes are not there yet.

    So only columns may be read or set, of the object itself: what gets the whole object could ask for more. ``keys``: the key
    is known to be None then.
    """
    if not only_columns(_definition(function), "instance", concrete(ctx, label), keys=keys):
        raise refused_receiver(receiver, label, "It uses more of an object without a row than its columns.")


def _table(ctx: Context, model: Model) -> str:
    return concrete(ctx, model.label).label


def refused_receiver(receiver: Receiver, label: str, why: str) -> Refused:
    """The refusal of a write that this receiver listens to."""
    signal = receiver.signal.rpartition(".")[2]
    return refuse(
        "signal", f"{signal}({label}) → {receiver.function.rpartition('.')[2]}", why, receiver.where
    )


__all__ = [
    "M2M_CHANGED",
    "POST_SAVE",
    "PRE_SAVE",
    "asks_created",
    "does_nothing",
    "parameters_of",
    "receiver_function",
    "refused_receiver",
    "saved_by",
    "send_post_save",
    "send_pre_save",
]
