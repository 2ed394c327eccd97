"""A difference that does not show itself again is counted, so it is told."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import strategies as st

from segue.verify.joined.explore import Exploration


def test_it_is_told_as_it_was_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = {"status": 200, "headers": {}, "cookies": {}, "body": 1, "effects": {}}
    alike = {"django": answer, "fastapi": answer, "errors": ["", ""], "differences": [], "noisy": ()}
    seen: dict[str, Any] = {**alike, "differences": [("body", 1, 2)]}
    found: list[Any] = []
    exploration = Exploration.__new__(Exploration)
    exploration.spec = {"seed": 1}
    exploration.outcomes = {"GET /": SimpleNamespace(keep=lambda *what: found.append(what))}  # type: ignore[dict-item]
    monkeypatch.setattr(exploration, "left", lambda: True)
    answers = iter([("body", seen)])
    monkeypatch.setattr(exploration, "_ask", lambda _case: next(answers, None))
    monkeypatch.setattr(exploration, "_run", lambda _case: alike)
    exploration._drive("GET /", st.just({"key": "GET /", "what": "random"}), 1, 5)
    assert [(kind, case["what"], result) for kind, case, result, _ in found] == [
        ("body", "random; seen once: asked again, both sides answered alike", seen)
    ]
