"""Who is told of each object that is deleted: the receivers of ``pre_delete`` and ``post_delete``, by class.

Source: ``django.db.models.deletion.Collector.delete``.
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
