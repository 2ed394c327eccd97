"""Test databases that a run which was killed has left: the next run replaces them without being asked.

Django's runner asks first (``BaseDatabaseCreation._create_test_db``), and nobody could answer: standard input is closed.
Only those that such a run has said to make are replaced.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

FILE = "databases"  # one name a line


def watch(results: Path, left: Collection[str]) -> None:
    """Note the name of each test database before it is made; replace those of ``left``."""
    from django.db.backends.base.creation import BaseDatabaseCreation

    creation: Any = BaseDatabaseCreation
    create = creation.create_test_db

    def create_test_db(
        self: Any, verbosity: int = 1, autoclobber: bool = False, *rest: Any, **options: Any
    ) -> Any:
        name = self._get_test_db_name()
        if results.is_dir():
            with (results / FILE).open("a", encoding="utf-8") as file:
                file.write(f"{name}\n")
        return create(self, verbosity, autoclobber or name in left, *rest, **options)

    creation.create_test_db = create_test_db
