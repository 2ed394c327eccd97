"""Locals that nothing reads go, and what was called for them is called still, in the same order."""

from __future__ import annotations

import ast

import pytest

from segue.translate.finishing.unread import without_unread

CASES = {
    "a call": "def f(say):\n    values = say(1)\n    return say(2)",
    "a chain of names": "def f(say):\n    user = say(1)\n    to = [user]\n    context = {'user': user, 'to': to}\n    return say(2)",
    "a list of calls": "def f(say):\n    to = [say(1), 'x', say(2)]\n    return say(3)",
    "one that is read later": "def f(say):\n    x = say(1)\n    if say(2):\n        x = say(3)\n    return x",
    "alone in a branch": "def f(say):\n    if say(1):\n        x = 5\n    return say(2)",
    "in parentheses": "def f(say):\n    x = (say(1))\n    return say(2)",
    "of several lines": "def f(say):\n    x = say(\n        1,\n    )\n    y: int = say(\n        2\n    )\n    return say(3)",
    "augmented": "def f(say):\n    x = say(1)\n    x += 1\n    return say(2)",
    "nested": "def f(say):\n    x = say(1)\n    def g():\n        return x\n    return g()",
    "unpacked": "def f(say):\n    é, made = say(1), say(2)\n    return é",
    "unpacked and read": "def f(say):\n    _made = 7\n    a, made = say(1), say(2)\n    return a, _made",
    "an operation": "def f(say):\n    x = say(1) + say(2)\n    return say(3)",
}


@pytest.mark.parametrize("code", CASES.values(), ids=list(CASES))
def test_the_same_is_called_and_given_back(code: str) -> None:
    seen = []
    for text in (code, without_unread(code)):
        names: dict[str, object] = {}
        exec(text, names)
        said: list[int] = []

        def say(number: int, said: list[int] = said) -> int:
            said.append(number)
            return number

        given = names["f"](say)  # type: ignore[operator]
        seen.append((given, said))
    assert seen[0] == seen[1]


def test_nothing_unread_is_left_of_plain_code() -> None:
    for name in ("a call", "a chain of names", "a list of calls", "alone in a branch", "of several lines"):
        left = ast.parse(without_unread(CASES[name]))
        assert not any(isinstance(n, ast.Assign | ast.AnnAssign) for n in ast.walk(left)), name
    assert "_made" in without_unread(CASES["unpacked"])
    assert "a, made" in without_unread(CASES["unpacked and read"])
