"""What counts as a difference between two sides, of which either may be new each time."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import pytest

from segue.shadow.judge import AGAIN, ROUNDS, Answer, Kind, SideName, Verdict, judge, readable

Body = Callable[[], object]


def answer(body: object, status: int = 200, **headers: str) -> Answer:
    sent = [("Content-Type", "application/json"), *((k.replace("_", "-"), v) for k, v in headers.items())]
    return readable(status, sent, json.dumps(body).encode(), "GET")


class Sides:
    """Two services; ``asked`` are the questions after the user's."""

    def __init__(self, django: Body, fastapi: Body) -> None:
        self.bodies: dict[SideName, Body] = {"django": django, "fastapi": fastapi}
        self.asked: list[SideName] = []

    def ask(self, name: SideName) -> Answer:
        self.asked.append(name)
        return answer(self.bodies[name]())

    def judged(self, mine: SideName = "django", **more: Any) -> Verdict:
        return judge(answer(self.bodies[mine]()), mine, self.ask, **more)


def counter(start: int = 0) -> Callable[[], int]:
    state = [start]

    def tick() -> int:
        state[0] += 1
        return state[0]

    return tick


def test_equal_answers_cost_one_question_to_the_other_side_alone() -> None:
    sides = Sides(lambda: {"a": [1, "x"]}, lambda: {"a": [1, "x"]})
    assert sides.judged() == Verdict(Kind.EQUAL)
    assert sides.asked == ["fastapi"]


@pytest.mark.parametrize("mine", ["django", "fastapi"])
def test_places_are_named_django_first_whoever_answered_the_user(mine: SideName) -> None:
    sides = Sides(lambda: {"a": 1, "b": {"c": "x"}}, lambda: {"a": 2, "b": {}})
    verdict = sides.judged(mine)
    assert verdict.kind is Kind.DIFFERENT
    assert verdict.places == (("body.a", 1, 2), ("body.b.c", "x", "(absent)"))
    assert sides.asked.count("django") == ROUNDS
    assert sides.asked.count("fastapi") == ROUNDS + (mine == "fastapi")


def test_place_that_counts_already_is_confirmed_soon_and_a_new_one_beside_it_is_not() -> None:
    sides = Sides(lambda: {"a": [1]}, lambda: {"a": [2]})
    assert sides.judged(known=["body.a[*]"]).kind is Kind.DIFFERENT
    assert len(sides.asked) == 2 * AGAIN
    more = Sides(lambda: {"a": [1], "b": 1}, lambda: {"a": [2], "b": 2})
    more.judged(known=["body.a[*]"])
    assert len(more.asked) == 2 * ROUNDS


def test_one_clock_for_both_sides_hides_nothing_else() -> None:
    now = counter()
    same = Sides(lambda: {"at": now(), "x": 1}, lambda: {"at": now(), "x": 1}).judged()
    assert (same.kind, [p for p, _, _ in same.places]) == (Kind.VOLATILE, ["body.at"])
    other = Sides(lambda: {"at": now(), "x": 1}, lambda: {"at": now(), "x": 2}).judged()
    assert other.places == (("body.x", 1, 2),)


def test_what_is_constant_on_one_side_and_new_each_time_on_the_other() -> None:
    now = counter()
    assert Sides(lambda: {"at": "fixed"}, lambda: {"at": now()}).judged().kind is Kind.DIFFERENT
    # The first side moves: nobody can say whether the other should have.
    assert Sides(lambda: {"at": now()}, lambda: {"at": "fixed"}).judged().kind is Kind.VOLATILE


def test_other_side_that_agrees_when_asked_again_ends_the_questions() -> None:
    heard = iter([2, 1])
    sides = Sides(lambda: {"a": 1}, lambda: {"a": next(heard)})
    assert sides.judged().kind is Kind.VOLATILE
    assert sides.asked == ["fastapi", "django", "fastapi"]


@pytest.mark.parametrize("mine", ["django", "fastapi"])
def test_data_that_moves_while_sides_are_asked_is_no_difference(mine: SideName) -> None:
    """A row that is added, a price that changes, a list that grows: once, at any moment of the questions."""
    for moment in range(1, 12):
        now = counter()

        def body(now: Callable[[], int] = now, moment: int = moment) -> object:
            if now() <= moment:
                return {"count": 2, "rows": [{"id": 1}, {"id": 2}], "price": "1.00"}
            return {"count": 3, "rows": [{"id": 9}, {"id": 1}, {"id": 2}], "price": "1.10"}

        assert Sides(body, body).judged(mine).kind in (Kind.EQUAL, Kind.VOLATILE), moment


def test_values_by_the_toss_of_a_coin_and_rows_without_an_order_are_no_difference() -> None:
    dice = random.Random(7)
    bodies: list[Body] = [
        lambda: {"coin": dice.random() < 0.5},
        lambda: {"rows": dice.sample(["a", "b"], 2), "total": 2},
        lambda: {"rows": [{"id": n} for n in dice.sample([1, 2, 3], 3)]},
    ]
    for body in bodies:
        kinds = [Sides(body, body).judged().kind for _ in range(200)]
        assert Kind.DIFFERENT not in kinds
        assert Kind.VOLATILE in kinds


def test_status_and_headers_count_and_those_of_gateways_do_not() -> None:
    live = answer({}, x_segue_route="django", x_total="7", date="now", server="gunicorn")
    assert judge(live, "django", lambda name: answer({}, x_total="7")).kind is Kind.EQUAL
    other = judge(
        live, "django", lambda name: live if name == "django" else answer({"d": "no"}, 404, x_total="7")
    )
    assert other.places[0] == ("status", 200, 404)
    assert other.statuses == (200, 404)
    back = judge(live, "fastapi", lambda name: live if name == "fastapi" else answer({}, 404, x_total="7"))
    assert back.statuses == (404, 200)


def test_what_fastapi_leaves_to_django_is_no_difference_on_any_of_the_ways() -> None:
    left = answer({}, 501, x_segue_unserved="operation")
    assert judge(answer({}), "django", lambda name: left).kind is Kind.LEFT
    heard = iter([answer({"a": 1}), left])
    assert judge(answer({}), "fastapi", lambda name: next(heard)).kind is Kind.LEFT


def test_django_is_never_asked_for_what_fastapi_left_to_it_though_the_gateway_names_fastapi() -> None:
    """What the user got was Django's answer, by code that FastAPI does not have: it may write."""
    sides: list[SideName] = []

    def ask(name: SideName) -> Answer:
        sides.append(name)
        return answer({}, 501, x_segue_unserved="operation")

    assert judge(answer({"marked": 1}), "fastapi", ask).kind is Kind.LEFT
    assert sides == ["fastapi"]


def test_fastapi_that_fails_differs_though_the_user_got_the_answer_of_django_in_its_place() -> None:
    good, bad = answer({"a": 1}), answer({}, 500)
    verdict = judge(good, "fastapi", lambda name: bad if name == "fastapi" else good)
    assert verdict.kind is Kind.DIFFERENT
    assert verdict.places[0] == ("status", 200, 500)


def test_agreed_noise_of_segue_toml_is_compared_by_its_form() -> None:
    def judged(other: object) -> Kind:
        sides = Sides(lambda: {"items": [{"seen": 3}]}, lambda: {"items": [{"seen": other}]})
        return sides.judged(agreed={"body.items[].seen"}).kind

    assert judged(4) is Kind.EQUAL
    assert judged("4") is Kind.DIFFERENT


def test_body_that_is_not_what_its_headers_say_cannot_be_read() -> None:
    with pytest.raises(ValueError, match=r"(?i)gzip"):
        readable(200, [("Content-Encoding", "gzip")], b"no gzip", "GET")
