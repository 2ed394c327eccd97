"""``django.utils.cache.patch_vary_headers``."""

from __future__ import annotations

from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.responses import Response


def vary(response: Response, name: str) -> None:
    """Add ``name`` to ``Vary`` unless it stands there."""
    headers: Any = MutableHeaders(raw=response.raw_headers)
    present = [part.strip() for part in headers.get("vary", "").split(",") if part.strip()]
    if name.lower() not in {part.lower() for part in present}:
        headers["vary"] = ", ".join([*present, name])
