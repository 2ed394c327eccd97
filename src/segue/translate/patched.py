"""What the project changes in Django or DRF itself, found by the probe: nothing that runs it is translated, as no rule knows of it."""

from __future__ import annotations

from segue.refusal import Refusal
from segue.snapshot.model import Patch, Route, Snapshot

# Modules whose classes only run as bases of a view, or as the view itself.
_OF_VIEWS = tuple(f"rest_framework.{m}." for m in ("generics", "mixins", "routers", "views", "viewsets"))


def check(snapshot: Snapshot) -> tuple[Refusal, ...]:
    """A refusal for each change that any route may run; none for a project that leaves the frameworks as they are."""
    return tuple(_refusal(snapshot, p) for p in snapshot.settings.patched if not _view(snapshot, p))


def of_route(snapshot: Snapshot, route: Route) -> Refusal | None:
    """A refusal for a change to a class that the view of ``route`` is of: ``APIRootView.get_view_name = …`` is about the root alone."""
    view = snapshot.views.get(route.view)
    known = snapshot.classes.get(view.cls) if view is not None else None
    for patch in snapshot.settings.patched:
        changed = _view(snapshot, patch)
        if changed and (known is None or changed in (known.name, *known.mro)):
            return _refusal(snapshot, patch)
    return None


def _view(snapshot: Snapshot, patch: Patch) -> str:
    """The class of views that is changed; '' for anything else."""
    cls = patch.name.rpartition(".")[0]
    return cls if patch.name.startswith(_OF_VIEWS) and cls in snapshot.classes else ""


def _refusal(snapshot: Snapshot, patch: Patch) -> Refusal:
    why = (
        "The project changes it for everything that Django or DRF runs, which Segue does not follow: "
        "put it into a class of your own and name that where it is wanted."
    )
    return Refusal("patched", patch.name, why, patch.file or snapshot.settings.module, patch.line)


__all__ = ["check", "of_route"]
