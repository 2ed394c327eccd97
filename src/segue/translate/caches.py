"""The caches of ``CACHES`` in ``app/cache.py``: which class of the bridge each is, and with what settings.

Both sides serve one product, so what one side keeps or forgets the other must find so: a cache in the memory of each
process cannot do that. Source: ``django.core.cache.backends``.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from segue.snapshot.model import Value
from segue.target.ir import Decl, Import
from segue.translate.context import Context
from segue.translate.specialise.fold import plain

#: Code of a reason, what it is about, why.
Refuse = Callable[[str, str, str], Exception]
_BACKENDS = "django.core.cache.backends."
LOCAL = f"{_BACKENDS}locmem.LocMemCache"
DUMMY = f"{_BACKENDS}dummy.DummyCache"
_MODULES = {
    DUMMY: "dummy.DummyCache",
    f"{_BACKENDS}filebased.FileBasedCache": "files.FileCache",
    f"{_BACKENDS}redis.RedisCache": "redis.RedisCache",
    f"{_BACKENDS}db.DatabaseCache": "database.DatabaseCache",
    f"{_BACKENDS}memcached.PyMemcacheCache": "memcached.MemcachedCache",
    "django_redis.cache.RedisCache": "django_redis.DjangoRedisCache",
}
# Options of a backend, by the name that the bridge has for them.
_OPTIONS = {
    "files.FileCache": {"MAX_ENTRIES": "most", "CULL_FREQUENCY": "share"},
    "redis.RedisCache": {"db": "db"},
    "database.DatabaseCache": {"MAX_ENTRIES": "most", "CULL_FREQUENCY": "share"},
}
# Options of django-redis: by their values the arguments of the bridge's cache; '' where it is so anyway.
_PACKED = "django_redis.compressors."
_PARSERS = ("HiredisParser", "_HiredisParser", "PythonParser", "DefaultParser")
_OF_DJANGO_REDIS: dict[str, dict[object, str]] = {
    "CLIENT_CLASS": {"django_redis.client.DefaultClient": "", "django_redis.client.default.DefaultClient": ""},
    "SERIALIZER": {
        "django_redis.serializers.pickle.PickleSerializer": "",
        "django_redis.serializers.json.JSONSerializer": "as_json=True",
    },
    "COMPRESSOR": {
        f"{_PACKED}identity.IdentityCompressor": "",
        **{f"{_PACKED}{name}.{name.title()}Compressor": f"compressor={name!r}" for name in ("zlib", "gzip", "lzma")},
    },
    "IGNORE_EXCEPTIONS": {False: "", True: "ignore_errors=True"},
    "PICKLE_VERSION": dict.fromkeys(range(-1, 6), ""),
    "PARSER_CLASS": {f"redis.connection.{name}": "" for name in _PARSERS},  # how answers are read, not what they are
}  # fmt: skip
# What no release reads: the database is the end of LOCATION, and the server says how much it keeps.
_UNREAD_BY_DJANGO_REDIS = ("DB", "MAX_ENTRIES", "CULL_FREQUENCY")
_TIMEOUTS = ("SOCKET_CONNECT_TIMEOUT", "SOCKET_TIMEOUT")
# What LOCATION is, by the end of the setting's name in the generated service.
_PLACES = {
    "files.FileCache": "cache_folder",
    "redis.RedisCache": "cache_url",
    "django_redis.DjangoRedisCache": "cache_url",
    "memcached.MemcachedCache": "cache_servers",
}


def entry(ctx: Context, alias: str = "default") -> dict[str, object]:
    """``CACHES[alias]``, with its ``BACKEND``; without one there it is Django's default."""
    caches = plain(ctx.snapshot.settings.values.get("CACHES", Value("dict")))
    found = caches.get(alias) if isinstance(caches, dict) else None
    return {"BACKEND": LOCAL, **(found if isinstance(found, dict) else {})}


def in_database(ctx: Context, alias: str) -> bool:
    """Whether ``caches[alias]`` is a table of the database."""
    return entry(ctx, alias)["BACKEND"] == f"{_BACKENDS}db.DatabaseCache"


def declared(ctx: Context, alias: str, refuse: Refuse) -> str:
    """The name in ``app/cache.py`` of ``caches[alias]``, which is declared there. Raises what ``refuse`` makes."""
    caches = plain(ctx.snapshot.settings.values.get("CACHES", Value("dict")))
    if alias != "default" and not (isinstance(caches, dict) and alias in caches):
        raise refuse("cache-backend", f"CACHES[{alias!r}]", "The settings have no such cache.")
    given = entry(ctx, alias)
    where, name = f"CACHES[{alias!r}]", _constant(alias)
    target = ctx.program.module(f"{ctx.program.package}/cache.py", "The caches that Django has too.")
    backend = str(given["BACKEND"])
    if backend == LOCAL:
        raise refuse(
            "cache-local",
            where,
            "It is in the memory of each process: what one side keeps or forgets there, the other does not see. "
            "Give the project a cache that processes share (Redis, files).",
        )
    known = _MODULES.get(backend)
    if known is None:
        raise refuse("cache-backend", backend, "Segue does not know this cache.")

    def unknown(key: str) -> Exception:
        return refuse("cache-backend", f"{where}: {key}", "Segue does not know this setting.")

    arguments, needed = _settings(ctx, alias, given, known, unknown)
    module, _, cls = known.rpartition(".")
    needed.add(Import(f"segue_bridge.cache.{module}", cls))
    made = Decl(name, f"{name} = {cls}({', '.join(arguments)})", frozenset(needed), 20)
    if name in target.decls and target.decls[name].code != made.code:
        raise refuse("cache-backend", where, "Another cache has a name that differs in punctuation only.")
    target.add(made)
    return name


def ignores_errors(ctx: Context, alias: str) -> bool:
    """Whether a server that does not answer is one that has nothing (django-redis: ``IGNORE_EXCEPTIONS``)."""
    given = entry(ctx, alias)
    options = given.get("OPTIONS")
    usual = plain(ctx.snapshot.settings.values.get(_IGNORED, Value("const", False)))
    asked = options.get("IGNORE_EXCEPTIONS", usual) if isinstance(options, dict) else usual
    return given["BACKEND"] == "django_redis.cache.RedisCache" and bool(asked)


def _of_django_redis(
    ctx: Context, options: dict[object, object], unknown: Callable[[str], Exception]
) -> list[str]:
    """The arguments that ``OPTIONS`` of django-redis and its own settings stand for."""
    usual = plain(ctx.snapshot.settings.values.get(_IGNORED, Value("const", False)))
    options = {"IGNORE_EXCEPTIONS": bool(usual), **options}
    arguments = []
    waits = [options.pop(name, None) for name in _TIMEOUTS]
    if any(waits):
        if any(type(wait) not in (int, float, type(None)) for wait in waits):
            raise unknown(f"OPTIONS[{_TIMEOUTS[0]!r}]")
        arguments.append(f"timeouts=({', '.join(repr(wait or None) for wait in waits)})")
    pool = options.pop("CONNECTION_POOL_KWARGS", {})
    if not isinstance(pool, dict) or set(pool) - {"max_connections"}:
        raise unknown("OPTIONS['CONNECTION_POOL_KWARGS']")
    for name, value in options.items():
        if name in _UNREAD_BY_DJANGO_REDIS and type(value) is int:
            continue
        meant = _OF_DJANGO_REDIS.get(str(name), {})
        if type(value) not in (str, int, bool) or value not in meant:
            raise unknown(f"OPTIONS[{name!r}]")
        if meant[value]:
            arguments.append(meant[value])
    return arguments


_IGNORED = "DJANGO_REDIS_IGNORE_EXCEPTIONS"


def _constant(alias: str) -> str:
    return "CACHE" if alias == "default" else re.sub(r"\W", "_", alias).upper() + "_CACHE"


def _settings(
    ctx: Context, alias: str, given: dict[str, object], known: str, unknown: Callable[[str], Exception]
) -> tuple[list[str], set[Import]]:
    """The arguments of the cache, as its entry has them."""
    arguments: list[str] = []
    needed: set[Import] = set()
    location = given.get("LOCATION")
    if isinstance(location, list | tuple) and len(location) == 1:  # one whose password the snapshot left out
        location = location[0]
    place = _PLACES.get(known)
    if place is not None:
        if known.startswith("memcached") and isinstance(location, list | tuple):
            location = ",".join(map(str, location))
        several = "redis" in known and any(c in str(location) for c in ",;")
        if not isinstance(location, str) or not location or several:
            raise unknown("LOCATION")
        used = ctx.memo.setdefault(("kernel", "settings"), {})
        assert isinstance(used, dict)
        prefix = _constant(alias).lower().removesuffix("cache")
        used[prefix + place] = Value("const", location)
        arguments.append(f"settings.{prefix}{place}")
        needed.add(Import(f"{ctx.program.package}.settings", "settings"))
    elif known == "database.DatabaseCache":
        if not isinstance(location, str) or not location:
            raise unknown("LOCATION")
        if ctx.snapshot.settings.values.get("DATABASE_ROUTERS", Value("list")).items:
            raise unknown("LOCATION: DATABASE_ROUTERS say where its table is")
        arguments.append(repr(location))
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
    if known.startswith("django_redis"):
        arguments += _of_django_redis(ctx, options, unknown)
        options = {}
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
