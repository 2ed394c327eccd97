"""Functions and classes of Python, Django and the project that middleware calls."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import Any

from segue.snapshot.model import GlobalRef
from segue.snapshot.model import Value as Described
from segue.translate.beginnings import apart, beginning
from segue.translate.middleware import request, response
from segue.translate.middleware.known import SESSIONS
from segue.translate.middleware.machine import (
    CHOSEN,
    DIGITS,
    HOST_AND_PORT,
    Frame,
    Raised,
    call_closure,
    collection,
    create,
    invoke,
    known_tuple,
)
from segue.translate.middleware.raised import never_raised
from segue.translate.middleware.sources import has
from segue.translate.middleware.values import (
    LATE_USER,
    NONE,
    RAISED,
    REQUEST,
    RESPONSE,
    USER,
    VIEW,
    Bound,
    Closure,
    Global,
    Instance,
    Known,
    Lazy,
    Method,
    Thing,
    Unknown,
    Value,
)

Arguments = list[Value]
_LOOSE = re.IGNORECASE | re.VERBOSE | re.MULTILINE
JSON_RENDERER = "rest_framework.renderers.JSONRenderer"
# Functions without effect whose results depend on the moment, the machine or their arguments.
_QUIET = (
    "time.", "_time.", "uuid.", "datetime.", "re.", "urllib.parse.", "json.loads", "json.dumps", "hashlib.", "base64.", "ipaddress.",
    "django.utils.timezone.now", "django.utils.http.", "django.utils.encoding.", "django.utils.text.", "string.", "math.",
    "django.utils.translation.get_language", "django.utils.timezone.get_current_timezone",
    "zoneinfo.ZoneInfo", "django.utils.translation.trans_real.parse_accept_lang_header", "secrets.", "os.path.", "os.getenv", "os.environ.get",
    "posixpath.", "random.", "django.urls.base.get_script_prefix", "threading.current_thread", "threading.get_ident", "socket.gethostname", "_socket.gethostname",
)  # fmt: skip
# Those that never fail, whatever text they get.
_SAFE = ("time.", "_time.", "re.", "uuid.uuid", "hashlib.", "json.dumps", "os.path.", "posixpath.", "os.getenv", "os.environ.get", "random.", "secrets.",
         "urllib.parse.quote", "urllib.parse.unquote", "urllib.parse.urlencode", "django.utils.timezone.now", "threading.",
         "django.utils.encoding.iri_to_uri", "django.urls.base.get_script_prefix")  # fmt: skip
_ANSWERS = (
    "django.http.response.HttpResponse", "django.http.response.JsonResponse", "django.shortcuts.redirect",
    "rest_framework.response.Response",
)  # fmt: skip
_LOGGERS = ("logging.Logger", "logging.LoggerAdapter", "logging.RootLogger", "structlog.")
_NOTHING = {"builtins.print", "warnings.warn", "_warnings.warn", "asgiref.sync.markcoroutinefunction"}
_BUILTINS = {"str", "int", "float", "bool", "len", "list", "tuple", "set", "dict", "frozenset", "sorted", "min", "max", "sum", "abs", "round",
             "repr", "enumerate", "zip", "map", "filter", "range", "any", "all", "reversed", "type", "id", "callable", "hash", "bytes", "ord", "chr"}  # fmt: skip
_EXACT: dict[str, Callable[..., Any]] = {
    "str": str, "int": int, "float": float, "bool": bool, "len": len, "tuple": tuple, "min": min, "max": max,
}  # fmt: skip
_RAISING = {"int": "ValueError", "float": "ValueError"}


def constant(value: Described, what: str) -> Value:
    """A constant of the snapshot; what it only names is unknown."""
    try:
        return Known(_python(value))
    except ValueError:
        return Unknown(what, pure=False)


def _python(value: Described) -> Any:
    if value.kind == "const":
        return value.data
    if value.kind == "regex":
        return re.compile(
            str(value.data), sum(int(f.data) for _, f in value.pairs if isinstance(f.data, int))
        )
    if value.kind in ("list", "tuple", "set"):
        items = [_python(v) for v in value.items]
        return tuple(items) if value.kind == "tuple" else set(items) if value.kind == "set" else items
    if value.kind == "dict":
        return {_python(k): _python(v) for k, v in value.pairs}
    raise ValueError(value.kind)


def call(frame: Frame, ref: GlobalRef, given: Arguments, named: dict[str, Value], node: ast.Call) -> Value:
    """``name(...)`` for a global name."""
    known = _KNOWN.get(ref.name)
    if known is not None:
        return known(frame, given, named, node)
    last = ref.name.removeprefix("builtins.")
    if ref.name.startswith("builtins.") and last in _BUILTINS:
        return _builtin(frame, last, given, node)
    if ref.name in _NOTHING:
        return NONE
    if ref.name.startswith(_QUIET):
        if any(isinstance(g, Instance | Closure) for g in given):
            frame.event(node, "Segue does not know what this does with its argument.")
        risky = any(isinstance(g, Unknown) for g in given) and not ref.name.startswith(_SAFE)
        if risky and frame.machine.path.decide():
            raise Raised("builtins.ValueError", certain=False)
        return Unknown(ref.name)
    if ref.name.startswith(_ANSWERS):
        return Unknown("answer", pure=False)  # what becomes of it is looked at where it is returned
    snapshot = frame.machine.snapshot
    function = snapshot.functions.get(ref.name)
    if function is not None:
        return invoke(frame, Method(function), given, named, node)
    cls = snapshot.classes.get(ref.name)
    if ref.kind == "class" and cls is not None and has(snapshot, ref.name, "__init__"):
        return create(frame, ref.name, given, named, node)
    if (
        ref.kind == "class"
        and cls is not None
        and cls.origin not in ("django", "drf")
        and not given
        and not named
    ):
        return Instance(ref.name)
    frame.event(node, f"Segue does not know what {ref.name} does.")
    return Unknown(ref.name, pure=False)


def method(
    frame: Frame, ref: GlobalRef, name: str, given: Arguments, named: dict[str, Value], node: ast.Call
) -> Value:
    """``name.method(...)`` for a global object."""
    cls = ref.value.name if ref.value is not None else ""
    if ref.kind == "instance" and cls.startswith(_LOGGERS):
        return NONE
    if name in ("get", "set", "reset"):
        from segue.translate.middleware.objects import is_local

        if is_local(Global(ref)):
            return Unknown("local", pure=False)
    if ref.kind in ("class", "model"):
        function = frame.machine.snapshot.functions.get(f"{ref.name}.{name}")
        if function is not None and function.role in ("staticmethod", "classmethod"):
            return invoke(frame, Method(function), given, named, node)
    if ref.kind == "module":
        return call(frame, GlobalRef("function", f"{ref.name}.{name}"), given, named, node)
    if ref.kind in ("instance", "class") and f"{ref.name}.{name}".startswith(_QUIET):
        return Unknown(name)
    frame.event(node, f"Segue does not know what {ref.name}.{name} does.")
    return Unknown(name, pure=False)


def pattern(frame: Frame, value: Any, name: str, given: Arguments) -> Value:
    """A method of a compiled regular expression."""
    subject = given[0] if given else None
    if isinstance(value, re.Pattern) and name in ("match", "search", "fullmatch"):
        if isinstance(subject, Known) and isinstance(subject.value, str):
            return Unknown("match", prefix="match") if getattr(value, name)(subject.value) else NONE
        if isinstance(subject, Unknown) and name != "search" and not value.flags & _LOOSE:
            known = beginning(value.pattern)
            if subject.prefix and known and apart(known, subject.prefix):
                return NONE
        truth = subject.truth if isinstance(subject, Unknown) and not value.search("") else None
        return Unknown("match", truth=truth)
    return Unknown(name)


def _builtin(frame: Frame, name: str, given: Arguments, node: ast.Call) -> Value:
    if all(isinstance(g, Known) for g in given) and name in (
        "str",
        "int",
        "float",
        "bool",
        "len",
        "tuple",
        "min",
        "max",
    ):
        values = [g.value for g in given if isinstance(g, Known)]
        try:
            found: Any = _EXACT[name](*values)
        except Exception as error:  # noqa: BLE001 - as the code itself would
            raise Raised(f"builtins.{type(error).__name__}") from None
        return Known(found)
    if name == "tuple" and given and isinstance(given[0], Known):
        return known_tuple([Known(v) for v in given[0].value])
    if name == "bool" and given:
        from segue.translate.middleware.evaluate import truth

        return Known(truth(frame, given[0]))
    digits = (
        given
        and isinstance(given[0], Unknown)
        and given[0].what == DIGITS
        and frame.machine.path.truths.get(given[0])
    )
    if name in _RAISING and not digits and frame.machine.path.decide():
        raise Raised(f"builtins.{_RAISING[name]}")
    if name in ("map", "filter", "sorted", "min", "max", "any", "all") and any(not _plain(g) for g in given):
        if any(isinstance(g, Closure | Method | Global) for g in given):
            frame.event(node, "Segue does not follow functions that are passed on.")
        return Unknown(name, pure=False)
    if name == "str":
        return Unknown("text", truth=given[0].truth if given and isinstance(given[0], Unknown) and given[0].pure else None)  # fmt: skip
    if name in ("any", "all", "len", "callable", "id", "hash", "repr"):
        return Unknown(name)
    return collection(given)


def _plain(value: Value) -> bool:
    return isinstance(value, Known) or (isinstance(value, Unknown) and value.pure)


def _hasattr(frame: Frame, given: Arguments, named: dict[str, Value], node: ast.Call) -> Value:
    owner, name = given[0], given[1]
    if not isinstance(name, Known):
        return Unknown("hasattr")
    if owner == REQUEST:
        return Known(request.decided(frame, str(name.value)))
    if owner == RESPONSE:
        return Known(response.has(frame, str(name.value)))
    if isinstance(owner, Thing):
        try:
            request.attribute(frame, owner, str(name.value), node)
        except Raised:
            return Known(False)
        return (
            Known(True)
            if owner not in (USER, LATE_USER) or str(name.value).startswith("is_")
            else Unknown("hasattr")
        )
    if isinstance(owner, Instance) and str(name.value) in owner.attributes:
        return Known(True)
    return Unknown("hasattr")


def _getattr(frame: Frame, given: Arguments, named: dict[str, Value], node: ast.Call) -> Value:
    owner, name = given[0], given[1]
    default = given[2] if len(given) > 2 else None
    if not isinstance(name, Known):
        return Unknown("getattr", pure=False)
    if isinstance(owner, Global) and owner.ref.name == "django.conf.settings":
        return _setting(frame, str(name.value), default)
    if owner in (REQUEST, RESPONSE):
        there = _hasattr(frame, [owner, name], {}, node)
        if isinstance(there, Known) and not there.value and default is not None:
            return default
    from segue.translate.middleware.objects import attribute

    sure = owner in (REQUEST, RESPONSE) or not isinstance(owner, Unknown | Global | Thing)
    sure = sure or (owner == VIEW and name.value == "login_required" and request.exempt_from_login(frame))
    if not sure and default is not None and frame.machine.path.decide():
        return default
    try:
        return attribute(frame, owner, str(name.value), node)
    except Raised:
        if default is None:
            raise
        return default


def _setting(frame: Frame, name: str, default: Value | None) -> Value:
    found = frame.machine.snapshot.settings.values.get(name)
    if found is not None and name != "DEBUG":
        return constant(found, f"settings.{name}")
    # The snapshot holds the settings that matter and those that the code names; this one may be there or not.
    if default is not None and frame.machine.path.decide():
        return default
    return Unknown(f"settings.{name}", pure=False)


def _setattr(frame: Frame, given: Arguments, named: dict[str, Value], node: ast.Call) -> Value:
    """``setattr`` of the request, ``setattr`` and ``delattr`` of a variable of the thread."""
    from segue.translate.middleware.objects import is_local

    if len(given) == 3 and given[0] == REQUEST and isinstance(given[1], Known):
        request.set_attribute(frame, REQUEST, str(given[1].value), given[2], node)
    elif not is_local(given[0]):
        frame.event(node, "This changes an object that others may see.")
    return NONE


def _isinstance(frame: Frame, given: Arguments, named: dict[str, Value], node: ast.Call) -> Value:
    from segue.translate.middleware.evaluate import evaluate

    kinds = [given[1]]
    if isinstance(node.args[1], ast.Tuple):
        kinds = [evaluate(frame, e) for e in node.args[1].elts]
    answers = [_is(frame, given[0], kind) for kind in kinds]
    if True in answers:
        return Known(True)
    return Unknown("isinstance") if None in answers else Known(False)


def _is(frame: Frame, owner: Value, kind: Value) -> bool | None:
    """Whether ``owner`` is of the class ``kind``; None where that cannot be told."""
    if not isinstance(kind, Global):
        return None
    name = kind.ref.name
    cls = frame.machine.snapshot.classes.get(name)
    if owner == RAISED:
        return False if never_raised(frame.machine.snapshot, name, frame.function.name) else None
    if owner == RESPONSE and (
        name.startswith(("rest_framework.", "django.", "builtins.")) or cls is not None
    ):
        return response.is_a(frame, name)
    if owner == Thing("renderer"):
        if name.startswith("rest_framework.renderers."):
            return name in (JSON_RENDERER, "rest_framework.renderers.BaseRenderer")
        # A subclass of JSONRenderer that changes nothing may stand for it.
        return False if cls is not None and JSON_RENDERER not in cls.mro else None
    if isinstance(owner, Known) and name == "builtins.str":
        return isinstance(owner.value, str)
    return None


def _resolve(frame: Frame, given: Arguments, named: dict[str, Value], node: ast.Call) -> Value:
    """``resolve(request.path)``: the route itself; what else is resolved may not exist."""
    if given and isinstance(given[0], Unknown) and given[0].what in ("path", "path_info"):
        return Thing("match")
    if given and isinstance(given[0], Known) and given[0].value == frame.machine.route.path:
        return Thing("match")
    if frame.machine.path.decide():
        raise Raised("django.urls.exceptions.Resolver404")
    return Unknown("match")


def _reverse(frame: Frame, given: Arguments, named: dict[str, Value], node: ast.Call) -> Value:
    """``reverse(name)`` of a route without arguments: its path."""
    if len(given) == 1 and not named and isinstance(given[0], Known):
        wanted = str(given[0].value)
        found = [
            r for r in frame.machine.snapshot.routes
            if ":".join([*(s for s in r.namespace.split(":") if s), r.name]) == wanted
        ]  # fmt: skip
        if len({r.path for r in found}) == 1 and "{" not in found[0].path:
            return Known(found[0].path)
    if frame.machine.path.decide():
        raise Raised("django.urls.exceptions.NoReverseMatch")
    return Unknown("url")


def _compile(frame: Frame, given: Arguments, named: dict[str, Value], node: ast.Call) -> Value:
    if len(given) == 1 and isinstance(given[0], Known) and isinstance(given[0].value, str):
        try:
            return Known(re.compile(given[0].value))
        except re.error:
            raise Raised("re.error") from None
    return Unknown("pattern")


def _match(name: str) -> Callable[[Frame, Arguments, dict[str, Value], ast.Call], Value]:
    def found(frame: Frame, given: Arguments, named: dict[str, Value], node: ast.Call) -> Value:
        if len(given) == 2 and isinstance(given[0], Known) and isinstance(given[0].value, str):
            return pattern(frame, re.compile(given[0].value), name, given[1:])
        return Unknown("match")

    return found


def _language(frame: Frame, given: Arguments, named: dict[str, Value], node: ast.Call) -> Value:
    """``activate``: without ``USE_I18N`` it does nothing (``django.utils.translation.trans_null``), nor does it with the
    language that the request has (``LocaleMiddleware`` has activated it and named it in ``request.LANGUAGE_CODE``)."""
    path, outside = frame.machine.path, frame.machine.outside
    if not _use_i18n(frame):
        return NONE
    same = len(given) == 1 and isinstance(given[0], Unknown) and given[0].what == CHOSEN
    if not (same and outside.chosen and outside.plain and not path.called):
        frame.event(node, "It changes the language of the answer.")
    return NONE


def _use_i18n(frame: Frame) -> bool:
    use = frame.machine.snapshot.settings.values.get("USE_I18N")
    return use is None or use.data is not False


def _deactivate(frame: Frame, given: Arguments, named: dict[str, Value], node: ast.Call) -> Value:
    """``translation.deactivate()``: after the view, ``LocaleMiddleware`` further out names ``LANGUAGE_CODE`` in the answer."""
    path, outside = frame.machine.path, frame.machine.outside
    if path.called:
        path.ended = _use_i18n(frame)
    elif outside.chosen or not outside.plain:
        frame.event(node, "It changes the language of the answer.")
    return NONE


def _zone(frame: Frame, given: Arguments, named: dict[str, Value], node: ast.Call) -> Value:
    """``timezone.deactivate()``: ``TIME_ZONE``, which requests have anyway where nothing has activated another one."""
    if not frame.machine.path.called and not frame.machine.outside.plain:
        frame.event(node, "It changes the time zone of the answer.")
    return NONE


def _activated_zone(frame: Frame, given: Arguments, named: dict[str, Value], node: ast.Call) -> Value:
    frame.event(node, "It changes the time zone of the answer.")


def _vary(frame: Frame, given: Arguments, named: dict[str, Value], node: ast.Call) -> Value:
    """``patch_vary_headers(response, names)``."""
    from segue.translate.middleware.evaluate import evaluate

    names = given[1] if len(given) == 2 and given[0] == RESPONSE else None
    if names is not None and isinstance(node.args[1], ast.List):
        names = known_tuple([evaluate(frame, e) for e in node.args[1].elts])
    items = names.value if isinstance(names, Known) and isinstance(names.value, tuple | list) else None
    if items and frame.machine.base == SESSIONS and [str(i).lower() for i in items] == ["cookie"]:
        frame.machine.path.varied = True
    elif items is not None and all(isinstance(i, str) and i != "*" for i in items):
        frame.machine.path.vary += items
    else:
        frame.event(node, "It changes Vary.")
    return NONE


def _split_host(frame: Frame, given: Arguments, named: dict[str, Value], node: ast.Call) -> Value:
    """``split_domain_port(host)``: a text, and digits or nothing."""
    return Unknown(HOST_AND_PORT)


def _silent(name: str) -> Callable[[Frame, Arguments, dict[str, Value], ast.Call], Value]:
    return lambda frame, given, named, node: Bound(NONE, name)


def _logger(frame: Frame, given: Arguments, named: dict[str, Value], node: ast.Call) -> Value:
    return Thing("logger")


def _lazy(frame: Frame, given: Arguments, named: dict[str, Value], node: ast.Call) -> Value:
    return Lazy(given[0]) if len(given) == 1 and not named else Unknown("partial", pure=False)


def _user(frame: Frame, given: Arguments, named: dict[str, Value], node: ast.Call) -> Value:
    """``django.contrib.auth.get_user(request)``: the user of the session."""
    if given != [REQUEST] or named:
        frame.event(node, "Segue does not know what this asks.")
        return Unknown("user", pure=False)
    frame.machine.path.session = frame.machine.path.user = True
    return USER


def _partial(frame: Frame, given: Arguments, named: dict[str, Value], node: ast.Call) -> Value:
    return Unknown("partial", pure=False)


_KNOWN: dict[str, Callable[[Frame, Arguments, dict[str, Value], ast.Call], Value]] = {
    "builtins.hasattr": _hasattr, "builtins.getattr": _getattr, "builtins.isinstance": _isinstance,
    "builtins.setattr": _setattr, "builtins.delattr": _setattr,
    "builtins.issubclass": lambda *_: Unknown("issubclass"),
    "django.urls.base.resolve": _resolve, "django.urls.base.reverse": _reverse, "re.compile": _compile,
    "re.match": _match("match"), "re.search": _match("search"), "re.fullmatch": _match("fullmatch"),
    "contextlib.suppress": _silent("suppress"), "contextlib.nullcontext": _silent("nullcontext"),
    "django.utils.cache.patch_vary_headers": _vary, "django.http.request.split_domain_port": _split_host,
    "logging.getLogger": _logger, "functools.partial": _partial, "django.utils.functional.SimpleLazyObject": _lazy,
    "django.contrib.auth.get_user": _user, "django.contrib.auth.middleware.get_user": _user,
    "django.utils.translation.activate": _language, "django.utils.translation.trans_real.activate": _language,
    "django.utils.translation.deactivate": _deactivate, "django.utils.translation.trans_real.deactivate": _deactivate,
    "django.utils.timezone.activate": _activated_zone, "django.utils.timezone.deactivate": _zone,
    # The synchronous side is the contract: a middleware that behaves otherwise under ASGI would be a defect of its own.
    "asgiref.sync.iscoroutinefunction": lambda *_: Known(False),
    "asyncio.coroutines.iscoroutinefunction": lambda *_: Known(False),
    "inspect.iscoroutinefunction": lambda *_: Known(False),
}  # fmt: skip

__all__ = ["call", "call_closure", "constant", "method", "pattern"]
