"""The loop that looks, judges and moves. What it looks at and how traffic moves is given to it."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from segue.rollout.figures import Pair, Side
from segue.rollout.judge import Move, Policy, judge
from segue.rollout.log import Line
from segue.rollout.plan import Plan, Progress

RECENT_SECONDS = 10.0
"""What counts as the last seconds."""

MOVING_SECONDS = 0.5
"""How long one look may go on giving traffic: a move takes a second or more in a large project, and meanwhile nobody watches the others."""

FRESH_SECONDS = 3600.0
"""How long Django's latencies may be what FastAPI's are measured by when Django has no traffic any more, from the beginning of the step that had
them on: the hour of the day and the load change."""

RETRY_SECONDS = 5.0
"""How long an operation waits after a move that was refused."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What became of a move: done if all is empty. ``refused`` says why it may not be now (evidence), ``taken_over`` that somebody else
    has set the weight."""

    refused: str = ""
    taken_over: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """How an operation stands apart from its traffic: ``against`` is what its evidence says against it now, ``taken_over`` as above."""

    against: str = ""
    taken_over: str = ""


@dataclass(slots=True)
class _Watch:
    """What was seen of one operation at its weight, since ``since``. ``before`` are Django's latencies of the step before, which began
    ``began``; a controller that resumes has none."""

    since: float
    before: Counter[int] = field(default_factory=Counter)
    began: float = 0.0
    step: Pair = field(default_factory=Pair)
    last: deque[tuple[float, Pair]] = field(default_factory=deque)
    synthetic: Pair = field(default_factory=Pair)
    unsure: bool = False
    wait_until: float = 0.0

    def measure(self, now: float) -> Counter[int]:
        """``before`` while it says something about now."""
        return self.before if now - self.began <= FRESH_SECONDS else Counter()

    def recent(self, now: float) -> Pair:
        while self.last and self.last[0][0] < now - RECENT_SECONDS:
            self.last.popleft()
        out = Pair()
        for _, part in self.last:
            out.add(part)
        return out


@dataclass(slots=True)
class Controller:
    """Moves the operations of ``plan``.

    ``move(key, weight to have now, weight to get, why)`` changes the ledger and the gateway; ``standing(key, weight)`` looks at the
    ledger; ``save`` keeps the plan; ``say`` tells people; ``clock`` gives seconds. Nothing else is touched, so a controller that is
    killed leaves traffic where it is.
    """

    policy: Policy
    plan: Plan
    move: Callable[[str, int, int, str], Moved]
    standing: Callable[[str, int], Standing]
    save: Callable[[Plan], None]
    say: Callable[[str, str], None]
    clock: Callable[[], float]
    _watches: dict[str, _Watch] = field(default_factory=dict)

    def begin(self) -> None:
        """Give operations without traffic their first step, as far as there is time; the others get it by :meth:`tick`."""
        begun = self.clock()
        for key in self.plan.active:
            self._watches[key] = _Watch(self.clock())
        for key in self.plan.active:
            if self.plan.operations[key].weight == 0 and self.clock() - begun < MOVING_SECONDS:
                self._advance(key, "the rollout begins")

    def tick(self, lines: Iterable[Line], *, paused: bool = False, synthetic: Iterable[Line] = ()) -> None:
        """Count what happened and move what may or must be moved. ``synthetic`` are reads of Segue's own."""
        now = self.clock()
        parts: dict[str, Pair] = {}
        for line in lines:
            one = self.plan.operations.get(line.key)
            # Requests that were routed by an earlier weight are no part of this step.
            if one is not None and not one.ended and line.weight == one.weight:
                line.count(parts.setdefault(line.key, Pair()))
        for key, part in parts.items():
            watch = self._watches[key]
            watch.step.add(part)
            watch.last.append((now, part))
        for line in synthetic:
            one = self.plan.operations.get(line.key)
            if one is not None and not one.ended and line.weight == one.weight:
                line.count(self._watches[line.key].synthetic)
        # Those that were refused come last: each new attempt of theirs takes time that others have waited for longer.
        for key in sorted(self.plan.active, key=lambda key: self._watches[key].wait_until):
            self._look(key, paused, moving=self.clock() - now < MOVING_SECONDS)

    def wanting(self) -> dict[str, int]:
        """Operations with traffic that have not had the requests their step needs, or whose synthetic reads are in doubt, with their weights."""
        out = {}
        for key in self.plan.active:
            watch, weight = self._watches[key], self.plan.operations[key].weight
            have = watch.step.fastapi.requests + watch.synthetic.fastapi.requests
            if weight and (have < self.policy.minimum or watch.unsure):
                out[key] = weight
        return out

    def figures(self, key: str) -> Pair:
        """What was seen of an operation at its weight."""
        return self._watches[key].step

    def _look(self, key: str, paused: bool, *, moving: bool) -> None:
        one, watch, now = self.plan.operations[key], self._watches[key], self.clock()
        standing = self.standing(key, one.weight)
        if standing.taken_over:
            self._end(key, f"left alone: {standing.taken_over}")
            return
        if one.weight == 0:  # its first step was refused: nothing to judge yet
            if now >= watch.wait_until and moving and not paused:
                self._advance(key, "the rollout begins")
            return
        requests, failures, abandoned = one.baseline
        before = Side(requests, failures, 0, abandoned, watch.measure(now))
        seconds = now - watch.since
        verdict = judge(self.policy, watch.step, watch.recent(now), before, seconds, watch.synthetic)
        watch.unsure = verdict.more
        if verdict.move is Move.ROLLBACK or standing.against:
            self._back(key, verdict.why if verdict.move is Move.ROLLBACK else standing.against)
        elif verdict.move is Move.HOLD:
            self.say(key, f"at {one.weight} %: {verdict.why}")
        elif one.weight >= self.plan.steps[-1]:
            self._end(key, f"done: {verdict.why}")
        elif paused:
            self.say(key, f"at {one.weight} %, paused: {verdict.why}")
        elif now >= watch.wait_until and moving:
            self._advance(key, verdict.why)

    def _advance(self, key: str, why: str) -> None:
        one = self.plan.operations[key]
        weight = next((s for s in self.plan.steps if s > one.weight), one.weight)
        last = self._watches[key]
        seen = last.step.django
        result = self._moved(key, weight, why)
        if result.refused:
            last.wait_until = self.clock() + RETRY_SECONDS
            self.say(key, f"stays at {one.weight} %: {result.refused}")
        elif not result.taken_over:
            if seen.requests:
                done = self.plan.operations[key]
                self._set(key, replace(done, baseline=(seen.requests, seen.failures, seen.abandoned)))
            self._watches[key] = _Watch(self.clock(), seen.latencies, last.since)

    def _back(self, key: str, why: str) -> None:
        result = self._moved(key, 0, why, ended=f"rolled back: {why}")
        if result.refused:  # the next look tries again
            self.say(key, f"cannot go back yet: {result.refused}")

    def _moved(self, key: str, weight: int, why: str, *, ended: str = "") -> Moved:
        """Move, with the intention on disk before and the result after, so that a successor knows what it may find."""
        one = self.plan.operations[key]
        before = one.weight
        self._set(key, replace(one, next=weight))
        result = self.move(key, before, weight, why)
        if result.taken_over:
            self._end(key, f"left alone: {result.taken_over}")
        elif result.refused:
            self._set(key, replace(one, next=before))
        else:
            self._set(key, replace(one, weight=weight, next=weight, ended=ended))
            self.say(key, f"{before} → {weight} %: {why}")
        return result

    def _set(self, key: str, one: Progress) -> None:
        self.plan.operations[key] = one
        self.save(self.plan)

    def _end(self, key: str, how: str) -> None:
        self._set(key, replace(self.plan.operations[key], ended=how))
        self.say(key, how)
