"""Sessions that Django reads and writes too (``django.contrib.sessions``); where they are kept is in :mod:`~segue_bridge.auth.stores`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from segue_bridge import zone
from segue_bridge.auth.session_settings import SessionSettings
from segue_bridge.cache.values import NotPlain
from segue_bridge.errors import Unserved

if TYPE_CHECKING:
    from starlette.requests import Request

    from segue_bridge.auth.users import Identity
    from segue_bridge.db.session import Session as Database

_EXPIRY = "_session_expiry"


@dataclass(frozen=True, slots=True)
class Found:
    """What a store has under a key.

    ``modified``: the session counts as changed at once, ``renewed``: it goes on under a new key (``SessionStore.create`` in ``load``).
    """

    data: dict[str, Any]
    modified: bool = False
    renewed: bool = False


class Store(Protocol):
    """Where session data lives (``SESSION_ENGINE``). ``in_key``: the key is the data, so that whatever is saved has to be sent."""

    in_key: bool

    async def load(self, db: Database, key: str) -> Found | None:
        """The data of ``key``; None when there is none: the key is dropped then."""

    async def save(
        self,
        db: Database,
        key: str | None,
        data: dict[str, Any],
        expires: datetime,
        age: float,
        *,
        create: bool,
    ) -> str:
        """Write ``data``, which ``expires`` in ``age`` seconds; returns the key (a new one with ``create``).

        Raises :class:`SessionGone` where it has gone meanwhile.
        """

    async def delete(self, db: Database, key: str) -> None:
        """Forget ``key``."""


_NOTHING: Any = object()


class WithUsers(ABC):
    """A store in the database of the users: one statement can read both."""

    @abstractmethod
    async def load_with(
        self, db: Database, key: str, request: Request, identity: Identity, pk: Any
    ) -> tuple[Found | None, Any]:
        """:meth:`Store.load` and the user ``pk`` (None where there is none), in one query."""


class SessionGone(Exception):
    """It was deleted while the request ran (logged out elsewhere): Django answers 400."""


class Session(MutableMapping[str, Any]):
    """``request.session``. Load it once with :meth:`open`; reading marks it *accessed*, writing *modified*."""

    def __init__(self, settings: SessionSettings, store: Store, key: str | None) -> None:
        self.settings, self._store = settings, store
        # SessionBase._validate_session_key
        self._key = key if key and len(key) >= 8 else None
        self._data: dict[str, Any] = {}
        self.accessed = False
        self.modified = False
        self._opened = False
        self._unread = False  # marked as modified by its loading, and nothing was asked since
        self._steps: list[Callable[[Database], Awaitable[None]]] = []

    async def open(self, db: Database) -> Session:
        """Load the data (at most once). A key without data is dropped, as Django does.

        Raises :class:`~segue_bridge.errors.Unserved` for data with objects that only Django's process knows.
        """
        self.accessed = True
        if not self._opened:
            self._opened = True
            await self._take(db, await self._load(db))
        return self

    async def open_with(self, db: Database, request: Request, identity: Identity, pk: Any) -> Any:
        """:meth:`open`, and the user ``pk`` where one statement can read both; None where it cannot or there is none."""
        if self._opened or self._key is None or not isinstance(self._store, WithUsers):
            await self.open(db)
            return None
        self.accessed = self._opened = True
        found, user = await self._store.load_with(db, self._key, request, identity, pk)
        await self._take(db, found)
        return user

    async def _take(self, db: Database, found: Found | None) -> None:
        if found is None:
            self._key = None
            return
        self._data = found.data
        self._unread = found.modified and not self.modified
        self.modified = self.modified or found.modified or found.renewed
        if found.renewed:
            await self._do(db, self._cycle, later=True)

    async def _load(self, db: Database) -> Found | None:
        try:
            return None if self._key is None else await self._store.load(db, self._key)
        except NotPlain as error:
            raise Unserved("session") from error

    @property
    def key(self) -> str | None:
        """``session_key``; None before the first save."""
        return self._key

    @property
    def empty(self) -> bool:
        """``is_empty()``."""
        return not self._key and not self._data

    def _expiry(self) -> Any:
        self._unread = False
        return self._data.get(_EXPIRY)

    def expiry_age(self) -> float:
        """Seconds until it expires (``get_expiry_age``)."""
        return age(self._expiry(), self.settings)

    def expiry_date(self) -> datetime:
        """The aware moment when it expires (``get_expiry_date``)."""
        value = self._expiry()
        if isinstance(value, (datetime, str)):
            return _moment(value)
        return _now() + timedelta(seconds=value or self.settings.cookie_age)

    def set_expiry(self, value: float | datetime | timedelta | None) -> None:
        """``set_expiry`` with seconds, a moment or a duration; 0 means when the browser closes, None the default."""
        if value is None:
            self.pop(_EXPIRY, None)
            return
        if isinstance(value, timedelta):
            value = zone.now() + value
        self[_EXPIRY] = value.isoformat() if isinstance(value, datetime) else value

    @property
    def until_browser_closes(self) -> bool:
        """``get_expire_at_browser_close``."""
        value = self._expiry()
        return self.settings.expire_at_browser_close if value is None else value == 0

    async def save(self, db: Database, *, create: bool = False) -> None:
        """Write to the store. Raises :class:`SessionGone` where it is no longer there."""
        await self.settle(db)
        if create or self._key is None:
            self.accessed = self._opened = True
            await self._write(db, create=True)
            self.modified = True
            return
        key = self._key
        await self.open(db)
        if self._key is None:
            raise SessionGone(key)
        await self._write(db, create=False)
        self.modified = self.modified or self._store.in_key

    async def flush(self, db: Database, *, later: bool = False) -> None:
        """Forget the data and what is stored (``flush``). ``later``: that when the request is answered (:meth:`settle`)."""
        await self.settle(db)
        key, self._key = self._key, None
        self.clear()
        if key is not None:
            await self._do(db, lambda db: self._store.delete(db, key), later)

    async def cycle_key(self, db: Database, *, later: bool = False) -> None:
        """Same data under a new key (``cycle_key``). ``later``: when the request is answered (:meth:`settle`)."""
        await self.settle(db)
        await self.open(db)
        self.modified = True
        await self._do(db, self._cycle, later)

    async def settle(self, db: Database) -> None:
        """Do what was put off.

        Who a request is from is found out before it is known whether this side answers it. One that is left to Django (501)
        must have changed nothing: Django gets the same cookie.
        """
        steps, self._steps = self._steps, []
        for step in steps:
            await step(db)

    async def _do(self, db: Database, step: Callable[[Database], Awaitable[None]], later: bool) -> None:
        # A transaction that is undone undoes it, too, so inside of one it is done at once.
        if later and not db.in_atomic:
            self._steps.append(step)
        else:
            await step(db)

    async def _cycle(self, db: Database) -> None:
        old = self._key
        await self._write(db, create=True)
        if old:
            await self._store.delete(db, old)

    async def _write(self, db: Database, *, create: bool) -> None:
        expires, age = self.expiry_date(), self.expiry_age()
        self._key = await self._store.save(db, self._key, self._data, expires, age, create=create)

    def clear(self) -> None:
        """Forget the data, without loading it."""
        self._data, self._opened, self._unread = {}, True, False
        self.accessed = self.modified = True

    def update(self, *given: Any, **named: Any) -> None:
        """``update``, which counts as a change even with nothing."""
        self.accessed = self.modified = True
        self._unread = False
        self._data.update(*given, **named)

    def pop(self, name: str, default: Any = _NOTHING) -> Any:
        """``pop``. Where it is the first to ask for data that could not be read, Django forgets that they are to be written anew."""
        forgets = self._unread and name not in self._data
        try:
            value = self[name]
        except KeyError:
            if forgets:
                self.modified = False
            if default is _NOTHING:
                raise
            return default
        del self[name]
        return value

    def __getitem__(self, name: str) -> Any:
        self.accessed = True
        self._unread = False
        return self._data[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self.accessed = self.modified = True
        self._unread = False
        self._data[name] = value

    def __delitem__(self, name: str) -> None:
        self.accessed = True
        self._unread = False
        del self._data[name]
        self.modified = True

    def __iter__(self) -> Iterator[str]:
        self.accessed = True
        self._unread = False
        return iter(self._data)

    def __len__(self) -> int:
        self.accessed = True
        self._unread = False
        return len(self._data)


def age(expiry: Any, settings: SessionSettings) -> float:
    """``get_expiry_age(expiry=…)``: whole seconds from now until a moment; a number stands for itself, nothing for the setting."""
    if not expiry:
        return settings.cookie_age
    if not isinstance(expiry, (datetime, str)):
        number: float = expiry
        return number
    left = _moment(expiry) - _now()
    return left.days * 86400 + left.seconds


def _now() -> datetime:
    return zone.now() if zone.default() is not None else zone.wall_time().replace(tzinfo=zone.clock())


def _moment(value: datetime | str) -> datetime:
    # Django wrote timezone.now() + …: naive with USE_TZ = False.
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone.clock())
