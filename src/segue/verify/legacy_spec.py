"""What every process that runs the project under Django has to know, whichever way it compares."""

from __future__ import annotations

from typing import Any

from segue.translate.middleware.known import PROFILERS
from segue.translate.routing import replica
from segue.verify.project import ProjectRef


def legacy_spec(project: ProjectRef) -> dict[str, Any]:
    """Its settings, the middleware that is left out, the alias of the replica that it reads from, and its import path."""
    return {
        "settings": project.snapshot.settings.module,
        "profilers": sorted(PROFILERS),
        "replica": replica(project.snapshot),
        "path": [str(project.import_root), str(project.root)],
    }


__all__ = ["legacy_spec"]
