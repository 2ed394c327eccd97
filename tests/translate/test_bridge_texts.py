"""The list of what the bridge says is what its code says, and Django or DRF translates each of its texts."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import segue_bridge
from segue.translate.bridge_texts import DATES, PLURALS, TEXTS

_ONE = frozenset({"_", "gettext", "gettext_lazy"})


def _said() -> Iterator[tuple[str, ...]]:
    for file in Path(segue_bridge.__file__).parent.rglob("*.py"):
        if file.name in ("translation.py", "formats.py"):
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                wanted = 1 if node.func.id in _ONE else 2 if node.func.id == "ngettext" else 0
                texts = [a.value for a in node.args[:wanted] if isinstance(a, ast.Constant)]
                assert len(texts) == wanted, f"{file}:{node.lineno}: a text that is computed"
                if wanted:
                    yield tuple(texts)


def test_every_text_that_the_bridge_says_is_listed() -> None:
    said = set(_said())
    assert {(text,) for text in TEXTS} == {texts for texts in said if len(texts) == 1}
    file = Path(segue_bridge.__file__).parent / "formats.py"
    dates = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            texts = [a.value for a in node.args if isinstance(a, ast.Constant)]
            if node.func.id == "pgettext_lazy":
                dates.add((texts[0], texts[1]))
            elif node.func.id in _ONE:
                dates.add(("", texts[0]))
    assert set(DATES) == dates
    assert set(PLURALS) == {texts for texts in said if len(texts) == 2}
