"""Which statements of a serializer's ``__init__`` only give fields other querysets, and fail for no request."""

from __future__ import annotations

import ast

import pytest

from segue.translate.serializers.from_context import sets_querysets

ROWS = 'self.fields["track"].queryset = '
NONE = ROWS + "Track.objects.none()"


def _sets(text: str) -> bool:
    return sets_querysets(ast.parse(text).body[0], frozenset({"track"}), frozenset({"Track"}))


@pytest.mark.parametrize(
    "text",
    [
        NONE,
        f"if self.event:\n    {ROWS}self.event.tracks.all()\nelse:\n    {NONE}",
        f"if not self.event:\n    {NONE}\nelse:\n    {ROWS}self.event.tracks.all()",
        f"if request and hasattr(request, 'event'):\n    {ROWS}request.event.tracks.all()",
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
    ],
)
def test_what_may_fail_is_not_passed_over(text: str) -> None:
    assert not _sets(text)
