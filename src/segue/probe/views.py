"""Routes and views: what answers which method, with the policies that are in effect."""

import inspect
import types

from . import plain
from .names import as_function, unwrap
from .packages import TAKEN_OVER
from .urls import walk
from .values import plain_queryset

POLICIES = (
    "renderer_classes",
    "parser_classes",
    "authentication_classes",
    "throttle_classes",
    "permission_classes",
    "filter_backends",
    "pagination_class",
    "versioning_class",
    "content_negotiation_class",
    "metadata_class",
)
# wrappers that every DRF view has
_OWN_LAYERS = ("rest_framework", "django.views.decorators.csrf", "django.views.generic.base")


class Views:
    """Walks the URLconf; ``routes``, ``views`` and the live classes and view instances."""

    def __init__(self, collector):
        self.c = collector
        self.routes = []
        self.views = {}
        self.instances = {}
        self.classes = []
        self._keys = {}
        self._ids = {}

    def collect(self):
        """Fill ``routes`` and ``views``."""
        for order, pattern in enumerate(walk(self.c)):
            try:
                self._route(order, pattern)
            except Exception as error:
                self.c.warn("route %s: %s: %s" % (pattern.path, type(error).__name__, error))

    # -- routes ----------------------------------------------------------------------------

    def _route(self, order, pattern):
        callback = pattern.callback
        cls, kwargs, actions = view_class(callback)
        is_drf = cls is not None and is_apiview(cls)
        is_admin = _is_admin(callback, cls)
        key = self._view(callback, cls, kwargs, actions, is_drf, _plausible(pattern))
        view = self.views[key]
        own = self._is_own(callback, cls, view)
        if own and not is_drf and "layers" not in view:
            view["layers"] = plain.around(self.c, callback, cls)
        count = self._ids[pattern.path] = self._ids.get(pattern.path, 0) + 1
        where = view["where"]
        self.routes.append(
            {
                "id": pattern.path if count == 1 else "%s#%d" % (pattern.path, count),
                "path": pattern.path,
                "regex": pattern.regex,
                "order": order,
                "view": key,
                "kind": "drf" if is_drf else "admin" if is_admin else "django",
                "parameters": pattern.parameters,
                "operations": self._operations(callback, cls, kwargs, actions, view),
                "name": pattern.name,
                "namespace": pattern.namespace,
                "suffix_regex": pattern.suffix_regex,
                "default_kwargs": {k: self.c.encoder.encode(v) for k, v in pattern.kwargs.items()},
                "own": own,
                "where": where,
            }
        )

    def _is_own(self, callback, cls, view):
        if cls is not None and not _is_wrapped_function(cls):
            taken = cls.__qualname__ in TAKEN_OVER.get(cls.__module__, ())
            return taken or self.c.names.class_origin(cls) == "own"
        function = _api_view_function(cls) if cls is not None else _plain_function(callback)
        return function is not None and self.c.names.function_origin(unwrap(function)[0]) == "own"

    def _operations(self, callback, cls, kwargs, actions, view):
        if cls is None:
            function = _plain_function(callback)
            name = view["function"] or view["key"]
            return [
                {"method": method, "action": "", "function": name, "where": view["where"]}
                for method in _allowed_methods(callback, function)
            ]
        allowed = kwargs.get("http_method_names", getattr(cls, "http_method_names", ()))
        allowed = list(allowed)  # as they are: Django looks for names in lower case, and finds no "GET"
        if _is_wrapped_function(cls):
            allowed = ordered_methods(allowed)
        if actions is not None:
            found = [(m, a) for m, a in actions.items() if m in allowed]
        else:
            found = [(m, m) for m in allowed if hasattr(cls, m) and m not in ("options", "head")]
            if "head" in allowed and "head" in _own_names(cls) and not hasattr(cls, "get"):
                found.append(("head", "head"))
        result = []
        for method, action in found:
            if method == "head" and "get" in dict(found):
                continue
            function, where = self._handler(cls, action, view)
            operation = {
                "method": method.upper(),
                "action": action if actions is not None else "",
                "function": function,
                "where": where,
            }
            if not is_apiview(cls):
                held = getattr(cls, action)
                operation["layers"] = (
                    plain.handler(self.c, held) if isinstance(held, types.FunctionType) else []
                )
            result.append(operation)
        return result

    def _handler(self, cls, action, view):
        if _is_wrapped_function(cls):
            return view["function"], view["where"]
        names = self.c.names
        for base in cls.__mro__:
            if action in vars(base):
                function, _role = as_function(vars(base)[action])
                if function is None:
                    break
                inner, layers = unwrap(function)
                own_def = inner.__qualname__ == "%s.%s" % (base.__qualname__, action)
                dotted = "%s.%s" % (names.cls(base), action) if own_def or layers else names.function(inner)
                return dotted, names.function_where(inner)
        return "%s.%s" % (names.cls(cls), action), view["where"]

    # -- views -----------------------------------------------------------------------------

    def _view(self, callback, cls, kwargs, actions, is_drf, url_kwargs):
        names = self.c.names
        if cls is None:
            function = _plain_function(callback)
            key = (
                names.function(unwrap(function)[0])
                if function is not None
                else ("%s.%s" % (type(callback).__module__, type(callback).__qualname__))
            )
        else:
            key = names.cls(cls)
            if actions is not None:
                key += "(%s)" % ",".join("%s=%s" % pair for pair in sorted(actions.items()))
        identity = (
            key,
            repr(sorted((k, repr(v)) for k, v in kwargs.items())),
            tuple(_decorators(names, callback)),
        )
        if identity in self._keys:
            return self._keys[identity]
        final, number = key, 1
        while final in self.views:
            number += 1
            final = "%s#%d" % (key, number)
        self._keys[identity] = final
        self.views[final] = self._describe(final, callback, cls, kwargs, actions, is_drf, url_kwargs)
        return final

    def _describe(self, key, callback, cls, kwargs, actions, is_drf, url_kwargs):
        from django.conf import settings

        c = self.c
        view = {
            "key": key,
            "cls": "",
            "flavour": "django-function",
            "where": {"file": ""},
            "function": "",
            "initkwargs": {k: c.encoder.encode(v) for k, v in kwargs.items()},
            "policies": {},
            "action_overrides": {},
            "lookup_field": "pk",
            "csrf_exempt": bool(getattr(callback, "csrf_exempt", False)),
            "atomic_requests": bool(settings.DATABASES.get("default", {}).get("ATOMIC_REQUESTS"))
            and "default" not in getattr(callback, "_non_atomic_requests", ()),
            "decorators": _decorators(c.names, callback),
        }
        if cls is None:
            function = _plain_function(callback)
            if function is not None:
                inner = unwrap(function)[0]
                view["function"] = c.meet_function(function)
                view["where"] = c.names.function_where(inner)
            else:
                c.meet_class(type(callback))
                view["where"] = c.names.class_where(type(callback))
            return view
        self.classes.append(cls)
        view["cls"] = c.meet_class(cls)
        view["where"] = c.names.class_where(cls)
        view["flavour"] = _flavour(cls, is_drf)
        names = _own_method_names(cls, kwargs)
        if names:
            view["method_names"] = names
        if _is_wrapped_function(cls):
            function = _api_view_function(cls)
            if function is not None:
                view["function"] = c.meet_function(function)
                view["where"] = c.names.function_where(unwrap(function)[0])
        if is_drf:
            try:
                self._describe_drf(view, cls, kwargs, actions, url_kwargs)
            except Exception as error:
                c.warn("view %s: %s: %s" % (key, type(error).__name__, error))
        return view

    def _describe_drf(self, view, cls, kwargs, actions, url_kwargs):
        c = self.c
        instance = make_instance(cls, kwargs, actions, url_kwargs)
        self.instances[view["key"]] = instance
        for name in POLICIES:
            try:
                view["policies"][name] = c.encoder.encode(getattr(instance, name))
            except Exception as error:
                if hasattr(cls, name):
                    c.warn("%s.%s: %s: %s" % (view["key"], name, type(error).__name__, error))
        for name, member in inspect.getmembers(cls):
            if (
                isinstance(member, types.FunctionType)
                and hasattr(member, "mapping")
                and hasattr(member, "kwargs")
            ):
                view["action_overrides"][name] = {k: c.encoder.encode(v) for k, v in member.kwargs.items()}
        queryset = _quiet(instance, "queryset")
        model = getattr(queryset, "model", None)
        if model is not None and hasattr(model, "_meta"):
            view["queryset_model"] = model._meta.label
            view["queryset_sql_simple"] = plain_queryset(queryset)
        found = c.names.class_attribute(cls, "queryset")
        if found is not None and found[3] is not None:
            view["queryset_source"] = found[1].segment(found[3])
            view["queryset_globals"] = c.bindings.in_class(found[0], found[3])
        serializer = _quiet(instance, "serializer_class")
        if inspect.isclass(serializer):
            view["serializer_class"] = c.meet_class(serializer)
        view["lookup_field"] = str(_quiet(instance, "lookup_field") or "pk")
        view["lookup_url_kwarg"] = str(_quiet(instance, "lookup_url_kwarg") or "")
        try:
            view["display_name"] = str(instance.get_view_name())
            view["description"] = str(instance.get_view_description())
        except Exception as error:
            c.warn("%s name and description: %s: %s" % (view["key"], type(error).__name__, error))


_SAMPLES = {"int": 1, "uuid": "00000000-0000-0000-0000-000000000001"}


def _plausible(pattern):
    """URL arguments such as a request would bring, for views that read them while they are built."""
    values = {p["name"]: _SAMPLES.get(p["converter"], "1") for p in pattern.parameters}
    values.update(pattern.kwargs)
    return values


def view_class(callback):
    """(class, initkwargs, actions) of a URL callback; (None, {}, None) for a function."""
    cls = getattr(callback, "cls", None) or getattr(callback, "view_class", None)
    if not inspect.isclass(cls):
        return None, {}, None
    kwargs = getattr(callback, "initkwargs", None)
    if kwargs is None:
        kwargs = getattr(callback, "view_initkwargs", None)
    actions = getattr(callback, "actions", None)
    return cls, dict(kwargs or {}), dict(actions) if isinstance(actions, dict) else None


def make_instance(cls, kwargs, actions, url_kwargs):
    """A view instance as ``as_view()`` makes it for a request, with an anonymous fake request."""
    from django.contrib.auth.models import AnonymousUser
    from rest_framework.test import APIRequestFactory

    instance = cls(**kwargs)
    method = next(iter(actions or {}), "get")
    request = APIRequestFactory().generic(method.upper(), "/")
    request.user = AnonymousUser()
    instance.args, instance.kwargs, instance.format_kwarg = (), dict(url_kwargs), None
    if actions is not None:
        instance.action_map = actions
        for name, action in actions.items():
            if hasattr(instance, action):
                setattr(instance, name, getattr(instance, action))
        instance.action = (actions or {}).get(method)
    try:
        instance.request = instance.initialize_request(request)
        instance.request._user = request.user
        instance.request._auth = None
        instance.headers = {}
    except Exception:
        instance.request = request
    return instance


def is_apiview(cls):
    """True for subclasses of DRF's ``APIView``."""
    return any(c.__name__ == "APIView" and c.__module__ == "rest_framework.views" for c in cls.__mro__)


def ordered_methods(names):
    """Method names in the order of Django's ``View.http_method_names``.

    ``@api_view`` makes its list from a set, so that it differs from one process to the next.
    """
    from django.views import View

    return sorted(names, key=lambda name: ([*View.http_method_names, name]).index(name))


def _own_method_names(cls, kwargs):
    """``http_method_names`` where it is not Django's list; ``@api_view`` makes its own anyway."""
    from django.views import View

    if _is_wrapped_function(cls):
        return []
    found = [
        str(name).lower() for name in kwargs.get("http_method_names", getattr(cls, "http_method_names", ()))
    ]
    return found if found != list(View.http_method_names) else []


def _flavour(cls, is_drf):
    if not is_drf:
        return "django-class"
    if _is_wrapped_function(cls):
        return "function"
    names = {"%s.%s" % (c.__module__, c.__name__) for c in cls.__mro__}
    if "rest_framework.viewsets.ViewSetMixin" in names:
        return "viewset"
    return "generic" if "rest_framework.generics.GenericAPIView" in names else "apiview"


def _is_wrapped_function(cls):
    return cls.__qualname__.rpartition(".")[2] == "WrappedAPIView"


def _api_view_function(cls):
    """The user's function inside of DRF's ``@api_view`` class."""
    for method in getattr(cls, "http_method_names", ()):
        handler = vars(cls).get(method)
        if isinstance(handler, types.FunctionType) and handler.__closure__:
            cells = dict(zip(handler.__code__.co_freevars, handler.__closure__))
            if "func" in cells and isinstance(cells["func"].cell_contents, types.FunctionType):
                return cells["func"].cell_contents
    return None


def _plain_function(callback):
    while not isinstance(callback, types.FunctionType):
        inner = getattr(callback, "func", None) or getattr(callback, "__wrapped__", None)
        if inner is None:
            inner = getattr(callback, "__func__", None)
        if inner is None:
            return None
        callback = inner
    return callback


def _decorators(names, callback):
    """Decorators around the view callable, outermost first; DRF's and Django's own left out."""
    found, seen = [], set()
    current = callback
    while isinstance(current, types.FunctionType) and id(current) not in seen:
        seen.add(id(current))
        module = current.__globals__.get("__name__", "")
        inner = getattr(current, "__wrapped__", None)
        if inner is None:
            break
        if not module.startswith(_OWN_LAYERS):
            found.append(names.layer(current))
        current = inner
    return found


def _allowed_methods(callback, function):
    """Methods from ``require_http_methods``, else those that the code looks at."""
    current = callback
    while isinstance(current, types.FunctionType):
        cells = dict(zip(current.__code__.co_freevars, current.__closure__ or ()))
        if "request_method_list" in cells:
            return [str(m).upper() for m in cells["request_method_list"].cell_contents]
        current = getattr(current, "__wrapped__", None)
    return plain.methods(function) if function is not None else ["GET"]


def _is_admin(callback, cls):
    if cls is not None:
        return cls.__module__.startswith("django.contrib.admin")
    module = getattr(callback, "__module__", "") or ""
    return (
        module.startswith("django.contrib.admin")
        or hasattr(callback, "admin_site")
        or hasattr(callback, "model_admin")
    )


def _own_names(cls):
    names = set()
    for base in cls.__mro__:
        if not base.__module__.startswith(("django.", "rest_framework.")):
            names.update(vars(base))
    return names


def _quiet(instance, name):
    try:
        return getattr(instance, name, None)
    except Exception:
        return None
