"""DRF's authenticators, in the order a view lists them."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import Select, String, bindparam, column, select, table

from segue_bridge.auth import csrf
from segue_bridge.auth.crypto import salted_hmac, same
from segue_bridge.auth.csrf import CsrfSettings
from segue_bridge.auth.own import Authenticated, header_token
from segue_bridge.auth.passwords import Passwords
from segue_bridge.auth.session_settings import SessionSettings
from segue_bridge.auth.sessions import Session, Store
from segue_bridge.auth.users import AnonymousUser, CurrentUser, Identity
from segue_bridge.auth.who import Known
from segue_bridge.errors import AuthenticationFailed, PermissionDenied, Unserved
from segue_bridge.leaving import left_to_django
from segue_bridge.schema.data import FormData
from segue_bridge.translation import gettext as _

if TYPE_CHECKING:
    from starlette.requests import Request

    from segue_bridge.db.session import Session as Database

USER_KEY, BACKEND_KEY, HASH_KEY = "_auth_user_id", "_auth_user_backend", "_auth_user_hash"
_HASH_SALT = "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash"

Outcome = tuple[CurrentUser, Any]


class Authenticator(Protocol):
    """One way to say who asks. ``challenge`` is its ``WWW-Authenticate``, None for 403 instead of 401."""

    challenge: str | None

    async def authenticate(self, request: Request, db: Database, session: Session | None) -> Outcome | None:
        """``(user, auth)``, or None when the request does not use this way.

        Raises :class:`AuthenticationFailed` (or :class:`PermissionDenied` for CSRF) when it does and fails.
        """


class Verifying(Protocol):
    """What a middleware asks of a session once its user is known (:class:`segue_bridge.auth.mfa.otp.OtpDevices`)."""

    async def verified_by(self, db: Database, session: Session, user_pk: Any) -> str | None:
        """The device that has verified the user; one that does so no more is forgotten by the session."""


@dataclass(frozen=True, slots=True)
class Sessions:
    """Everything about sessions: settings, store, and the ``AUTHENTICATION_BACKENDS`` by dotted name.

    ``inactive``: those of them that load users who are not active as well (``AllowAllUsersModelBackend``). ``left``: others that load
    users in a way of their own, so that their sessions are left to Django.
    """

    settings: SessionSettings
    store: Store
    backends: tuple[str, ...] = ("django.contrib.auth.backends.ModelBackend",)
    inactive: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    known: Known = field(default_factory=Known, repr=False, compare=False)

    def of(self, request: Request) -> Session:
        """The (unopened) session of a request."""
        return Session(self.settings, self.store, request.cookies.get(self.settings.cookie_name))


def auth_hash(password: str, secret: str) -> str:
    """``AbstractBaseUser.get_session_auth_hash`` for a stored password."""
    return salted_hmac(_HASH_SALT, password, secret).hexdigest()


async def session_user(
    session: Session,
    db: Database,
    identity: Identity,
    backends: Sequence[str],
    known: Known | None = None,
    request: Request | None = None,
    inactive: Collection[str] = (),
    left: Collection[str] = (),
) -> CurrentUser:
    """``django.contrib.auth.get_user``: the logged-in user, else :class:`AnonymousUser`.

    ``inactive``: backends whose users need not be active. ``left``: those whose users are known to Django alone: raises
    :class:`Unserved` for their sessions.

    Two queries at most; one where ``known`` has seen the session and ``request`` is given.
    """
    key, user = session.key, None
    guess = known.get(key) if known is not None and key is not None else None
    if guess is None or request is None:
        await session.open(db)
    else:
        user = await session.open_with(db, request, identity, guess)
    if USER_KEY in session and session.get(BACKEND_KEY) in left:
        raise Unserved("session")
    pk = identity.parse_pk(session[USER_KEY]) if USER_KEY in session else None
    if known is not None and key is not None:
        known.note(key, pk)
    if pk is None or session.get(BACKEND_KEY) not in backends:
        return AnonymousUser()
    if user is None or identity.pk_of(user) != pk:
        user = await identity.load(db, pk, request)
    if user is None or not (identity.active(user) or session.get(BACKEND_KEY) in inactive):
        return AnonymousUser()
    if not identity.session_hash:
        return user
    stored = session.get(HASH_KEY)
    settings = session.settings
    if stored and same(stored, auth_hash(user.password, settings.secret)):
        return user
    if stored and any(same(stored, auth_hash(user.password, old)) for old in settings.fallbacks):
        await session.cycle_key(db, later=True)
        session[HASH_KEY] = auth_hash(user.password, settings.secret)
        return user
    await session.flush(db, later=True)
    return AnonymousUser()


async def login(session: Session, db: Database, user: Any, identity: Identity, backend: str) -> None:
    """``django.contrib.auth.login`` for the session: cycles or flushes it, then names the user."""
    await session.open(db)
    digest = auth_hash(user.password, session.settings.secret) if identity.session_hash else ""
    if USER_KEY in session:
        other = identity.parse_pk(session[USER_KEY]) != identity.pk_of(user)
        if other or (digest and not same(session.get(HASH_KEY) or "", digest)):
            await session.flush(db)
    else:
        await session.cycle_key(db)
    session[USER_KEY] = str(identity.pk_of(user))
    session[BACKEND_KEY] = backend
    session[HASH_KEY] = digest


async def logout(session: Session, db: Database) -> None:
    """``django.contrib.auth.logout`` for the session."""
    await session.open(db)
    await session.flush(db)


class SessionAuthentication:
    """``rest_framework.authentication.SessionAuthentication``: CSRF is checked for logged-in users only.

    ``enforce_csrf`` is False for a subclass whose ``enforce_csrf`` does nothing, ``challenge`` what its
    ``authenticate_header`` gives. ``devices`` are asked where the project has ``OTPMiddleware`` of django-otp.
    """

    def __init__(
        self,
        sessions: Sessions,
        identity: Identity,
        csrf_settings: CsrfSettings | None = None,
        *,
        enforce_csrf: bool = True,
        challenge: str | None = None,
        devices: Verifying | None = None,
    ) -> None:
        self._sessions, self._identity, self._devices = sessions, identity, devices
        self._csrf = csrf_settings or CsrfSettings()
        self._enforce_csrf = enforce_csrf
        self.challenge = challenge

    async def authenticate(self, request: Request, db: Database, session: Session | None) -> Outcome | None:
        if session is None:
            return None
        sessions = self._sessions
        user = await session_user(
            session,
            db,
            self._identity,
            sessions.backends,
            sessions.known,
            request,
            sessions.inactive,
            sessions.left,
        )
        if self._devices is not None and not isinstance(user, AnonymousUser):
            await self._devices.verified_by(db, session, self._identity.pk_of(user))
        if isinstance(user, AnonymousUser) or not self._identity.active(user):
            return None
        if not self._enforce_csrf:
            return user, None
        if isinstance(request, Informed):
            secure, host = request.secure, request.host
        else:
            secure, host = request.url.scheme == "https", request.headers.get("host", "")
        facts = csrf.Facts(
            method=request.method,
            secure=secure,
            host=host,
            headers=request.headers,
            cookies=request.cookies,
            session_token=session.get("_csrftoken") if self._csrf.use_sessions else None,
        )
        refused = csrf.reason(self._csrf, facts)
        if request.method == "POST" and (refused is None or refused.startswith(csrf.TOKEN_STAGE)):
            # Django looks for the token in request.POST first: here a body that cannot be parsed is a 400.
            refused = csrf.reason(self._csrf, replace(facts, posted=await _posted_token(request)))
        if refused:
            raise PermissionDenied(f"CSRF Failed: {refused}")
        return user, None


class BasicAuthentication:
    """``rest_framework.authentication.BasicAuthentication`` over ``ModelBackend``; without ``passwords`` no backend of
    the project checks any, and nobody is found."""

    def __init__(
        self,
        identity: Identity,
        passwords: Passwords | None,
        *,
        upgrade: bool = True,
        challenge: str | None = 'Basic realm="api"',
    ) -> None:
        self._identity, self._passwords, self._upgrade = identity, passwords, upgrade
        self.challenge = challenge

    async def authenticate(self, request: Request, db: Database, session: Session | None) -> Outcome | None:
        parts = _authorization(request)
        if not parts or parts[0].lower() != "basic":
            return None
        if len(parts) == 1:
            raise AuthenticationFailed(_("Invalid basic header. No credentials provided."))
        if len(parts) > 2:
            raise AuthenticationFailed(
                _("Invalid basic header. Credentials string should not contain spaces.")
            )
        try:
            raw = base64.b64decode(parts[1].encode("latin-1"))
            try:
                text = raw.decode("utf-8")
            except UnicodeDecodeError:
                text = raw.decode("latin-1")
            username, password = text.split(":", 1)
        except (ValueError, UnicodeDecodeError, binascii.Error):
            raise AuthenticationFailed(
                _("Invalid basic header. Credentials not correctly base64 encoded.")
            ) from None
        user = None
        if self._passwords is not None:
            user = await authenticate(
                db, self._identity, self._passwords, username, password, upgrade=self._upgrade
            )
        if user is None:
            raise AuthenticationFailed(_("Invalid username/password."))
        return user, None


@dataclass(frozen=True, slots=True)
class Token:
    """``request.auth`` of token authentication: a row of ``authtoken_token``."""

    key: str
    user_id: Any
    user: CurrentUser = field(compare=False)


def give_key(token: Any) -> None:
    """What ``rest_framework.authtoken.models.Token.save`` does first: a key where there is none."""
    if not token.key:
        token.key = secrets.token_hex(20)


class TokenAuthentication:
    """``rest_framework.authentication.TokenAuthentication`` over ``authtoken_token``."""

    def __init__(
        self, identity: Identity, *, keyword: str = "Token", table_name: str = "authtoken_token"
    ) -> None:
        self._identity, self._keyword = identity, keyword
        self.challenge: str | None = keyword
        key_type = identity.column(identity.pk).type
        self._table = table(table_name, column("key", String), column("user_id", key_type))

    def _owner(self, *columns: Any) -> Select[Any]:
        """Token and user in one query, as DRF's ``select_related("user")``."""
        identity = self._identity
        owner = identity.column(identity.pk) == self._table.c.user_id
        return select(*columns).where(owner, self._table.c.key == bindparam("key", type_=String()))

    async def authenticate(self, request: Request, db: Database, session: Session | None) -> Outcome | None:
        key = header_token(request, self._keyword)
        if key is None:
            return None
        found = await self._identity.users.read(db, request, self._owner, {"key": key})
        if not found:
            raise AuthenticationFailed(_("Invalid token."))
        user = found[0][1]
        if not self._identity.active(user):
            raise AuthenticationFailed(_("User inactive or deleted."))
        return user, Token(key, self._identity.pk_of(user), user)


class Authentication:
    """A view's authenticators in order; the first one's challenge decides between 401 and 403."""

    def __init__(self, *authenticators: Authenticator, sessions: Sessions | None = None) -> None:
        self.authenticators, self.sessions = authenticators, sessions
        self.repeatable = not any(isinstance(one, Authenticated) for one in authenticators)
        """Whether what they write may be written again: a class of the project's own may count."""

    @property
    def challenge(self) -> str | None:
        """``WWW-Authenticate`` of a 401, None when DRF answers 403."""
        return self.authenticators[0].challenge if self.authenticators else None

    def challenge_for(self, request: Request) -> str | None:
        """``WWW-Authenticate`` of the 401 of this request: some authenticators say there what is wrong with its token."""
        first = self.authenticators[0] if self.authenticators else None
        told = getattr(first, "challenge_for", None)
        return told(request) if told is not None else self.challenge

    async def authenticate(self, request: Request, db: Database, session: Session | None) -> Outcome:
        """``Request._authenticate``: the first that answers; anonymous when none does."""
        for authenticator in self.authenticators:
            outcome = await authenticator.authenticate(request, db, session)
            if outcome is not None:
                return outcome
        return AnonymousUser(), None


class Visitors(Authentication):
    """Who plain views of Django's are asked by: ``AuthenticationMiddleware``, which goes by the session alone and checks no token.

    ``devices`` are asked where the project has ``OTPMiddleware`` of django-otp.
    """

    def __init__(self, sessions: Sessions, identity: Identity, devices: Verifying | None = None) -> None:
        super().__init__(sessions=sessions)
        self._identity, self._devices = identity, devices

    async def authenticate(self, request: Request, db: Database, session: Session | None) -> Outcome:
        """The user of the session, else nobody (``django.contrib.auth.get_user``)."""
        known = self.sessions
        assert known is not None
        session = known.of(request) if session is None else session
        user = await session_user(
            session, db, self._identity, known.backends, known.known, request, known.inactive, known.left
        )
        if self._devices is not None and not isinstance(user, AnonymousUser):
            await self._devices.verified_by(db, session, self._identity.pk_of(user))
        return user, None


async def authenticate(
    db: Database,
    identity: Identity,
    passwords: Passwords,
    username: Any,
    password: Any,
    *,
    upgrade: bool = True,
) -> CurrentUser | None:
    """``ModelBackend.authenticate``: the user, None otherwise; a hash of old strength is stored anew.

    Nothing is asked without a name and a password. What is no text, as a JSON body may have it: a name is looked up as its
    text (``CharField.to_python``), a password is a ``TypeError`` where nobody has the name, else up to the hasher.

    An unknown name costs a hash as well, so that the time does not tell. With ``upgrade=False`` saving the user runs
    code of the Django side: raises what :func:`left_to_django` gives where that would have to happen.
    """
    if username is None or password is None:
        return None
    user = await identity.by_username(db, str(username))
    if user is None:
        await passwords.make(password)
        return None
    right, update = await passwords.check(password, user.password)
    if right and update:
        if not upgrade:
            raise left_to_django(db, "password")
        user.password = await passwords.make(password)
        await db.update(user, "password")
    return user if right and identity.active(user) else None


def _authorization(request: Request) -> list[str]:
    """The header's parts as DRF's ``get_authorization_header(request).split()`` parts its bytes: at ASCII blanks."""
    raw = request.headers.get("authorization", "").encode("latin-1")
    return [part.decode("latin-1") for part in raw.split()]


async def _posted_token(request: Request) -> str:
    """``request.POST["csrfmiddlewaretoken"]`` of DRF's request, '' where there is none.

    Parses the body, whatever its type. Raises 400 and 415.
    """
    data = await request.data() if isinstance(request, Informed) else FormData()
    value = data.get("csrfmiddlewaretoken", "") if isinstance(data, FormData) else ""
    return value if isinstance(value, str) else ""


class Informed:
    """A request that knows how the client reached it, behind a proxy too, and parses its body.

    It is a class to inherit from (:class:`segue_bridge.http.call.Call`): every request is asked whether it is one, and a
    protocol takes a tenth of all that authentication costs to tell.
    """

    @property
    def secure(self) -> bool:
        """``request.is_secure()``."""
        raise NotImplementedError

    @property
    def host(self) -> str:
        """``request.get_host()``."""
        raise NotImplementedError

    async def data(self) -> Any:
        """``request.data``."""
        raise NotImplementedError
