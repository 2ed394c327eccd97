"""What the project changes in Django or DRF itself, found by the probe: nothing is translated, as no rule knows of it."""

from __future__ import annotations

from segue.refusal import Refusal
from segue.snapshot.model import Snapshot


def check(snapshot: Snapshot) -> tuple[Refusal, ...]:
    """A refusal for each change; none for a project that leaves the frameworks as they are."""
    module = snapshot.settings.module
    return tuple(
        Refusal(
            "patched",
            patch.name,
            "The project changes it for everything that Django or DRF runs, which Segue does not follow: "
            "put it into a class of your own and name that where it is wanted.",
            patch.file or module,
            patch.line,
        )
        for patch in snapshot.settings.patched
    )
