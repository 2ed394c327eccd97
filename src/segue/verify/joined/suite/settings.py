"""Overridden Django settings, carried over to the generated settings object."""

from __future__ import annotations

import sys
from typing import Any

from .around import SETTINGS


class SettingsMirror:
    """``names`` are the settings that generated code reads (the manifest's ``settings``)."""

    def __init__(self, names: list[str], package: str) -> None:
        self._names = names
        self._object: Any = getattr(sys.modules.get(f"{package}.settings"), "settings", None)

    def follow(self) -> None:
        """Give the generated settings Django's present values, however the test came to change them."""
        from django.conf import settings

        for name in self._names:
            if self._object is not None and hasattr(settings, name) and hasattr(self._object, name):
                value = getattr(settings, name)
                if getattr(self._object, name) != value:
                    setattr(self._object, name, value)

    def unknown(self) -> list[str]:
        """Settings that a test overrides and generated code does not read: translation may have used their values."""
        return [name for name in dict.fromkeys(SETTINGS) if name not in self._names]
