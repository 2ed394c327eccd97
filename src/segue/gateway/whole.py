"""Short answers of FastAPI are passed on whole, so that one which breaks off can still be asked of Django.

Envoy tries a request again only while nothing of the answer has gone to the client. A process that dies between the headers
of its answer and the body would leave the client with headers and nothing after them.
"""

from __future__ import annotations

from typing import Any

LONGEST = 64 * 1024
"""Bytes of body up to which an answer is held until it is complete. Longer ones, and those that do not say their length, pass
through as they come: they cannot be taken back once they have begun."""

# What fails is asked of Django by its headers alone. Held, its body came after Envoy had taken another attempt for the answer (a read that
# both sides are slow with): Envoy ended with a fault, or sent that body without headers.
_HOLD = f"""
function envoy_on_response(answer)
  local headers = answer:headers()
  if tonumber(headers:get(":status")) >= 500 then return end
  local length = tonumber(headers:get("content-length"))
  if length == nil or length == 0 or length > {LONGEST} then return end
  local kind = headers:get("content-type")
  if kind ~= nil and kind:find("event-stream", 1, true) then return end
  answer:body()
end
"""


def upstream_filters() -> list[dict[str, Any]]:
    """``http_filters`` of a cluster whose short answers are held until they are whole.

    A filter of the upstream stands before the router's decision to try again (``envoy.filters.http.lua`` may stand there;
    the buffer filter knows only requests). ``body()`` waits for the end of the answer; a reset before it reaches the router as
    one without any answer.
    """
    kinds = "type.googleapis.com/envoy.extensions.filters.http"
    return [
        {
            "name": "envoy.filters.http.lua",
            "typed_config": {
                "@type": f"{kinds}.lua.v3.Lua",
                "default_source_code": {"inline_string": _HOLD},
            },
        },
        {
            "name": "envoy.filters.http.upstream_codec",
            "typed_config": {"@type": f"{kinds}.upstream_codec.v3.UpstreamCodec"},
        },
    ]
