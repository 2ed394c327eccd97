"""JSON web tokens as djangorestframework-simplejwt checks them.

Sources: ``rest_framework_simplejwt.authentication.JWTAuthentication``, ``.backends.TokenBackend.decode`` and
``.tokens.Token.verify`` (5.5). The signature, ``exp``, ``aud``, ``iss`` … are checked by PyJWT, as there.
"""

from __future__ import annotations

import hashlib
import hmac
from calendar import timegm
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import jwt
from sqlalchemy import Select, bindparam, select

from segue_bridge.auth.jwt_blacklist import Blacklist
from segue_bridge.auth.sessions import Session
from segue_bridge.auth.users import Identity
from segue_bridge.db.coerce import as_uuid
from segue_bridge.db.types.numbers import bits_of, check_bound
from segue_bridge.errors import AuthenticationFailed
from segue_bridge.translation import Text, gettext_lazy
from segue_bridge.translation import gettext as _

if TYPE_CHECKING:
    from sqlalchemy.orm import InstrumentedAttribute
    from starlette.requests import Request

    from segue_bridge.auth.backend import Outcome
    from segue_bridge.db.session import Session as Database


_REVOCABLE = ("sliding", "refresh")


@dataclass(frozen=True, slots=True, kw_only=True)
class JwtSettings:
    """``SIMPLE_JWT``. ``key`` verifies: the ``SIGNING_KEY`` of HS algorithms, else the ``VERIFYING_KEY``; ``signing_key``
    signs where the algorithm has two keys.

    One algorithm is accepted, whatever the token's header says. ``leeway`` is in seconds. ``token_classes``: name and
    token type of each of ``AUTH_TOKEN_CLASSES``, for the error text. ``revoke_claim``: ``REVOKE_TOKEN_CLAIM`` where
    ``CHECK_REVOKE_TOKEN`` is set. ``invalid`` and ``expired`` are the texts of the installed release.
    """

    key: str = field(repr=False)
    signing_key: str | None = field(default=None, repr=False)
    algorithm: str = "HS256"
    audience: str | tuple[str, ...] | None = None
    issuer: str | None = None
    leeway: float = 0
    header: str = "authorization"
    header_types: tuple[str, ...] = ("Bearer",)
    user_id_field: str = "id"
    user_id_claim: str = "user_id"
    token_classes: tuple[tuple[str, str], ...] = (("AccessToken", "access"),)
    type_claim: str | None = "token_type"
    id_claim: str | None = "jti"
    check_active: bool = True
    revoke_claim: str | None = None
    invalid: Text = gettext_lazy("Token is invalid")
    expired: Text = gettext_lazy("Token is expired")


class TokenError(Exception):
    """``rest_framework_simplejwt.exceptions.TokenError``: the text says why."""


class InvalidToken(AuthenticationFailed):
    """``rest_framework_simplejwt.exceptions.InvalidToken``: no token, or one that does not hold. Exception handlers ask for it."""

    default_code = "token_not_valid"


class JWTAuthentication:
    """``request.auth`` is the token's claims; the user is loaded with one query.

    ``blacklist`` is given where ``rest_framework_simplejwt.token_blacklist`` is installed: sliding tokens are looked up in
    it, one query more. ``cookie`` has the token of requests without the header (``JWTCookieAuthentication`` of
    dj-rest-auth 7). Raises ``ValueError`` for a blacklist where tokens have no id.
    """

    def __init__(
        self,
        identity: Identity,
        settings: JwtSettings,
        blacklist: Blacklist | None = None,
        *,
        cookie: str | None = None,
    ) -> None:
        if blacklist is not None and settings.id_claim is None:
            raise ValueError("a blacklist knows tokens by their id")
        self._identity, self._settings, self._blacklist = identity, settings, blacklist
        self._cookie = cookie
        self.challenge: str | None = f'{settings.header_types[0]} realm="api"'
        self._types = {t.encode("latin-1") for t in settings.header_types}

    async def authenticate(self, request: Request, db: Database, session: Session | None) -> Outcome | None:
        """``(user, claims)``; None where the header is not there or of another kind.

        Raises :class:`AuthenticationFailed` with simplejwt's bodies.
        """
        header = request.headers.get(self._settings.header)
        if header is None and self._cookie is not None:
            token = request.cookies.get(self._cookie)
            if token is None:
                return None
            claims = await self._claims(db, token.encode("utf-8"))
            return await self._user(request, db, claims), claims
        parts = header.encode("latin-1").split() if header is not None else []
        if not parts or parts[0] not in self._types:
            return None
        if len(parts) != 2:
            raise failed(
                _("Authorization header must contain two space-delimited values"), "bad_authorization_header"
            )
        claims = await self._claims(db, parts[1])
        return await self._user(request, db, claims), claims

    async def _claims(self, db: Database, token: bytes) -> Mapping[str, Any]:
        messages = []
        for name, token_type in self._settings.token_classes:
            try:
                claims = decoded(token, self._settings)
                if self._blacklist is not None and token_type in _REVOCABLE:
                    assert self._settings.id_claim is not None
                    if await self._blacklist.has(db, claims[self._settings.id_claim]):
                        raise TokenError(_("Token is blacklisted"))
                check(claims, token_type, self._settings)
                return claims
            except TokenError as error:
                messages.append({"token_class": name, "token_type": token_type, "message": str(error)})
        raise InvalidToken(
            {
                "detail": _("Given token not valid for any token type"),
                "code": "token_not_valid",
                "messages": messages,
            }
        )

    def _wanted(self, *columns: Any) -> Select[Any]:
        column = self._identity.column(self._settings.user_id_field)
        return select(*columns).where(column == bindparam("wanted", type_=column.type))

    async def _user(self, request: Request, db: Database, claims: Mapping[str, Any]) -> Any:
        settings = self._settings
        if settings.user_id_claim not in claims:
            raise failed(_("Token contained no recognizable user identification"), "token_not_valid")
        column = self._identity.column(settings.user_id_field)
        wanted = owner(column, claims[settings.user_id_claim], db.dialect)
        found = (
            []
            if wanted is None
            else await self._identity.users.read(db, request, self._wanted, {"wanted": wanted})
        )
        if not found:
            raise failed(_("User not found"), "user_not_found")
        user = found[0][1]
        if settings.check_active and not self._identity.active(user):
            raise failed(_("User is inactive"), "user_inactive")
        if settings.revoke_claim is not None:
            digest = hashlib.md5(user.password.encode()).hexdigest().upper()
            if not hmac.compare_digest(str(claims.get(settings.revoke_claim)).encode(), digest.encode()):
                raise failed(_("The user's password has been changed."), "password_changed")
        return user


def owner(column: InstrumentedAttribute[Any], claim: Any, dialect: str) -> Any:
    """The claim that names the user, as Django's look-up takes it; None for what no user has: null, and a number beyond
    the column (``IntegerFieldOverflow``).

    Raises ``TypeError``, ``ValueError`` or :class:`LookupValueError` for what is no key: a 500, as with simplejwt.
    """
    if claim is None:
        return None
    kind = column.type.python_type
    if kind is UUID:
        return as_uuid(claim)
    value = kind(claim)
    if kind is not int:
        return value
    bits = bits_of(column.type, dialect)
    return value if check_bound(value) and -(2**bits) <= value < 2**bits else None


def verified(token: bytes | str, token_type: str, settings: JwtSettings) -> Mapping[str, Any]:
    """The claims of a token of that type.

    Raises :class:`TokenError`; ``ValueError``, ``TypeError`` or ``OverflowError`` for a signed ``exp`` that is no
    time, as simplejwt does (500).
    """
    claims = decoded(token, settings)
    check(claims, token_type, settings)
    return claims


def decoded(token: bytes | str, settings: JwtSettings) -> Mapping[str, Any]:
    """The claims of a token with the right signature, audience and issuer (``TokenBackend.decode``)."""
    try:
        claims: Mapping[str, Any] = jwt.decode(
            token,
            settings.key,
            algorithms=[settings.algorithm],
            audience=settings.audience,
            issuer=settings.issuer,
            leeway=settings.leeway,
            options={"verify_aud": settings.audience is not None},
        )
    except jwt.ExpiredSignatureError:
        raise TokenError(settings.expired) from None
    except jwt.InvalidTokenError:
        raise TokenError(settings.invalid) from None
    return claims


def check(claims: Mapping[str, Any], token_type: str | None, settings: JwtSettings) -> None:
    """``Token.verify``: unexpired, with an id, and of that type (None: of any, ``UntypedToken``)."""
    unexpired(claims, "exp", settings)
    if settings.id_claim is not None and settings.id_claim not in claims:
        raise TokenError(_("Token has no id"))
    if settings.type_claim is not None and token_type is not None:
        if settings.type_claim not in claims:
            raise TokenError(_("Token has no type"))
        if claims[settings.type_claim] != token_type:
            raise TokenError(_("Token has wrong type"))


def unexpired(claims: Mapping[str, Any], claim: str, settings: JwtSettings) -> None:
    """``Token.check_exp``."""
    if claim not in claims:
        raise TokenError(_("Token has no '{}' claim").format(claim))
    now = datetime.now(tz=UTC)
    if datetime.fromtimestamp(claims[claim], tz=UTC) <= now - timedelta(seconds=settings.leeway):
        raise TokenError(_("Token '{}' claim has expired").format(claim))


def failed(text: str, code: str = "token_not_valid") -> AuthenticationFailed:
    """``rest_framework_simplejwt.exceptions.AuthenticationFailed``, or ``InvalidToken`` where that is the code of it: text and
    code are in the body."""
    made = InvalidToken if code == "token_not_valid" else AuthenticationFailed
    return made({"detail": text, "code": code})


def issued(
    user: Any, token_type: str, lifetime: float, settings: JwtSettings, *, number: bool = False
) -> str:
    """``str(AccessToken.for_user(user))``: a signed token of that type for ``lifetime`` seconds.

    ``number``: an integer key stays one (simplejwt before 5.5.1), else it is text.
    """
    now = datetime.now(tz=UTC)
    key = getattr(user, settings.user_id_field)
    claims: dict[str, Any] = {
        "exp": timegm((now + timedelta(seconds=lifetime)).utctimetuple()),
        "iat": timegm(now.utctimetuple()),
        settings.user_id_claim: key if number and isinstance(key, int) else str(key),
    }
    if settings.type_claim is not None:
        claims[settings.type_claim] = token_type
    if settings.id_claim is not None:
        claims[settings.id_claim] = uuid4().hex
    if settings.revoke_claim is not None:
        claims[settings.revoke_claim] = hashlib.md5(user.password.encode()).hexdigest().upper()
    if settings.audience is not None:
        claims["aud"] = settings.audience if isinstance(settings.audience, str) else list(settings.audience)
    if settings.issuer is not None:
        claims["iss"] = settings.issuer
    return jwt.encode(claims, settings.key, algorithm=settings.algorithm)
