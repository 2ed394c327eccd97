"""``migrate``: one run at a time, and never on a table of FastAPI's."""

from __future__ import annotations

from typing import Any

from django.core.management.commands import migrate
from django.db import connections

from segue_bridge.legacy.owners.guard import Watch, alone, faked


class Command(migrate.Command):  # type: ignore[misc]  # Django has no types
    """Django's own, guarded."""

    watch: Watch | None = None

    def handle(self, *args: Any, **options: Any) -> Any:
        """As Django's. Raises ``CommandError`` for what is refused."""
        using = options["database"]
        with alone(using), faked(bool(options.get("fake"))):
            self.watch = Watch(using)
            with connections[using].execute_wrapper(self.watch):
                return super().handle(*args, **options)

    def migration_progress_callback(self, action: str, migration: Any = None, fake: bool = False) -> None:
        """Know which migration runs."""
        if self.watch is not None:
            self.watch.migration = migration if action in ("apply_start", "unapply_start") else None
            self.watch.backwards = action == "unapply_start"
        super().migration_progress_callback(action, migration, fake)
