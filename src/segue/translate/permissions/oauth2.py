"""Permissions of django-oauth-toolkit: ``TokenHasScope`` and its kin, for the scopes that the view names."""

from __future__ import annotations

from typing import Any

from segue.snapshot.model import Class
from segue.target.ir import Import
from segue.translate.permissions.condition import Condition
from segue.translate.specialise.endpoint import Endpoint
from segue.translate.specialise.fold import Ref, plain
from segue.translate.versions import since
from segue.translate.views import oauth2
from segue.translate.views.oauth2 import setting

PERMISSIONS = f"{oauth2.PACKAGE}permissions."
_P = PERMISSIONS
_BRIDGE = "segue_bridge.auth.oauth2"
NAMES = {
    f"{_P}{n}"
    for n in (
        "TokenHasScope",
        "TokenHasReadWriteScope",
        "TokenHasResourceScope",
        "IsAuthenticatedOrTokenHasScope",
        "TokenMatchesOASRequirements",
    )
}
_PARTS = ("get_scopes", "get_required_alternate_scopes")
_WITHOUT_TOKEN = (
    "rest_framework.authentication.SessionAuthentication",
    "rest_framework.authentication.BasicAuthentication",
)
# request.auth of these has no attribute ``scope``.
_OTHERS = ("rest_framework.authentication.", "rest_framework_simplejwt.", "knox.", oauth2.PACKAGE)


def base_of(known: Class | None, cls: str) -> str:
    """The package's permission that ``cls`` is or comes from; empty where it is none."""
    return next((c for c in (cls, *(known.mro if known is not None else ())) if c in NAMES), "")


def is_one(dotted: str) -> bool:
    """Whether a method of a permission is the package's own."""
    return dotted.startswith(_P)


def condition(endpoint: Endpoint, cls: str, known: Class | None) -> Condition:
    """``has_scopes(...)`` and its kin. Raises ``Refused`` for what a class of the project's changes."""
    base = base_of(known, cls)
    for part in _PARTS:
        held = known.methods.get(part, "") if known is not None else ""
        if held and not held.startswith((_P, "rest_framework.permissions.")):
            raise endpoint.refuse(
                "oauth2", f"{cls}.{part}", "It is the project's own.", known.where if known else None
            )
    check(endpoint)
    kind = base.removeprefix(_P)
    if kind == "TokenMatchesOASRequirements":
        return Condition(
            f"has_any_scopes(call.auth, call.method, {_alternatives(endpoint)!r}{strictly(endpoint)})",
            imports={Import(_BRIDGE, "has_any_scopes")},
        )
    text, imports = wanted(endpoint, kind)
    if kind == "IsAuthenticatedOrTokenHasScope":
        return Condition(
            f"is_authenticated_or_has_scopes(call.user, call.auth, {text}{strictly(endpoint)})",
            imports={*imports, Import(_BRIDGE, "is_authenticated_or_has_scopes")},
        )
    return Condition(
        f"has_scopes(call.auth, {text}{strictly(endpoint)})",
        imports={*imports, Import(_BRIDGE, "has_scopes")},
    )


def strictly(endpoint: Endpoint) -> str:
    """The argument for releases that fail where another authenticator's token has no scopes, and there is such a one."""
    used = [getattr(c, "name", "") for c in plain(endpoint.policy("authentication_classes")) or []]
    kinds = (*_WITHOUT_TOKEN, f"{oauth2.PACKAGE}authentication.OAuth2Authentication")
    fails = not since(oauth2.release(endpoint.ctx), 3, 4, 1)
    return ", strict=True" if fails and any(name not in kinds for name in used) else ""


def check(endpoint: Endpoint) -> None:
    """Raise ``Refused`` where more than the scopes of an access token decides what such a permission says."""
    for used in plain(endpoint.policy("authentication_classes")) or []:
        name = used.name if isinstance(used, Ref) else ""
        if not name.startswith(_OTHERS):
            why = "Segue does not know whether what this class puts into request.auth has scopes."
            raise endpoint.refuse("oauth2", name or "authentication_classes", why)
    if oauth2.setting(endpoint.ctx, "ERROR_RESPONSE_WITH_SCOPES"):
        raise endpoint.refuse("oauth2", "ERROR_RESPONSE_WITH_SCOPES", "Its message is made per request.")


def wanted(endpoint: Endpoint, kind: str) -> tuple[str, set[Import]]:
    """The scopes as code: of the view, and of the method where ``kind`` asks for it."""
    named = plain(endpoint.fixed("required_scopes"))
    changes = kind in ("TokenHasReadWriteScope", "TokenHasResourceScope")
    if named is None and changes:
        named = []
    # A tuple and a list make a TypeError there.
    if not isinstance(named, list) or not all(isinstance(n, str) for n in named):
        raise endpoint.refuse("oauth2", "required_scopes", "It is no list of plain texts.")
    if not changes:
        return repr(tuple(named)), set()
    read, write = (oauth2.setting(endpoint.ctx, n) for n in ("READ_SCOPE", "WRITE_SCOPE"))
    if not isinstance(read, str) or not isinstance(write, str):
        raise endpoint.refuse("oauth2", "READ_SCOPE", "It is no plain text.")
    if kind == "TokenHasReadWriteScope":
        both = (*named, read), (*named, write)
    else:
        both = tuple(f"{n}:{read}" for n in named), tuple(f"{n}:{write}" for n in named)
    return f"by_method(call.method, {both[0]!r}, {both[1]!r})", {Import(_BRIDGE, "by_method")}


def _alternatives(endpoint: Endpoint) -> dict[str, list[list[str]]]:
    found: Any = plain(endpoint.fixed("required_alternate_scopes"))
    if not isinstance(found, dict) or not all(
        isinstance(m, str)
        and isinstance(lists, list)
        and all(isinstance(names, list) and all(isinstance(n, str) for n in names) for names in lists)
        for m, lists in found.items()
    ):
        raise endpoint.refuse("oauth2", "required_alternate_scopes", "It is no dict of lists of plain texts.")
    return found


__all__ = ["NAMES", "PERMISSIONS", "base_of", "check", "condition", "is_one", "setting", "wanted"]
