"""``instance.full_clean(exclude)``: Django's validation of a model, its own ``clean`` and ``validate_unique``.

What ``full_clean`` does in order is the bridge's (:mod:`segue_bridge.schema.cleaning`). Its error is DRF's where a serializer
is validating (``as_serializer_error``), elsewhere Django's own, which DRF does not answer.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager

from segue.refusal import refuse
from segue.snapshot.model import Function, Model
from segue.translate.context import Context
from segue.translate.functions.lift import Lifted, lift
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.invoke import invoke_function, lifted_call, receiver_name
from segue.translate.interp.value import Val, const, name
from segue.translate.kinds import Const, Instance, Scalar, Super
from segue.translate.load.models import concrete, snake
from segue.translate.needs import Needs
from segue.translate.rules.registry import method
from segue.translate.rules.view_self import definition
from segue.translate.serializers.facts import framework, overridden
from segue.translate.serializers.model_rules import MODULE, model_rules
from segue.translate.serializers.synthetic import in_validation

_DJANGO = "django.db.models.base.Model."


@method(Instance, "full_clean")
def full_clean(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``instance.full_clean(exclude, validate_unique, validate_constraints)``; a model's own is lifted as any method."""
    kind = owner.kind
    assert isinstance(kind, Instance)
    model = concrete(frame.ctx, kind.model)
    if overridden(frame.ctx, model.cls, "full_clean"):
        return None
    call.only("exclude", "validate_unique", "validate_constraints", at_most=3)
    if not isinstance(owner.node, ast.Name) or kind.nullable or kind.mode != "entity":
        raise frame.refuse(
            "full-clean", ast.unparse(call.node), "Segue does not know which object is cleaned.", call.node
        )
    held = [item for item in model.fields if item.name in kind.site.unsaved]
    validating = frame.ctx.memo.get(("kernel", "in-validation"))
    if held and (not validating or any(item.validators for item in held)):
        raise frame.refuse("full-clean", ast.unparse(call.node), "It may look at an upload.", call.node)
    rules = model_rules(frame, model)
    frame.use(*rules.imports)
    function = frame.imported(MODULE, "clean_entity" if validating else "full_clean")
    made = ast.Call(function, [frame.db, owner.node, name(rules.text)], [])
    exclude = call.argument(0, "exclude")
    if exclude is not None and not (isinstance(exclude.kind, Const) and exclude.kind.value is None):
        if exclude.node is None:
            raise frame.refuse(
                "full-clean", ast.unparse(call.node), "exclude= has no form in the generated code.", call.node
            )
        made.keywords.append(ast.keyword("exclude", exclude.node))
    of_users = _users_clean(frame, model, owner.node)
    if of_users is not None:
        nothing = ast.arguments([], [], None, [], [], None, [])
        made.keywords.append(ast.keyword("clean", ast.Lambda(nothing, of_users)))
    for keyword, own, taken in (
        ("clean", None if of_users is not None else _own_clean(frame, model, kind.site.unsaved), ()),
        ("validate_unique", _own_unique(frame, model, kind.site.unsaved), ("exclude",)),
    ):
        if own is None:
            continue
        awaited = lifted_call(frame, own, [owner.node, *(name(one) for one in taken)])
        pending = awaited.value if isinstance(awaited, ast.Await) else awaited
        parameters = ast.arguments([], [ast.arg(one) for one in taken], None, [], [], None, [])
        made.keywords.append(ast.keyword(keyword, ast.Lambda(parameters, pending)))
    for position, (keyword, wanted) in enumerate(
        (("validate_unique", "unique"), ("validate_constraints", "constraints")), 1
    ):
        given = call.argument(position, keyword)
        if given is None:
            continue
        if not isinstance(given.kind, Const) or not isinstance(given.kind.value, bool):
            raise frame.refuse(
                "full-clean", ast.unparse(call.node), f"{keyword} is decided at run time.", call.node
            )
        if not given.kind.value:
            made.keywords.append(ast.keyword(wanted, ast.Constant(False)))
    frame.is_async = True
    frame.forget(owner.node.id)
    return Val(Const(None), ast.Await(made))


def _users_clean(frame: Frame, model: Model, node: ast.expr) -> ast.expr | None:
    """What stands for Django's own ``clean`` of users."""
    from segue.translate.views.rules.account_fields import cleaned

    known = frame.ctx.snapshot.classes.get(model.cls)
    return cleaned(frame, model, known.methods.get("clean", ""), node) if known is not None else None


def _own_clean(frame: Frame, model: Model, unsaved: set[str]) -> Lifted | None:
    """The model's ``clean``, for an object whose related ones Django has in memory as somebody left them."""
    known = frame.ctx.snapshot.classes.get(model.cls)
    dotted = known.methods.get("clean", "") if known is not None else ""
    if not dotted or dotted == "django.db.models.base.Model.clean":
        return None
    function = frame.ctx.snapshot.functions.get(dotted)
    if function is None or framework(dotted):
        raise refuse("model-clean", dotted, "full_clean() calls it, and it is not translated.", model.where)
    return _lifted(frame, model, function, "clean", unsaved=unsaved)


def _own_unique(frame: Frame, model: Model, unsaved: set[str]) -> Lifted | None:
    """The model's ``validate_unique``, in the place of Django's, which it may go on to."""
    dotted = overridden(frame.ctx, model.cls, "validate_unique")
    if not dotted:
        return None
    function = frame.ctx.snapshot.functions.get(dotted)
    if function is None:
        raise refuse("full-clean", dotted, "The snapshot has no source for it.", model.where)
    parameter = _exclude_of(function)
    if parameter is None:
        raise refuse(
            "full-clean", dotted, "It does more with exclude than to hand it to super().", function.where
        )
    return _lifted(frame, model, function, "validate_unique", parameter, unsaved=unsaved)


def _exclude_of(function: Function) -> str | None:
    """The parameter of ``validate_unique(self, exclude=None)`` where it goes to ``super().validate_unique`` alone."""
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    if not isinstance(tree, ast.FunctionDef) or tree.decorator_list or len(tree.args.args) != 2:
        return None
    parameter = tree.args.args[1].arg
    handed = {
        id(node)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "super().validate_unique"
        for node in (*call.args, *(k.value for k in call.keywords))
    }
    used = [n for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id == parameter]
    return parameter if all(id(node) in handed for node in used) else None


@method(Super, "validate_unique")
def super_validate_unique(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``super().validate_unique(exclude)`` in a model: what Django asks for, raised at once."""
    kind = owner.kind
    assert isinstance(kind, Super)
    if not isinstance(kind.receiver, Instance):
        return None
    model = concrete(frame.ctx, kind.receiver.model)
    dotted = definition(frame, model.cls, "validate_unique", after=kind.after)
    if dotted not in (None, f"{_DJANGO}validate_unique"):
        raise frame.refuse(
            "full-clean", str(dotted), "It goes on to another validate_unique of the project's.", call.node
        )
    call.only("exclude", at_most=1)
    exclude = call.argument(0, "exclude")
    if exclude is None or exclude.node is None or owner.node is None:
        raise frame.refuse("full-clean", ast.unparse(call.node), "It leaves exclude out.", call.node)
    rules = model_rules(frame, model)
    frame.use(*rules.imports)
    frame.is_async = True
    made = ast.Call(
        frame.imported(MODULE, "check_unique"), [frame.db, owner.node, name(rules.text), exclude.node], []
    )
    return Val(Const(None), ast.Await(made))


@method(Super, "clean")
def super_clean(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``super().clean()`` in a model: Django's does nothing."""
    kind = owner.kind
    assert isinstance(kind, Super)
    if not isinstance(kind.receiver, Instance):
        return None
    call.only(at_most=0)
    cls = concrete(frame.ctx, kind.receiver.model).cls
    dotted = definition(frame, cls, "clean", after=kind.after)
    if dotted in (None, f"{_DJANGO}clean"):
        return const(None)
    from segue.translate.views.rules.account_fields import cleaned

    done = cleaned(frame, concrete(frame.ctx, kind.receiver.model), dotted, owner.node or name("self"))
    if done is not None:
        frame.emit(ast.unparse(done))
        return const(None)
    function = frame.ctx.snapshot.functions.get(dotted)
    if function is None:
        raise frame.refuse("model-clean", dotted, "It is not translated.", call.node)
    return invoke_function(frame, function, call, Val(kind.receiver, owner.node))


def _lifted(
    frame: Frame, model: Model, function: Function, stem: str, exclude: str = "", *, unsaved: set[str]
) -> Lifted:
    validating = bool(frame.ctx.memo.get(("kernel", "in-validation")))
    site = Needs(
        model.label, written=True, told=function.where, live=True, copied=validating, unsaved=set(unsaved)
    )
    kind = Instance(model.label, site, "entity")
    receiver = Val(kind, name(receiver_name(frame, kind)))
    with in_validation(frame.ctx), _in_clean(frame.ctx, "validated" if validating else "saved"):
        return lift(
            frame.ctx, function, self_kind=receiver, module_kind="services", app=model.app,
            arguments={exclude: Scalar("set[str]")} if exclude else None,
            name=f"{stem}_{snake(model.cls.rpartition('.')[2])}",
        )  # fmt: skip


@contextmanager
def _in_clean(ctx: Context, how: str) -> Iterator[None]:
    """What is lifted meanwhile is caught by ``Model.full_clean``, which knows Django's ``ValidationError`` alone."""
    before = ctx.memo.get(("kernel", "in-clean"))
    ctx.memo[("kernel", "in-clean")] = how
    try:
        yield
    finally:
        ctx.memo[("kernel", "in-clean")] = before


__all__ = ["full_clean", "super_clean", "super_validate_unique"]
