"""``UNSET``: the client sent nothing (DRF's ``empty``), which is not the same as ``None``."""

from __future__ import annotations

from typing import Any, Final


class _Unset:
    """The only instance is :data:`UNSET`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNSET"

    def __bool__(self) -> bool:
        return False

    def __copy__(self) -> _Unset:
        return self

    def __deepcopy__(self, memo: object) -> _Unset:
        return self

    def __reduce__(self) -> str:
        return "UNSET"


UNSET: Final[Any] = _Unset()
