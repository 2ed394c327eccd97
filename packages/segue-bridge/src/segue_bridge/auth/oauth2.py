"""Access tokens of django-oauth-toolkit: who gave them, to which application, for which scopes, and until when.

Sources: ``oauth2_provider.contrib.rest_framework``, ``oauth2_provider.oauth2_backends.OAuthLibCore.verify_request``,
``oauth2_provider.oauth2_validators.OAuth2Validator.validate_bearer_token``, ``oauth2_provider.models`` (1.5 to 3.x), and
``oauthlib.oauth2.rfc6749.tokens.get_token_from_header``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from sqlalchemy import BigInteger, Select, String, bindparam, column, delete, select, table, update

from segue_bridge.auth.backend import Informed
from segue_bridge.auth.sessions import Session
from segue_bridge.auth.users import CurrentUser, Identity, is_authenticated
from segue_bridge.db.types import Json
from segue_bridge.db.types.aware import AwareDateTime
from segue_bridge.errors import Unserved
from segue_bridge.schema.data import FormData
from segue_bridge.translation import gettext as _

if TYPE_CHECKING:
    from starlette.requests import Request

    from segue_bridge.auth.backend import Outcome
    from segue_bridge.db.session import Session as Database

_SAFE = ("GET", "HEAD", "OPTIONS")
# oauthlib's: such a query string is a 400 of Django's own, a page of HTML.
_NOT_HEX = re.compile(r"%[^0-9A-Fa-f]|%[0-9A-Fa-f][^0-9A-Fa-f]")
_MOST_FIELDS = 1000
# What is wrong with the token that a request shows: ``request.oauth2_error``.
_ERROR = "segue_bridge.oauth2_error"


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A row of the token table without the token; ``request.auth`` of who asks with it.

    ``user`` is None for a token that an application got for itself (client credentials). ``client_id`` is None where the
    application is gone, ``resource`` holds the addresses that the token is meant for (RFC 8707), none for any.
    """

    id: int
    scope: str
    expires: datetime
    client_id: str | None
    resource: tuple[str, ...]
    user: CurrentUser | None = field(compare=False)

    def is_expired(self) -> bool:
        """``AbstractAccessToken.is_expired``."""
        return datetime.now(UTC) >= self.expires

    def allow_scopes(self, scopes: Collection[str]) -> bool:
        """``AbstractAccessToken.allow_scopes``: whether the token was given for all of ``scopes``."""
        return set(scopes) <= set(self.scope.split())

    def is_valid(self, scopes: Collection[str] = ()) -> bool:
        """``AbstractAccessToken.is_valid``: not ended, and given for all of ``scopes``."""
        return not self.is_expired() and self.allow_scopes(scopes)


class OAuth2:
    """The tables of access tokens and applications.

    ``resources`` says that tokens have the column ``resource`` (django-oauth-toolkit 3.3 and later), ``checksums`` that rows
    are looked up by a hash of the token (3.0 and later), else by the token itself.
    """

    def __init__(
        self,
        identity: Identity,
        *,
        resources: bool = True,
        checksums: bool = True,
        tokens: str = "oauth2_provider_accesstoken",
        applications: str = "oauth2_provider_application",
        refresh_tokens: str = "oauth2_provider_refreshtoken",
    ) -> None:
        self._identity = identity
        columns: list[Any] = [
            column("id", BigInteger),
            column("token_checksum" if checksums else "token", String),
            column("user_id", identity.column(identity.pk).type),
            column("application_id", BigInteger),
            column("expires", AwareDateTime()),
            column("scope", String),
        ]
        self._resources, self._checksums = resources, checksums
        if resources:
            columns.append(column("resource", Json()))
        self._tokens = table(tokens, *columns)
        self._applications = table(applications, column("id", BigInteger), column("client_id", String))
        self._refresh = table(refresh_tokens, column("access_token_id", BigInteger))

    async def find(self, db: Database, token: str, request: Request | None = None) -> AccessToken | None:
        """The row of a token that somebody shows, whether it has ended or not; None for one that is unknown. One query."""
        wanted = checksum(token) if self._checksums else token
        found = await self._identity.users.read(
            db, request, self._rows, {"wanted": wanted}, before=4 + self._resources
        )
        for row, user in found:
            return AccessToken(
                row[0], row[1], row[2], row[3], tuple(row[4] or ()) if self._resources else (), user
            )
        return None

    async def introspect(self, db: Database, token: str) -> dict[str, Any]:
        """What RFC 7662 says of a token: ``IntrospectTokenView.get_token_response``. One query."""
        found = await self.find(db, token)
        if found is None or found.is_expired():
            return {"active": False}
        said: dict[str, Any] = {"active": True, "scope": found.scope, "exp": int(found.expires.timestamp())}
        if found.client_id is not None:
            said["client_id"] = found.client_id
        if found.user is not None:
            said["username"] = str(getattr(found.user, self._identity.username))
        if found.resource:
            said["aud"] = list(found.resource)
        return said

    async def revoke(self, db: Database, token: AccessToken) -> None:
        """``AccessToken.revoke``: the token is gone for both sides; its refresh token stays, without it. Two queries."""
        mine = self._refresh.c.access_token_id == token.id
        await db.execute(update(self._refresh).where(mine).values(access_token_id=None))
        await db.execute(delete(self._tokens).where(self._tokens.c.id == token.id))

    def _rows(self, *columns: Any) -> Select[Any]:
        mine, by = self._tokens, self._applications
        shown = [mine.c.id, mine.c.scope, mine.c.expires, by.c.client_id]
        if self._resources:
            shown.append(mine.c.resource)
        key = self._identity.column(self._identity.pk)
        joined = mine.outerjoin(self._identity.model, key == mine.c.user_id).outerjoin(
            by, by.c.id == mine.c.application_id
        )
        shown_as = mine.c.token_checksum if self._checksums else mine.c.token
        asked = shown_as == bindparam("wanted", type_=String())
        return select(*shown, *columns).select_from(joined).where(asked)


class OAuth2Authentication:
    """``oauth2_provider.contrib.rest_framework.OAuth2Authentication``: ``request.auth`` is an :class:`AccessToken`.

    A token that is unknown or has ended is no token: the next authenticator is asked. As in the package, nobody asks
    whether the user is active. ``query`` is False where ``COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT`` refuses tokens in
    addresses, ``oidc`` is ``OIDC_ENABLED``: such tokens may be id tokens, and their requests are left to Django.
    ``userless`` is False where the route's code needs a user: the token of an application is left to Django then, for
    which ``request.user`` is None. So is a token that is meant for certain addresses.
    """

    def __init__(
        self,
        tokens: OAuth2,
        *,
        realm: str = "api",
        query: bool = True,
        oidc: bool = False,
        userless: bool = True,
    ) -> None:
        self._tokens, self._query, self._oidc, self._userless = tokens, query, oidc, userless
        self.challenge: str | None = f'Bearer realm="{realm}"'

    async def authenticate(self, request: Request, db: Database, session: Session | None) -> Outcome | None:
        """``(user, token)``, None without a good token. Raises :class:`Unserved`, 400 and 415: the body is parsed."""
        raw = request.scope.get("query_string", b"").decode("latin-1")
        form = await _form(request)
        asked = dict(parse_qsl(raw, keep_blank_values=True))
        request.scope.pop(_ERROR, None)
        if not self._query and "access_token" in asked:
            return None
        if _NOT_HEX.search(raw) or "#" in raw or raw.count("&") >= _MOST_FIELDS:
            raise Unserved("oauth2-query")
        token = _shown(request, asked, form)
        if self._oidc and token and token.startswith("ey") and token.count(".") in (2, 4):
            raise Unserved("oauth2-id-token")
        found = await self._tokens.find(db, token, request) if token else None
        if found is None or found.is_expired():
            if token:
                # Said in the language of the answer, as the package's lazy texts are.
                request.scope[_ERROR] = "unknown" if found is None else "expired"
            return None
        if found.resource:
            raise Unserved("oauth2-resource")
        if found.user is None and not self._userless:
            raise Unserved("oauth2-application")
        return found.user, found

    def challenge_for(self, request: Request) -> str | None:
        """``authenticate_header``: the challenge, and what is wrong with the token that the request shows."""
        wrong = request.scope.get(_ERROR)
        if wrong is None or self.challenge is None:
            return self.challenge
        text = _("The access token is invalid.") if wrong == "unknown" else _("The access token has expired.")
        return f'{self.challenge},error="invalid_token",error_description="{text}"'


def checksum(token: str) -> str:
    """``TokenChecksumField``: what rows are looked up by."""
    return hashlib.sha256(token.encode()).hexdigest()


def has_scopes(auth: Any, scopes: Iterable[str], *, strict: bool = False) -> bool:
    """``TokenHasScope``: whether ``request.auth`` is an access token for all of ``scopes``.

    ``strict``: a token of another kind is an ``AssertionError``, as in django-oauth-toolkit before 3.4.1.
    """
    if isinstance(auth, AccessToken):
        return auth.is_valid(tuple(scopes))
    if strict and auth:
        raise AssertionError("TokenHasScope requires OAuth2Authentication to be used.")
    return False


def is_authenticated_or_has_scopes(
    user: CurrentUser, auth: Any, scopes: Iterable[str], *, strict: bool = False
) -> bool:
    """``IsAuthenticatedOrTokenHasScope``: somebody who came by other means, or a token for all of ``scopes``."""
    other = is_authenticated(user) and not isinstance(auth, AccessToken)
    return other or has_scopes(auth, scopes, strict=strict)


def has_any_scopes(
    auth: Any, method: str, wanted: Mapping[str, Iterable[Collection[str]]], *, strict: bool = False
) -> bool:
    """``TokenMatchesOASRequirements``: a token for all scopes of one of the lists of ``method``."""
    if not isinstance(auth, AccessToken):
        return has_scopes(auth, (), strict=strict)
    return any(has_scopes(auth, scopes) for scopes in wanted.get(method.upper(), ()))


def by_method(method: str, read: tuple[str, ...], write: tuple[str, ...]) -> tuple[str, ...]:
    """``read`` for methods that change nothing, else ``write`` (``TokenHasReadWriteScope``, ``TokenHasResourceScope``)."""
    return read if method.upper() in _SAFE else write


async def _form(request: Request) -> FormData:
    """``request.POST`` of DRF's request, empty for what is no form."""
    data = await request.data() if isinstance(request, Informed) else None
    return data if isinstance(data, FormData) else FormData()


def _shown(request: Request, query: Mapping[str, str], form: FormData) -> str | None:
    """``get_token_from_header``: of the header, and only without one of the form or the query string."""
    header = request.headers.get("authorization")
    if header is not None:
        parts = header.split()
        return parts[1] if len(parts) == 2 and parts[0].lower() == "bearer" else None
    posted = [value for value in form.getlist("access_token") if isinstance(value, str)]  # no files
    return posted[-1] if posted else query.get("access_token")
