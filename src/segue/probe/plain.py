"""Plain views of Django's: which methods they look at, and what stands around them, with what it was given.

Sources: ``django.views.decorators``, ``django.contrib.auth.decorators``, ``django.contrib.auth.mixins``,
``django.utils.decorators.method_decorator`` and ``django.views.generic.base.View.as_view``.
"""

import ast
import contextlib
import inspect
import re
import types

from .names import unwrap

ERROR_PAGES = "SEGUE_ERROR_PAGES"
"""The setting that the snapshot has of the project's own pages: ``{"400": bool, "403": bool, "404": bool, "500": bool}``."""
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_NAMED = re.compile(r"""["'](%s)["']""" % "|".join(_METHODS))
_SENT = re.compile(r"\.(?:POST|FILES|body|upload_handlers)\b")
_AUTH = "django.contrib.auth.decorators"
_STAFF = "django.contrib.admin.views.decorators"
_REQUIRE = "django.views.decorators.http.require_http_methods"
_MIXINS = "django.contrib.auth.mixins."
_ATOMIC = "django.db.transaction.atomic"
_HOOKS = (
    "get_login_url",
    "get_redirect_field_name",
    "handle_no_permission",
    "has_permission",
    "get_permission_required",
    "get_test_func",
)


def methods(function):
    """Methods that a function view looks at: it answers every one, and tells them apart by ``request.method``."""
    try:
        text = inspect.getsource(unwrap(function)[0])
    except (OSError, TypeError):
        return ["GET"]
    found = {"GET", *_NAMED.findall(text)}
    if _SENT.search(text):
        found.add("POST")
    return [name for name in _METHODS if name in found]


def around(collector, callback, cls):
    """The layers of a view as it stands in the URLs, from the outside in; for a class, those of its ``dispatch`` and each ``dispatch``
    along its MRO too."""
    found = list(_layers(collector, callback))
    if cls is None:
        return found
    rest = list(cls.__mro__)
    while rest:
        defined = vars(rest[0]).get("dispatch")
        if not isinstance(defined, types.FunctionType):
            rest.pop(0)
            continue
        found += handler(collector, defined)
        # ``method_decorator(…, name="dispatch")`` wraps the dispatch that the class inherits.
        place = unwrap(defined)[0].__qualname__
        while rest and place != rest[0].__qualname__ + ".dispatch":
            rest.pop(0)
        base = rest.pop(0) if rest else None
        if base is None or collector.names.cls(base) == "django.views.generic.base.View":
            break
        found.append(_definition(collector, collector.names.cls(base) + ".dispatch", cls))
    return found


def handler(collector, function):
    """The layers of a method of a view."""
    return list(_layers(collector, function))


def _layers(collector, callback):
    current, seen = callback, set()
    while isinstance(current, types.FunctionType) and id(current) not in seen:
        seen.add(id(current))
        inner = getattr(current, "__wrapped__", None)
        if inner is None or _is_as_view(current):
            return
        cells = _cells(current)
        if current.__globals__.get("__name__") == "django.utils.decorators" and "decorators" in cells:
            held = cells["decorators"]
            for one in reversed(held) if isinstance(held, (list, tuple)) else [held]:
                for layer in _of_method(collector, one):
                    yield layer
        else:
            layer = _layer(collector, current, cells)
            if layer is not None:
                yield layer
        current = inner


def _is_as_view(function):
    return function.__globals__.get("__name__") == "django.views.generic.base" and function.__name__ == "view"


def _of_method(collector, decorator):
    """Layers that ``method_decorator(decorator)`` puts around a method: Django's are asked what they make of a function."""
    module = getattr(decorator, "__module__", "") or ""
    if not module.startswith("django."):
        code = getattr(decorator, "__code__", None)
        return [
            {"name": collector.names.function(decorator) if code is not None else module, "arguments": {}}
        ]

    def view(request, *args, **kwargs):
        return None

    return list(_layers(collector, decorator(view)))


def _cells(function):
    out = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or ()):
        with contextlib.suppress(ValueError):
            out[name] = cell.cell_contents
    return out


def _layer(collector, wrapper, cells):
    """One decorator with its arguments; None for ``csrf_exempt``, which the view says itself."""
    module = wrapper.__globals__.get("__name__", "")
    name = collector.names.layer(wrapper)
    given = {}
    if module == "django.views.decorators.csrf" and "middleware" not in cells:
        return None
    if module == "django.views.decorators.http" and "request_method_list" in cells:
        name, given = _REQUIRE, {"methods": [str(m) for m in cells["request_method_list"]]}
    elif module == _AUTH and "test_func" in cells:
        name, given = _test(collector, cells)
    elif module == "django.views.decorators.vary" and "headers" in cells:
        name, given = "django.views.decorators.vary.vary_on_headers", {"headers": list(cells["headers"])}
    elif module == "django.views.decorators.cache" and name.endswith(".cache_control"):
        given = dict(cells.get("kwargs", {}))
    elif name == _ATOMIC:
        atomic = cells["self"]
        given = {"using": atomic.using, "durable": bool(getattr(atomic, "durable", False))}
    return {"name": name, "arguments": {k: collector.encoder.encode(v) for k, v in given.items()}}


def _test(collector, cells):
    """``user_passes_test`` and what it asks: whether somebody is logged in, permissions, staff, or a function of the project's."""
    more = dict(cells)
    for held in cells.values():
        if isinstance(held, types.FunctionType) and held.__name__ == "_redirect_to_login":
            more.update(_cells(held))
    test = cells["test_func"]
    given = {"login_url": _login_url(more.get("login_url")), "field": more.get("redirect_field_name")}
    home, place = (
        test.__globals__.get("__name__", "") if hasattr(test, "__globals__") else "",
        getattr(test, "__qualname__", ""),
    )
    if home == _AUTH and place.startswith("login_required"):
        return _AUTH + ".login_required", given
    if home == _AUTH and place.startswith("permission_required"):
        asked = _cells(test)
        perms = asked.get("perms", asked.get("perm"))
        perms = (perms,) if isinstance(perms, str) else tuple(perms)
        return _AUTH + ".permission_required", dict(
            given, permissions=list(perms), raises=bool(asked.get("raise_exception"))
        )
    if home == _STAFF:
        return _STAFF + ".staff_member_required", given
    if isinstance(test, types.FunctionType) and test.__name__ == "<lambda>":
        return _AUTH + ".user_passes_test", dict(given, test="", code=_lambda(test))
    named = isinstance(test, types.FunctionType)
    return _AUTH + ".user_passes_test", dict(given, test=collector.meet_function(test) if named else "")


def _lambda(function):
    """The source of a lambda that stands alone in its line; '' where that cannot be told."""
    try:
        with open(function.__code__.co_filename, encoding="utf-8") as file:
            text = file.read()
        tree = ast.parse(text)
    except (OSError, ValueError, SyntaxError):
        return ""
    first = function.__code__.co_firstlineno
    found = [n for n in ast.walk(tree) if isinstance(n, ast.Lambda) and n.lineno == first]
    return (ast.get_source_segment(text, found[0]) or "") if len(found) == 1 else ""


def _login_url(given):
    """``resolve_url(login_url or settings.LOGIN_URL)``; '' where that depends on the language or fails."""
    from django.conf import settings
    from django.shortcuts import resolve_url
    from django.urls import get_resolver
    from django.utils import translation

    found = set()
    languages = [settings.LANGUAGE_CODE]
    if settings.USE_I18N and _is_translated(get_resolver().url_patterns):
        languages = [code for code, _name in settings.LANGUAGES]
    for code in languages:
        try:
            with translation.override(code):
                found.add(str(resolve_url(given or settings.LOGIN_URL)))
        except Exception:  # a name that no URL has: Django fails at each request
            return ""
    return found.pop() if len(found) == 1 else ""


def _is_translated(entries):
    """Whether some URL differs by language: ``i18n_patterns``, or a route that is a lazy text."""
    for entry in entries:
        pattern = entry.pattern
        own = getattr(pattern, "_route", getattr(pattern, "_regex", None))
        if not isinstance(own, str) or _is_translated(getattr(entry, "url_patterns", ())):
            return True
    return False


def _definition(collector, dotted, cls):
    """A ``dispatch`` of its own; what Django's mixins of access go by."""
    given = {}
    if dotted.startswith(_MIXINS):
        given = {
            "login_url": _login_url(getattr(cls, "login_url", None)),
            "field": getattr(cls, "redirect_field_name", None),
            "raises": bool(getattr(cls, "raise_exception", False)),
            "changed": [n for n in _HOOKS if not _djangos(cls, n)],
        }
        asked = getattr(cls, "permission_required", None)
        if asked is not None:
            given["permissions"] = [asked] if isinstance(asked, str) else list(asked)
    return {"name": dotted, "arguments": {k: collector.encoder.encode(v) for k, v in given.items()}}


def _djangos(cls, name):
    found = next((vars(base)[name] for base in cls.__mro__ if name in vars(base)), None)
    return found is None or (getattr(found, "__module__", "") or "").startswith("django.")


def error_pages():
    """The value of :data:`ERROR_PAGES`: which pages of errors are the project's own, by a handler or a template."""
    from django.template import TemplateDoesNotExist
    from django.template.loader import get_template
    from django.urls import get_resolver
    from django.views import defaults

    standard = {
        400: defaults.bad_request,
        403: defaults.permission_denied,
        404: defaults.page_not_found,
        500: defaults.server_error,
    }
    out = {}
    for status, view in standard.items():
        try:
            own = get_resolver().resolve_error_handler(status) is not view
        except Exception:  # Django fails there as well
            own = True
        if not own:
            try:
                get_template("%d.html" % status)
                own = True
            except TemplateDoesNotExist:
                pass
            except Exception:  # a template that cannot be read, or no engine at all
                own = True
        out[str(status)] = own
    return out
