"""``authenticate(…)`` over backends of the project's own: each ``authenticate`` is a function, asked in the order of the setting.

``django.contrib.auth.authenticate`` passes a backend over whose ``authenticate`` cannot be called with these names, and takes the
first user that one gives. Where there are several, the user is told which has found it (``user.backend``), for ``login``.
"""

from __future__ import annotations

import ast
import textwrap
from dataclasses import replace

from segue.snapshot.model import Function, Where
from segue.target.ir import Import
from segue.translate import backends
from segue.translate.functions.record import reached
from segue.translate.interp.annotations import annotation
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame, Parameter
from segue.translate.interp.invoke import invoke, lifted_call
from segue.translate.interp.join import widen
from segue.translate.interp.value import Val, const, name, quote
from segue.translate.kinds import Const, Instance, Keywords, Kind, Object, Scalar
from segue.translate.load.fetch import entity_type
from segue.translate.load.models import concrete, field_of
from segue.translate.models.classes import tell_backend
from segue.translate.needs import Needs
from segue.translate.rules.registry import framework
from segue.translate.serializers.synthetic import Recipe, compose
from segue.translate.views.authentication import base, passwords

_MODEL = "django.contrib.auth.backends.ModelBackend."


def found(
    frame: Frame,
    call: CallSite,
    request: Val,
    given: dict[str, Val],
    asked: list[tuple[str, Function | None]],
) -> Val:
    """The user that the first of ``asked`` gives for ``request`` (or None) and ``given``. Raises ``Refused``."""
    ctx, where = frame.ctx, frame.where(call.node)
    label = ctx.snapshot.settings.user_model
    for key, value in given.items():
        if value.node is None or not isinstance(value.kind, Scalar | Const):
            raise frame.refuse(
                "authenticate", key, "Segue cannot tell which credentials are given.", call.node
            )
    kinds = {key: _kind(value.kind) for key, value in given.items()}

    def build(inner: Frame) -> tuple[Kind, list[Parameter]]:
        inner.locals_seen.update({"user", "found", *given})
        parameters = []
        for key, kind in kinds.items():
            text, imports = annotation(ctx, kind)
            inner.use(*imports)
            parameters.append(Parameter(key, text.strip))
        arguments = {key: Val(kind, name(key)) for key, kind in kinds.items()}
        cls, imported = entity_type(ctx, label)
        inner.use(imported)
        seen: set[str] = set()
        for dotted, function in asked:
            user = _asked(inner, dotted, function, request, arguments, call, where)
            if isinstance(user.kind, Const):
                if user.node is not None and not isinstance(user.node, ast.Constant):
                    inner.emit(user.text)  # nobody, but it may write or raise
                continue
            if len(backends.names(ctx)) == 1:
                inner.emit(f"return {user.text}")
                return Instance(label, Needs(label, written=True), "entity", True), parameters
            tell_backend(ctx, label)
            local = "user" if function is not None else "found"
            if local == "found" and local in seen:
                continue  # another one that does the same
            inner.emit(f"{local}{'' if local in seen else f': {cls} | None'} = {user.text}")
            inner.emit_block(f"if {local} is not None:", [f"{local}.backend = {dotted!r}", f"return {local}"])
            seen.add(local)
        inner.emit("return None")
        _check_denials(inner, call)
        return Instance(label, Needs(label, written=True), "entity", True), parameters

    lifted = compose(
        ctx,
        Recipe(
            legacy="django.contrib.auth.authenticate",
            where=where,
            app=ctx.model(label).app,
            module_kind="backends",
            name="authenticate_user",
            doc="AUTHENTICATION_BACKENDS, one after the other; None where nobody has these credentials.",
            build=build,
        ),
    )
    nodes = [value.node for value in given.values() if value.node is not None]
    return Val(lifted.returns, lifted_call(frame, lifted, nodes))


def _check_denials(frame: Frame, call: CallSite) -> None:
    """``PermissionDenied`` ends the search with nobody found; what raises it down below is a 403 everywhere else."""
    for record in reached(frame.ctx, frame.lines):
        if record is None or any("Forbidden" in line for line in record.lines):
            why = "It may reach PermissionDenied, which ends the search: no other backend is asked."
            raise frame.refuse("authentication-backend", ast.unparse(call.node), why, call.node)


def _kind(kind: Kind) -> Kind:
    if isinstance(kind, Const) and kind.value is None:
        return Scalar("str", True)
    return widen(kind)


def _asked(
    frame: Frame,
    dotted: str,
    function: Function | None,
    request: Val,
    given: dict[str, Val],
    call: CallSite,
    where: Where,
) -> Val:
    """What one backend gives: its own function, or ``ModelBackend``'s for None."""
    if function is None:
        return by_name(frame, given, call, where)
    function, arguments = _bound(frame, function, request, given, call)
    user = invoke(frame, function, arguments, Val(Object(dotted)), call.node, "backends")
    label = frame.ctx.snapshot.settings.user_model
    if isinstance(user.kind, Const) and user.kind.value is None:
        return user
    if not isinstance(user.kind, Instance) or user.kind.model != label or user.node is None:
        raise frame.refuse(
            "authentication-backend", dotted, "It gives something else than a user.", call.node
        )
    user.kind.site.written = True
    return user


def _bound(
    frame: Frame, function: Function, request: Val, given: dict[str, Val], call: CallSite
) -> tuple[Function, dict[str, Val]]:
    """The function and its arguments by name. What it looks for in its ``**credentials`` by name is a parameter of its own."""
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    if not isinstance(tree, ast.FunctionDef) or len(tree.args.args) < 2 or tree.args.vararg is not None:
        raise frame.refuse(
            "authentication-backend", function.name, "Segue cannot tell what it takes.", call.node
        )
    names = {a.arg for a in [*tree.args.args[2:], *tree.args.kwonlyargs]}
    found = {tree.args.args[1].arg: request, **{k: v for k, v in given.items() if k in names}}
    if tree.args.kwarg is None:
        return function, found
    looked = _LookedFor(tree.args.kwarg.arg, _username(frame), {k for k in given if k not in names})
    taken = {key for key in given if key not in names and _has_another(tree, key, tree.args.kwarg.arg)}
    looked.visit(tree)
    if looked.unclear or looked.found & taken:
        why = f"It looks at what it is given as **{tree.args.kwarg.arg}."
        raise frame.refuse("authentication-backend", function.name, why, call.node)
    for key in sorted(looked.found):
        tree.args.kwonlyargs.append(ast.arg(key))
        tree.args.kw_defaults.append(None)
        found[key] = given[key]
    found[tree.args.kwarg.arg] = Val(Keywords(None))
    if looked.found:
        function = replace(function, source=ast.unparse(ast.fix_missing_locations(tree)))
    return function, found


def _has_another(tree: ast.FunctionDef, key: str, local: str) -> bool:
    """Whether ``key`` is the name of something else in the function than ``key = credentials.get(…)``."""
    names = [n for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id == key]
    stores = [n for n in names if isinstance(n.ctx, ast.Store)]
    plain = [
        s
        for s in ast.walk(tree)
        if isinstance(s, ast.Assign)
        and [ast.unparse(t) for t in s.targets] == [key]
        and ast.unparse(s.value).startswith(f"{local}.get(")
    ]
    return len(stores) != len(plain) or (bool(names) and not stores)


class _LookedFor(ast.NodeTransformer):
    """``credentials.get("email")`` of what is ``given``: the parameter of that name. ``unclear``: they are used otherwise."""

    def __init__(self, local: str, username: str, given: set[str]) -> None:
        self.local, self.username, self.given = local, username, given
        self.found: set[str] = set()
        self.unclear = False

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """One look."""
        match node:
            case ast.Call(ast.Attribute(ast.Name(local), "get"), [wanted, *default], []) if (
                local == self.local
            ):
                if isinstance(wanted, ast.Constant):
                    key = wanted.value
                elif isinstance(wanted, ast.Attribute) and wanted.attr == "USERNAME_FIELD":
                    key = self.username
                else:
                    self.unclear = True
                    return node
                if key not in self.given:
                    return ast.copy_location(default[0] if default else ast.Constant(None), node)
                self.found.add(str(key))
                return ast.copy_location(ast.Name(str(key), ast.Load()), node)
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        """Any other use."""
        self.unclear = self.unclear or node.id == self.local
        return node


def _username(frame: Frame) -> str:
    """``USERNAME_FIELD``."""
    ctx = frame.ctx
    known = ctx.snapshot.classes.get(concrete(ctx, ctx.snapshot.settings.user_model).cls)
    field = known.attributes.get("USERNAME_FIELD") if known is not None else None
    return str(field.value.data) if field is not None else "username"


def by_name(frame: Frame, given: dict[str, Val], call: CallSite, where: Where) -> Val:
    """``ModelBackend.authenticate``: the user of that name with that password."""
    ctx = frame.ctx
    label = ctx.snapshot.settings.user_model
    username = _username(frame)
    if not {"username", username} & set(given):
        return const(None)  # it asks for nothing else
    who = given.get("username")
    if who is None:
        who = given.get(username)
    elif username != "username" and username in given:
        who = None
    password = given.get("password", const(None))
    if who is None or not _is_text(who) or not _is_text(password):
        raise frame.refuse(
            "authenticate",
            ast.unparse(call.node),
            "Segue cannot tell which credentials are given.",
            call.node,
        )
    base(ctx, where)
    passwords(ctx, where)
    for constant in ("IDENTITY", "PASSWORDS"):
        frame.use(Import(f"{ctx.program.package}.access", constant))
    helper = frame.imported("segue_bridge.auth.backend", "authenticate")
    upgrade = "" if backends.upgrades_passwords(ctx) else ", upgrade=False"
    assert who.node is not None
    assert password.node is not None
    made = quote(
        f"await {{0}}({{1}}, IDENTITY, PASSWORDS, {{2}}, {{3}}{upgrade})",
        helper,
        frame.db,
        who.node,
        password.node,
    )
    return Val(Instance(label, Needs(label, written=True), "entity", True), made)


@framework(f"{_MODEL}authenticate")
def of_parent(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``super().authenticate(request, username=…, password=…)``."""
    receiver = getattr(owner.kind, "receiver", owner.kind)
    known = frame.ctx.snapshot.classes.get(receiver.cls) if isinstance(receiver, Object) else None
    if known is None or known.methods.get("user_can_authenticate") != f"{_MODEL}user_can_authenticate":
        why = "The backend has a user_can_authenticate of its own, which this asks."
        raise frame.refuse("authentication-backend", ast.unparse(call.node), why, call.node)
    backends.check_by_name(frame.ctx, frame.where(call.node))
    names = ("username", "password")
    given = {**dict(zip(names, call.args[1:], strict=False)), **call.kwargs}
    given.pop("request", None)
    return by_name(frame, given, call, frame.where(call.node))


@framework(f"{_MODEL}user_can_authenticate")
def can_authenticate(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``getattr(user, "is_active", True)``."""
    from segue.translate.interp.expressions.attributes import of

    call.only("user", at_most=1)
    user = call.argument(0, "user")
    label = frame.ctx.snapshot.settings.user_model
    if user is None or not isinstance(user.kind, Instance) or user.kind.nullable or user.kind.model != label:
        raise frame.refuse("authentication-backend", ast.unparse(call.node), "It is no user.", call.node)
    backends.check_flag(frame.ctx, "is_active", frame.where(call.node))
    if field_of(concrete(frame.ctx, label), "is_active") is None:
        return const(True)
    return of(frame, user, "is_active", call.node)


def _is_text(value: Val) -> bool:
    kind = value.kind
    if value.node is None:
        return False
    return (isinstance(kind, Scalar) and kind.type in ("str", "Any")) or (
        isinstance(kind, Const) and (kind.value is None or isinstance(kind.value, str))
    )


__all__ = ["by_name", "can_authenticate", "found", "of_parent"]
