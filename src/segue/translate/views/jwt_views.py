"""``rest_framework_simplejwt.views``: the views that give, refresh, check and revoke tokens → ``TOKENS`` in ``access.py``."""

from __future__ import annotations

from typing import Any

from segue.snapshot.model import Value, Where
from segue.target.ir import Decl, Import
from segue.translate.context import Context
from segue.translate.specialise.endpoint import Endpoint
from segue.translate.specialise.fold import Ref, plain
from segue.translate.versions import since
from segue.translate.views import access, authentication, jwt

VIEWS = "rest_framework_simplejwt.views."
SERIALIZERS = "rest_framework_simplejwt.serializers."
CHALLENGE = f"{VIEWS}TokenViewBase.get_authenticate_header"
SERIALIZER_CLASS = f"{VIEWS}TokenViewBase.get_serializer_class"
_RULE = "rest_framework_simplejwt.authentication.default_user_authentication_rule"
_BLACKLIST = "rest_framework_simplejwt.token_blacklist"
_MODELS = ("token_blacklist.OutstandingToken", "token_blacklist.BlacklistedToken")
_DISTRIBUTION = "djangorestframework-simplejwt"
_RELEASES = ((5, 5, 1), (5, 5), (5, 4), (5, 3))
NEWEST = _RELEASES[0]
"""From which release on tokens are made, refreshed and revoked as ``segue_bridge.auth.jwt_tokens.Tokens`` does it unasked."""
_LIFETIMES = {
    "access": ("ACCESS_TOKEN_LIFETIME", 300),
    "refresh": ("REFRESH_TOKEN_LIFETIME", 86_400),
    "sliding": ("SLIDING_TOKEN_LIFETIME", 300),
    "sliding_refresh": ("SLIDING_TOKEN_REFRESH_LIFETIME", 86_400),
}


def challenge(endpoint: Endpoint) -> str | None:
    """What such a view answers as ``WWW-Authenticate``; None for a view that does not say it itself."""
    if endpoint.overridden("get_authenticate_header") != CHALLENGE:
        return None
    types = given(endpoint.ctx).get("AUTH_HEADER_TYPES", ("Bearer",))
    first = types if isinstance(types, str) else next(iter(types), None)
    realm = plain(endpoint.attribute("www_authenticate_realm"))
    if not isinstance(first, str) or not isinstance(realm, str):
        raise endpoint.refuse("jwt", "AUTH_HEADER_TYPES", "Segue cannot read this setting.")
    return f'{first} realm="{realm}"'


def serializer_class(endpoint: Endpoint) -> Any:
    """``TokenViewBase.get_serializer_class``: the class's own, else the setting's that the view names."""
    own = plain(endpoint.attribute("serializer_class"))
    if own is not None:
        return own
    named = plain(endpoint.attribute("_serializer_class"))
    return Ref(named) if isinstance(named, str) and named else named


def given(ctx: Context) -> dict[str, Any]:
    """``SIMPLE_JWT``, with its defaults."""
    found = ctx.snapshot.settings.values.get("SIMPLE_JWT")
    return {str(k.data): plain(v) for k, v in found.pairs} if found is not None else {}


def installed_version(ctx: Context) -> str:
    """simplejwt's release; '' where it is not installed."""
    installed = {k.lower().replace("_", "-"): v for k, v in ctx.snapshot.versions.packages.items()}
    return installed.get(_DISTRIBUTION, "")


def release(ctx: Context) -> tuple[int, ...]:
    """The release whose tokens are made: the first that makes such, :data:`NEWEST` at most."""
    version = installed_version(ctx)
    return next((first for first in _RELEASES if since(version, *first)), _RELEASES[-1])


def has_blacklist(ctx: Context) -> bool:
    """Whether refresh and sliding tokens are noted in tables."""
    return any(app.startswith(_BLACKLIST) for app in ctx.snapshot.settings.installed_apps)


def tokens(endpoint: Endpoint) -> Import:
    """``TOKENS``. Raises ``Refused`` for settings and releases that are not translated."""
    ctx = endpoint.ctx
    module = access.module(ctx)
    imported = Import(f"{ctx.program.package}.access", "TOKENS")
    if "TOKENS" in module.decls:
        return imported
    place = Where(ctx.snapshot.settings.module)
    _check(endpoint, place)
    authentication.base(ctx, endpoint.where)
    jwt.declare_settings(endpoint.ctx)
    settings = given(ctx)
    arguments = ["IDENTITY", "JWT"]
    imports = {Import("segue_bridge.auth.jwt_tokens", "Tokens")}
    lifetimes = []
    for name, (setting, default) in _LIFETIMES.items():
        value = settings.get(setting)
        if not isinstance(value, Value) or value.kind != "timedelta":
            raise endpoint.refuse("jwt", setting, "Segue cannot read this setting.", place)
        seconds = int(str(value.data)) / 1_000_000
        if seconds != default:
            lifetimes.append(f"{name}={int(seconds) if seconds.is_integer() else seconds}")
    if lifetimes:
        arguments.append(f"Lifetimes({', '.join(lifetimes)})")
        imports.add(Import("segue_bridge.auth.jwt_tokens", "Lifetimes"))
    arguments += [
        f"{name}=True"
        for name, setting in (
            ("rotate", "ROTATE_REFRESH_TOKENS"),
            ("revoke_rotated", "BLACKLIST_AFTER_ROTATION"),
        )
        if settings.get(setting)
    ]
    if has_blacklist(ctx):
        arguments.append("blacklist=Blacklist()")
        imports.add(Import("segue_bridge.auth.jwt_blacklist", "Blacklist"))
    claim = settings.get("SLIDING_TOKEN_REFRESH_EXP_CLAIM", "refresh_exp")
    if claim != "refresh_exp":
        arguments.append(f"sliding_claim={claim!r}")
    arguments.append("answered=False")
    installed = release(ctx)
    if installed < NEWEST:
        arguments.append(f"release={installed}")
    module.add(Decl("TOKENS", f"TOKENS = Tokens({', '.join(arguments)})", frozenset(imports), 19))
    return imported


def _check(endpoint: Endpoint, place: Where) -> None:
    ctx = endpoint.ctx
    version = installed_version(ctx)
    if not version or not since(version, 5, 3) or since(version, 5, 6):
        why = "Segue knows the views of simplejwt 5.3 to 5.5."
        raise endpoint.refuse("jwt", f"{_DISTRIBUTION} {version}", why, place)
    settings = given(ctx)
    if release(ctx) == (5, 5) and settings.get("ROTATE_REFRESH_TOKENS") and not has_blacklist(ctx):
        why = "This release fails where it rotates tokens that nobody notes: upgrade it to 5.5.1."
        raise endpoint.refuse("jwt", f"{_DISTRIBUTION} {version}", why, place)
    rule = settings.get("USER_AUTHENTICATION_RULE")
    if (rule.name if isinstance(rule, Ref) else rule) != _RULE:
        raise endpoint.refuse("jwt", "USER_AUTHENTICATION_RULE", "A rule of the project's own.", place)
    if str(settings.get("ALGORITHM", ""))[:2] != "HS":
        raise endpoint.refuse("jwt", "ALGORITHM", "Only shared keys sign tokens here.", place)
    if settings.get("JSON_ENCODER") is not None:
        raise endpoint.refuse("jwt", "JSON_ENCODER", "Claims are written in another way.", place)
    for name in ("TOKEN_TYPE_CLAIM", "JTI_CLAIM", "USER_ID_CLAIM", "SLIDING_TOKEN_REFRESH_EXP_CLAIM"):
        if not isinstance(settings.get(name), str):
            raise endpoint.refuse("jwt", name, "Tokens are made with this claim.", place)
    if not has_blacklist(ctx):
        return
    key = settings.get("USER_ID_FIELD")
    if release(ctx) == (5, 4) and key not in ("id", "pk"):
        # ``BlacklistMixin.blacklist``: the claim is stored as the user's key.
        why = "This release notes revoked tokens by the user's key alone: upgrade it to 5.5.1."
        raise endpoint.refuse("jwt", f"USER_ID_FIELD {key}", why, place)
    for label in _MODELS:
        if label not in ctx.snapshot.models:
            raise endpoint.refuse("jwt", label, "The blacklist's table is not there.", place)
    for receiver in ctx.snapshot.receivers:
        if receiver.signal.rpartition(".")[2] in (
            "pre_save",
            "post_save",
            "pre_init",
            "post_init",
        ) and receiver.sender in ("", "?", *_MODELS):
            title = f"{receiver.signal} → {receiver.function}"
            raise endpoint.refuse("signal", title, "It runs where a token is noted.", receiver.where)
