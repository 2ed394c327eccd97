"""Plainer names change nothing: each function is run before and after."""

from __future__ import annotations

from typing import Any

import pytest

from segue.translate.finishing.locals import renamed


def run(code: str, *arguments: object) -> Any:
    """What the function of ``code`` returns."""
    scope: dict[str, Any] = {
        "update_book": lambda book, values: [*book, *values],
        "rows": lambda n: [n, n + 1],
    }
    exec(code, scope)
    return scope["f"](*arguments)


CHANGED = [
    (
        "def f(n):\n    statement = n + 1\n    statement_2 = statement * 2\n    statement_3 = statement_2 - 1\n    return statement_3",
        "def f(n):\n    statement = n + 1\n    statement = statement * 2\n    statement = statement - 1\n    return statement",
    ),
    (
        "def f(n):\n    book_2 = [n]\n    book = book_2\n    # why\n    return f'{book}'",
        "def f(n):\n    book = [n]\n    # why\n    return f'{book}'",
    ),
    (
        "def f(n):\n    book = [n]\n    book_2 = update_book(book, [2])\n    return book_2",
        "def f(n):\n    book = [n]\n    book = update_book(book, [2])\n    return book",
    ),
    (
        "def f(n):\n    tag_ = n\n    é = 'ü'; title_2 = é + str(tag_)\n    return title_2",
        "def f(n):\n    tag = n\n    é = 'ü'; title = é + str(tag)\n    return title",
    ),
    (
        "def f(n):\n    return [item_2 for item_2 in range(n)]",
        "def f(n):\n    return [item for item in range(n)]",
    ),
]


@pytest.mark.parametrize(("before", "after"), CHANGED)
def test_plainer(before: str, after: str) -> None:
    assert renamed(before) == after
    assert run(before, 3) == run(after, 3)


KEPT = [
    # The first value is still wanted.
    "def f(n):\n    statement = n + 1\n    statement_2 = statement * 2\n    return statement + statement_2",
    # What it is made from is something else.
    "def f(n):\n    book = [n]\n    book_2 = rows(n)\n    return book_2",
    # The plain name is a function's.
    "def f(n):\n    rows_2 = rows(n)\n    return rows_2",
    # A loop comes back to the first value.
    "def f(n):\n    statement = n\n    for _ in range(3):\n        statement_2 = statement + 1\n    return statement_2",
    # An f-string: its names have no place before Python 3.12.
    "def f(n):\n    title_2 = n\n    return f'{title_2}'",
    # A parameter keeps its name, and nothing takes it.
    "def f(n_2):\n    return n_2",
    "def f(book):\n    book_2 = [book]\n    return book_2",
    # The alias is looked at again.
    "def f(n):\n    book_2 = [n]\n    book = book_2\n    book_2 = [0]\n    return book + book_2",
    # The inner list needs the name.
    "def f(n):\n    item = n\n    return [item_2 + item for item_2 in range(n)]",
    # A word that Python keeps.
    "def f(n):\n    class_ = n\n    return class_",
]


@pytest.mark.parametrize("code", KEPT)
def test_left_alone(code: str) -> None:
    assert renamed(code) == code
    run(code, 3)
