"""What decorators of Django's write on an answer: ``never_cache``, ``cache_control``, ``vary_on_headers`` (``django.utils.cache``)."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from email.utils import formatdate

from starlette.responses import Response

from segue_bridge.http.varying import vary

_BETWEEN = re.compile(r"\s*,\s*")


def never_cache(response: Response) -> None:
    """``add_never_cache_headers``."""
    if "expires" not in response.headers:
        response.headers["Expires"] = formatdate(time.time(), usegmt=True)
    _patch(response, {"max-age": 0})
    _patch(response, dict.fromkeys(("no-cache", "no-store", "must-revalidate", "private"), True))


def cache_control(**directives: bool | int | str) -> Callable[[Response], None]:
    """``patch_cache_control(response, **directives)``; underscores are hyphens."""
    named = {name.replace("_", "-"): value for name, value in directives.items()}
    return lambda response: _patch(response, named)


def vary_on(*headers: str) -> Callable[[Response], None]:
    """``patch_vary_headers(response, headers)``."""

    def patch(response: Response) -> None:
        for header in headers:
            vary(response, header)

    return patch


def _patch(response: Response, given: dict[str, bool | int | str]) -> None:
    """``patch_cache_control``. ``no-cache`` may be there for several fields."""
    found: dict[str, list[bool | int | str]] = {}
    for part in _BETWEEN.split(response.headers.get("cache-control", "")):
        name, equals, value = part.partition("=")
        if part:
            held = found.setdefault(name.lower(), [])
            held[:] = [*(held if name.lower() == "no-cache" else ()), value if equals else True]
    given = dict(given)
    if "max-age" in found and "max-age" in given:
        given["max-age"] = min(int(found["max-age"][0]), int(given["max-age"]))
    if "private" in found and "public" in given:
        del found["private"]
    elif "public" in found and "private" in given:
        del found["public"]
    for name, one in given.items():
        held = found.setdefault(name, [])
        held[:] = [*(held if name == "no-cache" else ()), one]
    parts = []
    for name, values in found.items():
        values = [True] if True in values and name == "no-cache" else values
        parts += [name if value is True else f"{name}={value}" for value in values]
    response.headers["Cache-Control"] = ", ".join(parts)
