"""Branches of generated code: those that are counted as reached are those that Python ran."""

from __future__ import annotations

import ast
import sys
from typing import Any

import pytest

from segue.verify.joined.branches import HITS, Branches
from segue.verify.joined.callgraph import CallGraph

TEXT = '''
from app.other import helper

LIMIT = 3


def view(number, items):
    """Doc."""
    if number > LIMIT:
        number -= 1
    elif number == 1:
        number = 10
    for item in items:
        number += item
    try:
        number // items[0]
    except IndexError:
        number = 0
    match number:
        case 0:
            return "nothing"
        case _:
            pass
    return (
        shown(number)
        if number else
        helper(number)
    )


def shown(number):
    while number > 100:
        number -= 100
    return number


def unrelated():
    return 1
'''


def _ran(calls: list[tuple[Any, ...]]) -> tuple[Branches, int, set[int]]:
    """Reached branches and, by ``sys.settrace`` on the same text without marks, the lines that ran."""
    branches = Branches("app")
    tree = branches.instrument(ast.parse(TEXT), "app.routes", "app/routes.py")
    space: dict[str, Any] = {HITS: branches.hits}
    plain: dict[str, Any] = {}
    sys.modules.setdefault("app", type(sys)("app"))
    other: Any = type(sys)("app.other")
    other.helper = lambda number: number
    sys.modules["app.other"] = other
    try:
        exec(compile(tree, "marked", "exec"), space)
        exec(compile(TEXT, "plain", "exec"), plain)
    finally:
        del sys.modules["app.other"], sys.modules["app"]
    branches.take()
    lines: set[int] = set()

    def trace(frame: Any, event: str, argument: Any) -> Any:
        if frame.f_code.co_filename != "plain":
            return None
        if event == "line":
            lines.add(frame.f_lineno)
        return trace

    for arguments in calls:
        marked = space["view"](*arguments)
        before = sys.gettrace()
        sys.settrace(trace)
        try:
            assert plain["view"](*arguments) == marked
        finally:
            sys.settrace(before)
    return branches, branches.take(), lines


@pytest.mark.parametrize(
    "calls",
    [
        [(1, [])],
        [(5, [1])],
        [(0, [])],
        [(1, []), (5, [300]), (0, [2])],
        [(2, [-2])],
    ],
)
def test_a_branch_is_reached_where_its_line_ran(calls: list[tuple[Any, ...]]) -> None:
    branches, reached, lines = _ran(calls)
    for number, branch in enumerate(branches.all):
        if branch.what in ("if", "loop", "except", "case", "value if", "value else"):
            assert bool(reached >> (8 * number) & 1) == (branch.line in lines), branch


def test_what_an_operation_may_call_is_counted_and_nothing_else() -> None:
    branches, reached, _ = _ran([(1, [])])
    report = branches.report("app.routes.view", reached)
    assert report["entered"]
    assert report["total"] == sum(b.owner != "app.routes.unrelated" for b in branches.all)
    assert 0 < report["reached"] < report["total"]
    never = branches.report("app.routes.unrelated", reached)
    assert (never["entered"], never["reached"], never["total"]) == (False, 0, 1)
    assert never["missed"] == [f"app/routes.py:{TEXT[: TEXT.index('def unrelated')].count(chr(10)) + 1}"]


def test_taking_begins_anew() -> None:
    branches, reached, _ = _ran([(1, [])])
    assert reached
    assert branches.take() == 0


def test_decorators_say_where_a_function_is_used_not_what_it_calls() -> None:
    graph = CallGraph("app")
    graph.add("app.a", ast.parse("from app.b import used\nTABLE = {}\n@TABLE\ndef f():\n    return used()\n"))
    graph.add("app.b", ast.parse("from app import a\ndef used():\n    return a.g()\n"))
    assert graph.reachable("app.a.f") - {"app.a"} == {"app.a.f", "app.b.used", "app.a.g"}
