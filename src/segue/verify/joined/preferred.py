"""Packages that the project has too old for the generated code: the overlay's copies of these come first.

Elsewhere the project's own packages win. What the project has imported by then keeps the module objects that it has;
imports from here on find the overlay's.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.metadata import Distribution, distributions
from types import ModuleType

_REQUIREMENT = re.compile(r"^([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?[^;]*?>=\s*([\d.]+)[^;]*$")


class Preferred(MetaPathFinder):
    """Finds top-level modules ``names`` in ``folder`` before anything else is asked."""

    def __init__(self, names: frozenset[str], folder: str) -> None:
        self.names, self.folder = names, folder

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The overlay's module, or None for all others."""
        return PathFinder.find_spec(fullname, [self.folder]) if fullname in self.names else None


def prefer_over_outdated(overlay: str) -> frozenset[str]:
    """Let the overlay win where the project's version is below what the overlay requires; returns the module names."""
    theirs = [p for p in sys.path if p != overlay]
    ours = {_key(d.name): d for d in distributions(path=[overlay])}
    names: set[str] = set()
    for name, wanted in _minima(ours).items():
        found = next(iter(distributions(name=name, path=theirs)), None)
        if found is not None and name in ours and _release(found.version) < wanted:
            names |= _modules(ours[name])
    for module in [m for m in sys.modules if m.partition(".")[0] in names]:
        del sys.modules[module]
    if names:
        sys.meta_path.insert(0, Preferred(frozenset(names), overlay))
    return frozenset(names)


def _minima(ours: dict[str, Distribution]) -> dict[str, tuple[int, ...]]:
    """The highest lower bound that a distribution of the overlay sets for another."""
    found: dict[str, tuple[int, ...]] = {}
    for distribution in ours.values():
        for text in distribution.requires or ():
            match = _REQUIREMENT.match(text.strip())
            if match is not None:
                name, release = _key(match[1]), _release(match[2])
                found[name] = max(found.get(name, ()), release)
    return found


def _key(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _release(version: str) -> tuple[int, ...]:
    match = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(int(part) for part in match[0].split(".")) if match is not None else ()


def _modules(distribution: Distribution) -> set[str]:
    """Top-level modules of a distribution."""
    found = set()
    for file in distribution.files or ():
        first = file.parts[0]
        if file.suffix in (".py", ".so", ".pyd") and first not in ("..", "bin"):
            found.add(first.partition(".")[0])
    return found
