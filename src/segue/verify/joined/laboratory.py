"""Both sides over one database copy, filled and ready to be asked."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any


def furnish(spec: dict[str, Any], legacy: Any) -> tuple[Any, int]:
    """Fill the database copy: the people who ask, and how many rows were made for them to ask for."""
    from django.core.management import call_command
    from django.test.utils import setup_test_environment

    from .furnishing import rows_for
    from .hashing import remember_hashes
    from .personas import users

    os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(legacy.copy.folder / "hypothesis"))
    setup_test_environment()
    remember_hashes(_real_salts())
    if spec["seed_command"]:
        words = [w for w in spec["seed_command"] if Path(w).name not in ("manage.py", "python", "python3")]
        with open(os.devnull, "w") as nowhere:
            call_command(*words, stdout=nowhere)
    people = users(spec["operations"])  # before the rows: most of them belong to somebody
    return people, rows_for(spec, people)


def _real_salts() -> set[bytes] | None:
    """Those of the passwords that the user's own rows hold; None where they cannot be read."""
    from django.contrib.auth import get_user_model

    from .hashing import salts_of

    try:
        return salts_of(get_user_model()._base_manager.values_list("password", flat=True).iterator())
    except Exception:  # noqa: BLE001 - a user model without passwords, or without a table
        return None


class Laboratory:
    """``spec`` as :mod:`segue.verify.explore` writes it, ``legacy`` a set-up :class:`~.boot.Legacy`.

    What it makes (rows, people) depends only on the project, its database and the operations of ``spec``: whoever
    asks the same question of the same project later finds the same state.
    """

    def __init__(self, spec: dict[str, Any], legacy: Any, furnished: tuple[Any, int] | None = None) -> None:
        from .cases import Generator
        from .finalizers import finalize_once
        from .literals import belong
        from .pair import Pair
        from .playing import Player
        from .sides import DjangoSide, FastApiSide
        from .world import World

        self.spec, self.legacy = spec, legacy
        belong(spec["models"])
        self.people, self.made = furnished or furnish(spec, legacy)
        finalize_once()
        self.django = DjangoSide(legacy.connection, legacy.errors)
        self.other: Any = self.django
        if spec.get("against") != "django":
            self.other = FastApiSide(spec, legacy.connection, legacy.errors)
        self.branches = getattr(self.other, "branches", None)
        self.world = World(legacy.connection, legacy.media)
        self.world.open()
        self.pair = Pair(
            Player(self.other), Player(self.django), self.world,
            agreed=tuple(spec.get("noise", ())), shaken=spec.get("against") == "django",
        )  # fmt: skip
        wanted = set(spec.get("wanted") or ())
        self.operations = [o for o in spec["operations"] if not wanted or o["key"] in wanted]
        self.generator = Generator(self.operations, self.people, spec["seed"])
        # Credentials are made with the plans, so before nothing may leave the transaction any more.
        self.plans = self.generator.plans()
        # What they have left (sessions, tokens) is there before any case: no effect of one.
        self.world.tables.remember_all()
        legacy.fence.closed = True

    def close(self) -> None:
        """Undo everything."""
        self.legacy.fence.closed = False
        self.world.close()

    def notes(self) -> list[str]:
        """What a reader should know of the circumstances."""
        from .readable import unread

        return [
            *self.legacy.copy.notes,
            *unread(),
            *(
                f"table {t} is large: only its last rows are compared"
                for t in sorted(self.world.tables.large)
            ),
            *(
                f"a request wanted to reach {name}: refused on both sides"
                for name in sorted(self.legacy.fence.refused)
            ),
            *self.pair.noise.wishes,
        ]
