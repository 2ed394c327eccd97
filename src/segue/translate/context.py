"""The state of one translation run, handed to every part of :mod:`segue.translate`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from segue.snapshot.model import Model, Snapshot
from segue.target.ir import Module, Program
from segue.translate.free_names import with_free_names

DOCS = {
    "rows": "What reads of {} return.",
    "queries": "Statements of {}, and what runs them.",
    "presenters": "What answers show of {}.",
    "validation": "Checks of input for {}.",
    "metadata": "What OPTIONS and OpenAPI tell of the fields and parameters of {}.",
    "columns": "How columns of {} keep and give their values.",
    "services": "What {} does beside reading and showing.",
    "views": "Methods of the views of {}, shared by their operations.",
    "filters": "What requests narrow the rows of {} by.",
    "authentication": "How requests to {} say who asks.",
    "middleware": "What stands around the views: middleware of {}.",
    "permissions": "Who may do what in {}.",
    "exceptions": "What goes wrong in {}.",
    "passwords": "What new passwords of {} must not be.",
}


@dataclass(slots=True)
class Context:
    """``snapshot`` in, ``program`` out.

    ``finalizers`` run after every endpoint has been translated: fetch sites write their
    rows and statements then, when all their :class:`~segue.translate.needs.Needs` are known.
    ``memo`` is per-part scratch keyed by (part, key), so that a function, presenter or write
    model that two endpoints share is emitted once. ``accepted_middleware`` are dotted names whose effect the team has
    checked itself, ``pure`` modules of other packages of which it says that they only compute.
    """

    snapshot: Snapshot
    program: Program = field(default_factory=Program)
    finalizers: list[Callable[[], None]] = field(default_factory=list)
    memo: dict[tuple[str, object], object] = field(default_factory=dict)
    accepted_middleware: frozenset[str] = frozenset()
    pure: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        from segue.translate.serializers.untouched import use_untouched

        self.snapshot = with_free_names(self.snapshot)
        use_untouched(self)

    def model(self, label: str) -> Model:
        """The model ``app.Model``. Raises ``KeyError``."""
        return self.snapshot.models[label]

    def folder(self, app_label: str) -> str:
        """Folder of an app in the output: ``django_auth`` for ``django.contrib.auth``, else the label."""
        for app in self.snapshot.apps:
            if app.label == app_label and app.module.startswith("django.contrib."):
                return f"django_{app_label}"
        return app_label

    def module(self, app_label: str, kind: str) -> Module:
        """``app/<folder>/<kind>.py``; ``kind`` is one of the module names of docs/generated-code.md."""
        folder = self.folder(app_label)
        return self.program.module(
            f"{self.program.package}/{folder}/{kind}.py",
            DOCS.get(kind, f"{kind.capitalize()} of {{}}.").format(app_label),
        )

    def import_path(self, app_label: str, kind: str) -> str:
        """Dotted module of :meth:`module`, for imports."""
        return f"{self.program.package}.{self.folder(app_label)}.{kind}"
