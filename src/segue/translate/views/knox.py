"""``knox.auth.TokenAuthentication`` → ``KNOX`` in ``access.py`` and its authenticator."""

from __future__ import annotations

from segue.refusal import Refused
from segue.snapshot.model import Value, Where
from segue.target.ir import Decl, Import
from segue.translate.context import Context
from segue.translate.specialise.endpoint import Endpoint
from segue.translate.specialise.fold import plain
from segue.translate.versions import since
from segue.translate.views import access

AUTHENTICATION = "knox.auth.TokenAuthentication"
_MODEL = "knox.AuthToken"
_DISTRIBUTION = "django-rest-knox"
_WRITES = ("pre_save", "post_save", "pre_delete", "post_delete", "pre_init", "post_init", "token_expired")


def authenticator(endpoint: Endpoint) -> tuple[str, set[Import]]:
    """Code of the authenticator and its imports. Raises ``Refused`` for settings that are not translated."""
    declare(endpoint)
    return "KnoxAuthentication(KNOX)", {Import("segue_bridge.auth.knox", "KnoxAuthentication")}


def declare(endpoint: Endpoint) -> Import:
    """``KNOX`` of ``access.py``. Raises ``Refused`` for settings that are not translated."""
    ctx = endpoint.ctx
    module = access.module(ctx)
    if "KNOX" not in module.decls:
        _check(endpoint)
        given = _settings(endpoint)
        text = ", ".join(f"{name}={value!r}" for name, value in given.items())
        imports = {Import("segue_bridge.auth.knox", "Knox")}
        if text:
            imports.add(Import("segue_bridge.auth.knox", "KnoxSettings"))
        made = f"KNOX = Knox(IDENTITY{f', KnoxSettings({text})' if text else ''})"
        module.add(Decl("KNOX", made, frozenset(imports), 18))
    return Import(f"{ctx.program.package}.access", "KNOX")


def _check(endpoint: Endpoint) -> None:
    """Raise ``Refused`` where more than a row of Knox's own table goes with a token."""
    ctx = endpoint.ctx
    installed = {k.lower().replace("_", "-"): v for k, v in ctx.snapshot.versions.packages.items()}
    version = installed.get(_DISTRIBUTION, "")
    if not version or not since(version, 5, 0) or since(version, 6, 0):
        raise _refused(endpoint, f"{_DISTRIBUTION} {version}", "Segue knows the tokens of Knox 5.")
    if _MODEL not in ctx.snapshot.models or setting(ctx, "TOKEN_MODEL") != _MODEL:
        raise _refused(endpoint, "TOKEN_MODEL", "Only Knox's own model of tokens is translated.")
    for receiver in ctx.snapshot.receivers:
        signal = receiver.signal.rpartition(".")[2]
        if signal in _WRITES and (receiver.sender in ("", "?", _MODEL) or signal == "token_expired"):
            raise endpoint.refuse(
                "signal",
                f"{signal} → {receiver.function}",
                "It would run where a token ends or is renewed while somebody asks with it.",
                receiver.where,
            )
    for label, model in ctx.snapshot.models.items():
        if any(f.relation is not None and f.relation.to == _MODEL for f in model.fields):
            raise _refused(
                endpoint, label, "Its rows hang on tokens, which are deleted when they have ended."
            )


def _settings(endpoint: Endpoint) -> dict[str, object]:
    """Arguments of ``KnoxSettings`` that are not its defaults."""
    ctx = endpoint.ctx
    algorithm, refresh = setting(ctx, "ALGORITHM"), setting(ctx, "AUTO_REFRESH")
    if not isinstance(algorithm, str):
        raise _refused(endpoint, "SECURE_HASH_ALGORITHM", "It is none of hashlib's.")
    ttl = _seconds(endpoint, "TOKEN_TTL")
    if refresh and ttl is None:
        raise _refused(endpoint, "AUTO_REFRESH", "Without TOKEN_TTL it fails.")
    given: dict[str, tuple[object, object]] = {
        "algorithm": (algorithm, "sha512"),
        "length": (setting(ctx, "AUTH_TOKEN_CHARACTER_LENGTH"), 64),
        "ttl": (ttl, 36_000),
        "limit": (setting(ctx, "TOKEN_LIMIT_PER_USER"), None),
        "auto_refresh": (refresh, False),
        "max_ttl": (_seconds(endpoint, "AUTO_REFRESH_MAX_TTL"), None),
        "min_refresh_interval": (setting(ctx, "MIN_REFRESH_INTERVAL"), 60),
        "keyword": (setting(ctx, "AUTH_HEADER_PREFIX"), "Token"),
        "prefix": (setting(ctx, "TOKEN_PREFIX"), ""),
    }
    for name, (value, _) in given.items():
        if not isinstance(value, str | int | float | bool | None):
            raise _refused(endpoint, f"REST_KNOX: {name}", "Segue cannot read this setting.")
    return {name: value for name, (value, default) in given.items() if value != default}


def _raw(ctx: Context, name: str) -> Value | None:
    found = ctx.snapshot.settings.values.get("REST_KNOX")
    pairs = found.pairs if found is not None else ()
    return next((value for key, value in pairs if key.data == name), None)


def setting(ctx: Context, name: str) -> object:
    """One of ``REST_KNOX``, with its default."""
    found = _raw(ctx, name)
    return None if found is None else plain(found)


def _seconds(endpoint: Endpoint, name: str) -> float | None:
    found = _raw(endpoint.ctx, name)
    if found is None or (found.kind == "const" and found.data is None):
        return None
    if found.kind != "timedelta":
        raise _refused(endpoint, f"REST_KNOX: {name}", "It is no timedelta.")
    seconds = int(str(found.data)) / 1_000_000
    return int(seconds) if seconds.is_integer() else seconds


def _refused(endpoint: Endpoint, what: str, why: str) -> Refused:
    return endpoint.refuse("knox", what, why, Where(endpoint.ctx.snapshot.settings.module))
