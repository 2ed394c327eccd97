"""Running the probe for a configured project."""

from __future__ import annotations

import contextlib

from segue.commands.common import errors, prepare_state
from segue.config import Config
from segue.files import write_atomic
from segue.snapshot.dump import dump
from segue.snapshot.model import Snapshot
from segue.snapshot.run import probe


def take_snapshot(settings: Config, *, quiet: bool = False) -> Snapshot:
    """Probe the project now and keep the snapshot in ``.segue/snapshot.json``."""
    prepare_state(settings)
    with contextlib.nullcontext() if quiet else errors.status("Reading the Django project…"):
        snapshot = probe(
            settings.root,
            python=settings.python or None,
            settings=settings.settings or None,
            environment=settings.environment,
        )
    text = dump(snapshot)
    write_atomic(settings.snapshot_file, text)
    return snapshot
