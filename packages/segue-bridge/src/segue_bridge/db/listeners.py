"""Who is told of what is written beside ``save``: receivers of ``pre_delete`` and ``post_delete``, by class, and of ``m2m_changed``.

Sources: ``django.db.models.deletion.Collector.delete``, ``create_forward_many_to_many_manager`` in
``django.db.models.fields.related_descriptors``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from segue_bridge.db.base import Base

if TYPE_CHECKING:
    from segue_bridge.db.session import Session

Listener = Callable[["Session", Any], Awaitable[None]]
ByClass = Mapping[type[Base], Sequence[Listener]]


@dataclass(frozen=True, slots=True)
class Listeners:
    """Functions of ``(db, entity)`` by the entity's class, in the order in which they are called.

    ``before`` are called for every object that will go, before any statement; ``after`` when the rows of the
    object's class are gone, while the object still has its key. Rows of a class that is named here (with no
    function even), or of all where ``everyone`` is listened to, are read before they are deleted: that is
    what decides the order in which the classes go (``Collector.can_fast_delete``, ``Collector.sort``).
    """

    before: ByClass = field(default_factory=dict)
    after: ByClass = field(default_factory=dict)
    everyone: bool = False

    def __contains__(self, cls: object) -> bool:
        return cls in self.before or cls in self.after

    def has(self, cls: type[Base]) -> bool:
        """``Collector._has_signal_listeners``."""
        return self.everyone or cls in self


NOBODY = Listeners()

# ``async (db, entity, keys)``.
ChangeListener = Callable[["Session", Any, Any], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Changes:
    """Functions of ``(db, entity, keys)`` by the action of ``m2m_changed``, in the order in which they are called.

    ``keys`` is Django's ``pk_set``: of ``add`` those that are new, of ``remove`` those that were given, one and the same set before
    and after the statement; None of ``clear``.
    """

    pre_add: Sequence[ChangeListener] = ()
    post_add: Sequence[ChangeListener] = ()
    pre_remove: Sequence[ChangeListener] = ()
    post_remove: Sequence[ChangeListener] = ()
    pre_clear: Sequence[ChangeListener] = ()
    post_clear: Sequence[ChangeListener] = ()


async def tell(
    listeners: Sequence[ChangeListener], db: Session, entity: Base, keys: set[Any] | None = None
) -> None:
    """Call them, one after the other."""
    for listener in listeners:
        await listener(db, entity, keys)
