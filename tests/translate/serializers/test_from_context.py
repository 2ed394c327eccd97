"""Which statements of a serializer's ``__init__`` only give fields other querysets, and fail for no request."""

from __future__ import annotations

import ast
import json
import subprocess
import sys

import pytest

from segue.translate.serializers.from_context import sets_querysets

ROWS = 'self.fields["track"].queryset = '
NONE = ROWS + "Track.objects.none()"


OWN = frozenset({"self.instance.members", "Track: event__in=self.instance.events.all()"})
ONE = "if self.instance and not isinstance(self.instance, list)"


def _sets(text: str) -> bool:
    return sets_querysets(ast.parse(text).body[0], frozenset({"track"}), frozenset({"Track"}), own_sets=OWN)


@pytest.mark.parametrize(
    "text",
    [
        NONE,
        f"if self.event:\n    {ROWS}self.event.tracks.all()\nelse:\n    {NONE}",
        f"if not self.event:\n    {NONE}\nelse:\n    {ROWS}self.event.tracks.all()",
        f"if request and hasattr(request, 'event'):\n    {ROWS}request.event.tracks.all()",
        f"if self.event:\n    {ROWS}self.event.tracks(manager='all').filter(kind__in=[Track.A, Track.B])",
        f"{ONE}:\n    {ROWS}self.instance.members.all()",
        f"{ONE} and self.instance.pk:\n    {ROWS}Track.objects.filter(event__in=self.instance.events.all())",
    ],
)
def test_rows_of_what_is_there(text: str) -> None:
    assert _sets(text)


@pytest.mark.parametrize(
    "text",
    [
        # None has no tracks: an AttributeError, which is a 500 of Django's.
        f"{ROWS}self.event.tracks.all()",
        f"if self.event:\n    {NONE}\nelse:\n    {ROWS}self.event.tracks.all()",
        f"if not self.event:\n    {ROWS}self.event.tracks.all()",
        f"if self.event or self.team:\n    {ROWS}self.event.tracks.all()",
        # The team of the event may be missing.
        f"if self.event:\n    {ROWS}self.event.team.tracks.all()",
        f"if request:\n    {ROWS}request.event.tracks.all()",
        # It asks the database, or for a field that is not there.
        f"if self.event:\n    {ROWS}self.event.tracks.first()",
        'self.fields["other"].queryset = Track.objects.none()',
        # A list has no members, and a class may compute what it is asked for.
        f"if self.instance:\n    {ROWS}self.instance.members.all()",
        f"if self.instance and self.instance.pk:\n    {ROWS}self.instance.members.all()",
        f"if self.instance.pk and not isinstance(self.instance, list):\n    {ROWS}self.instance.members.all()",
        f"{ONE}:\n    {ROWS}self.instance.other.all()",
        f"{ONE}:\n    {ROWS}Track.objects.filter(track__in=self.instance.events.all())",
        f"{ONE}:\n    {NONE}\nelse:\n    {NONE}",
        f"{ONE}:\n    {NONE}\n    {ROWS}self.event.tracks.all()",
        f"if self.event:\n    {ROWS}self.event.tracks(manager='all').filter(kind=Track.kind())",
        f"if self.event:\n    {ROWS}self.event.tracks(manager='all').filter(kind=self.kind)",
        f"{ROWS}self.event.tracks(manager='all').filter(kind=1)",
    ],
)
def test_what_may_fail_is_not_passed_over(text: str) -> None:
    assert not _sets(text)


ASK = """
import json, sys
import django
from django.conf import settings
settings.configure(INSTALLED_APPS=["rest_framework"])
django.setup()
from rest_framework import serializers


class Shown(serializers.Serializer):
    kind = serializers.ChoiceField(["1", "b"])


def shows(choices):
    item = Shown()
    item.fields["kind"].choices = choices
    return [item.to_representation({"kind": kind})["kind"] for kind in ("1", "b", "c")]


for text in sys.argv[1:]:
    try:
        print(json.dumps(shows(eval(text)) == ["1", "b", "c"]))
    except (TypeError, ValueError):
        print("false")
"""


def test_choices_are_texts() -> None:
    """DRF shows keys in the place of their texts: those of the choices have to be texts, and a list is a group of choices."""
    given = [
        "[]", '[("a", "A"), ["b", "B"]]', '(("1", "One"),)', '[(1, "One")]', '[("G", [(1, "One")])]', '[("1",)]', "[1]",
        '[("a", "A", 3)]', '[("1", ())]', "{1: 1}",
    ]  # fmt: skip
    asked = subprocess.run(
        [sys.executable, "-c", ASK, *given], check=True, capture_output=True, text=True, timeout=60
    )
    same = [json.loads(line) for line in asked.stdout.split()]
    passed = []
    for choices in given:
        statement = ast.parse(f'self.fields["kind"].choices = {choices}').body[0]
        kind = frozenset({"kind"})
        passed.append(sets_querysets(statement, kind, frozenset(), choices=kind))
    assert passed[:3] == same[:3] == [True] * 3
    assert not any(ours and not theirs for ours, theirs in zip(passed, same, strict=True))
    assert not all(same)
