"""``OAuth2Authentication`` of django-oauth-toolkit → ``OAUTH2`` in ``access.py`` and its authenticator."""

from __future__ import annotations

from typing import Any

from segue.refusal import Refused
from segue.snapshot.model import Where
from segue.target.ir import Decl, Import
from segue.translate.context import Context
from segue.translate.specialise.endpoint import Endpoint
from segue.translate.specialise.fold import Ref, plain
from segue.translate.versions import since
from segue.translate.views import access

PACKAGE = "oauth2_provider.contrib.rest_framework."
AUTHENTICATION = f"{PACKAGE}authentication.OAuth2Authentication"
_DISTRIBUTION = "django-oauth-toolkit"
_TOKEN = "oauth2_provider.AccessToken"
# What a project may put in the place of the package's own: what it then does with a token is not known.
_CLASSES = {
    "OAUTH2_BACKEND_CLASS": ("oauth2_provider.oauth2_backends.OAuthLibCore",),
    "OAUTH2_SERVER_CLASS": (
        "oauthlib.oauth2.rfc6749.endpoints.pre_configured.Server",
        "oauthlib.openid.connect.core.endpoints.pre_configured.Server",
    ),
    "OAUTH2_VALIDATOR_CLASS": ("oauth2_provider.oauth2_validators.OAuth2Validator",),
    "SCOPES_BACKEND_CLASS": ("oauth2_provider.scopes.SettingsScopes",),
}


def authenticator(endpoint: Endpoint) -> tuple[str, set[Import]]:
    """Code of the authenticator and its imports. Raises ``Refused`` for settings that are not translated."""
    ctx = endpoint.ctx
    module = access.module(ctx)
    if "OAUTH2" not in module.decls:
        _check(endpoint)
        columns = {f.name for f in ctx.snapshot.models[_TOKEN].fields}
        table = ctx.model(str(setting(ctx, "APPLICATION_MODEL"))).table
        extra = "" if "resource" in columns else ", resources=False"
        extra += "" if "token_checksum" in columns else ", checksums=False"
        extra += "" if table == "oauth2_provider_application" else f", applications={table!r}"
        made = f"OAUTH2 = OAuth2(IDENTITY{extra})"
        module.add(Decl("OAUTH2", made, frozenset({Import("segue_bridge.auth.oauth2", "OAuth2")}), 18))
    options = "userless=False"
    if setting(ctx, "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT"):
        options += ", query=False"
    if setting(ctx, "OIDC_ENABLED"):
        options += ", oidc=True"
    return f"OAuth2Authentication(OAUTH2, {options})", {
        Import("segue_bridge.auth.oauth2", "OAuth2Authentication")
    }


def setting(ctx: Context, name: str) -> Any:
    """One of ``OAUTH2_PROVIDER``, with its default; None for one that the release does not have."""
    found = ctx.snapshot.settings.values.get("OAUTH2_PROVIDER")
    pairs = found.pairs if found is not None else ()
    return next((plain(value) for key, value in pairs if key.data == name), None)


def release(ctx: Context) -> str:
    """That of the package; '' where it is not installed."""
    installed = {k.lower().replace("_", "-"): v for k, v in ctx.snapshot.versions.packages.items()}
    return installed.get(_DISTRIBUTION, "")


def _check(endpoint: Endpoint) -> None:
    """Raise ``Refused`` where more than the package's own tables decide about a token."""
    ctx = endpoint.ctx
    version = release(ctx)
    if not version or not since(version, 1, 5) or since(version, 4, 0):
        why = "Segue knows the tokens of django-oauth-toolkit 1.5 to 3."
        raise _refused(endpoint, f"{_DISTRIBUTION} {version}", why)
    if setting(ctx, "ACCESS_TOKEN_MODEL") != _TOKEN or _TOKEN not in ctx.snapshot.models:
        raise _refused(endpoint, "ACCESS_TOKEN_MODEL", "Only the package's own model is translated.")
    application = str(setting(ctx, "APPLICATION_MODEL"))
    model = ctx.snapshot.models.get(application)
    described = ctx.snapshot.classes.get(model.cls) if model is not None else None
    # The package's says yes to everybody; it is asked with each token.
    if described is None or not described.methods.get("is_usable", "oauth2_provider.").startswith(
        "oauth2_provider."
    ):
        raise _refused(
            endpoint, "APPLICATION_MODEL", "Its applications say themselves whether they are usable."
        )
    for name, known in _CLASSES.items():
        held = setting(ctx, name)
        if (held.name if isinstance(held, Ref) else held) not in known:
            raise _refused(endpoint, name, "Segue does not know what this class does with a token.")
    if setting(ctx, "INTROSPECTION") is not False:
        raise _refused(
            endpoint, "RESOURCE_SERVER_INTROSPECTION_URL", "Another server is asked about tokens there."
        )
    for receiver in ctx.snapshot.receivers:
        signal = receiver.signal.rpartition(".")[2]
        if signal in ("pre_init", "post_init") and receiver.sender in ("", "?", _TOKEN, application):
            raise endpoint.refuse(
                "signal",
                f"{signal} → {receiver.function}",
                "It would run whenever somebody asks with a token.",
                receiver.where,
            )


def _refused(endpoint: Endpoint, what: str, why: str) -> Refused:
    return endpoint.refuse("oauth2", what, why, Where(endpoint.ctx.snapshot.settings.module))
