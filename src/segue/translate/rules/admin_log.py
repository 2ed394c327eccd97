"""``LogEntry.objects.log_action(…)`` and ``log_actions(…)``: a row of the admin's log.

Source: ``django.contrib.admin.models.LogEntryManager``; ``log_actions`` (Django 5.1) of one object saves it as ``log_action`` does, of
several it makes the rows of one statement.
"""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.join import widen
from segue.translate.interp.value import Val, const, quote
from segue.translate.kinds import Const, Instance, Kind, ListOf, Manager, Scalar, Unknown
from segue.translate.rules import registry
from segue.translate.rules.content_types import not_a_proxy, of_model
from segue.translate.rules.instance import key_of, may_hold_none
from segue.translate.rules.managers import start
from segue.translate.rules.polymorphic import same_class
from segue.translate.rules.registry import method
from segue.translate.rules.writes import create_through

_MANAGER = "django.contrib.admin.models.LogEntryManager"
_ONE = ("user_id", "content_type_id", "object_id", "object_repr", "action_flag", "change_message")
_MANY = ("user_id", "queryset", "action_flag", "change_message")


@method(Manager, "log_action")
def log_action(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``log_action(user_id, content_type_id, object_id, object_repr, action_flag, change_message="")``: the entry."""
    kind = owner.kind
    assert isinstance(kind, Manager)
    if kind.cls != _MANAGER:
        return None
    call.only(*_ONE, at_most=len(_ONE))
    given = _given(frame, call, _ONE)
    return _entry(frame, owner, call, {**given, "object_id": _text(frame, given["object_id"], call)})


@method(Manager, "log_actions")
def log_actions(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``log_actions(user_id, [obj], action_flag, change_message="", *, single_object=False)``: a list of the entry, or the entry."""
    kind = owner.kind
    assert isinstance(kind, Manager)
    if kind.cls != _MANAGER:
        return None
    call.only(*_MANY, "single_object", at_most=len(_MANY))
    given = _given(frame, call, _MANY)
    objects = given.pop("queryset")
    items = objects.node.elts if isinstance(objects.node, ast.List | ast.Tuple) else []
    if not isinstance(objects.kind, ListOf) or len(items) != 1:
        raise frame.refuse(
            "admin-log",
            ast.unparse(call.node),
            "Django writes one entry or many, in other ways; Segue sees no list of one object.",
            call.node,
        )
    single = call.kwargs.get("single_object", const(False))
    if not isinstance(single.kind, Const):
        raise frame.refuse("admin-log", ast.unparse(call.node), "single_object is computed.", call.node)
    logged = Val(objects.kind.item, items[0])
    if not isinstance(logged.kind, Instance) or logged.kind.nullable:
        raise frame.refuse("admin-log", logged.text, "Segue does not know the object.", call.node)
    not_a_proxy(frame, logged.kind.model, call.node)
    same_class(frame, logged.kind, call.node)
    if not isinstance(logged.node, ast.Name):
        logged = Val(logged.kind, frame.hoist("logged", items[0], call.node))
    assert isinstance(logged.kind, Instance)
    key = Val(Scalar("Any"), key_of(frame, logged))
    given |= {
        "content_type_id": Val(
            Scalar("int"), ast.Attribute(of_model(frame, logged.kind.model), "id", ast.Load())
        ),
        "object_id": _key_text(frame, logged.kind, key, call),
        "object_repr": _text(frame, logged, call),
    }
    if not single.kind.value:
        frame.wish = None  # the statement names the list, not the row
    made = _entry(frame, owner, call, given)
    assert isinstance(made.kind, Instance)
    made.kind.site.computed["object_id"] = Unknown("It is the key itself on this object, not its text.")
    if single.kind.value:
        return made
    assert made.node is not None
    return Val(ListOf(made.kind), ast.List([made.node], ast.Load()))


def _given(frame: Frame, call: CallSite, names: tuple[str, ...]) -> dict[str, Val]:
    found = {text: call.argument(place, text) for place, text in enumerate(names)}
    if any(value is None for text, value in found.items() if text != "change_message"):
        raise frame.refuse("call-arguments", ast.unparse(call.node), "Arguments are missing.", call.node)
    return {text: const("") if value is None else value for text, value in found.items()}


def _entry(frame: Frame, owner: Val, call: CallSite, given: dict[str, Val]) -> Val:
    """The row, written."""
    shown, told = given["object_repr"], given["change_message"]
    if not _is_text(shown.kind) or shown.node is None:
        raise frame.refuse(
            "admin-log", shown.text, "Segue does not know that object_repr is a text.", call.node
        )
    if isinstance(shown.kind, Const):
        given["object_repr"] = const(shown.kind.value[:200])
    else:
        given["object_repr"] = Val(Scalar("str"), quote("{0}[:200]", shown.node))
    if isinstance(told.kind, ListOf) and told.kind.type == "list":
        given["change_message"] = _named(frame, "json.dumps", told, call)
    elif not _is_text(told.kind):
        why = "Segue does not know whether change_message is a text or a list."
        raise frame.refuse("admin-log", told.text, why, call.node)
    return create_through(
        frame, start(frame, owner, call.node), CallSite(frame, call.node, "create", [], given)
    )


def _is_text(kind: Kind) -> bool:
    return widen(kind) == Scalar("str")


def _key_text(frame: Frame, kind: Instance, key: Val, call: CallSite) -> Val:
    """What the column makes of ``obj.pk``: an object that was deleted has none, which stays None."""
    text = _text(frame, key, call)
    if not may_hold_none(kind) or key.node is None or text.node is None:
        return text
    return Val(Scalar("str", nullable=True), quote("None if {0} is None else {1}", key.node, text.node))


def _text(frame: Frame, value: Val, call: CallSite) -> Val:
    """``str(value)``."""
    return _named(frame, "builtins.str", value, call)


def _named(frame: Frame, dotted: str, value: Val, call: CallSite) -> Val:
    """``dotted(value)``."""
    assert value.node is not None
    node = ast.copy_location(
        ast.Call(ast.Name(dotted.rpartition(".")[2], ast.Load()), [value.node], []), call.node
    )
    made = registry.functions[dotted](frame, CallSite(frame, node, dotted, [value], {}))
    assert made is not None
    return made
