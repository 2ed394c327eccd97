"""The OpenAPI documents of both sides: FastAPI's own, and drf-spectacular's or drf-yasg's of the legacy project."""

from __future__ import annotations

import json
from typing import Any


def documents(side: Any, spec: dict[str, Any]) -> dict[str, Any]:
    """``generated``: the document; ``paths``: its path by operation; ``legacy``: the project's own document (OpenAPI 3,
    or Swagger 2 of drf-yasg) or None, and ``why`` there is none. ``side`` is a :class:`~.sides.FastApiSide`."""
    legacy, why = _legacy() if spec.get("legacy_openapi") else (None, "not asked for")
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


def _legacy() -> tuple[dict[str, Any] | None, str]:
    import contextlib
    import importlib.util
    import io
    import warnings

    if importlib.util.find_spec("drf_spectacular"):
        make, maker = _spectacular, "drf-spectacular"
    elif importlib.util.find_spec("drf_yasg"):
        make, maker = _yasg, "drf-yasg"
    else:
        return None, "neither drf-spectacular nor drf-yasg is installed in the project's environment"
    try:
        # What they cannot resolve they tell on standard error; that is no news of ours.
        with contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return json.loads(json.dumps(make(), default=str)), ""
    except Exception as error:  # noqa: BLE001 - it runs the project's code
        return None, f"{maker} failed: {type(error).__name__}: {error}"


def _spectacular() -> Any:
    from drf_spectacular.settings import spectacular_settings

    return spectacular_settings.DEFAULT_GENERATOR_CLASS().get_schema(request=None, public=True)


def _yasg() -> Any:
    from drf_yasg import openapi
    from drf_yasg.app_settings import swagger_settings

    info = openapi.Info(title="API", default_version="v1")
    return swagger_settings.DEFAULT_GENERATOR_CLASS(info).get_schema(request=None, public=True).as_odict()
