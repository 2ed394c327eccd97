"""Which differences are Django's own restlessness, and which of those a team has to agree to."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Any

from ..compare import differences, disagreements
from . import sorts
from .documents import structured
from .orders import alike, moved
from .rules import Rule, lists_of, place_of
from .shaking import LATER, later, turned

NEXT_SECOND = 1.05  # seconds after which a clock that is cut to seconds has moved

Case = dict[str, Any]
Answer = dict[str, Any]
Found = list[tuple[str, Any, Any]]
Ask = Callable[[], Answer]


class Learner:
    """``connection`` is Django's of this process; None where the sides are other processes, whose clocks and databases
    cannot be shaken: there only what moves by itself is seen. ``agreed`` are lines of ``[verify] noise`` in ``segue.toml``; with ``only_learning`` (Django against itself)
    nothing needs to be agreed, as nothing is hidden."""

    def __init__(self, connection: Any, agreed: tuple[str, ...] = (), *, only_learning: bool = False) -> None:
        self._connection = connection
        self._agreed = set(agreed)
        self._only_learning = only_learning
        self.rules: dict[tuple[str, str], Rule] = {}
        self.asked_for: dict[Rule, None] = {}  # rules that differences need, in their order
        self._clocks = False  # whether what is looked for may be a clock
        self._last: dict[tuple[str, str], tuple[Any, Any]] = {}

    def explain(
        self, case: Case, one: Answer, other: Answer, found: Found, *, legacy: Ask, modern: Ask, apart: float
    ) -> tuple[Found, set[str]]:
        """(differences that are none of Django's restlessness or need a yes, paths of those that need one).

        ``one`` and ``other`` are the answers that differ in ``found``, asked ``apart`` seconds of the clock apart at
        most; ``legacy`` and ``modern`` ask the same once more. Every way to ask again undoes what it did.
        """
        one, other = structured(one), structured(other)
        found = disagreements(one, other) or found
        rest = self._unknown(case, one, other, found, apart)
        if rest:
            self._learn(
                case, one, other, rest, lambda: structured(legacy()), lambda: structured(modern()), apart
            )
        kept: Found = []
        noisy: set[str] = set()
        orders = self._orders(case, one, other)
        for item in found:
            rule = self._rule(case, one, other, item, apart, orders)
            if rule is None:
                kept.append(item)
            elif rule.needs_yes and not self._only_learning and rule.line not in self._agreed:
                self.asked_for[rule] = None
                kept.append(item)
                noisy.add(item[0])
        return kept, noisy

    @property
    def unused(self) -> list[str]:
        """Agreed lines that hid nothing."""
        used = {rule.line for rule in self.rules.values()}
        return sorted(self._agreed - used)

    @property
    def wishes(self) -> list[str]:
        """What to write into ``segue.toml`` if that is how it may be."""
        return [
            f"needs a noise rule: Django answers anew each time ({rule.sort}); if that may be, write into segue.toml "
            f'under [verify]: noise = ["{rule.line}"]'
            for rule in self.asked_for
        ]

    def _unknown(self, case: Case, one: Answer, other: Answer, found: Found, apart: float) -> Found:
        orders = self._orders(case, one, other)
        return [item for item in found if self._rule(case, one, other, item, apart, orders) is None]

    def _rule(
        self,
        case: Case,
        one: Answer,
        other: Answer,
        item: tuple[str, Any, Any],
        apart: float,
        orders: dict[str, Rule],
    ) -> Rule | None:
        """The rule by which a difference is none; None if there is none, or the values do not even agree in form."""
        path, left, right = item
        for concrete, rule in orders.items():
            if path.startswith(f"{concrete}[") or path == f"{concrete}.length":
                return rule
        place = place_of(case, path)
        known = self.rules.get(place)
        if known is None or known.sort == sorts.ORDER or not sorts.agree(known.sort, left, right, apart):
            return None
        if known.sort == sorts.RANDOM:
            # A value that was random when it was learnt, and is a constant on FastAPI in another branch of the code.
            before = self._last.get(place)
            if before is not None and before[1] == right and before[0] != left:
                return None
            self._last[place] = (left, right)
        return known

    def _orders(self, case: Case, one: Answer, other: Answer) -> dict[str, Rule]:
        """Concrete paths of lists whose order is known to mean nothing, where both sides hold the same things."""
        if not any(rule.sort == sorts.ORDER for rule in self.rules.values()):
            return {}

        def free(path: str) -> bool:
            rule = self.rules.get(place_of(case, path))
            return rule is not None and rule.sort == sorts.ORDER

        def masked(path: str) -> bool:
            return place_of(case, path) in self.rules and not free(path)

        theirs, ours = lists_of(one["body"], "body"), lists_of(other["body"], "body")
        out = {}
        for path, items in theirs.items():
            if path in ours and free(f"{path}[0]") and alike(items, ours[path], path, masked, free):
                out[path] = self.rules[place_of(case, f"{path}[0]")]
        return out

    def _learn(
        self, case: Case, one: Answer, other: Answer, rest: Found, legacy: Ask, modern: Ask, apart: float
    ) -> None:
        """Ask both sides again; note what moves on both."""
        self._clocks = any(sorts.classify(*item, apart) == sorts.CLOCK for item in rest)
        open_paths = {place_of(case, path) for path, _, _ in rest}
        # A later clock first; where that changes what is done (a token ran out), the same clock.
        again, clock = self._again(one, legacy, apart)
        restless = self._volatile(case, one, again, clock)
        if self._only_learning:
            self._note(restless)
        elif open_paths & set(restless):
            twice, clock = self._again(other, modern, apart)
            ours = self._volatile(case, other, twice, clock)
            self._note({place: sort for place, sort in restless.items() if ours.get(place) == sort})
        if any(path.startswith("body") for _, path in open_paths):
            self._learn_order(case, one, other, legacy, modern, set(restless))

    def _again(self, before: Answer, ask: Ask, apart: float) -> tuple[Answer, float]:
        if self._connection is None:
            if self._clocks:
                time.sleep(NEXT_SECOND)
            return ask(), apart + 60
        with later():
            answer = ask()
        if answer["status"] == before["status"]:
            return answer, LATER + apart + 60
        return ask(), apart + 60

    def _volatile(self, case: Case, one: Answer, again: Answer, apart: float) -> dict[tuple[str, str], str]:
        out: dict[tuple[str, str], str] = {}
        for path, before, after in differences(one, again):
            sort = sorts.classify(path, before, after, apart)
            if sort:
                out.setdefault(place_of(case, path), sort)
        return out

    def _learn_order(
        self, case: Case, one: Answer, other: Answer, legacy: Ask, modern: Ask, volatile: set[tuple[str, str]]
    ) -> None:
        def masked(path: str) -> bool:
            return place_of(case, path) in volatile

        with self._turned():
            theirs = moved(one["body"], legacy()["body"], masked)
        if theirs and not self._only_learning:
            with self._turned():
                theirs &= moved(other["body"], modern()["body"], masked)
        for path in theirs:
            self._note({place_of(case, f"{path}[0]"): sorts.ORDER})

    def _turned(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext() if self._connection is None else turned(self._connection)

    def _note(self, found: dict[tuple[str, str], str]) -> None:
        for place, sort in found.items():
            self.rules.setdefault(place, Rule(*place, sort))


__all__ = ["Learner"]
