"""``user.has_perm("app.view_room", room)`` where django-rules answers: a function for each permission, of its predicates.

Sources: ``django.contrib.auth.models.PermissionsMixin.has_perm`` and ``_user_has_perm`` (a superuser may do all; then each backend
is asked), ``rules.permissions.ObjectPermissionBackend.has_perm`` (the rule of that name, with the user and the object),
``rules.predicates.Predicate._combine`` (``&`` and ``|`` stop early; None stands for a predicate that is passed over), and
``ModelBackend._get_permissions``, which grants nothing for an object.
"""

from __future__ import annotations

import ast
import re

from segue.refusal import refuse
from segue.snapshot.model import Function, GlobalRef, Value, Where
from segue.translate.backends import check_flag, check_object_permissions, check_permissions, names
from segue.translate.context import Context
from segue.translate.functions.lift import Lifted, lift
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.invoke import invoke_function, lifted_call, model_label
from segue.translate.interp.value import Val, const, quote
from segue.translate.kinds import (
    Const,
    Global,
    Instance,
    Kind,
    Maybe,
    NoArguments,
    Scalar,
    Super,
    Unknown,
    User,
)
from segue.translate.load.models import concrete
from segue.translate.models.conversions import at_home
from segue.translate.permissions import guardian
from segue.translate.rules.registry import framework, method
from segue.translate.rules.view_self import definition

BACKEND = "rules.permissions.ObjectPermissionBackend"
_DJANGOS = "django.contrib.auth.models.PermissionsMixin.has_perm"
_NONE = "It may return None, which django-rules passes over where predicates are combined."


def asked(ctx: Context) -> bool:
    """Whether the project's backends ask django-rules."""
    return BACKEND in names(ctx)


def may(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``user.has_perm(name, obj)`` as Django's own method answers, for a user or an anonymous one."""
    permission, obj = _arguments(frame, call)
    check_object_permissions(frame.ctx, frame.where(call.node))
    check_flag(frame.ctx, "is_superuser", frame.where(call.node))
    ctx = frame.ctx
    lifted = _lifted(ctx, permission, owner, obj, frame.where(call.node))
    assert owner.node is not None
    assert obj.node is not None
    return Val(Scalar("bool"), lifted_call(frame, lifted, [owner.node, obj.node]))


def of_guardian(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``user.has_perm(name, obj)`` where django-guardian is asked, and no user model of the project's comes before."""
    permission, obj = _arguments(frame, call)
    where = frame.where(call.node)
    check_permissions(frame.ctx, where)
    if own_has_perm(frame.ctx) is not None:
        raise frame.refuse(
            "has-perm", ast.unparse(call.node), "The user model has a has_perm of its own.", call.node
        )
    assert isinstance(obj.kind, Instance)
    assert owner.node is not None
    assert obj.node is not None
    frame.use(guardian.declare(frame.ctx, where))
    app, model, key = guardian.target(frame.ctx, obj.kind, where)
    made = quote(
        f"await OBJECTS.has_perm({{0}}, {{1}}, {permission!r}, {app!r}, {model!r}, {{2}}.{key})",
        frame.db,
        owner.node,
        obj.node,
    )
    return Val(Scalar("bool"), made)


@method(Super, "has_perm")
def of_mixin(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``super().has_perm(perm, obj, *args, **kwargs)`` in the user model, where that is Django's."""
    kind = owner.kind
    assert isinstance(kind, Super)
    if not isinstance(kind.receiver, Instance) or not asked(frame.ctx):
        return None
    cls = concrete(frame.ctx, kind.receiver.model).cls
    if definition(frame, cls, "has_perm", after=kind.after) != _DJANGOS:
        return None
    given = ast.Call(call.node.func, [a for a in call.node.args if not isinstance(a, ast.Starred)], [])
    given.keywords = [k for k in call.node.keywords if k.arg is not None]
    for part in (*call.node.args, *(k.value for k in call.node.keywords if k.arg is None)):
        inner = part.value if isinstance(part, ast.Starred) else part
        if inner in given.args:
            continue
        passed = frame.eval(inner).kind
        if not isinstance(passed, NoArguments) and not (
            isinstance(passed, Unknown) and passed.why.startswith("*")
        ):
            raise frame.refuse(
                "star-argument", ast.unparse(call.node), "A * argument hides what is passed.", call.node
            )
    bare = CallSite(frame, ast.copy_location(given, call.node), "has_perm")
    return may(frame, Val(kind.receiver, owner.node), bare)


@framework("rules.contrib.models.RulesModelMixin.get_perm")
def get_perm(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``Model.get_perm("view")``: the name of a permission."""
    asked_for = call.argument(0, "perm_type")
    label = model_label(frame, owner.kind.ref.name) if isinstance(owner.kind, Global) else None
    if label is None or asked_for is None or not isinstance(asked_for.kind, Const):
        return None
    model = frame.ctx.model(label)
    return const(f"{model.app}.{asked_for.kind.value}_{model.cls.rpartition('.')[2].lower()}")


def own_has_perm(ctx: Context) -> Function | None:
    """The ``has_perm`` of the user model's own; None where that is Django's."""
    model = ctx.snapshot.models.get(ctx.snapshot.settings.user_model)
    cls = ctx.snapshot.classes.get(model.cls) if model is not None else None
    return ctx.snapshot.functions.get(cls.methods.get("has_perm", "")) if cls is not None else None


def ask(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``user.has_perm(name, obj)`` of ``request.user``."""
    from segue.translate.rules.user import entity_of

    own = own_has_perm(frame.ctx)
    kind = owner.kind
    if own is None or (isinstance(kind, User) and kind.authenticated is False):
        return may(frame, owner, call)
    target = entity_of(frame, owner) if isinstance(kind, User) else owner
    if not isinstance(kind, User) or kind.authenticated is True:
        return invoke_function(frame, own, call, target)
    # An anonymous user has Django's method, not the project's.
    assert owner.node is not None
    helper = frame.imported("segue_bridge.auth.users", "is_authenticated")
    member = frame.imported("segue_bridge.auth.users", "member")
    theirs = invoke_function(frame, own, call, Val(target.kind, quote("{0}({1})", member, owner.node)))
    nobody = may(frame, Val(User(kind.model, False), owner.node), call)
    assert theirs.node is not None
    assert nobody.node is not None
    test = quote("{0}({1})", helper, owner.node)
    return Val(Scalar("bool"), ast.IfExp(test, theirs.node, nobody.node))


def _arguments(frame: Frame, call: CallSite) -> tuple[str, Val]:
    call.only("perm", "obj", at_most=2)
    permission, obj = call.argument(0, "perm"), call.argument(1, "obj")
    if (
        permission is None
        or not isinstance(permission.kind, Const)
        or not isinstance(permission.kind.value, str)
    ):
        raise frame.refuse(
            "permission-name", ast.unparse(call.node), "The permission's name is not known here.", call.node
        )
    if obj is None or not isinstance(obj.kind, Instance) or obj.kind.nullable or obj.node is None:
        raise frame.refuse(
            "has-perm", ast.unparse(call.node), "Segue does not see which object it asks about.", call.node
        )
    return permission.kind.value, obj


def _lifted(ctx: Context, permission: str, owner: Val, obj: Val, where: Where) -> Lifted:
    # Where the user's own method stands, which asks it: what permission classes do themselves imports that.
    with at_home(ctx, "services"):
        return _made(ctx, permission, owner, obj, where)


def _made(ctx: Context, permission: str, owner: Val, obj: Val, where: Where) -> Lifted:
    tree = ctx.snapshot.rules.get(permission, Value("const", False))
    found = _Rule(ctx, permission, owner.kind, obj.kind, where)
    text = found.text(tree, single=True)
    name = re.sub(r"\W", "_", "may_" + permission.rpartition(".")[2])
    source = (
        f"def {name}(user, obj):\n"
        f'    """Permission {permission} of django-rules."""\n'
        f"    return bool((user.is_active and user.is_superuser) or {text})\n"
    )
    app = permission.partition(".")[0]
    labels = {a.label for a in ctx.snapshot.apps}
    function = Function(f"{app}.permissions.{name}", found.where, source, "function", found.globals)
    return lift(
        ctx,
        function,
        arguments={"user": Val(owner.kind), "obj": Val(obj.kind)},
        module_kind="services",
        app=app if app in labels else "",
        name=name,
    )


class _Rule:
    """One permission as an expression of ``user`` and ``obj``; ``globals`` are the functions that it names."""

    def __init__(self, ctx: Context, permission: str, user: Kind, obj: Kind, where: Where) -> None:
        self.ctx, self.permission, self.user, self.obj = ctx, permission, user, obj
        self.where, self.held = where, 0
        self.globals: dict[str, GlobalRef] = {"bool": GlobalRef("builtin", "builtins.bool")}

    def text(self, tree: Value, *, single: bool = False) -> str:
        """``single``: its None is an answer, not one of a predicate that is passed over."""
        if tree.kind == "const":
            return repr(bool(tree.data))
        if tree.kind != "call":
            raise self._refuse("Segue does not see what it asks.")
        if tree.name == "~":
            return f"(not {self.text(tree.items[0])})"
        if tree.name == "^":
            return f"(bool({self.text(tree.items[0])}) != bool({self.text(tree.items[1])}))"
        if tree.name in ("&", "|"):
            word = "and" if tree.name == "&" else "or"
            parts = [
                self._part(item, tree.name, tree.items[1 - number]) for number, item in enumerate(tree.items)
            ]
            return f"({parts[0]} {word} {parts[1]})"
        return self._leaf(tree, single)

    def _part(self, tree: Value, operator: str, other: Value) -> str:
        """A side of ``&`` or ``|``. One that gives None is passed over, so that the other side decides: as True does beside
        ``&``, and False beside ``|``."""
        leaf = tree.kind == "call" and tree.name not in ("&", "|", "~", "^")
        if leaf and self._none(tree) and not self._none(other):
            text = self._leaf(tree, single=True)
            if operator == "|":
                return f"bool({text})"
            self.held += 1
            return f"((said_{self.held} := {text}) is None or bool(said_{self.held}))"
        return self.text(tree)

    def _none(self, tree: Value) -> bool:
        """Whether it may give None."""
        if tree.kind != "call":
            return False
        if tree.name in ("&", "|"):
            return all(self._none(item) for item in tree.items)
        if tree.name in ("~", "^"):
            return any(self._none(item) for item in tree.items)
        function = self.ctx.snapshot.functions.get(tree.items[0].name) if tree.items else None
        return function is not None and _may_be_none(self._lifted(function).returns)

    def _lifted(self, function: Function) -> Lifted:
        arguments = dict(zip(_parameters(function), (self.user, self.obj), strict=False))
        return lift(
            self.ctx, function, arguments={k: Val(v) for k, v in arguments.items()}, module_kind="services"
        )

    def _leaf(self, tree: Value, single: bool) -> str:
        dotted = tree.items[0].name
        taken = next((v.data for k, v in tree.pairs if k.data == "num_args"), None)
        if dotted in ("rules.predicates.is_authenticated",):
            return "user.is_authenticated"
        if dotted.startswith("rules.predicates.is_") and dotted.rpartition(".")[2] in _FLAGS:
            return f"user.{dotted.rpartition('.')[2]}"
        function = self.ctx.snapshot.functions.get(dotted)
        if function is None or taken not in (0, 1, 2):
            raise self._refuse(f"Segue does not see the predicate {dotted}.")
        if "PermissionDenied" in function.source:
            # ``_user_has_perm`` takes it for a refusal.
            raise refuse("has-perm", dotted, "A predicate raises PermissionDenied.", function.where)
        if not single and _may_be_none(self._lifted(function).returns):
            raise refuse("has-perm", dotted, _NONE, function.where)
        name = self._name(dotted)
        return f"{name}({', '.join(('user', 'obj')[: int(str(taken))])})"

    def _name(self, dotted: str) -> str:
        wish = name = dotted.rpartition(".")[2]
        number = 1
        while name in self.globals and self.globals[name].name != dotted:
            number += 1
            name = f"{wish}_{number}"
        self.globals[name] = GlobalRef("function", dotted)
        return name

    def _refuse(self, why: str) -> Exception:
        return refuse("has-perm", self.permission, why, self.where)


_FLAGS = ("is_superuser", "is_staff", "is_active")


def _parameters(function: Function) -> list[str]:
    tree = next(n for n in ast.parse(function.source).body if isinstance(n, ast.FunctionDef))
    return [a.arg for a in tree.args.args]


def _may_be_none(kind: Kind) -> bool:
    if isinstance(kind, Const):
        return kind.value is None
    return isinstance(kind, Maybe) or bool(getattr(kind, "nullable", False)) or kind == Scalar("Any")


__all__ = ["ask", "asked", "may", "of_guardian", "own_has_perm"]
