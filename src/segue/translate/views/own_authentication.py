"""Authentication classes of the project: ``authenticate`` becomes a function of the request.

Sources: ``rest_framework.authentication`` (what a subclass inherits), ``rest_framework.request.Request._authenticate``.
"""

from __future__ import annotations

import ast
import textwrap
from dataclasses import replace

from segue.refusal import refuse
from segue.snapshot.model import Class, Function, GlobalRef, Where
from segue.target.ir import Import
from segue.translate.context import Context
from segue.translate.functions.lift import Lifted, interpret, lift
from segue.translate.interp.scope import CALL, Scope
from segue.translate.kinds import Const, Instance, Kind, Maybe, Object, Request, TupleOf
from segue.translate.load.models import snake

DRF = "rest_framework.authentication."
# What a subclass of each may define without changing whom it finds.
_NOTHING = frozenset({f"{DRF}SessionAuthentication", f"{DRF}BasicAuthentication"})
JWT = "rest_framework_simplejwt.authentication.JWTAuthentication"
_PACKAGES = ("rest_framework.", f"{JWT}.")
ENDPOINT = ("authentication", "endpoint")
"""Memo, only while authentication is translated: a view that uses it."""
_PUT = "request.auth of"
_TOLD = {"authenticate_header", "www_authenticate_realm", "keyword", "model"}
# No user yet: DRF asks the authenticators for it, so that to ask again there never ends.
_SCOPE = Scope({k: v for k, v in CALL.names.items() if k not in ("user", "auth")}, CALL.paths)
_INHERITED = """
def authenticate(self, request):
    return super().authenticate(request)
"""
_CREDENTIALS = """
def authenticate_credentials(self, key):
    try:
        token = MODEL.objects.select_related("user").get(key=key)
    except MODEL.DoesNotExist:
        raise AuthenticationFailed("Invalid token.")
    if not token.user.is_active:
        raise AuthenticationFailed("User inactive or deleted.")
    return (token.user, token)
"""


def changed(known: Class) -> set[str]:
    """Methods and attributes that the project's classes in the MRO define."""
    methods = {m for m, d in known.methods.items() if not d.startswith(_PACKAGES)}
    return methods | {a for a, v in known.attributes.items() if not f"{v.defined_in}.".startswith(_PACKAGES)}


def only_told(known: Class) -> bool:
    """Whether the class finds the same user as DRF's that it comes from, by the same means."""
    return changed(known) - _TOLD <= {"__doc__", "__module__"} and not _own_model(known)


def _own_model(known: Class) -> bool:
    found = known.attributes.get("model")
    return found is not None and found.defined_in != f"{DRF}TokenAuthentication"


def any_of_project(ctx: Context) -> bool:
    """Whether an authentication class of the project may put an object of its own into ``request.auth``."""
    return any(
        f"{DRF}BaseAuthentication" in c.mro and c.origin == "own" and not only_told(c)
        for c in ctx.snapshot.classes.values()
    )


def challenge(ctx: Context, known: Class) -> str | None:
    """``authenticate_header``, which must not depend on the request. Raises ``Refused``."""
    dotted = known.methods.get("authenticate_header", "")
    function = ctx.snapshot.functions.get(dotted)
    if function is not None:
        body = interpret(ctx, function, self_kind=Object(known.name), arguments={"request": Request()})
        if not isinstance(body.returns, Const) or not isinstance(body.returns.value, str | None):
            raise refuse(
                "authentication",
                dotted,
                "Its authenticate_header is not the same text always.",
                function.where,
            )
        return body.returns.value or None
    for base, name, text in (
        ("TokenAuthentication", "keyword", "{}"),
        ("BasicAuthentication", "www_authenticate_realm", 'Basic realm="{}"'),
    ):
        if dotted == f"{DRF}{base}.authenticate_header":
            found = known.attributes.get(name)
            if found is None or not isinstance(found.value.data, str):
                raise refuse("authentication", f"{known.name}.{name}", "It is no text.", known.where)
            return text.format(found.value.data)
    if dotted in (f"{DRF}BaseAuthentication.authenticate_header", ""):
        return None
    raise refuse("authentication", dotted, "Segue does not know this authenticate_header.", known.where)


def no_csrf(ctx: Context, known: Class) -> bool | None:
    """Whether ``enforce_csrf`` of a session class does nothing; None where it does something else than DRF's."""
    dotted = known.methods.get("enforce_csrf", "")
    if dotted.startswith(DRF):
        return False
    function = ctx.snapshot.functions.get(dotted)
    tree = ast.parse(textwrap.dedent(function.source)).body[0] if function is not None else None
    if not isinstance(tree, ast.FunctionDef):
        return None
    empty = all(
        isinstance(s, ast.Pass)
        or (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))
        or (isinstance(s, ast.Return) and (s.value is None or isinstance(s.value, ast.Constant)))
        for s in tree.body
    )
    return True if empty else None


def authenticator(ctx: Context, known: Class) -> tuple[str, set[Import]]:
    """``Authenticated(lambda call: …)``: code and imports. Raises ``Refused``."""
    from_jwt = known.methods.get("authenticate_header", "") == f"{JWT}.authenticate_header"
    shown = challenge(ctx, known) if not from_jwt else None
    if "__init__" in changed(known):
        raise refuse("authentication", known.name, "It has an __init__ of its own.", known.where)
    lifted = _lifted(ctx, known)
    try:
        call = lifted.call(_SCOPE)
    except KeyError:
        raise refuse(
            "authentication", known.name, "It looks at request.user, which it is asked for.", known.where
        ) from None
    _check_result(ctx, known, lifted.returns)
    call = call.removeprefix("await ")
    extra = f", challenge={shown!r}" if shown is not None else ""
    needed: set[Import] = set()
    if from_jwt:
        from segue.translate.views.authentication import declared_base

        name, imported = declared_base(ctx, JWT)
        extra, needed = f", challenge={name}.challenge", {imported}
    return (
        f"Authenticated(lambda call: {call}{extra})",
        {Import("segue_bridge.auth.own", "Authenticated"), *lifted.imports, *needed},
    )


def _lifted(ctx: Context, known: Class) -> Lifted:
    dotted = known.methods.get("authenticate", "")
    function = ctx.snapshot.functions.get(dotted)
    if function is None:
        # What DRF's method does with the parts that the project has changed.
        function = Function(
            f"{known.name}.authenticate", known.where, _INHERITED, "method", {}, owner=known.name
        )
    return lift(
        ctx,
        function,
        self_kind=Object(known.name),
        arguments={"request": Request()},
        module_kind="authentication",
        name=snake(known.name.rpartition(".")[2]),
    )


def _puts_nothing(ctx: Context, name: str) -> bool:
    """DRF's for sessions and passwords, or one of the project's that only tells clients something else."""
    known = ctx.snapshot.classes.get(name)
    base = next((m for m in known.mro if m.startswith(DRF)), "") if known is not None else ""
    return name in _NOTHING or (
        known is not None
        and base in _NOTHING
        and changed(known) - {*_TOLD, "enforce_csrf"} <= {"__doc__", "__module__"}
    )


def put_on_request(ctx: Context, names: list[str]) -> Kind | None:
    """What ``request.auth`` is with these authentication classes, whose code is written already; None where Segue cannot tell.

    DRF's classes for sessions and passwords put None there, and so does a request that nobody answers for.
    """
    own = [n for n in names if not _puts_nothing(ctx, n)]
    if not own:
        return Const(None)
    kind = ctx.memo.get((_PUT, own[0]))
    if len(own) > 1 or not isinstance(kind, Kind):
        return None
    if isinstance(kind, Instance):
        return replace(kind, nullable=True)
    return kind if isinstance(kind, Const) and kind.value is None else None


def _check_result(ctx: Context, known: Class, kind: Kind) -> None:
    """The user becomes an entity, as ``request.user`` is one."""
    if isinstance(kind, Const) and kind.value is None:
        return
    kind = kind.kind if isinstance(kind, Maybe) else kind
    if isinstance(kind, TupleOf) and len(kind.items) == 2:
        ctx.memo[(_PUT, known.name)] = kind.items[1]
    user = kind.items[0] if isinstance(kind, TupleOf) and len(kind.items) == 2 else None
    if not isinstance(user, Instance) or user.nullable or user.model != ctx.snapshot.settings.user_model:
        raise refuse(
            "authentication",
            known.name,
            "Segue does not see that it returns a pair of a user of AUTH_USER_MODEL and something else.",
            known.where,
        )
    user.site.written = True


def credentials(known: Class, model: str, where: Where) -> Function:
    """``TokenAuthentication.authenticate_credentials`` over the class ``model``."""
    short = model.rpartition(".")[2]
    return Function(
        f"{known.name}.authenticate_credentials",
        where,
        _CREDENTIALS.replace("MODEL", short),
        "method",
        {
            short: GlobalRef("model", model),
            f"{short}.DoesNotExist": GlobalRef("class", f"{model}.DoesNotExist"),
            "AuthenticationFailed": GlobalRef("class", "rest_framework.exceptions.AuthenticationFailed"),
        },
        owner=known.name,
    )
