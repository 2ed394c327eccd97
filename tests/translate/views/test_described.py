"""Which section of a view's docstring an operation gets: that which DRF's own schema inspector takes."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from segue.translate.views.described import said

SECTIONS = """
get:
Show a user.

Longer.

patch: Update a user.
destroy:
"""
ASKED = """
import json, sys
from django.conf import settings
settings.configure()
from rest_framework.schemas.inspectors import ViewInspector
text, methods = json.load(sys.stdin)
print(json.dumps([ViewInspector()._get_description_section(None, m, text) for m in methods]))
"""


def test_a_section_is_drfs() -> None:
    methods = ["get", "patch", "destroy"]
    told = subprocess.run(
        [sys.executable, "-c", ASKED], input=json.dumps([SECTIONS.strip(), methods]),
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    sections = json.loads(told.stdout)
    assert len(set(sections)) == 3
    assert [said(SECTIONS, m, m) for m in methods] == [s.partition("\n")[0] for s in sections]


def test_the_action_comes_before_the_method() -> None:
    assert said("get:\nAny.\nlist:\nAll.", "GET", "list") == "All."


@pytest.mark.parametrize("text", ["Users.\n\nMore.", "Note: see below.\nMore.", ""])
def test_other_docstrings_give_their_first_line(text: str) -> None:
    assert said(text, "GET", "list") == text.partition("\n")[0]
