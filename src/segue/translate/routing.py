"""``DATABASE_ROUTERS`` that send what is only read to a replica (:mod:`segue.probe.routers` reads them)."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from segue.snapshot.model import Snapshot
from segue.translate.specialise.fold import plain

if TYPE_CHECKING:
    from segue.translate.interp.frame import Frame
    from segue.translate.interp.value import Val

_NAME = "SEGUE_ROUTERS"  # as the probe names it


def problem(snapshot: Snapshot) -> str:
    """Why the routers of a project with several databases cannot be followed; '' where they can."""
    found = _told(snapshot)
    return str(found["problem"]) if found else "The snapshot does not say how: run `segue assess` again."


def replica(snapshot: Snapshot) -> str:
    """The alias that all models are read from, while all are written to ``default``; '' where that is the same."""
    found = _told(snapshot)
    return str(found["replica"]) if found else ""


def check_unnamed(frame: Frame, alias: Val, node: ast.AST) -> None:
    """Refuse ``using("default")`` beside a replica: the service would read there as everywhere. Raises ``Refused``."""
    if replica(frame.ctx.snapshot) and getattr(alias.kind, "value", "") is not None:
        raise frame.refuse(
            "using", ast.unparse(node), "Reads of this project go to its replica; this one does not.", node
        )


def _told(snapshot: Snapshot) -> dict[object, object]:
    value = snapshot.settings.values.get(_NAME)
    found = plain(value) if value is not None else {}
    return found if isinstance(found, dict) else {}
