"""Which distribution has a module that the generated code imports, and in which release the project has it."""

from __future__ import annotations

import re
import sys

from segue.snapshot.model import Snapshot

# What the generated code imports beside the bridge, and what the metadata names by themselves.
_OURS = frozenset(
    {
        "asyncpg",
        "celery",
        "fastapi",
        "httpx",
        "pydantic",
        "pydantic_settings",
        "requests",
        "segue_bridge",
        "sqlalchemy",
        "starlette",
    }
)
# Of libraries that are named otherwise than their modules.
_DISTRIBUTIONS = {"slugify": "python-slugify"}
# Which have the modules of another.
_ALIKE = {"phonenumberslite": "phonenumbers"}
# Of a module of the bridge: what it is an optional part for.
BEHIND = {"segue_bridge.phones": "phonenumbers"}


def comes_along(top: str) -> bool:
    """Whether the module ``top`` is there without being named: of Python, or of what the metadata names anyway."""
    return top in sys.stdlib_module_names or top in _OURS


def of_module(snapshot: Snapshot, top: str) -> set[tuple[str, str]]:
    """Name and release of the distributions that have the module ``top``, as another release may compute otherwise; none for what
    comes along, and for a module whose distribution is not known."""
    if comes_along(top):
        return set()
    # The probe names the distribution of what it has seen.
    named = {c.origin for name, c in snapshot.classes.items() if name.startswith(f"{top}.")}
    named.add(_DISTRIBUTIONS.get(top, ""))
    return {
        (name, release)
        for name, release in snapshot.versions.packages.items()
        if name in named or re.sub(r"[-_.]+", "_", _ALIKE.get(name, name)).lower() == top.lower()
    }
