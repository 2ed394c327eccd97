"""Every code that a rule can emit has advice, and no advice is for a code that none emits."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from segue.assess.advice import _BEGINNINGS, ADVICE, advice
from segue.translate.packages.known import PACKAGES, PREFIX

RULES = Path(__file__).parents[2] / "src" / "segue" / "translate"
CODE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
MADE = {"serializer-create", "serializer-update", "serializer-init", "serializer-to-internal-value"}


def _calls() -> Iterator[ast.Call]:
    for file in sorted(RULES.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = (
                    node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                )
                if "refus" in name.lower():
                    yield node


def emitted() -> set[str]:
    """The first text of each call that refuses is its code (what stands before it is the field or the serializer)."""
    found = set()
    for call in _calls():
        if isinstance(call.func, ast.Attribute) and call.func.attr == "refuse_method":
            continue  # told the name of a method, of which it puts the code together
        texts = [n.value for a in call.args[:3] for n in ast.walk(a) if isinstance(n, ast.Constant)]
        found.update(t for t in texts[:1] if isinstance(t, str) and CODE.fullmatch(t))
    return found


def beginnings() -> set[str]:
    """Codes that are put together: ``f"override-{name}"``."""
    return {
        str(first.values[0].value)
        for call in _calls()
        if call.args and isinstance(first := call.args[0], ast.JoinedStr)
        if isinstance(first.values[0], ast.Constant) and re.fullmatch(r"[a-z-]+-", str(first.values[0].value))
    }


def test_every_code_has_advice() -> None:
    codes = emitted()
    assert {"renderer", "unknown-call", "field-input", "queryset-class", "no-source"} <= codes
    assert len(codes) > 200
    assert [code for code in sorted(codes) if not advice(code)] == []


def test_every_beginning_has_advice() -> None:
    assert beginnings() == {beginning for beginning, _ in _BEGINNINGS}


def test_no_advice_is_for_a_code_of_the_past() -> None:
    texts = {
        node.value
        for file in RULES.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert sorted(set(ADVICE) - texts - MADE) == []


def test_advice_is_one_sentence() -> None:
    for sentence in {*ADVICE.values(), *(text for _, text in _BEGINNINGS), *(p.instead for p in PACKAGES)}:
        assert sentence.endswith(".")
        assert not re.search(r"[.!?] [A-Z]", sentence), sentence


def test_packages_have_advice() -> None:
    assert advice(PREFIX + "django-waffle") != advice(PREFIX + "some-package-that-nobody-knows")
    assert advice(PREFIX + "some-package-that-nobody-knows")
