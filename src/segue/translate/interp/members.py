"""Members of enumerations that are texts or numbers as well, and say something else of themselves than those: ``class Letter(str, Enum)``.

``Letter.A == "a"`` and JSON writes ``"a"``, but ``str(Letter.A)`` is ``"Letter.A"``. Generated code has the plain text or number;
where one is turned into text while its member is known, that text stands there.
"""

from __future__ import annotations

from segue.translate.kinds import Const, Kind, ListOf, MemberValue, TupleOf


class _Member:
    """``told`` is its ``str()``, ``filled`` what ``format()`` makes of it."""

    told: str
    filled: str


class TextMember(str, _Member):
    """Of an enumeration of texts."""


class NumberMember(int, _Member):
    """Of an enumeration of whole numbers."""


# Rules ask constants for the name of their type: for a column, a parameter and JSON they are plain ones.
TextMember.__name__ = "str"
NumberMember.__name__ = "int"


def member(value: object, told: str, filled: str) -> str | int:
    """The text or number ``value`` that says ``told`` of itself."""
    made = TextMember(value) if isinstance(value, str) else NumberMember(value)  # type: ignore[call-overload]
    made.told, made.filled = told, filled
    assert isinstance(made, str | int)
    return made


def is_member(value: object) -> bool:
    """Whether the constant is such a member."""
    return isinstance(value, _Member)


def told(kind: Kind) -> str | None:
    """``str()`` of such a member; None for anything else."""
    return kind.value.told if isinstance(kind, Const) and isinstance(kind.value, _Member) else None


def filled(kind: Kind) -> str | None:
    """What an f-string or ``format()`` makes of such a member; None for anything else."""
    return kind.value.filled if isinstance(kind, Const) and isinstance(kind.value, _Member) else None


def has_members(kind: Kind) -> bool:
    """Whether the value is or holds such a member."""
    if isinstance(kind, ListOf):
        return has_members(kind.item)
    if isinstance(kind, TupleOf):
        return any(map(has_members, kind.items))
    if not isinstance(kind, Const):
        return isinstance(kind, MemberValue)
    values = kind.value if isinstance(kind.value, tuple) else (kind.value,)
    return any(isinstance(value, _Member) for value in values)


__all__ = ["filled", "has_members", "is_member", "member", "told"]
