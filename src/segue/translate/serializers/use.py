"""One use of a serializer: what its methods see as ``self``."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

from segue.translate.kinds import Kind
from segue.translate.serializers.by_view import OwnContext
from segue.translate.specialise.endpoint import Endpoint


@dataclass(frozen=True, slots=True, eq=False)
class Use:
    """``self`` of a serializer's methods.

    ``cls`` is the dotted class, ``purpose`` is ``read``, ``write``, ``save`` or ``fields``; ``instance`` what
    ``self.instance`` is (``None`` when the use does not say). ``hideable``: fields that a ``to_representation`` further
    down the MRO may have taken out before it called this one; ``shared``: for the rows after this one as well.
    ``changes``: what code that makes its fields (``fields``) does to them. ``view``: the operation, where the serializer looks at its view. ``own``: the context that it was given, if that is not the
    view's.
    Equal ``key`` translates equally.
    """

    cls: str
    purpose: str
    instance: Kind | None = None
    site: int = 0
    hideable: tuple[str, ...] = ()
    shared: bool = False
    view: Endpoint | None = None
    own: OwnContext | None = None
    changes: Any = None

    @property
    def key(self) -> Hashable:
        """Identity for the kernel's memo."""
        seen = None if self.view is None else self.view.key
        own = None if self.own is None else self.own.key
        return (self.cls, self.purpose, self.site, self.hideable, self.shared, seen, own)

    @property
    def bare(self) -> bool:
        """Whether it was made without ``context=``."""
        return self.own is not None and self.own.empty
