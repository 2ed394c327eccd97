"""Which release of Django or DRF behaves how."""

from __future__ import annotations

import re


def since(version: str, *first: int) -> bool:
    """Whether ``version`` (``5.2.19``, ``6.0b1``) is ``first`` (``4, 1``) or newer."""
    parts = [int(re.sub(r"\D.*", "", part) or 0) for part in version.split(".")]
    return tuple(parts[: len(first)]) >= first
