"""The OpenAPI documents of both sides: FastAPI's own, and drf-spectacular's of the legacy project."""

from __future__ import annotations

import json
from typing import Any


def documents(side: Any, spec: dict[str, Any]) -> dict[str, Any]:
    """``generated``: the document; ``paths``: its path by operation; ``legacy``: drf-spectacular's document or None,
    and ``why`` there is none. ``side`` is a :class:`~.sides.FastApiSide`."""
    legacy, why = _spectacular() if spec.get("legacy_openapi") else (None, "not asked for")
    return {
        "generated": side.app.openapi(),
        "paths": _paths(side.app, side.package, spec["package"]),
        "legacy": legacy,
        "why": why,
    }


def _paths(app: Any, imported_as: str, package: str) -> dict[str, str]:
    """Path in the document by path operation function (``app.shop.routes.order_list``)."""
    from fastapi.routing import APIRoute

    out: dict[str, str] = {}
    todo = list(app.router.routes)
    while todo:
        route = todo.pop()
        included = getattr(
            route, "original_router", None
        )  # FastAPI from 0.130 on keeps an included router whole
        todo.extend(included.routes if included is not None else ())
        if isinstance(route, APIRoute):
            module = route.endpoint.__module__
            if module.startswith(f"{imported_as}."):
                module = package + module[len(imported_as) :]
            out[f"{module}.{route.endpoint.__name__}"] = route.path_format
    return out


def _spectacular() -> tuple[dict[str, Any] | None, str]:
    try:
        from drf_spectacular.settings import spectacular_settings
    except ImportError:
        return None, "drf-spectacular is not installed in the project's environment"
    import contextlib
    import io

    try:
        # It tells what it cannot resolve on standard error; that is no news of ours.
        with contextlib.redirect_stderr(io.StringIO()):
            generator = spectacular_settings.DEFAULT_GENERATOR_CLASS()
            document = generator.get_schema(request=None, public=True)
        return json.loads(json.dumps(document, default=str)), ""
    except Exception as error:  # noqa: BLE001 - it runs the project's code
        return None, f"drf-spectacular failed: {type(error).__name__}: {error}"
