"""Overridden Django settings, carried over to the generated settings object."""

from __future__ import annotations

import sys
from typing import Any

from .around import SETTINGS


class HashersMirror:
    """``PASSWORD_HASHERS``, which most test settings make fast: the generated ``Passwords`` takes them on."""

    def __init__(self, package: str) -> None:
        found = vars(sys.modules.get(f"{package}.access", sys)).values()
        self._objects = [(p, p.hashers) for p in found if type(p).__name__ == "Passwords"]
        self._known: tuple[str, ...] = ()

    def follow(self) -> None:
        """Use the hashers that Django uses now, where the bridge knows all of them."""
        from django.conf import settings
        from django.contrib.auth.hashers import get_hashers

        wanted = tuple(settings.PASSWORD_HASHERS)
        if not self._objects or wanted == self._known:
            return
        self._known = wanted
        for passwords, own in self._objects:
            hashers = [_hasher(django, own) for django in get_hashers()]
            if all(h is not None for h in hashers):
                passwords.hashers = tuple(hashers)
                passwords._by_name = {h.algorithm: h for h in hashers if h is not None}


def _hasher(django: Any, own: tuple[Any, ...]) -> Any:
    """The generated code's own where it is the same, else the bridge's of that class; None for an unknown one."""
    from segue_bridge.auth.passwords import KNOWN

    rounds = getattr(django, "iterations", None)
    for known in own:
        if known.algorithm == django.algorithm and getattr(known, "iterations", None) == rounds:
            return known
    kind: Any = KNOWN.get(type(django).__name__)
    if kind is None:
        return None
    return kind(rounds) if rounds is not None else kind()


class SettingsMirror:
    """``names`` are the settings that generated code reads (the manifest's ``settings``)."""

    def __init__(self, names: list[str], package: str) -> None:
        self._names = names
        self._hashers = HashersMirror(package)
        self._object: Any = getattr(sys.modules.get(f"{package}.settings"), "settings", None)

    def follow(self) -> None:
        """Give the generated settings Django's present values, however the test came to change them."""
        from django.conf import settings

        self._hashers.follow()
        for name in self._names:
            if self._object is not None and hasattr(settings, name) and hasattr(self._object, name):
                value = getattr(settings, name)
                if getattr(self._object, name) != value:
                    setattr(self._object, name, value)

    def unknown(self) -> list[str]:
        """Settings that a test overrides and generated code does not read: translation may have used their values."""
        return [name for name in dict.fromkeys(SETTINGS) if name not in self._names]
