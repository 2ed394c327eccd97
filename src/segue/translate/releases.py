"""Releases of DRF whose behaviour the bridge has.

It has that of 3.18. From 3.15 on the releases differ in few places, which are translated or refused one by one (see
the callers of :func:`segue.translate.versions.since`). DRF 3.14 differs in too many: texts of 404 answers, search
terms, unique-together constraints, an empty ``?page=``, booleans in mixed case, numbers and durations that overflow.
"""

from __future__ import annotations

from segue.refusal import Refusal, refuse
from segue.snapshot.model import Snapshot, Where
from segue.translate.versions import since

FIRST = (3, 15)


def check(snapshot: Snapshot) -> tuple[Refusal, ...]:
    """Why nothing of this project is translated; () when its DRF is new enough."""
    found = snapshot.versions.drf
    if not found or since(found, *FIRST):
        return ()
    why = (
        "It answers differently in many small ways. Upgrade to 3.15 or newer (for Django 4.2 and Python 3.8)."
    )
    return (refuse("release", f"djangorestframework {found}", why, Where(snapshot.settings.module)).refusal,)
