"""Responses for hand-written path operations."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from segue_bridge.http.render import DEFAULT


class JSON(Response):
    """DRF's JSON bytes with DRF's content type."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """``JSONRenderer.render``."""
        return DEFAULT.render(content)
