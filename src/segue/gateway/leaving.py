"""Writes of an operation that FastAPI answers with 5xx again and again go to Django for a while.

A write that FastAPI has begun is never asked twice, so each one that it answers with 500 fails its user. Envoy's own means (outlier detection)
leave out a host whole: one operation that fails on both sides alike would take FastAPI's share of all others. This counts per operation, in a
Lua filter on the routes of writes; what it keeps is of the thread that serves.
"""

from __future__ import annotations

from typing import Any

NAME = "segue-leaving"
HEADER = "x-segue-standin"
"""Set by the filter, and taken off what clients send and what sides get: the route that matches it has Django in FastAPI's place."""

FIRST, LONGEST, DOUBT = 2, 30, 60
"""Seconds: how long Django has the writes before FastAPI gets one again to see, doubled each time that one fails, at most; and how
long after an answer of Django's own with 5xx nothing is taken from FastAPI."""

_SCRIPT = f"""
local seen = {{}}

local function now(handle) return tonumber(handle:timestamp()) / 1000 end

function envoy_on_request(request)
  local one = seen[request:filterContext():get("key")]
  if one == nil or one.back == nil then return end
  local at = now(request)
  if at < one.back then
    request:headers():replace("{HEADER}", "1")
    request:clearRouteCache()
  else
    -- this one is let through to see; the others go on to Django until it is answered
    one.back, one.trying = at + one.pause, true
  end
end

function envoy_on_response(answer)
  local headers, context = answer:headers(), answer:filterContext()
  if headers:get("x-segue-route") ~= "fastapi" then return end
  if headers:get("x-segue-overloaded") or headers:get("x-segue-unserved") then return end
  local failed = tonumber(headers:get(":status")) >= 500
  local one = seen[context:get("key")]
  if one == nil then
    if not failed then return end
    one = {{ failures = 0, pause = {FIRST}, doubt = 0 }}
    seen[context:get("key")] = one
  end
  if context:get("standin") then
    if failed then
      one.failures, one.back, one.pause, one.doubt = 0, nil, {FIRST}, now(answer) + {DOUBT}
    end
  elseif not failed then
    one.failures, one.back, one.pause, one.trying = 0, nil, {FIRST}, false
  elseif one.back ~= nil then
    -- others that fail were under way when it was left
    if one.trying then
      one.pause, one.trying = math.min(2 * one.pause, {LONGEST}), false
      one.back = now(answer) + one.pause
    end
  else
    one.failures = one.failures + 1
    if one.failures >= context:get("most") and now(answer) >= one.doubt then
      one.back = now(answer) + one.pause
    end
  end
end
"""


def http_filter() -> dict[str, Any]:
    """The entry of ``http_filters``; it does something on routes that have :func:`on_route` only."""
    return {
        "name": NAME,
        "disabled": True,
        "typed_config": {"@type": f"{_TYPE}.Lua", "source_codes": {"leaving": {"inline_string": _SCRIPT}}},
    }


def on_route(key: str, most: int, *, standin: bool) -> dict[str, Any]:
    """``typed_per_filter_config`` of a route of the operation ``key``, which is left after ``most`` failures in a row. ``standin``: the
    one on which Django answers in FastAPI's place."""
    context = {"key": key, "most": most, "standin": standin}
    return {NAME: {"@type": f"{_TYPE}.LuaPerRoute", "name": "leaving", "filter_context": context}}


_TYPE = "type.googleapis.com/envoy.extensions.filters.http.lua.v3"
