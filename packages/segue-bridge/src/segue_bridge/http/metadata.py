"""OPTIONS as ``rest_framework.metadata.SimpleMetadata`` answers it."""

from __future__ import annotations

from typing import Any

from segue_bridge.errors import APIException
from segue_bridge.http.call import Call


async def determine(call: Call) -> dict[str, Any]:
    """The body: POST and PUT are described when the user may use them, PUT only if the object is there."""
    resource = call.resource
    described: dict[str, Any] = {}
    for method in ("PUT", "POST"):
        fields = (resource.actions or {}).get(method)
        if fields is None or method not in resource.methods:
            continue
        call.verb = method
        try:
            await resource.check(call)
            if method == "PUT":
                await resource.find(call)
        except APIException:
            continue
        finally:
            call.verb = "OPTIONS"
        described[method] = fields
    return resource.describe(described)
