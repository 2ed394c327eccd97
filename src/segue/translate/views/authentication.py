"""Authentication classes → ``app/access.py``: identity, sessions, passwords, authenticators."""

from __future__ import annotations

from collections.abc import Collection, Hashable

from segue.refusal import refuse
from segue.snapshot.model import Class, Where
from segue.target.ir import Decl, Import
from segue.translate.backends import (
    check_flag,
    check_login_receivers,
    check_passwords,
    takes_passwords,
    ties_sessions,
    upgrades_passwords,
)
from segue.translate.context import Context
from segue.translate.functions.writing import may_write
from segue.translate.interp import carried
from segue.translate.interp.carried import REQUEST_AUTH
from segue.translate.interp.leaving import WRITTEN
from segue.translate.load.fetch import entity_type
from segue.translate.load.models import concrete, field_of, pk_field
from segue.translate.middleware.known import UNCHECKED
from segue.translate.specialise.endpoint import Endpoint
from segue.translate.specialise.fold import Ref, plain
from segue.translate.versions import since
from segue.translate.views import access, jwt, knox, oauth2, otp, own_authentication, sessions
from segue.translate.views.constant_names import distinct

_A = "rest_framework.authentication."
_CHALLENGE = 'Basic realm="api"'
# PBKDF2PasswordHasher.iterations of each Django version: a hash with another count is stored anew at login.
_ITERATIONS = {
    "3.2": 260_000, "4.0": 320_000, "4.1": 390_000, "4.2": 600_000, "5.0": 720_000, "5.1": 870_000, "5.2": 1_000_000,
    "6.0": 1_200_000, "6.1": 1_500_000,
}  # fmt: skip


def constant(endpoint: Endpoint) -> tuple[str, set[Import]]:
    """Name of the ``Authentication`` of a view; memo ``WRITTEN``: whether it may write what must not be written again.

    Raises ``Refused`` for classes it does not know.
    """
    ctx = endpoint.ctx
    classes = plain(endpoint.policy("authentication_classes")) or []
    names = [c.name if isinstance(c, Ref) else "" for c in classes]
    known = ctx.memo.setdefault(("authentication", "sets"), {})
    assert isinstance(known, dict)
    key: Hashable = (*names, bool(ctx.memo.get(UNCHECKED)))
    if own_authentication.any_of_project(ctx):
        key = (key, carried.given_by_middleware(ctx))
    ctx.memo[REQUEST_AUTH] = None
    with carried.after_authentication(ctx, key):
        _declare(endpoint, known, key, names)
    name, place, writes = known[key]
    ctx.memo[WRITTEN] = bool(ctx.memo.get(WRITTEN)) or writes
    ctx.memo[REQUEST_AUTH] = own_authentication.put_on_request(ctx, names)
    return name, {Import(place, name)}


def _declare(
    endpoint: Endpoint, known: dict[Hashable, tuple[str, str, bool]], key: Hashable, names: list[str]
) -> None:
    ctx = endpoint.ctx
    if key not in known:
        ctx.memo[own_authentication.ENDPOINT] = endpoint
        try:
            parts = [_authenticator(endpoint, name) for name in names]
        finally:
            del ctx.memo[own_authentication.ENDPOINT]
        base(ctx, endpoint.where)
        sorts = [n.rpartition(".")[2].removesuffix("Authentication") for n in names] or ["none"]
        name = distinct("AUTHENTICATION", sorts, [taken for taken, _, _ in known.values()])
        shared = (
            ", sessions=SESSIONS"
            if any("Session" in text for text, _ in parts) or _asks_sessions(ctx, names)
            else ""
        )
        arguments = ", ".join(text for text, _ in parts) + shared if parts else ""
        imports = {Import("segue_bridge.auth.backend", "Authentication"), *(i for _, n in parts for i in n)}
        module = access.module(ctx)
        if any("Authenticated(" in text for text, _ in parts):
            # What the project's own classes call may look at CurrentUser: access.py comes before it.
            module = ctx.program.module(
                f"{ctx.program.package}/authentication.py", "The project's own ways to say who is asking."
            )
            shared = f"{ctx.program.package}.access"
            imports |= {
                Import(shared, n)
                for n in ("SESSIONS", "IDENTITY", "CSRF", "PASSWORDS", "JWT", "KNOX", "OAUTH2", "DEVICES")
                if n in arguments
            }
        module.add(Decl(name, f"{name} = Authentication({arguments})", frozenset(imports), 30))
        place = module.path.removesuffix(".py").replace("/", ".")
        known[key] = name, place, may_write(ctx, [arguments])


def _authenticator(endpoint: Endpoint, name: str) -> tuple[str, set[Import]]:
    """Code of one authenticator, and what it needs imported."""
    ctx = endpoint.ctx
    known = ctx.snapshot.classes.get(name)
    own = known if known is not None and known.origin == "own" else None
    changed = own_authentication.changed(own) if own is not None else set()
    if name == f"{_A}SessionAuthentication" or _comes_from(own, "Session", {"enforce_csrf"}):
        return _session(endpoint, own)
    if name == f"{_A}BasicAuthentication" or _comes_from(own, "Basic", {"www_authenticate_realm"}):
        return _basic(endpoint, own)
    if name == f"{_A}TokenAuthentication" or (_comes_from(own, "Token") and changed <= {"keyword"}):
        if "authtoken.Token" not in ctx.snapshot.models:
            raise endpoint.refuse("authentication", name, "rest_framework.authtoken is not installed.")
        keyword = (
            plain(known.attributes["keyword"].value)
            if known is not None and "keyword" in known.attributes
            else "Token"
        )
        extra = f", keyword={keyword!r}" if keyword != "Token" else ""
        return f"TokenAuthentication(IDENTITY{extra})", {
            Import("segue_bridge.auth.backend", "TokenAuthentication")
        }
    if name == jwt.AUTHENTICATION:
        return jwt.authenticator(endpoint, access.module(ctx)), set()
    if name == jwt.COOKIES:
        return jwt.cookie_authenticator(endpoint), set()
    if name == knox.AUTHENTICATION:
        return knox.authenticator(endpoint)
    if name == oauth2.AUTHENTICATION:
        return oauth2.authenticator(endpoint)
    if own is not None and f"{_A}BaseAuthentication" in own.mro:
        return own_authentication.authenticator(ctx, own)
    package = known.origin if known is not None else name.partition(".")[0]
    why = "This authentication class of the project is no subclass of BaseAuthentication."
    if package not in ("own", "drf"):
        why = f"Authentication by {package} is not translated yet."
    place = known.where if known is not None else None
    raise endpoint.refuse("authentication", name or "authentication_classes", why, place)


def _asks_sessions(ctx: Context, names: list[str]) -> bool:
    """Whether a class of the project asks DRF's session authentication for the user."""
    classes = (ctx.snapshot.classes.get(name) for name in names)
    return any(c is not None and c.origin == "own" and f"{_A}SessionAuthentication" in c.mro for c in classes)


def declared_base(ctx: Context, name: str) -> tuple[str, Import]:
    """The constant of ``access.py`` that is the authenticator ``name`` of DRF or simplejwt, for classes of the project that go on
    to it. Raises ``Refused``."""
    endpoint = ctx.memo[own_authentication.ENDPOINT]
    assert isinstance(endpoint, Endpoint)
    base(ctx, endpoint.where)
    text, imports = _authenticator(endpoint, name)
    short = name.rpartition(".")[2].removesuffix("Authentication").upper() + "_AUTHENTICATION"
    module = access.module(ctx)
    module.add(Decl(short, f"{short} = {text}", frozenset(imports), 30))
    return short, Import(f"{ctx.program.package}.access", short)


def _comes_from(own: Class | None, base: str, more: Collection[str] = ()) -> bool:
    """Whether a class of the project is DRF's ``base`` but for its challenge and ``more``."""
    if own is None or f"{_A}{base}Authentication" not in own.mro:
        return False
    return own_authentication.changed(own) <= {"keyword", "authenticate_header", *more}


def _session(endpoint: Endpoint, own: Class | None) -> tuple[str, set[Import]]:
    sessions.declare(endpoint.ctx, endpoint.where, only_read=True)
    extra, unchecked = "", bool(endpoint.ctx.memo.get(UNCHECKED))
    if own is not None:
        free = own_authentication.no_csrf(endpoint.ctx, own)
        if free is None:
            raise endpoint.refuse(
                "authentication", f"{own.name}.enforce_csrf", "It is neither DRF's nor empty.", own.where
            )
        unchecked = unchecked or free
        shown = own_authentication.challenge(endpoint.ctx, own)
        extra = f", challenge={shown!r}" if shown is not None else ""
    extra = (", enforce_csrf=False" if unchecked else "") + extra
    extra += otp.argument(endpoint.ctx, endpoint.where)
    return f"SessionAuthentication(SESSIONS, IDENTITY, CSRF{extra})", {
        Import("segue_bridge.auth.backend", "SessionAuthentication")
    }


def _basic(endpoint: Endpoint, own: Class | None) -> tuple[str, set[Import]]:
    ctx = endpoint.ctx
    shown = own_authentication.challenge(ctx, own) if own is not None else _CHALLENGE
    challenge = f", challenge={shown!r}" if shown != _CHALLENGE else ""
    imports = {Import("segue_bridge.auth.backend", "BasicAuthentication")}
    if not takes_passwords(ctx):
        # Every backend wants something else: authenticate() finds nobody, whatever the password.
        check_login_receivers(ctx)
        return f"BasicAuthentication(IDENTITY, None{challenge})", imports
    check_passwords(ctx, endpoint.where)
    passwords(ctx, endpoint.where)
    extra = "" if upgrades_passwords(ctx) else ", upgrade=False"
    return f"BasicAuthentication(IDENTITY, PASSWORDS{extra}{challenge})", imports


def base(ctx: Context, where: Where) -> None:
    """IDENTITY, PERMISSIONS and CurrentUser."""
    module = access.module(ctx)
    if "IDENTITY" in module.decls:
        return
    label = ctx.snapshot.settings.user_model
    if label not in ctx.snapshot.models:
        raise refuse("user-model", label, "The user model is not installed.", where)
    for flag in ("is_authenticated", "is_anonymous", "is_active"):
        check_flag(ctx, flag, where)
    model = concrete(ctx, label)
    cls, imported = entity_type(ctx, label)
    user_class = ctx.snapshot.classes.get(model.cls)
    username = (
        plain(user_class.attributes["USERNAME_FIELD"].value)
        if user_class and "USERNAME_FIELD" in user_class.attributes
        else "username"
    )
    pk = pk_field(ctx, label).attname
    extra = f", username={username!r}" if username != "username" else ""
    extra += f", pk={pk!r}" if pk != "id" else ""
    extra += "" if ties_sessions(ctx) else ", session_hash=False"
    module.add(
        Decl(
            "CurrentUser",
            f"CurrentUser: TypeAlias = {cls} | AnonymousUser",
            frozenset(
                {imported, Import("segue_bridge.auth.users", "AnonymousUser"), Import("typing", "TypeAlias")}
            ),
            0,
        )
    )
    module.add(
        Decl(
            "IDENTITY",
            f"IDENTITY = Identity({cls}{extra})",
            frozenset({imported, Import("segue_bridge.auth.users", "Identity")}),
            10,
        )
    )
    permissions, groups = field_of(model, "user_permissions"), field_of(model, "groups")
    if permissions is not None and groups is not None and permissions.relation and groups.relation:
        own = ctx.model(permissions.relation.through)
        member = ctx.model(groups.relation.through)
        column = next(f.column for f in own.fields if f.name == permissions.relation.through_source)
        text = (
            f"PERMISSIONS = use(Permissions(Grants({own.table!r}, {member.table!r}, {column!r}), pk={pk!r}))"
        )
        names = ("Grants", "Permissions", "use")
        module.add(
            Decl(
                "PERMISSIONS", text, frozenset(Import("segue_bridge.auth.permissions", n) for n in names), 15
            )
        )


def passwords(ctx: Context, where: Where) -> None:
    """``PASSWORDS``: the hashers. Raises ``Refused`` for one that is not Django's."""
    module = access.module(ctx)
    if "PASSWORDS" in module.decls:
        return
    hashers = access.setting(ctx, "PASSWORD_HASHERS", []) or []
    version = ".".join(ctx.snapshot.versions.django.split(".")[:2])
    parts, imports = [], set()
    for hasher in hashers:
        name = (hasher.name if isinstance(hasher, Ref) else str(hasher)).rpartition(".")[2]
        full = hasher.name if isinstance(hasher, Ref) else str(hasher)
        known = {
            "PBKDF2PasswordHasher": "PBKDF2", "PBKDF2SHA1PasswordHasher": "PBKDF2SHA1", "ScryptPasswordHasher": "Scrypt",
            "MD5PasswordHasher": "MD5", "Argon2PasswordHasher": "Argon2", "BCryptSHA256PasswordHasher": "BCryptSHA256",
            "BCryptPasswordHasher": "BCrypt",
        }  # fmt: skip
        if name not in known or not full.startswith("django.contrib.auth.hashers."):
            raise refuse("password-hasher", full, "This password hasher is not translated.", where)
        argument = ""
        if known[name].startswith("PBKDF2"):
            if version not in _ITERATIONS:
                raise refuse(
                    "password-hasher", full, f"Segue does not know the iterations of Django {version}.", where
                )
            argument = f"{_ITERATIONS[version]:_}"
        elif known[name] == "Scrypt" and not since(version, 5, 1):
            argument = "parallelism=1"
        parts.append(f"{known[name]}({argument})")
        imports.add(Import("segue_bridge.auth.passwords", known[name]))
    imports.add(Import("segue_bridge.auth.passwords", "Passwords"))
    module.add(Decl("PASSWORDS", f"PASSWORDS = Passwords([{', '.join(parts)}])", frozenset(imports), 16))
