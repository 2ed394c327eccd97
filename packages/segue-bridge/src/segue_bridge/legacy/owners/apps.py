"""The app: its check, and its look at the plan of ``migrate``."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.core.checks import Error, register
from django.db.models.signals import pre_migrate

from segue_bridge.legacy.owners import guard
from segue_bridge.owners.ledger import OwnersUnreadable


class OwnersConfig(AppConfig):  # type: ignore[misc]  # Django has no types
    """``segue_bridge.legacy.owners``."""

    name = "segue_bridge.legacy.owners"
    label = "segue_owners"

    def ready(self) -> None:
        """Register both."""
        register(_readable)
        pre_migrate.connect(guard.judge_plan)


def _readable(**_: Any) -> list[Error]:
    try:
        guard.owners()
    except OwnersUnreadable as error:
        return [
            Error(
                f"SEGUE_OWNERS: {error}",
                hint="Name migrations/owners.toml of the generated project.",
                id="segue.E001",
            )
        ]
    return []
