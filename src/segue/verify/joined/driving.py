"""Hypothesis, a few examples at a time: it draws cases, and shrinks what differs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity, errors, given, settings
from hypothesis import seed as seeded
from hypothesis.internal.conjecture import providers
from hypothesis.strategies import SearchStrategy

MOST = 80  # requests spent on shrinking one difference

# Hypothesis draws constants from the source of every module that it takes for local: Segue's own in a checkout, none of
# it where Segue is installed. The same seed would draw other cases there, and reading a large project takes seconds.
# What the project's code compares with, the strategies have from the snapshot.
if hasattr(providers, "_get_local_constants"):
    providers._get_local_constants = lambda: providers._local_constants


class _Differs(AssertionError):
    """What Hypothesis is told of a difference."""


def drive(
    strategy: SearchStrategy[Any],
    *,
    seed: int,
    examples: int,
    ask: Callable[[Any], str],
    again: Callable[[Any], str],
) -> Any:
    """Let ``strategy`` draw ``examples`` cases for ``ask``; the smallest that differs, or None.

    ``ask`` and ``again`` return what kind of difference a case shows, '' for none; ``again`` is called for smaller
    cases, which count only when they show the same kind. What either raises is raised here. Nothing is written: the
    database of examples is switched off, and the same seed draws the same cases.
    """
    wanted, smallest = "", None
    tried: dict[str, bool] = {}
    trouble: list[Exception] = []

    def judge(case: Any) -> bool:
        nonlocal wanted, smallest
        if not wanted:
            wanted = ask(case)
            smallest = case if wanted else None
            return bool(wanted)
        text = _text(case)
        if text not in tried:
            if len(tried) >= MOST:
                return False
            tried[text] = again(case) == wanted
            if tried[text] and len(text) < len(_text(smallest)):
                smallest = case
        return tried[text]

    def one(case: Any) -> None:
        if trouble:
            return
        try:
            differs = judge(case)
            if differs:
                tried[_text(case)] = True
        except Exception as error:  # noqa: BLE001 - raised below; Hypothesis would shrink it
            trouble.append(error)
            return
        if differs:
            raise _Differs

    run = seeded(seed)(_quietly(max_examples=examples)(given(strategy)(one)))
    try:
        run()
    except* (_Differs, errors.HypothesisException):
        pass  # the difference is in ``smallest``; that a case was flaky says nothing more
    if trouble:
        raise trouble[0]
    return smallest


def _quietly(*, max_examples: int) -> Any:
    return settings(
        max_examples=max_examples, database=None, deadline=None, phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck), report_multiple_bugs=False, print_blob=False, verbosity=Verbosity.quiet,
    )  # fmt: skip


def _text(case: Any) -> str:
    return json.dumps(case, sort_keys=True, default=repr)
