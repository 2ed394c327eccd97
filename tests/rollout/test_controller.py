"""The controller with traffic, a ledger and a clock made of memory; every place where it can be killed is tried."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from segue.errors import DamagedFile
from segue.rollout import plan as plans
from segue.rollout.controller import Controller, Moved, Standing
from segue.rollout.judge import Policy
from segue.rollout.log import Line
from segue.rollout.plan import Controlled, Plan, Progress

KEY = "GET /api/articles/"
POLICY = Policy(steps=(1, 50, 100), interval=10, minimum=100)


class Killed(BaseException):
    """The process ends here."""


@dataclass
class Desk:
    """What survives a controller: its plan on disk, and the weight in the ledger. ``deadly`` counts down to the kill."""

    kept: Plan = field(default_factory=lambda: Plan(POLICY.steps, {KEY: Progress(0, 0)}))
    weight: int = 0
    seconds: float = 0.0
    deadly: int = -1
    standing: Standing = field(default_factory=Standing)
    refused: str = ""
    moves: list[tuple[int, int]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def tread(self) -> None:
        self.deadly -= 1
        if self.deadly == 0:
            raise Killed

    def save(self, plan: Plan) -> None:
        self.tread()
        self.kept = copy.deepcopy(plan)
        self.tread()

    def move(self, key: str, expected: int, weight: int, why: str) -> Moved:
        self.tread()
        if self.refused and weight > expected:
            return Moved(refused=self.refused)
        if self.weight != expected:
            return Moved(taken_over=f"it has {self.weight} %")
        self.weight = weight
        self.moves.append((expected, weight))
        self.tread()
        return Moved()

    def controller(self) -> Controller:
        plan = copy.deepcopy(self.kept)
        one = plan.operations[KEY]
        if not one.ended:  # as commands.rollout does with the ledger
            assert self.weight in (one.weight, one.next)
            ended = "" if self.weight or not one.weight else "rolled back"
            plan.operations[KEY] = Progress(self.weight, self.weight, ended, one.baseline)
            self.kept = copy.deepcopy(plan)
        return Controller(
            POLICY, plan, self.move, lambda k, w: self.standing, self.save,
            lambda k, s: self.said.append(s), lambda: self.seconds,
        )  # fmt: skip


def traffic(weight: int, fastapi: int, django: int, status: int = 200) -> Iterator[Line]:
    for _ in range(fastapi):
        yield Line(KEY, weight, "fastapi", status, False, 4000)
    for _ in range(django):
        yield Line(KEY, weight, "django", 200, False, 4000)


def course(desk: Desk, status: Callable[[int], int] = lambda weight: 200, ticks: int = 40) -> None:
    controller = desk.controller()
    controller.begin()
    for _ in range(ticks):
        desk.seconds += 2
        weight = desk.weight
        controller.tick(traffic(weight, 40 if weight else 0, 60 if weight < 100 else 0, status(weight)))


def test_healthy_operation_takes_every_step_and_ends() -> None:
    desk = Desk()
    course(desk)
    assert desk.moves == [(0, 1), (1, 50), (50, 100)]
    assert desk.kept.operations[KEY].ended.startswith("done")


def test_failing_operation_goes_to_0_in_one_step() -> None:
    desk = Desk()
    course(desk, lambda weight: 500 if weight == 50 else 200)
    assert desk.moves == [(0, 1), (1, 50), (50, 0)]
    assert "40 of 40 requests failed at FastAPI" in desk.kept.operations[KEY].ended


@pytest.mark.parametrize(
    ("minutes", "killed", "slow", "end"),
    [(1, False, 9000, 0), (1, False, 4500, 100), (90, False, 9000, 100), (1, True, 9000, 100)],
)
def test_latency_at_100_percent_is_measured_by_django_of_the_step_before_for_an_hour(
    minutes: int, killed: bool, slow: float, end: int
) -> None:
    desk = Desk(kept=Plan(POLICY.steps, {KEY: Progress(50, 50)}), weight=50)
    controller = desk.controller()
    controller.begin()
    desk.seconds += 60 * minutes
    controller.tick(traffic(50, 200, 200))
    assert desk.weight == 100
    if killed:
        controller = desk.controller()
        controller.begin()
    for _ in range(10):
        desk.seconds += 2
        if desk.weight:
            controller.tick([Line(KEY, 100, "fastapi", 200, False, slow)] * 40)
    assert desk.weight == end
    assert ("Django's in the step before" in desk.said[-1]) == (end == 0)


def test_first_step_of_100_percent_is_taken_back_without_anything_of_djangos() -> None:
    desk = Desk(kept=Plan((100,), {KEY: Progress(100, 100)}), weight=100)
    controller = desk.controller()
    controller.begin()
    desk.seconds += 60
    controller.tick(traffic(100, 200, 0, 500))
    assert desk.weight == 0
    assert "Django has had none to measure by" in desk.kept.operations[KEY].ended


@pytest.mark.parametrize("fails_at", [0, 50])
def test_killed_anywhere_it_moves_nothing_and_its_successor_goes_on(fails_at: int) -> None:
    """Every save and every move is a place to die, before and after it; the end is that of a course without a kill."""
    wanted = Desk()
    course(wanted, lambda weight: 500 if weight == fails_at else 200)
    for place in range(1, 60):
        desk = Desk(deadly=place)
        try:
            course(desk, lambda weight: 500 if weight == fails_at else 200)
        except Killed:
            left = desk.weight
            course(desk, lambda weight: 500 if weight == fails_at else 200, ticks=0)
            assert desk.weight == left or (left, desk.weight) == (
                0,
                1,
            )  # only a rollout without traffic begins at once
            course(desk, lambda weight: 500 if weight == fails_at else 200)
        else:
            break
        assert desk.moves == wanted.moves
        assert desk.weight == wanted.weight
        assert desk.kept.operations[KEY].ended.partition(":")[0] in ("done", "rolled back")
    assert place > 10


def test_no_traffic_is_no_success() -> None:
    desk = Desk()
    controller = desk.controller()
    controller.begin()
    for _ in range(1000):
        desk.seconds += 60
        controller.tick([])
    assert desk.weight == 1
    assert "0 of 100 requests" in desk.said[-1]


def test_synthetic_reads_in_doubt_are_sent_on_at_100_percent() -> None:
    desk = Desk(kept=Plan(POLICY.steps, {KEY: Progress(50, 50)}), weight=50)
    controller = desk.controller()
    controller.begin()
    desk.seconds += 60
    controller.tick(traffic(50, 200, 200))
    assert desk.weight == 100
    assert controller.wanting() == {KEY: 100}
    desk.seconds += 60
    own = [*traffic(100, 12, 0, 500), *traffic(100, 18, 30)]
    controller.tick(traffic(100, 5000, 0), synthetic=own)
    assert (desk.weight, desk.kept.operations[KEY].ended) == (100, "")
    assert controller.wanting() == {KEY: 100}
    controller.tick([], synthetic=traffic(100, 970, 970))
    assert desk.kept.operations[KEY].ended == ""
    controller.tick([], synthetic=traffic(100, 20_000, 20_000))
    assert desk.kept.operations[KEY].ended.startswith("done")


def test_requests_of_an_earlier_weight_do_not_count() -> None:
    desk = Desk()
    controller = desk.controller()
    controller.begin()
    desk.seconds += 60
    controller.tick(traffic(0, 500, 500))
    assert desk.weight == 1


def test_pause_holds_what_rises_and_not_what_falls() -> None:
    desk = Desk()
    controller = desk.controller()
    controller.begin()
    desk.seconds += 60
    controller.tick(traffic(1, 200, 200), paused=True)
    assert desk.weight == 1
    controller.tick(traffic(1, 200, 200, 500), paused=True)
    assert desk.weight == 0


def test_stale_evidence_holds_and_bad_evidence_goes_back() -> None:
    desk = Desk()
    controller = desk.controller()
    controller.begin()
    desk.refused = "its evidence is stale"
    for _ in range(20):
        desk.seconds += 2
        controller.tick(traffic(1, 40, 40))
    assert desk.weight == 1
    assert desk.said[-1] == "stays at 1 %: its evidence is stale"
    desk.standing = Standing(against="its evidence has 2 differences (explore)")
    controller.tick([])
    assert desk.weight == 0


def test_what_somebody_else_moved_is_left_alone() -> None:
    desk = Desk()
    controller = desk.controller()
    controller.begin()
    desk.weight = 30
    desk.standing = Standing(taken_over="another command set it to 30 %")
    controller.tick(traffic(1, 200, 200, 500))
    assert desk.weight == 30
    assert desk.kept.active == []


def test_plan_file_round_trip_damage_and_one_controller(tmp_path: Path) -> None:
    assert plans.load(tmp_path) is None
    plan = Plan((5, 100), {KEY: Progress(5, 100, "", (7, 1, 2))})
    plans.save(tmp_path, plan)
    assert plans.load(tmp_path) == plan
    text = plans.file(tmp_path).read_text()
    plans.file(tmp_path).write_text(re.sub(r",\s*2\s*\]", "]", text))  # as it was once
    assert plans.load(tmp_path) == Plan((5, 100), {KEY: Progress(5, 100, "", (7, 1, 0))})
    plans.file(tmp_path).write_text('{"steps": [5], "operations": {"x": 1}}')
    with pytest.raises(DamagedFile, match="is damaged"):
        plans.load(tmp_path)
    with plans.controlling(tmp_path), pytest.raises(Controlled), plans.controlling(tmp_path):
        pass
    with plans.controlling(tmp_path):
        pass


def test_operations_with_traffic_are_watched_while_others_begin() -> None:
    """Where a move takes two seconds, twenty of them in a row would be forty in which nothing goes back."""
    keys = [f"GET /api/{n}/" for n in range(20)]
    moves: list[tuple[str, int]] = []
    clock = 0.0

    def move(key: str, expected: int, weight: int, why: str) -> Moved:
        nonlocal clock
        clock += 2
        moves.append((key, weight))
        return Moved()

    controller = Controller(
        POLICY, Plan(POLICY.steps, {key: Progress(0, 0) for key in keys}), move, lambda key, weight: Standing(),
        lambda plan: None, lambda key, said: None, lambda: clock,
    )  # fmt: skip
    controller.begin()
    assert moves == [(keys[0], 1)]
    controller.tick([])
    assert moves[1:] == [(keys[1], 1)]
    sides = (("fastapi", 500), ("django", 200))
    controller.tick(
        [Line(keys[0], 1, side, status, False, 4000) for side, status in sides for _ in range(20)]
    )
    assert moves[2] == (keys[0], 0)
    for _ in range(40):
        controller.tick([])
    assert {key for key, weight in moves if weight == 1} == set(keys)


def test_operations_that_are_refused_again_and_again_leave_time_for_the_others() -> None:
    keys = [f"GET /api/{n}/" for n in range(10)]
    clock = 0.0

    def move(key: str, expected: int, weight: int, why: str) -> Moved:
        nonlocal clock
        clock += 2
        return Moved(refused="stale") if key in keys[:5] else Moved()

    controller = Controller(
        POLICY, Plan(POLICY.steps, {key: Progress(0, 0) for key in keys}), move, lambda key, weight: Standing(),
        lambda plan: None, lambda key, said: None, lambda: clock,
    )  # fmt: skip
    controller.begin()
    for _ in range(20):
        controller.tick([])
        clock += 0.5
    assert {key for key in keys if controller.plan.operations[key].weight} == set(keys[5:])
