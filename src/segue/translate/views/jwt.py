"""``rest_framework_simplejwt.authentication.JWTAuthentication`` → ``JWT`` and its authenticator in ``access.py``."""

from __future__ import annotations

from typing import Any

from segue.refusal import refuse
from segue.snapshot.model import Where
from segue.target.ir import Decl, Import, Module
from segue.translate.context import Context
from segue.translate.load.models import concrete, pk_field
from segue.translate.specialise.endpoint import Endpoint
from segue.translate.specialise.fold import Ref, plain
from segue.translate.user_manager import check_user_manager
from segue.translate.versions import since

AUTHENTICATION = "rest_framework_simplejwt.authentication.JWTAuthentication"
COOKIES = "dj_rest_auth.jwt_auth.JWTCookieAuthentication"
_TOKENS = "rest_framework_simplejwt.tokens."
_HMAC = ("HS256", "HS384", "HS512")
_ASYMMETRIC = ("RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512")


def authenticator(endpoint: Endpoint, module: Module) -> str:
    """The expression of the authenticator. Raises ``Refused`` for settings that are not translated."""
    declare_settings(endpoint.ctx)
    module.imports.add(Import("segue_bridge.auth.jwt", "JWTAuthentication"))
    return "JWTAuthentication(IDENTITY, JWT)"


def cookie_authenticator(endpoint: Endpoint) -> str:
    """dj-rest-auth's ``JWTCookieAuthentication``: the header, else a cookie. Raises ``Refused``."""
    ctx = endpoint.ctx
    function = ctx.snapshot.functions.get(f"{COOKIES}.authenticate")
    given = function.globals if function is not None else {}
    values = {name: ref.value for name, ref in given.items() if name.startswith("api_settings.")}
    installed = {k.lower().replace("_", "-"): v for k, v in ctx.snapshot.versions.packages.items()}
    if not since(installed.get("dj-rest-auth", "0"), 5, 0) or since(installed["dj-rest-auth"], 8, 0):
        raise endpoint.refuse(
            "jwt", COOKIES, "Segue knows dj-rest-auth 5 to 7.", Where(ctx.snapshot.settings.module)
        )
    for flag in ("JWT_AUTH_COOKIE_ENFORCE_CSRF_ON_UNAUTHENTICATED", "JWT_AUTH_COOKIE_USE_CSRF"):
        held = values.get(f"api_settings.{flag}")
        if held is None or held.data is not False:
            why = "Requests with the cookie are checked for CSRF, which is not translated."
            raise endpoint.refuse("jwt", f"REST_AUTH: {flag}", why, Where(ctx.snapshot.settings.module))
    cookie = values.get("api_settings.JWT_AUTH_COOKIE")
    if cookie is None or not isinstance(cookie.data, str | None):
        raise endpoint.refuse(
            "jwt",
            "REST_AUTH: JWT_AUTH_COOKIE",
            "Segue cannot read this setting.",
            Where(ctx.snapshot.settings.module),
        )
    plain_one = authenticator(endpoint, ctx.program.module(f"{ctx.program.package}/access.py", ""))
    return f"{plain_one[:-1]}, cookie={cookie.data!r})" if cookie.data else plain_one


def declare_settings(ctx: Context) -> None:
    """``JWT`` of ``access.py``. Raises ``Refused`` for settings that are not translated."""
    module = ctx.program.module(f"{ctx.program.package}/access.py", "Who is asking, and how often they may.")
    if "JWT" in module.decls:
        return
    found = ctx.snapshot.settings.values.get("SIMPLE_JWT")
    given: dict[str, Any] = {str(k.data): plain(v) for k, v in found.pairs} if found is not None else {}
    place = Where(ctx.snapshot.settings.module)
    algorithm = str(given.get("ALGORITHM", ""))
    if algorithm not in (*_HMAC, *_ASYMMETRIC):
        raise refuse("jwt", f"ALGORITHM {algorithm}", "Segue does not know this algorithm.", place)
    if given.get("JWK_URL"):
        raise refuse("jwt", "JWK_URL", "Keys that are fetched from a URL are not translated yet.", place)
    own_key = given.get("KEY") != "SECRET_KEY"
    if own_key:
        ctx.memo[("settings", "jwt-key")] = True
    user_field = _user_field(ctx, str(given.get("USER_ID_FIELD", "id")), place)
    arguments: dict[str, Any] = {
        "algorithm": (algorithm, "HS256"),
        "audience": (_texts(given.get("AUDIENCE")), None),
        "issuer": (given.get("ISSUER"), None),
        "leeway": (_seconds(given.get("LEEWAY"), place), 0),
        "header": (_header(str(given.get("AUTH_HEADER_NAME", "HTTP_AUTHORIZATION"))), "authorization"),
        "header_types": (_header_types(given.get("AUTH_HEADER_TYPES", ("Bearer",))), ("Bearer",)),
        "user_id_field": (user_field, "id"),
        "user_id_claim": (given.get("USER_ID_CLAIM", "user_id"), "user_id"),
        "token_classes": (_classes(ctx, given, place), (("AccessToken", "access"),)),
        "type_claim": (given.get("TOKEN_TYPE_CLAIM"), "token_type"),
        "id_claim": (given.get("JTI_CLAIM"), "jti"),
        "check_active": (given.get("CHECK_USER_IS_ACTIVE", True), True),
        "revoke_claim": (given.get("REVOKE_TOKEN_CLAIM") if given.get("CHECK_REVOKE_TOKEN") else None, None),
        "invalid": (given.get("TEXT_INVALID", "Token is invalid"), "Token is invalid"),
        "expired": (given.get("TEXT_EXPIRED", "Token is expired"), "Token is expired"),
    }
    unreadable = [k for k, (v, _) in arguments.items() if not _is_plain(v)]
    if unreadable:
        raise refuse("jwt", f"SIMPLE_JWT: {unreadable[0]}", "Segue cannot read this setting.", place)
    text = "".join(f", {k}={v!r}" for k, (v, default) in arguments.items() if v != default)
    key = "settings.jwt_key" if own_key else "settings.secret_key"
    module.add(
        Decl(
            "JWT",
            f"JWT = JwtSettings(key={key}{text})",
            frozenset(
                {
                    Import("segue_bridge.auth.jwt", "JwtSettings"),
                    Import(f"{ctx.program.package}.settings", "settings"),
                }
            ),
            18,
        )
    )


def _user_field(ctx: Context, name: str, place: Where) -> str:
    """The attribute of ``USER_ID_FIELD``; the user is looked for by the default manager ``objects``."""
    label = ctx.snapshot.settings.user_model
    model = concrete(ctx, label)
    check_user_manager(ctx, place, name="objects")
    field = (
        pk_field(ctx, label)
        if name in ("pk", "id")
        else next((f for f in model.fields if f.name == name), None)
    )
    if field is None or field.relation is not None:
        raise refuse("jwt", f"USER_ID_FIELD {name}", "The user model has no such column.", place)
    return field.attname


def _classes(ctx: Context, given: dict[str, Any], place: Where) -> tuple[tuple[str, str], ...]:
    out = []
    for entry in given.get("AUTH_TOKEN_CLASSES") or ():
        name = entry.name if isinstance(entry, Ref) else str(entry)
        if name == f"{_TOKENS}AccessToken":
            out.append(("AccessToken", "access"))
        elif name == f"{_TOKENS}SlidingToken" and not any(
            app.startswith("rest_framework_simplejwt.token_blacklist")
            for app in ctx.snapshot.settings.installed_apps
        ):
            out.append(("SlidingToken", "sliding"))
        else:
            raise refuse(
                "jwt", name or "AUTH_TOKEN_CLASSES", "Tokens of this class are not translated yet.", place
            )
    return tuple(out)


def _texts(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _header_types(value: Any) -> Any:
    return (value,) if isinstance(value, str) else tuple(value or ())


def _header(meta: str) -> str:
    return meta.removeprefix("HTTP_").replace("_", "-").lower()


def _seconds(value: Any, place: Where) -> float:
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise refuse("jwt", "LEEWAY", "Segue reads a leeway in seconds only.", place)
    return value


def _is_plain(value: Any) -> bool:
    if isinstance(value, tuple):
        return all(_is_plain(v) for v in value)
    return value is None or isinstance(value, str | int | float | bool)
