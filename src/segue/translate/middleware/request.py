"""What can be asked of the request (``django.http.HttpRequest``) and of what hangs on it.

Headers, cookies, query parameters and session keys become facts that a request can be recognised by. Reading the
session is visible (``Vary: Cookie``), so it is noted. Attributes that nobody but the project reads may be set: the
translator refuses code that reads one it does not know.
"""

from __future__ import annotations

import ast

from segue.translate.middleware.known import SESSIONS
from segue.translate.middleware.machine import CHOSEN, Frame, Raised
from segue.translate.middleware.values import (
    LATE_USER,
    NONE,
    USER,
    Bound,
    Fact,
    Global,
    Known,
    Lazy,
    Thing,
    Unknown,
    Value,
)
from segue.translate.specialise.fold import plain

_MAPPINGS = {"META": "meta", "headers": "headers", "COOKIES": "cookies", "GET": "query"}
_FACTS = {"headers": "header", "cookies": "cookie", "query": "query", "session": "session"}
_TEXTS = ("scheme", "encoding", "content_type", "LANGUAGE_CODE")
_QUIET = ("get_host", "get_port", "is_secure", "get_raw_uri", "accepts", "get_preferred_type")
_BODY = (
    "POST",
    "FILES",
    "body",
    "read",
    "readline",
    "readlines",
    "upload_handlers",
    "_post",
    "_files",
    "__iter__",
)
# Attributes of HttpRequest, and what Django, DRF and its contrib apps keep on it: who sets one of them changes answers.
RESERVED = frozenset(
    {
        *_MAPPINGS, *_BODY, "user", "auser", "session", "method", "path", "path_info", "urlconf", "resolver_match", "scheme",
        "encoding", "content_type", "content_params", "csrf_processing_done", "csrf_cookie_needs_update", "current_app",
        "csrf_cookie_needs_reset", "exception_reporter_filter", "exception_reporter_class", "build_absolute_uri", "get_host",
        "get_port", "get_full_path", "get_full_path_info", "get_signed_cookie", "is_secure", "accepts", "environ", "accepted_types",
        "get_preferred_type", "accepted_types_by_precedence", "close", "parse_file_upload", "site", "version",
        "versioning_scheme", "accepted_renderer", "accepted_media_type", "auth", "authenticators", "successful_authenticator",
        "data", "query_params", "parsers", "negotiator", "parser_context", "stream", "_request",
        "_dont_enforce_csrf_checks", "_cached_user", "_acached_user", "_messages", "_read_started", "_body", "_stream", "_encoding",
        "_upload_handlers", "_force_auth_user", "_force_auth_token", "_current_scheme_host", "_get_scheme", "_get_post",
        "_load_post_and_files", "_mark_post_parse_error", "_get_full_path", "_get_raw_host", "_set_content_type_params",
        "_initialize_handlers", "_auth", "_user", "_data", "_full_data", "_is_failsafe_error_response",
    }
)  # fmt: skip
# Those of them that middleware gives to requests.
_GIVEN = {"user", "auser", "session", "site"}
_LOGGED_IN = Fact("session", "_auth_user_id")
_ANONYMOUS = {
    "id": None, "pk": None, "username": "", "is_staff": False, "is_active": False, "is_superuser": False,
    "is_anonymous": True, "is_authenticated": False,
}  # fmt: skip


def attribute(frame: Frame, owner: Thing, name: str, node: ast.AST) -> Value:
    """``owner.name``."""
    machine = frame.machine
    if owner.kind == "request":
        return _of_request(frame, name, node)
    if owner.kind in ("user", "late user"):
        return _of_user(frame, owner, name)
    if owner.kind == "session" and machine.base == SESSIONS:
        return _of_new_session(owner, name)
    if owner.kind == "session" and name in ("session_key", "accessed", "modified"):
        return _of_session(frame, name)
    if owner.kind == "session":
        machine.path.session = True
        return Bound(owner, name)
    if owner.kind == "match":
        return _of_match(frame, name)
    if owner.kind == "renderer":
        # All that is not JSON is left to Django before the view runs.
        known = {"format": "json", "media_type": "application/json"}
        return Known(known[name]) if name in known else Unknown(name)
    if owner.kind == "view" and name == "login_required" and exempt_from_login(frame):
        return Known(False)
    if owner.kind == "raised":
        return Unknown(f"exception.{name}", pure=False)
    if owner.kind == "exception" or owner.kind == "view":
        return Unknown(name)
    return Bound(owner, name)


def _of_session(frame: Frame, name: str) -> Value:
    """What can be asked without reading the session. It has a key where the request has its cookie, or the view makes one."""
    if name != "session_key" or frame.machine.path.called:
        return Unknown(name)
    found = frame.machine.snapshot.settings.values.get("SESSION_COOKIE_NAME")
    return Unknown(name, truth=Fact("cookie", str(plain(found)) if found is not None else "sessionid"))


def _of_new_session(owner: Thing, name: str) -> Value:
    """A session without a cookie, asked by a subclass of ``SessionMiddleware``: nothing is in it, nobody has changed it."""
    if name == "accessed":
        return Unknown(name, truth=Fact("accessed", ""))
    return (
        Known({"modified": False, "session_key": None}[name])
        if name in ("modified", "session_key")
        else Bound(owner, name)
    )


def throttled(frame: Frame) -> bool:
    """Whether DRF may count the requests of the route by their address."""
    view = frame.machine.snapshot.views[frame.machine.route.view]
    cls = frame.machine.snapshot.classes.get(view.cls)
    own = cls is not None and not cls.methods.get("get_throttles", "rest_framework.").startswith(
        "rest_framework."
    )
    listed = view.policies.get("throttle_classes")
    given = {name for kwargs in view.action_overrides.values() for name in kwargs}
    return own or "throttle_classes" in given or listed is None or bool(listed.items)


def exempt_from_login(frame: Frame) -> bool:
    """Whether ``APIView.as_view`` has set ``login_required = False`` on the view: DRF does since 3.16, with Django 5.1."""
    machine = frame.machine
    versions = machine.snapshot.versions
    new = _release(versions.drf) >= (3, 16) and _release(versions.django) >= (5, 1)
    return machine.route.kind == "drf" and new


def _release(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2] if part.isdigit())


def _of_request(frame: Frame, name: str, node: ast.AST) -> Value:
    machine = frame.machine
    if name in machine.path.request_attributes:
        return machine.path.request_attributes[name]
    if name in ("path", "path_info"):
        return (
            Known(machine.route.path)
            if machine.fixed
            else Unknown(name, prefix=machine.prefix, slash=machine.slash)
        )
    if name == "method":
        return Unknown("method", compares="method", prefix="")
    if name in _MAPPINGS:
        return Thing(_MAPPINGS[name])
    if machine.view and name == "query_params":
        return Thing("query")
    if machine.view and name == "accepted_renderer":
        return Thing("renderer")
    if machine.view and name == "user":
        return Unknown("request.user", pure=False)
    if name == "user":
        # DRF puts there whom the view has authenticated, by a token too.
        return LATE_USER if machine.path.called else USER
    if name == "session":
        return Thing("session")
    if name == "resolver_match":
        matched = machine.view or machine.path.called or machine.path.matched
        return Thing("match") if matched else NONE
    if name == "LANGUAGE_CODE" and not machine.view:
        return _chosen(frame)
    if name in _TEXTS:
        return Unknown(name)
    if name == "_cached_user" and not machine.view:
        machine.path.session = machine.path.user = True
        return USER
    if name == "body" and not machine.view and not machine.path.called:
        return _body(frame)
    if name in _BODY:
        frame.event(node, "It reads the body of the request.")
        return Unknown(name, pure=False)
    if name in RESERVED:
        return Bound(Thing("request"), name)
    if not decided(frame, name):
        raise Raised("builtins.AttributeError")
    found = Unknown(f"request.{name}", pure=False)
    machine.path.request_attributes[name] = found
    return found


def _body(frame: Frame) -> Value:
    """``request.body`` before the view, which finds it where Django keeps it then; Django raises for one that is too large."""
    found = frame.machine.snapshot.settings.values.get("DATA_UPLOAD_MAX_MEMORY_SIZE")
    limit = 2_621_440 if found is None else plain(found)
    if limit is not None and frame.machine.path.decide(Fact("body", str(limit))):
        raise Raised("django.core.exceptions.RequestDataTooBig")
    return Unknown("body")


def _chosen(frame: Frame) -> Value:
    """The language that ``LocaleMiddleware`` has chosen, which is never empty."""
    if not decided(frame, "LANGUAGE_CODE"):
        raise Raised("builtins.AttributeError")
    found = Unknown(CHOSEN)
    frame.machine.path.truths[found] = True
    return found


def decided(frame: Frame, name: str) -> bool:
    """Whether the request has an attribute of that name on this path."""
    path = frame.machine.path
    if name in path.request_attributes or name in RESERVED - _GIVEN - {"_cached_user"}:
        return True
    outside = frame.machine.outside
    if name in outside.given or (name == "LANGUAGE_CODE" and outside.chosen):
        return True
    if name == "session" and frame.machine.base == SESSIONS:
        return True
    if name == "_cached_user":
        return path.decide(Fact("attribute", name))  # whether somebody has asked already
    return path.decide(Fact("attribute", name))


def _of_user(frame: Frame, owner: Thing, name: str) -> Value:
    path = frame.machine.path
    if owner == LATE_USER:
        path.late = True
    else:
        path.session = path.user = True
    if not path.decide(Fact(owner.kind, "") if owner == LATE_USER else _LOGGED_IN):
        if name in _ANONYMOUS:
            return Known(_ANONYMOUS[name])
        if name in ("groups", "user_permissions") or name.startswith(("has_", "get_")):
            return Bound(Thing("anonymous"), name)
        raise Raised("builtins.AttributeError")
    if name in ("is_authenticated", "is_anonymous"):
        return Known(name == "is_authenticated")
    if name in (
        "has_perm",
        "has_perms",
        "has_module_perms",
        "get_username",
        "get_full_name",
        "get_short_name",
    ):
        return Bound(Thing("user"), name)
    return Unknown(f"user.{name}", pure=False)


def _of_match(frame: Frame, name: str) -> Value:
    route = frame.machine.route
    spaces = [s for s in route.namespace.split(":") if s]
    known: dict[str, Value] = {
        "url_name": Known(route.name or None), "namespaces": Known(tuple(spaces)), "namespace": Known(":".join(spaces)),
        "view_name": Known(":".join([*spaces, route.name])) if route.name else Unknown("view_name"), "kwargs": Thing("kwargs"),
        "func": Thing("view"),
    }  # fmt: skip
    if name == "url_name" and not route.name:
        return Unknown(name)
    return known.get(name, Unknown(name))


def set_attribute(frame: Frame, owner: Thing, name: str, value: Value, node: ast.AST) -> None:
    """``owner.name = value``."""
    if owner.kind != "request":
        frame.event(node, "This changes an object that others may see.")
        return
    if name == "_cached_user" and value == USER:
        return  # as Django keeps it
    if name == "_dont_enforce_csrf_checks" and value == Known(True) and not frame.machine.path.called:
        frame.machine.path.unchecked = True
        return
    if name == "user" and isinstance(value, Lazy) and _is_the_user(frame, value, node):
        return
    if name in RESERVED or name == "LANGUAGE_CODE":
        frame.event(node, f"It replaces request.{name}.")
    frame.machine.path.request_attributes[name] = value
    frame.machine.path.sets.add(name)


def _is_the_user(frame: Frame, lazy: Lazy, node: ast.AST) -> bool:
    """Whether a lazy ``request.user`` is the user of the session, as Django's. It is asked when somebody wants to know the user:
    what it reads of the session until then is not read yet."""
    from segue.translate.middleware.objects import method_call

    path = frame.machine.path
    read = path.session, path.user
    call = ast.copy_location(ast.Call(ast.Name("user"), [], []), node)
    try:
        return method_call(frame, lazy.function, [], {}, call) == USER
    except Raised:
        return False
    finally:
        path.session, path.user = read


def _fact(owner: Thing, key: str) -> Fact | None:
    """The fact that ``key`` is in ``owner``; None for what only a server knows (``META["REMOTE_USER"]``)."""
    if owner.kind == "meta":
        return Fact("header", key[5:].replace("_", "-").lower()) if key.startswith("HTTP_") else None
    if owner.kind == "headers":
        return Fact("header", key.lower())
    return Fact(_FACTS[owner.kind], key) if owner.kind in _FACTS else None


def _present(frame: Frame, owner: Thing, key: Value) -> tuple[bool, Fact | None]:
    path = frame.machine.path
    if owner.kind == "session":
        path.session = True
    if not isinstance(key, Known) or not isinstance(key.value, str):
        return path.decide(Fact("session", "") if owner.kind == "session" else None), None
    if owner.kind == "kwargs":
        names = {p.name for p in frame.machine.route.parameters}
        if key.value in names or key.value in frame.machine.route.default_kwargs:
            return True, None
        return (path.decide() if key.value == "format" and frame.machine.route.suffix_regex else False), None
    if owner.kind == "meta" and key.value in ("REMOTE_ADDR", "SERVER_NAME", "SERVER_PORT", "REQUEST_METHOD", "PATH_INFO", "QUERY_STRING"):  # fmt: skip
        return True, None
    if owner.kind == "session" and path.called:
        return path.decide(), None  # the view may have changed it
    fact = _fact(owner, key.value)
    return path.decide(fact), fact


def contains(frame: Frame, owner: Thing, element: Value) -> Value:
    """``element in owner``."""
    return Known(_present(frame, owner, element)[0])


def item(frame: Frame, owner: Thing, key: Value, node: ast.AST) -> Value:
    """``owner[key]``. A missing key raises."""
    there, fact = _present(frame, owner, key)
    if not there:
        raise Raised("builtins.KeyError")
    return Unknown(f"{owner.kind}[]", pure=owner.kind != "session", truth=fact)


def call(
    frame: Frame, owner: Thing, name: str, given: list[Value], named: dict[str, Value], node: ast.Call
) -> Value:
    """``owner.name(...)``."""
    path = frame.machine.path
    if owner.kind in ("meta", "headers", "cookies", "query", "session", "kwargs"):
        if name == "get" and given:
            there, fact = _present(frame, owner, given[0])
            if there:
                return Unknown(f"{owner.kind}[]", pure=owner.kind != "session", truth=fact)
            return given[1] if len(given) > 1 else named.get("default", NONE)
        if name in ("keys", "values", "items", "getlist", "copy", "urlencode", "dict"):
            path.session = path.session or owner.kind == "session"
            truth = Fact("session", "") if owner.kind == "session" and not path.called else None
            return Unknown(name, pure=owner.kind != "session" or name == "keys", truth=truth)
        if owner.kind == "session" and name == "is_empty" and frame.machine.base == SESSIONS:
            return Known(True)
        if owner.kind == "session":
            path.session = True
            if name in ("get_expiry_age", "get_expire_at_browser_close", "get_expiry_date"):
                return Unknown(name)
            frame.event(node, "It writes to the session.")
            return Unknown(name, pure=False)
    if owner.kind == "request":
        if name in _QUIET:
            return Unknown(name)
        if name in ("get_full_path", "get_full_path_info", "build_absolute_uri"):
            return Unknown(name, prefix=frame.machine.prefix if name != "build_absolute_uri" else "")
    if owner.kind == "logger":
        return NONE
    if owner.kind == "user" and name.startswith(("has_", "get_")):
        return Unknown(name)
    if owner.kind == "anonymous" and name == "get_username":
        return Known("")
    if owner.kind == "anonymous":
        return Unknown(name)
    if owner.kind in ("exception",):
        return Unknown(name)
    frame.event(node, "Segue does not know what this calls.")
    return Unknown(name, pure=False)


__all__ = ["RESERVED", "Global", "attribute", "call", "contains", "decided", "item", "set_attribute"]
