"""A construct Segue will not translate, and why.

Raised as :class:`Refused` by any rule; the endpoint that reached it stays on Django.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from segue.snapshot.model import Where


@dataclass(frozen=True, slots=True)
class Use:
    """Where the project's code uses another package: ``dotted`` is the name there, ``construct`` what stands in the source."""

    dotted: str
    construct: str
    where: Where


@dataclass(frozen=True, slots=True, order=True)
class Refusal:
    """``code`` is a stable kebab-case key to group by (``queryset-extra``), ``construct`` what
    stands in the source (short), ``why`` one plain sentence, ``file``/``line`` where. ``use`` is how the project
    came there, if that is through another package (:mod:`segue.translate.packages`), ``entry`` the entry of ``MIDDLEWARE`` that
    refuses."""

    code: str
    construct: str
    why: str
    file: str
    line: int
    use: Use | None = field(default=None, compare=False)
    entry: str = field(default="", compare=False)

    @property
    def place(self) -> str:
        """``file:line`` as shown to people."""
        return str(Where(self.file, self.line))


class Refused(Exception):
    """Stops the translation of whatever needs the construct. Carries the :class:`Refusal`."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(f"{refusal.place}: {refusal.construct}: {refusal.why}")
        self.refusal = refusal


def refuse(code: str, construct: str, why: str, where: Where) -> Refused:
    """Build a :class:`Refused` to ``raise``."""
    return Refused(Refusal(code, construct, why, where.file, where.line))
