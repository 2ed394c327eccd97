"""What a live view says of itself: its queryset, serializer, filters, paginator, authenticators."""

from __future__ import annotations

import importlib
from functools import cache
from typing import Any

from .plain import PlainView

_SERVED: set[tuple[Any, str]] = set()  # plain views that were translated, with their patterns


def elsewhere(path: str) -> bool:
    """Whether ``path`` leads to a view that is none of DRF's and was not translated (the page of a frontend that takes every URL).

    The gateway asks Django for it; the generated service has no such route and is not asked. The same holds for a
    path that leads nowhere where the project has a 404 page of its own, or middleware that could add to Django's.
    """
    from urllib.parse import unquote

    from django.urls import Resolver404, resolve

    try:
        match = resolve(unquote(path))
    except Resolver404:
        return _own_middleware() or _own_not_found()
    return not hasattr(match.func, "cls") and (match.func, match.route) not in _SERVED


@cache
def _own_middleware() -> bool:
    """Whether other middleware than Django's and django-cors-headers' sees requests that lead nowhere."""
    from django.conf import settings

    return not all(name.startswith(("django.", "corsheaders.")) for name in settings.MIDDLEWARE)


@cache
def _own_not_found() -> bool:
    """Whether the page of a wrong URL is the project's (``handler404``, or a template ``404.html``)."""
    from django.template import TemplateDoesNotExist
    from django.template.loader import get_template
    from django.urls import get_resolver
    from django.views import defaults

    if get_resolver().resolve_error_handler(404) is not defaults.page_not_found:
        return True
    try:
        get_template("404.html")
    except TemplateDoesNotExist:
        return False
    except Exception:  # noqa: BLE001 - no template engine at all
        return False
    return True


def listed(view: Any, name: str) -> list[Any]:
    """What a view lists under ``name``; nothing where it does not, or its own property fails outside of a request."""
    try:
        return list(getattr(view, name, None) or ())
    except Exception:  # noqa: BLE001 - it is the project's code
        return []


def view_of(operation: dict[str, Any], path: str) -> Any:
    """An instance of the view that ``path`` leads to, good enough to be asked (:class:`~.plain.PlainView` for one without DRF); None for
    what is another."""
    from django.contrib.auth import get_user_model
    from django.urls import Resolver404, resolve
    from rest_framework.request import Request
    from rest_framework.test import APIRequestFactory

    try:
        match = resolve(path)
    except Resolver404:
        return None
    cls = getattr(match.func, "cls", None)
    if operation.get("plain"):
        _SERVED.add((match.func, match.route))
        return PlainView(match, APIRequestFactory().generic(operation["method"], path))
    if cls is None:
        return None
    view = cls(**getattr(match.func, "initkwargs", {}))
    view.action = operation.get("action") or None
    view.args, view.kwargs, view.format_kwarg = (), match.kwargs, None
    raw = APIRequestFactory().generic(operation["method"], path)
    raw.resolver_match = match
    view.request = Request(raw)
    user = (
        get_user_model()
        ._base_manager.order_by("-is_superuser" if _has(get_user_model(), "is_superuser") else "pk")
        .first()
    )
    if user is not None:
        view.request.user = raw.user = user
    return view


def _has(model: Any, name: str) -> bool:
    return any(f.name == name for f in model._meta.get_fields())


def model_of(view: Any, operation: dict[str, Any]) -> Any:
    """The model whose objects the view serves, or None."""
    from django.apps import apps

    try:
        return view.get_queryset().model
    except Exception:  # noqa: BLE001 - it is the project's code; another source follows
        pass
    meta = getattr(getattr(serializer_of(view, operation), "Meta", None), "model", None)
    if meta is not None:
        return meta
    return apps.get_model(operation["model"]) if operation.get("model") else None


def serializer_of(view: Any, operation: dict[str, Any]) -> Any:
    """The serializer that reads the operation's input, with its fields built; None if there is none."""
    candidates: list[Any] = [lambda: view.get_serializer()]
    for name in operation.get("serializers", ()):
        candidates.append(lambda name=name: _class_named(name)(context=_context(view)))
    for make in candidates:
        try:
            made = make()
            made = getattr(made, "child", made)
            made.fields  # noqa: B018 - building them is what may fail
        except Exception:  # noqa: BLE001 - as above
            continue
        return made
    return None


def _class_named(name: str) -> Any:
    """The class, which may stand in another one (``shop.apis.OrderApi.InputSerializer``)."""
    module, _, cls = name.rpartition(".")
    try:
        return getattr(importlib.import_module(module), cls)
    except ModuleNotFoundError:
        return getattr(_class_named(module), cls)


def _context(view: Any) -> dict[str, Any]:
    return {"request": getattr(view, "request", None), "view": view, "format": None}


def authenticators_of(view: Any) -> list[Any]:
    """Instances of the view's authentication classes."""
    try:
        return list(view.get_authenticators())
    except Exception:  # noqa: BLE001 - as above
        return []


def filters_of(view: Any) -> dict[str, Any]:
    """Filters of django-filter by parameter name."""
    try:
        from django_filters.rest_framework import DjangoFilterBackend

        backends = [b for b in view.filter_backends if issubclass(b, DjangoFilterBackend)]
        found = backends[0]().get_filterset_class(view, view.get_queryset()) if backends else None
    except Exception:  # noqa: BLE001 - as above
        return {}
    return dict(found.base_filters) if found is not None else {}


def backend_parameter(view: Any, kind: str, attribute: str) -> str:
    """The query parameter of DRF's ``SearchFilter`` or ``OrderingFilter`` on this view, '' without one."""
    from rest_framework import filters

    wanted = getattr(filters, kind)
    for backend in getattr(view, "filter_backends", ()):
        if isinstance(backend, type) and issubclass(backend, wanted):
            return str(getattr(backend, attribute))
    return ""


def throttles_of(view: Any) -> list[Any]:
    """Instances of the view's throttle classes."""
    try:
        return list(view.get_throttles())
    except Exception:  # noqa: BLE001 - as above
        return []
