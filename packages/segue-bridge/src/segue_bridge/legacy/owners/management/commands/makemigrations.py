"""``makemigrations``: of a table of FastAPI's only the state changes, since Alembic changes the table."""

from __future__ import annotations

from typing import Any

from django.core.management.commands import makemigrations
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.loader import MigrationLoader

from segue_bridge.legacy.owners.guard import state_only


class Command(makemigrations.Command):  # type: ignore[misc]  # Django has no types
    """Django's own, guarded."""

    def write_migration_files(self, changes: dict[str, list[Any]], *args: Any, **options: Any) -> None:
        """As Django's, with state-only operations for tables that are not Django's."""
        state = MigrationLoader(connections[DEFAULT_DB_ALIAS], ignore_no_migrations=True).project_state()
        for app_label, migrations in changes.items():
            for migration in migrations:
                migration.operations, told = state_only(
                    migration.operations, app_label, state, DEFAULT_DB_ALIAS
                )
                for what in told:
                    self.log(f"  FastAPI owns the table, so only the state changes: {what}")
        super().write_migration_files(changes, *args, **options)
