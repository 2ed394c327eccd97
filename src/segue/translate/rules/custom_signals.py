"""``signal.send(sender=…, user=user)`` of the project's, a package's and Django's own signals (``django.dispatch.Signal``).

The receivers of the snapshot are called in the order of connecting, by keyword; their exceptions go through. Where there
are none, nothing is written.
"""

from __future__ import annotations

import ast

from segue.snapshot.model import Function, Receiver
from segue.translate.functions.lift import find, lift
from segue.translate.functions.record import record_of
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.expressions.attributes import of
from segue.translate.interp.frame import Frame
from segue.translate.interp.invoke import lifted_call, model_label
from segue.translate.interp.value import Val, const, name, quote
from segue.translate.kinds import (
    Const,
    Global,
    Instance,
    Kind,
    Object,
    Request,
    Scalar,
    SerializerSelf,
    Unknown,
    User,
    ViewSelf,
)
from segue.translate.load.models import concrete, field_of
from segue.translate.rules.receiver_keywords import spelled_out
from segue.translate.rules.receivers import parameters_of, required_of
from segue.translate.rules.registry import attribute, method
from segue.translate.rules.user import entity_of
from segue.translate.rules.view_self import class_of

SIGNAL = "django.dispatch.dispatcher.Signal"
_LAST_LOGIN = "django.contrib.auth.models.update_last_login"


@attribute(ViewSelf, "__class__")
@attribute(SerializerSelf, "__class__")
@attribute(Object, "__class__")
@attribute(Instance, "__class__")
@attribute(User, "__class__")
def class_of_object(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val | None:
    """``self.__class__`` and ``user.__class__`` (of a lazy request user it is the user's own class)."""
    from segue.snapshot.model import GlobalRef

    kind = owner.kind
    if isinstance(kind, Instance | User):
        return Val(Global(GlobalRef("model", concrete(frame.ctx, kind.model).cls)))
    dotted = class_of(kind)
    return Val(Global(GlobalRef("class", dotted))) if dotted else None


@attribute(Global, "__name__")
def class_name(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val | None:
    """``self.__class__.__name__``."""
    assert isinstance(owner.kind, Global)
    ref = owner.kind.ref
    if ref.kind not in ("class", "model") or ref.name not in frame.ctx.snapshot.classes:
        return None
    return const(ref.name.rpartition(".")[2])


@method(Global, "send", "send_robust")
def send(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """The receivers, called one after the other. What they return is not kept."""
    assert isinstance(owner.kind, Global)
    ref = owner.kind.ref
    if ref.value is None or ref.value.kind != "call" or not _is_signal(frame, ref.value.name):
        return None
    short = ref.name.rpartition(".")[2] if ref.name.startswith("django.") else ref.name
    given = dict(call.kwargs)
    sender = call.args[0] if call.args else given.pop("sender", None)
    send_all(frame, short, sender, given, call)
    return Val(Unknown("What the receivers of a signal return is not kept."))


def send_all(frame: Frame, signal: str, sender: Val | None, given: dict[str, Val], call: CallSite) -> None:
    """Call the receivers of ``signal`` (its name in the snapshot) that listen to ``sender``, with what is ``given``."""
    for receiver in [r for r in frame.ctx.snapshot.receivers if r.signal == signal]:
        if not is_for(frame, receiver, sender, call):
            continue
        if call.name == "send_robust":
            raise frame.refuse(
                "signal", f"{signal} → {receiver.function}", "Its errors are kept from the sender.", call.node
            )
        _call(frame, receiver, given, call)


def _is_signal(frame: Frame, cls: str) -> bool:
    known = frame.ctx.snapshot.classes.get(cls)
    return cls in (SIGNAL, "django.db.models.signals.ModelSignal") or (
        known is not None
        and SIGNAL in known.mro
        and known.methods.get("send", f"{SIGNAL}.send") == f"{SIGNAL}.send"
    )


def is_for(frame: Frame, receiver: Receiver, sender: Val | None, call: CallSite) -> bool:
    """Whether the receiver listens to ``sender``."""
    if not receiver.sender:
        return True
    kind = sender.kind if sender is not None else None
    if isinstance(kind, Const) and kind.value is None:
        return False
    if not isinstance(kind, Global) or kind.ref.kind not in ("class", "model"):
        raise frame.refuse(
            "signal",
            f"{receiver.signal} → {receiver.function}",
            "It listens to one sender, which is computed here.",
            call.node,
        )
    return receiver.sender in (kind.ref.name, model_label(frame, kind.ref.name))


def _call(frame: Frame, receiver: Receiver, given: dict[str, Val], call: CallSite) -> None:
    if receiver.function == _LAST_LOGIN:
        update_last_login(frame, given, call)
        return
    function = find(frame.ctx, receiver.function, receiver.where)
    title = f"{receiver.signal} → {receiver.function}"
    if not receiver.own or function.role not in ("function", "staticmethod"):
        raise frame.refuse("signal", title, "It is another package's, or a method of an object.", call.node)
    # ``Signal.send`` passes these two by keyword as well.
    function = spelled_out(function, {"signal", "sender", *given})
    if not {"signal", "sender", *given}.issuperset(required_of(function)):
        raise frame.refuse("signal", title, "It takes an argument that the signal does not give.", call.node)
    arguments, nodes = arguments_of(frame, function, given, title, call)
    lifted = lift(frame.ctx, function, arguments=arguments, module_kind="services")
    if all(
        line.strip() in ("", "pass", "return", "return None") for line in record_of(frame.ctx, lifted).lines
    ):
        return
    frame.emit(ast.unparse(lifted_call(frame, lifted, nodes)))


def arguments_of(
    frame: Frame, function: Function, given: dict[str, Val], title: str, call: CallSite
) -> tuple[dict[str, Kind | Val], list[ast.expr]]:
    """What a receiver is given by name: kinds for its translation, and code for the call."""
    arguments: dict[str, Kind | Val] = {}
    nodes: list[ast.expr] = []
    for parameter in parameters_of(function):
        value = given.get(parameter)
        if value is None:
            continue
        if isinstance(value.kind, Const | Request | ViewSelf):
            arguments[parameter] = value if isinstance(value.kind, Const) else value.kind
            continue
        if value.node is None or isinstance(value.kind, Unknown):
            raise frame.refuse("signal", title, f"Segue does not know what {parameter} is.", call.node)
        arguments[parameter] = value.kind
        nodes.append(value.node)
    return arguments, nodes


def update_last_login(frame: Frame, given: dict[str, Val], call: CallSite) -> None:
    """Django's own receiver of ``user_logged_in``: ``last_login`` is now, and is saved alone."""
    user = given.get("user")
    if user is not None and isinstance(user.kind, User):
        user = entity_of(frame, user)
    if user is None or not isinstance(user.kind, Instance) or user.node is None or user.kind.nullable:
        raise frame.refuse("signal", _LAST_LOGIN, "Segue does not know which user it is told.", call.node)
    if field_of(concrete(frame.ctx, user.kind.model), "last_login") is None:
        return
    if not isinstance(user.node, ast.Name):
        user = Val(user.kind, frame.hoist("user", user.node, call.node))
        assert user.node is not None
    frame.env["#user"] = user
    code = ast.parse(f"{user.text}.save(update_fields=['last_login'])", mode="eval").body
    assert isinstance(code, ast.Call)
    from segue.translate.interp.expressions.calls import call_named, method_call

    clock = call_named(frame, "django.utils.timezone.now", _no_arguments())
    of(frame, user, "last_login", call.node)
    setter = CallSite(frame, call.node, "__setattr__", [const("last_login"), clock], {})
    from segue.translate.rules.writes import set_attribute

    set_attribute(frame, user, setter)
    saved = method_call(frame, user, "save", code)
    if saved.node is not None and not isinstance(saved.node, ast.Constant):
        frame.emit(saved.text)
    frame.env.pop("#user", None)


def _no_arguments() -> ast.Call:
    call = ast.parse("now()", mode="eval").body
    assert isinstance(call, ast.Call)
    return call


__all__ = ["Scalar", "arguments_of", "is_for", "name", "quote", "send"]
