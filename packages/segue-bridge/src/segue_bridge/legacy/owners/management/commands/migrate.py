"""``migrate``: one run at a time, and never on a table of FastAPI's."""

from __future__ import annotations

from typing import Any

from django.core.management.commands import migrate
from django.db import connections

from segue_bridge.legacy.owners.guard import Watch, alone, run_as


class Command(migrate.Command):  # type: ignore[misc]  # Django has no types
    """Django's own, guarded."""

    watch: Watch | None = None

    def add_arguments(self, parser: Any) -> None:
        """``--unsafe``."""
        super().add_arguments(parser)
        parser.add_argument(
            "--unsafe",
            action="store_true",
            help="Also change what FastAPI may still use, or what keeps the table locked for long.",
        )

    def handle(self, *args: Any, **options: Any) -> Any:
        """As Django's. Raises ``CommandError`` for what is refused."""
        using = options["database"]
        with alone(using), run_as(fake=bool(options.get("fake")), unsafe=bool(options.get("unsafe"))):
            self.watch = Watch(using)
            with connections[using].execute_wrapper(self.watch):
                return super().handle(*args, **options)

    def migration_progress_callback(self, action: str, migration: Any = None, fake: bool = False) -> None:
        """Know which migration runs."""
        if self.watch is not None:
            self.watch.migration = migration if action in ("apply_start", "unapply_start") else None
            self.watch.backwards = action == "unapply_start"
        super().migration_progress_callback(action, migration, fake)
