"""JSON web tokens made, refreshed, rotated and revoked as djangorestframework-simplejwt does it.

Sources: ``rest_framework_simplejwt.tokens`` and ``.serializers`` (5.3 to 5.5). Either side takes what the other issued.
"""

from __future__ import annotations

import hashlib
from calendar import timegm
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict
from uuid import uuid4

import jwt
from sqlalchemy import literal

from segue_bridge.auth.backend import authenticate
from segue_bridge.auth.jwt import JwtSettings, TokenError, check, decoded, failed, owner, unexpired
from segue_bridge.auth.jwt_blacklist import Blacklist
from segue_bridge.db.errors import ObjectDoesNotExist
from segue_bridge.errors import AuthenticationFailed, ValidationError
from segue_bridge.translation import gettext as _

if TYPE_CHECKING:
    from segue_bridge.auth.passwords import Passwords
    from segue_bridge.auth.users import Identity
    from segue_bridge.db.session import Session as Database

Claims = dict[str, Any]
TokenType: TypeAlias = Literal["access", "refresh", "sliding"]


class Pair(TypedDict):
    """What ``TokenObtainPairView`` answers."""

    refresh: str
    access: str


class Sliding(TypedDict):
    """What the two views of sliding tokens answer."""

    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetimes:
    """``…_LIFETIME`` of ``SIMPLE_JWT``, in seconds."""

    access: float = 300
    refresh: float = 86_400
    sliding: float = 300
    sliding_refresh: float = 86_400


class Tokens:
    """Issues, refreshes and revokes tokens of one ``SIMPLE_JWT``.

    ``rotate`` is ``ROTATE_REFRESH_TOKENS``, ``revoke_rotated`` ``BLACKLIST_AFTER_ROTATION``. ``blacklist`` is given where
    ``rest_framework_simplejwt.token_blacklist`` is installed. Methods that take a token raise
    :class:`~segue_bridge.errors.AuthenticationFailed` with the body of simplejwt's views for one that is not good; with
    ``answered=False`` :class:`~segue_bridge.auth.jwt.TokenError`, as simplejwt's serializers do. ``release`` is simplejwt's, where
    clients and tables tell it from 5.5.1: what tokens say, whether their user is asked for when they are refreshed, and
    what is noted of tokens that are revoked.
    Raises ``ValueError`` for settings without a claim for the type or the id: tokens without them are read, but not made.
    """

    def __init__(
        self,
        identity: Identity,
        settings: JwtSettings,
        lifetimes: Lifetimes | None = None,
        *,
        rotate: bool = False,
        revoke_rotated: bool = False,
        blacklist: Blacklist | None = None,
        sliding_claim: str = "refresh_exp",
        answered: bool = True,
        release: tuple[int, ...] = (5, 5, 1),
    ) -> None:
        if settings.type_claim is None or settings.id_claim is None:
            raise ValueError("tokens are made with a claim for their type and one for their id")
        self._identity, self._settings, self._lifetimes = identity, settings, lifetimes or Lifetimes()
        self._type_claim, self._id_claim = settings.type_claim, settings.id_claim
        self._rotate, self._revoke_rotated, self._blacklist = rotate, revoke_rotated, blacklist
        self._sliding_claim, self._answered, self._release = sliding_claim, answered, release

    async def user(self, db: Database, passwords: Passwords, username: Any, password: Any) -> Any:
        """Who has that name and password, by ``ModelBackend`` (``TokenObtainSerializer.validate``).

        Raises :class:`~segue_bridge.errors.AuthenticationFailed` where nobody (active) has.
        """
        user = await authenticate(db, self._identity, passwords, username, password)
        if user is None or not self._may(user):
            raise AuthenticationFailed(
                _("No active account found with the given credentials"), "no_active_account"
            )
        return user

    async def for_user(self, db: Database, user: Any, token_type: TokenType) -> WebToken:
        """``RefreshToken.for_user(user)`` and its kin: a new token, to which claims may be added.

        Refresh and sliding tokens are noted as outstanding, where there is a blacklist, before they get other claims.
        """
        now = datetime.now(tz=UTC)
        settings = self._settings
        claims = self._empty(token_type, now)
        key = getattr(user, settings.user_id_field)
        # Until 5.5.1 numbers stayed numbers.
        number = self._release < (5, 5, 1) and isinstance(key, int)
        claims[settings.user_id_claim] = key if number else str(key)
        if settings.revoke_claim is not None:
            claims[settings.revoke_claim] = password_digest(user.password)
        if token_type != "access":
            await self._noted(db, user, claims, now)
        return WebToken(self, claims, now)

    async def read(self, db: Database, token: str | None, token_type: TokenType) -> WebToken:
        """``RefreshToken(token)`` and its kin: what somebody has sent. Raises as :class:`Tokens` says.

        None makes a new token of nobody, as it does there. Raises ``KeyError`` for a token without an id where there is a blacklist, as simplejwt does (500).
        """
        now = datetime.now(tz=UTC)
        return WebToken(self, await self._checked(db, token, token_type, now), now)

    async def pair(self, db: Database, user: Any) -> Pair:
        """``TokenObtainPairSerializer``: a new refresh token of ``user``, and an access token."""
        refresh = await self.for_user(db, user, "refresh")
        return {"refresh": str(refresh), "access": str(refresh.access_token)}

    async def refreshed(self, db: Database, token: str | None) -> dict[str, str]:
        """``TokenRefreshSerializer``: ``{"access"}``, a new access token; with ``rotate`` a new ``"refresh"`` too. None as in :meth:`read`.

        Raises :class:`~segue_bridge.db.errors.ObjectDoesNotExist` where the user is gone: a 500, as in simplejwt since 5.4
        (before, nobody asked).
        """
        now = datetime.now(tz=UTC)
        claims = await self._checked(db, token, "refresh", now)
        user = None
        named = claims.get(self._settings.user_id_claim)
        if named and self._release >= (5, 4):
            user = await self._owner(db, named)
            if user is None:
                raise ObjectDoesNotExist("User matching query does not exist.", self._identity.model)
            if not self._may(user):
                raise AuthenticationFailed(
                    _("No active account found for the given token."), "no_active_account"
                )
        answer = {"access": self._signed(self._access(claims, now))}
        if not self._rotate:
            return answer
        noted = self._release >= (5, 5)
        if noted and self._blacklist is not None and user is None:
            user = await self._owner(db, named)
        if self._revoke_rotated and self._blacklist is not None:
            await self._revoke(db, claims, self._key(user) if noted else self._named_key(db, named), now)
        claims = {**claims, self._id_claim: uuid4().hex, "exp": _epoch(now, self._lifetimes.refresh)}
        claims["iat"] = _epoch(now)
        text = answer["refresh"] = self._signed(claims)
        if noted and self._blacklist is not None:
            await self._blacklist.outstand(
                db, claims[self._id_claim], text, self._key(user), now, claims["exp"]
            )
        return answer

    async def sliding(self, db: Database, user: Any) -> Sliding:
        """``TokenObtainSlidingSerializer``: a new sliding token of ``user``."""
        return {"token": str(await self.for_user(db, user, "sliding"))}

    async def slid(self, db: Database, token: str | None) -> dict[str, str]:
        """``TokenRefreshSlidingSerializer``: the same token with a later end. None as in :meth:`read`."""
        now = datetime.now(tz=UTC)
        claims = await self._checked(db, token, "sliding", now)
        try:
            unexpired(claims, self._sliding_claim, self._settings)
        except TokenError as error:
            raise self._bad(error) from None
        claims["exp"], claims["iat"] = _epoch(now, self._lifetimes.sliding), _epoch(now)
        return {"token": self._signed(claims)}

    async def verify(self, db: Database, token: str | None) -> None:
        """``TokenVerifySerializer``: whether the token, of whatever type, is signed, unexpired and not revoked.

        None, which is a new token there, is good.
        """
        if token is None:
            return
        try:
            claims = decoded(token, self._settings)
            check(claims, None, self._settings)
        except TokenError as error:
            raise self._bad(error) from None
        kept = self._blacklist if self._revoke_rotated else None
        if kept is not None and await kept.has(db, claims.get(self._id_claim)):
            told = _("Token is blacklisted") if self._release >= (5, 5, 1) else "Token is blacklisted"
            raise ValidationError({"non_field_errors": [told]})

    async def revoke(self, db: Database, token: str | None) -> None:
        """``TokenBlacklistSerializer``: revoke a refresh token. None as in :meth:`read`."""
        refresh = await self.read(db, token, "refresh")
        if self._blacklist is not None:
            await refresh.blacklist(db)

    def _bad(self, error: TokenError) -> Exception:
        return failed(str(error)) if self._answered else error

    async def _checked(self, db: Database, token: str | None, token_type: TokenType, now: datetime) -> Claims:
        """``Token(token)``: revoked ones are told before expired ones; None is a new one."""
        if token is None:
            return self._empty(token_type, now)
        try:
            claims = dict(decoded(token, self._settings))
            kept = self._blacklist if token_type != "access" else None
            if kept is not None and await kept.has(db, claims[self._id_claim]):
                raise TokenError(_("Token is blacklisted"))
            check(claims, token_type, self._settings)
        except TokenError as error:
            raise self._bad(error) from None
        return claims

    def _empty(self, token_type: TokenType, now: datetime) -> Claims:
        """``Token()``: of nobody."""
        claims: Claims = {
            self._type_claim: token_type,
            "exp": _epoch(now, getattr(self._lifetimes, token_type)),
            "iat": _epoch(now),
            self._id_claim: uuid4().hex,
        }
        if token_type == "sliding":
            claims[self._sliding_claim] = _epoch(now, self._lifetimes.sliding_refresh)
        return claims

    async def _noted(self, db: Database, user: Any, claims: Claims, now: datetime) -> None:
        if self._blacklist is not None:
            key, text = self._key(user), self._signed(claims)
            await self._blacklist.issued(db, claims[self._id_claim], text, key, now, claims["exp"])

    def _access(self, refresh: Mapping[str, Any], now: datetime) -> Claims:
        """``RefreshToken.access_token``: the other claims are copied."""
        left = {self._type_claim, "exp", self._id_claim, "jti"}
        if self._release >= (5, 5):
            left.add("iat")
        return {
            self._type_claim: "access",
            "exp": _epoch(now, self._lifetimes.access),
            "iat": _epoch(now),
            self._id_claim: uuid4().hex,
            **{name: value for name, value in refresh.items() if name not in left},
        }

    async def _end(self, db: Database, claims: Claims, now: datetime) -> None:
        """``BlacklistMixin.blacklist``."""
        if self._blacklist is None:
            raise AttributeError("'RefreshToken' object has no attribute 'blacklist'")
        named = claims.get(self._settings.user_id_claim)
        if self._release >= (5, 5):
            key = self._key(await self._owner(db, named))
        else:
            key = self._named_key(db, named)
        await self._revoke(db, claims, key, now)

    async def _revoke(self, db: Database, claims: Claims, key: Any, now: datetime) -> None:
        """``key`` is the user's: before 5.5 the claim as it stands, before 5.4 nothing is noted of whose and when."""
        assert self._blacklist is not None
        text, made = self._signed(claims), now if self._release >= (5, 4) else None
        issued = await self._blacklist.outstand(
            db, claims[self._id_claim], text, None if made is None else key, made, claims["exp"]
        )
        await self._blacklist.revoke(db, issued)

    async def _owner(self, db: Database, named: Any) -> Any:
        """``User.objects.get(…)``: None where there is none. Raises ``ValueError`` for what is no key."""
        column = self._identity.column(self._settings.user_id_field)
        wanted = owner(column, named, db.dialect)
        return None if wanted is None else await self._identity.find(db, column, wanted)

    def _key(self, user: Any) -> Any:
        return None if user is None else self._bound(self._identity.pk_of(user))

    def _named_key(self, db: Database, named: Any) -> Any:
        """The claim as the key that it is stored for (``OutstandingToken(user_id=claim)``), whether there is such a user or not.

        None before 5.4, where nothing is stored. Raises ``ValueError`` for what is no key.
        """
        if named is None or self._release < (5, 4):
            return None
        return self._bound(owner(self._identity.column(self._identity.pk), named, db.dialect))

    def _bound(self, key: Any) -> Any:
        """``key`` as its column stores it: the tables of tokens have no type for it."""
        return literal(key, self._identity.column(self._identity.pk).type)

    def _may(self, user: Any) -> bool:
        """``default_user_authentication_rule``."""
        return not self._settings.check_active or self._identity.active(user)

    def _signed(self, claims: Claims) -> str:
        return signed(claims, self._settings)


class WebToken:
    """``rest_framework_simplejwt.tokens.Token``: claims by name; its text is signed when it is asked for."""

    def __init__(self, tokens: Tokens, claims: Claims, made: datetime) -> None:
        self._tokens, self._made = tokens, made
        self.claims = claims

    def __getitem__(self, name: str) -> Any:
        return self.claims[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self.claims[name] = value

    def __contains__(self, name: str) -> bool:
        return name in self.claims

    def __str__(self) -> str:
        return self._tokens._signed(self.claims)

    @property
    def access_token(self) -> WebToken:
        """Of a refresh token: a new access token with its other claims."""
        return WebToken(self._tokens, self._tokens._access(self.claims, self._made), self._made)

    async def blacklist(self, db: Database) -> None:
        """Revoke it. Raises ``AttributeError`` where no blacklist is installed, as simplejwt does."""
        await self._tokens._end(db, self.claims, self._made)


def signed(claims: Mapping[str, Any], settings: JwtSettings) -> str:
    """``TokenBackend.encode``."""
    full = dict(claims)
    if settings.audience is not None:
        full["aud"] = settings.audience if isinstance(settings.audience, str) else list(settings.audience)
    if settings.issuer is not None:
        full["iss"] = settings.issuer
    return jwt.encode(full, settings.signing_key or settings.key, algorithm=settings.algorithm)


def password_digest(password: str) -> str:
    """``get_md5_hash_password``: ties a token to the stored password."""
    return hashlib.md5(password.encode()).hexdigest().upper()


def _epoch(moment: datetime, seconds: float = 0) -> int:
    return timegm((moment + timedelta(seconds=seconds)).utctimetuple())
