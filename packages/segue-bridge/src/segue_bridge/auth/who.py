"""What one statement can tell of who is asking: the columns of the user, and what the user is permitted where that is asked for.

Only statements are saved here. Nothing about a user or a session is kept from one request to the next but which user a session
key named last (:class:`Known`), and that is compared with what the session says now.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import ScalarSelect, Select

from segue_bridge.db.base import as_loaded
from segue_bridge.db.selecting import column_names

if TYPE_CHECKING:
    from starlette.requests import Request

    from segue_bridge.auth.users import Identity
    from segue_bridge.db.session import Session as Database

_DIALECTS = ("sqlite", "postgresql")
_ALONG, _WHEN_ASKED = "_perms_along", "_perms_when_asked"


class Known:
    """Which user a session key named last, for the most recent ``size`` keys: a guess that saves a statement."""

    def __init__(self, size: int = 10_000) -> None:
        self._size = size
        self._users: OrderedDict[str, Any] = OrderedDict()

    def get(self, key: str) -> Any:
        """The primary key of the user, None for a session key that was not seen lately."""
        pk = self._users.get(key)
        if pk is not None:
            self._users.move_to_end(key)
        return pk

    def note(self, key: str, pk: Any) -> None:
        """That the session ``key`` is ``pk``'s (None: nobody's)."""
        self._users.pop(key, None)
        if pk is None:
            return
        self._users[key] = pk
        if len(self._users) > self._size:
            self._users.popitem(last=False)


class Granting(Protocol):
    """Where permissions are kept (:class:`segue_bridge.auth.permissions.Grants`)."""

    def aggregated(self, dialect: str, user: Any) -> ScalarSelect[Any]:
        """What the user whose key is the column ``user`` is granted, as one value."""


_granting: list[Granting] = []


def granted_by(grants: Granting) -> None:
    """Permissions are those of ``grants`` from now on."""
    _granting[:] = [grants]


Make = Callable[..., Select[Any]]


class Users:
    """The users of an :class:`~segue_bridge.auth.users.Identity` as columns of a larger statement.

    A route that asked for permissions once gets them with the user from then on. What came along counts only until this
    request writes or locks something (:attr:`~segue_bridge.db.session.Session.changes`): after that it is asked for anew.
    """

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        self._asking: set[Any] = set()
        self._statements: dict[tuple[Make, str, bool], Select[Any]] = {}

    async def read(
        self, db: Database, request: Request | None, make: Make, values: dict[str, Any], *, before: int = 0
    ) -> list[tuple[Sequence[Any], Any]]:
        """The rows of ``make(*columns of the user)``: the ``before`` columns that it has in front, and the user.

        The user is None where its key is NULL. ``make`` is called once, so that its statement is compiled once: it is a
        function or a method, and the same one each time.
        """
        place = request.scope.get("endpoint") if request is not None else None
        along = place in self._asking and db.dialect in _DIALECTS
        model, pk = self._identity.model, self._identity.pk
        names = column_names(model)
        key = make, db.dialect, along
        statement = self._statements.get(key)
        if statement is None:
            columns = [getattr(model, name) for name in names]
            if along:
                columns.append(_granting[0].aggregated(db.dialect, self._identity.column(pk)))
            statement = self._statements[key] = make(*columns)
        found: list[tuple[Sequence[Any], Any]] = []
        for row in await db.all(statement, values):
            held = dict(zip(names, row[before:], strict=not along))
            user = as_loaded(model, held) if held[pk] is not None else None
            if user is not None and along:
                granted = json.loads(row[-1]) if isinstance(row[-1], str) else row[-1]
                user.__dict__[_ALONG] = db, db.changes, frozenset(granted or ())
            elif user is not None and place is not None and _granting:
                user.__dict__[_WHEN_ASKED] = self._asking.add, place
            found.append((row[:before], user))
        return found


def permissions_along(user: Any, db: Database) -> Iterable[str] | None:
    """What came with the user, None where it has to be asked for; the route gets it with the user the next time."""
    kept: dict[str, Any] = user.__dict__
    if _WHEN_ASKED in kept:
        tell, place = kept.pop(_WHEN_ASKED)
        tell(place)
    session, changes, names = kept.pop(_ALONG, (None, 0, ()))
    return names if session is db and changes == db.changes else None
