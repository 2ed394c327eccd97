"""Files of the project stay as they are: storages outside the media folder are led into it.

``MEDIA_ROOT`` is a folder of our own, but a field may name its storage: ``FileSystemStorage(location="/srv/invoices")``.
What it holds is not there for either side; what it is given shows among the files of the request.
Source: ``django.core.files.storage.FileSystemStorage.location``.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

FOLDER = "(elsewhere)"


def lead_into(media: Path, instead_of: str = "") -> None:
    """Patch ``FileSystemStorage.location``, for storages that are made already too. Static files are only read, and
    stay where they are. ``instead_of``: the project's own ``MEDIA_ROOT``, in whose place ``media`` stands."""
    from django.contrib.staticfiles.storage import StaticFilesStorage
    from django.core.files.storage import FileSystemStorage

    inside = os.path.abspath(media)
    before = os.path.abspath(instead_of) if instead_of else ""

    def location(storage: Any) -> str | None:
        if storage.base_location is None:  # StaticFilesStorage without STATIC_ROOT
            return None
        own = str(os.path.abspath(storage.base_location))
        if own == inside or own.startswith(inside + os.sep) or isinstance(storage, StaticFilesStorage):
            return own
        if own == before:  # a setting of its own that has the same folder
            return inside
        return os.path.join(inside, FOLDER, hashlib.sha256(own.encode()).hexdigest()[:8])

    def set_location(storage: Any, value: Any) -> None:
        """Storages may set it themselves (``StaticFilesStorage.__init__``): it follows from ``base_location`` all the same."""

    storage_class: Any = FileSystemStorage
    # A property wins over what cached_property has left in the instance.
    storage_class.location = property(location, set_location)
