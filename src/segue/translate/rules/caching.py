"""``django.core.cache.cache``: ``cache.get(key)`` → ``await CACHE.get(key)``, the cache in ``app/cache.py`` that Django has too.

Both sides serve one product, so what one side keeps or forgets the other must find so: a cache in the memory of each
process cannot do that. Only plain values are kept: an object would be another class's on the other side.
Source: ``django.core.cache.backends``.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from segue.refusal import Refused
from segue.snapshot.model import Value
from segue.target.ir import Decl, Import
from segue.translate.context import Context
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import CacheObject, Const, DictOf, Kind, ListOf, Scalar, TupleOf
from segue.translate.rules.registry import method
from segue.translate.specialise.fold import plain

_BACKENDS = "django.core.cache.backends."
_LOCAL = f"{_BACKENDS}locmem.LocMemCache"
_MODULES = {
    f"{_BACKENDS}dummy.DummyCache": "dummy.DummyCache",
    f"{_BACKENDS}filebased.FileBasedCache": "files.FileCache",
    f"{_BACKENDS}redis.RedisCache": "redis.RedisCache",
}
# Options of a backend, by the name that the bridge has for them.
_OPTIONS = {
    "files.FileCache": {"MAX_ENTRIES": "most", "CULL_FREQUENCY": "share"},
    "redis.RedisCache": {"db": "db"},
}
# Python names of the arguments, in their order.
_ARGUMENTS: dict[str, tuple[str, ...]] = {
    "get": ("key", "default"),
    "set": ("key", "value", "timeout"),
    "add": ("key", "value", "timeout"),
    "get_or_set": ("key", "default", "timeout"),
    "touch": ("key", "timeout"),
    "delete": ("key",),
    "has_key": ("key",),
    "incr": ("key", "delta"),
    "decr": ("key", "delta"),
    "get_many": ("keys",),
    "set_many": ("data", "timeout"),
    "delete_many": ("keys",),
}
_RESULTS: dict[str, Kind] = {
    "set": Const(None),
    "delete_many": Const(None),
    "add": Scalar("bool"),
    "touch": Scalar("bool"),
    "delete": Scalar("bool"),
    "has_key": Scalar("bool"),
    "get_many": DictOf((), Scalar("Any")),
    "set_many": ListOf(Scalar("str")),
}
Refuse = Callable[[str, str, str], Refused]
"""Code, construct and reason → the refusal at the place that asks."""
_VALUES = frozenset(
    {"str", "int", "float", "bool", "bytes", "Decimal", "date", "datetime", "time", "timedelta", "UUID"}
)
_KEYS = frozenset({"str", "int", "UUID"})


@method(CacheObject, *_ARGUMENTS)
def cached(frame: Frame, owner: Val, call: CallSite) -> Val:
    """A call of the default cache."""
    names = _ARGUMENTS[call.name]
    version = call.kwargs.get("version")
    if version is not None and version.kind != Const(None):
        raise frame.refuse("cache", ast.unparse(call.node), "Only the version of CACHES is known.", call.node)
    call.only(*names, "version", at_most=len(names))
    parts: list[ast.expr] = []
    keywords: list[ast.keyword] = []
    for position, argument in enumerate(names):
        given = call.argument(position, argument)
        if given is None:
            continue
        _check(frame, call, argument, given)
        assert given.node is not None
        if len(parts) == position and argument != "timeout":
            parts.append(given.node)
        else:
            keywords.append(ast.keyword("seconds" if argument == "timeout" else argument, given.node))
    frame.is_async = True
    made = ast.Call(ast.Attribute(_object(frame, call.node), call.name, ast.Load()), parts, keywords)
    return Val(_RESULTS.get(call.name, Scalar("Any")), ast.Await(made))


def _check(frame: Frame, call: CallSite, argument: str, given: Val) -> None:
    """Refuse what another side would not find again."""
    kind, problem = given.kind, ""
    if argument == "key":
        problem = "" if _is_key(kind) else "Segue does not know this key."
    elif argument == "keys":
        many = isinstance(kind, ListOf) and _is_key(kind.item)
        many = many or (isinstance(kind, TupleOf) and all(map(_is_key, kind.items)))
        many = many or (isinstance(given.node, ast.List | ast.Tuple) and _are_keys(given.node))
        problem = "" if many else "Segue does not know these keys."
    elif argument in ("timeout", "delta"):
        whole = (isinstance(kind, Scalar) and kind.type == "int") or (
            isinstance(kind, Const) and (kind.value is None or type(kind.value) is int)
        )
        none = argument == "delta" and (kind == Const(None) or (isinstance(kind, Scalar) and kind.nullable))
        problem = "" if whole and not none else "Segue does not know this number."
    elif argument == "data":
        problem = "" if isinstance(kind, DictOf) and is_plain(kind) else "These are no plain values."
    elif not is_plain(kind):
        problem = (
            "It is no plain value: the other side would find an object of a class that it does not have."
        )
    if problem or given.node is None:
        raise frame.refuse(
            "cache",
            ast.unparse(call.node),
            problem or "The value has no text in the generated code.",
            call.node,
        )


def _are_keys(node: ast.List | ast.Tuple) -> bool:
    return all(isinstance(e, ast.Constant) and isinstance(e.value, str) for e in node.elts)


def _is_key(kind: Kind) -> bool:
    if isinstance(kind, Const):
        return type(kind.value) in (str, int)
    return isinstance(kind, Scalar) and kind.type in _KEYS and not kind.nullable


def is_plain(kind: Kind | None) -> bool:
    """Whether a value is of the standard library's plain types, through and through."""
    if isinstance(kind, Const):
        return _is_plain_data(kind.value)
    if isinstance(kind, Scalar):
        return kind.type in _VALUES
    if isinstance(kind, ListOf):
        return kind.type in ("list", "tuple", "set") and is_plain(kind.item)
    if isinstance(kind, TupleOf):
        return all(map(is_plain, kind.items))
    if isinstance(kind, DictOf):
        return all(is_plain(item) for _, item in kind.items) and (kind.value is None or is_plain(kind.value))
    return False


def _is_plain_data(value: object) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_is_plain_data, value))
    return value is None or type(value) in (bool, int, float, str, bytes)


def _object(frame: Frame, node: ast.AST) -> ast.expr:
    """``CACHE``, after declaring it. Refuses a cache that the two sides do not share."""
    declare(frame.ctx, lambda code, construct, why: frame.refuse(code, construct, why, node))
    return frame.imported(f"{frame.ctx.program.package}.cache", "CACHE")


def default_cache(ctx: Context) -> dict[str, object]:
    """``CACHES["default"]``, with its ``BACKEND``."""
    caches = plain(ctx.snapshot.settings.values.get("CACHES", Value("dict")))
    default = caches.get("default", {}) if isinstance(caches, dict) else {}
    return {"BACKEND": _LOCAL, **(default if isinstance(default, dict) else {})}


def declare(ctx: Context, refuse: Refuse) -> None:
    """``CACHE`` in the generated ``cache`` module. Raises what ``refuse`` makes where the two sides would not share it."""
    package, given = ctx.program.package, default_cache(ctx)
    backend = str(given["BACKEND"])
    if backend == _LOCAL:
        raise refuse(
            "cache-local",
            "CACHES['default']",
            "It is in the memory of each process: what one side keeps or forgets there, the other does not see. "
            "Give the project a cache that processes share (Redis, files).",
        )
    known = _MODULES.get(backend)
    if known is None:
        raise refuse("cache-backend", backend, "Segue does not know this cache.")
    arguments, needed = _settings(ctx, given, known, refuse)
    module, _, cls = known.rpartition(".")
    needed.add(Import(f"segue_bridge.cache.{module}", cls))
    target = ctx.program.module(f"{package}/cache.py", "The cache that Django has too.")
    target.add(Decl("CACHE", f"CACHE = {cls}({', '.join(arguments)})", frozenset(needed), 20))


def _settings(
    ctx: Context, given: dict[str, object], known: str, refuse: Refuse
) -> tuple[list[str], set[Import]]:
    """The arguments of the cache, as ``CACHES['default']`` has them."""

    def unknown(key: str) -> Refused:
        return refuse("cache-backend", f"CACHES['default']: {key}", "Segue does not know this setting.")

    arguments: list[str] = []
    needed: set[Import] = set()
    location = given.get("LOCATION")
    if isinstance(location, list | tuple) and len(location) == 1:  # one whose password the snapshot left out
        location = location[0]
    if known != "dummy.DummyCache":
        redis = known.startswith("redis")
        if not isinstance(location, str) or not location or (redis and any(c in location for c in ",;")):
            raise unknown("LOCATION")
        used = ctx.memo.setdefault(("kernel", "settings"), {})
        assert isinstance(used, dict)
        setting = "cache_url" if redis else "cache_folder"
        used[setting] = Value("const", location)
        arguments.append(f"settings.{setting}")
        needed.add(Import(f"{ctx.program.package}.settings", "settings"))
    for key, default, argument in (
        ("KEY_PREFIX", "", "prefix"),
        ("VERSION", 1, "version"),
        ("TIMEOUT", 300, "timeout"),
    ):
        value = given.get(key, default)
        if type(value) not in (str, int) and not (key == "TIMEOUT" and value is None):
            raise unknown(key)
        if value != default:
            arguments.append(f"{argument}={value!r}")
    options = given.get("OPTIONS") or {}
    assert isinstance(options, dict)
    for key, value in options.items():
        name = _OPTIONS.get(known, {}).get(str(key))
        if name is None or not str(value).isdigit():
            raise unknown(f"OPTIONS[{key!r}]")
        arguments.append(f"{name}={int(str(value))}")
    rest = set(given) - {"BACKEND", "LOCATION", "KEY_PREFIX", "VERSION", "TIMEOUT", "OPTIONS"}
    if given.get("KEY_FUNCTION") is None:
        rest.discard("KEY_FUNCTION")
    if rest:
        raise unknown(min(rest))
    return arguments, needed


__all__ = ["is_plain"]
