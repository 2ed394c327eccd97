"""Tokens of django-rest-knox: only a digest is stored, many per user, with an end.

Sources: ``knox.auth.TokenAuthentication``, ``knox.models``, ``knox.crypto``, ``knox.views`` (5.0 and 5.1).
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Select,
    String,
    bindparam,
    column,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    table,
    update,
)

from segue_bridge.auth.own import authorization_header
from segue_bridge.auth.sessions import Session
from segue_bridge.auth.users import CurrentUser, Identity
from segue_bridge.db.types.aware import AwareDateTime
from segue_bridge.errors import AuthenticationFailed

if TYPE_CHECKING:
    from starlette.requests import Request

    from segue_bridge.auth.backend import Outcome
    from segue_bridge.db.session import Session as Database

_KEY_LENGTH = 15
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnoxSettings:
    """``REST_KNOX``. Durations in seconds; ``ttl`` of None never ends.

    ``algorithm`` is hashlib's name of ``SECURE_HASH_ALGORITHM``, ``length`` ``AUTH_TOKEN_CHARACTER_LENGTH``, ``limit``
    ``TOKEN_LIMIT_PER_USER``, ``keyword`` ``AUTH_HEADER_PREFIX``, ``table`` that of ``TOKEN_MODEL``.
    """

    algorithm: str = "sha512"
    length: int = 64
    ttl: float | None = 36_000
    limit: int | None = None
    auto_refresh: bool = False
    max_ttl: float | None = None
    min_refresh_interval: float = 60
    keyword: str = "Token"
    prefix: str = ""
    table: str = "knox_authtoken"


@dataclass(frozen=True, slots=True)
class KnoxToken:
    """A row of the token table; ``request.auth`` of who asks with it."""

    digest: str = field(repr=False)
    token_key: str
    created: datetime
    expiry: datetime | None
    user: CurrentUser = field(compare=False)


class Knox:
    """The token table: who a token is from, new ones, and their end."""

    def __init__(self, identity: Identity, settings: KnoxSettings | None = None) -> None:
        self.settings = settings or KnoxSettings()
        self._identity = identity
        self._table = table(
            self.settings.table,
            column("digest", String),
            column("token_key", String),
            column("user_id", identity.column(identity.pk).type),
            column("created", AwareDateTime()),
            column("expiry", AwareDateTime()),
        )

    async def find(self, db: Database, token: str, request: Request | None = None) -> KnoxToken | None:
        """Whose token that is (``authenticate_credentials``), None for one that is unknown or has ended.

        One query. Tokens that have ended are deleted, those of the same user too, and ``AUTO_REFRESH`` moves the end: one
        query more each.
        """
        now = datetime.now(UTC)
        values = {"key": token[:_KEY_LENGTH], "now": now}
        digest = self.digest(token)
        mine = self._table.c
        for row, user in await self._identity.users.read(db, request, self._tokens, values, before=5):
            stored, token_key, created, expiry, ended = row
            found = KnoxToken(stored, token_key, created, expiry, user)
            if ended:
                others = (mine.user_id == self._identity.pk_of(user), mine.digest != found.digest)
                await db.execute(delete(self._table).where(*others, mine.expiry < now))
            if found.expiry is not None and found.expiry < now:
                await db.execute(delete(self._table).where(mine.digest == found.digest))
                continue
            if hmac.compare_digest(digest, found.digest):
                return await self._renewed(db, found)
        return None

    async def create(
        self, db: Database, user: Any, *, seconds: float | bool | None = True, prefix: str | None = None
    ) -> tuple[KnoxToken, str]:
        """``AuthToken.objects.create``: the row, and the token, which is never seen again.

        ``seconds`` until it ends, None for never, True for the setting.
        """
        token = (self.settings.prefix if prefix is None else prefix) + secrets.token_hex(
            self.settings.length // 2
        )
        lifetime = self.settings.ttl if seconds is True else seconds
        now = datetime.now(UTC)
        end = None if lifetime is None else now + timedelta(seconds=lifetime)
        made = KnoxToken(self.digest(token), token[:_KEY_LENGTH], now, end, user)
        await db.execute(
            insert(self._table).values(
                digest=made.digest,
                token_key=made.token_key,
                user_id=self._identity.pk_of(user),
                created=made.created,
                expiry=made.expiry,
            )
        )
        return made, token

    async def full(self, db: Database, user: Any) -> bool:
        """Whether ``user`` has as many living tokens as ``limit`` allows. One query where there is a limit."""
        if self.settings.limit is None:
            return False
        mine = self._table.c
        living = or_(mine.expiry > datetime.now(UTC), mine.expiry.is_(None))
        counted = select(func.count()).where(mine.user_id == self._identity.pk_of(user), living)
        return bool(await db.scalar(counted.select_from(self._table)) >= self.settings.limit)

    async def revoke(self, db: Database, token: KnoxToken) -> None:
        """Log out: delete the token."""
        await db.execute(delete(self._table).where(self._table.c.digest == token.digest))

    async def revoke_all(self, db: Database, user: Any) -> None:
        """Log out everywhere: delete all tokens of ``user``."""
        await db.execute(delete(self._table).where(self._table.c.user_id == self._identity.pk_of(user)))

    def digest(self, token: str) -> str:
        """What is stored of a token."""
        return hashlib.new(self.settings.algorithm, token.encode()).hexdigest()

    async def _renewed(self, db: Database, token: KnoxToken) -> KnoxToken:
        """``renew_token``."""
        settings = self.settings
        if not settings.auto_refresh or token.expiry is None or settings.ttl is None:
            return token
        end = datetime.now(UTC) + timedelta(seconds=settings.ttl)
        if settings.max_ttl is not None:
            latest = token.created + timedelta(seconds=settings.max_ttl)
            if end > latest:
                end = latest
                _log.info("Token renewal truncated due to AUTO_REFRESH_MAX_TTL.")
        if (end - token.expiry).total_seconds() > settings.min_refresh_interval:
            changed = update(self._table).where(self._table.c.digest == token.digest)
            await db.execute(changed.values(expiry=end))
        return KnoxToken(token.digest, token.token_key, token.created, end, token.user)

    def _tokens(self, *columns: Any) -> Select[Any]:
        mine, other = self._table, self._table.alias("other")
        ended = exists().where(
            other.c.user_id == mine.c.user_id,
            other.c.digest != mine.c.digest,
            other.c.expiry < bindparam("now", type_=AwareDateTime()),
        )
        owner = self._identity.column(self._identity.pk) == mine.c.user_id
        return select(
            mine.c.digest, mine.c.token_key, mine.c.created, mine.c.expiry, ended.correlate(mine), *columns
        ).where(owner, mine.c.token_key == bindparam("key", type_=String()))


class KnoxAuthentication:
    """``knox.auth.TokenAuthentication``: ``request.auth`` is a :class:`KnoxToken`."""

    def __init__(self, knox: Knox) -> None:
        self._knox = knox
        self.challenge: str | None = knox.settings.keyword

    async def authenticate(self, request: Request, db: Database, session: Session | None) -> Outcome | None:
        """``(user, token)``; None for a header of another kind. Raises :class:`AuthenticationFailed`."""
        parts = authorization_header(request).split()
        if not parts or parts[0].lower() != self._knox.settings.keyword.lower().encode():
            return None
        if len(parts) == 1:
            raise AuthenticationFailed("Invalid token header. No credentials provided.")
        if len(parts) > 2:
            raise AuthenticationFailed("Invalid token header. Token string should not contain spaces.")
        # A header that is no UTF-8 is a 500 there as well.
        found = await self._knox.find(db, parts[1].decode(), request)
        if found is None:
            raise AuthenticationFailed("Invalid token.")
        if not found.user.is_active:
            raise AuthenticationFailed("User inactive or deleted.")
        return found.user, found
