"""What is counted of an operation's answers."""

from __future__ import annotations

from segue.verify.joined.outcome import Outcome


def test_only_its_own_method_succeeds() -> None:
    """OPTIONS and HEAD are asked of every operation: that they are answered says nothing of a log-in that never was let in."""
    outcome = Outcome({"key": "POST /login/", "method": "POST", "path": "/login/", "regex": "^/login/$"})
    for method, status in (("OPTIONS", 200), ("HEAD", 200), ("POST", 400), ("POST", 302)):
        outcome.answered(method, status)
    assert outcome.report()["succeeded"] == 0
    outcome.answered("POST", 201)
    assert outcome.report()["succeeded"] == 1
    assert outcome.report()["statuses"] == {"200": 2, "400": 1, "302": 1, "201": 1}
