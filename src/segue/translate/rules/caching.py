"""``django.core.cache.cache``: ``cache.get(key)`` → ``await CACHE.get(key)``, the cache in ``app/cache.py`` that Django has too.

Both sides serve one product, so what one side keeps or forgets the other must find so: a cache in the memory of each
process cannot do that. Only plain values are kept: an object would be another class's on the other side.
Source: ``django.core.cache.backends``.
"""

from __future__ import annotations

import ast
from dataclasses import replace

from segue.translate import caches
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import CacheObject, CachesObject, Const, DictOf, Kind, ListOf, Scalar, TupleOf
from segue.translate.rules.registry import function, method

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
    "clear": (),
}
_DJANGO_REDIS = "django_redis.cache.RedisCache"
_RESULTS: dict[str, Kind] = {
    "set": Const(None),
    "delete_many": Const(None),
    "clear": Const(None),
    "add": Scalar("bool"),
    "touch": Scalar("bool"),
    "delete": Scalar("bool"),
    "has_key": Scalar("bool"),
    "get_many": DictOf((), Scalar("Any")),
    "set_many": ListOf(Scalar("str")),
}
_OWN_RESULTS: dict[str, dict[str, Kind]] = {
    "django.core.cache.backends.redis.RedisCache": {"clear": Scalar("bool")},
    _DJANGO_REDIS: {
        "set": Scalar("bool"),
        "set_many": Const(None),
        "delete_many": Scalar("int"),
        "delete_pattern": Scalar("int"),
    },
}
_VALUES = frozenset(
    {"str", "int", "float", "bool", "bytes", "Decimal", "date", "datetime", "time", "timedelta", "UUID"}
)
_KEYS = frozenset({"str", "int", "UUID"})


@method(CachesObject, "__getitem__")
def named(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``caches["sessions"]``."""
    given = call.argument(0, "alias")
    if given is None or not isinstance(given.kind, Const) or not isinstance(given.kind.value, str):
        raise frame.refuse("cache", ast.unparse(call.node), "Only a constant text names a cache.", call.node)
    return Val(CacheObject(given.kind.value))


@method(CacheObject, *_ARGUMENTS)
def cached(frame: Frame, owner: Val, call: CallSite) -> Val:
    """A call of the default cache."""
    assert isinstance(owner.kind, CacheObject)
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
    made = ast.Call(
        ast.Attribute(_object(frame, owner.kind, call.node), call.name, ast.Load()), parts, keywords
    )
    return Val(_result(frame, owner.kind.alias, call.name), ast.Await(made))


@method(CacheObject, "delete_pattern")
def forget_pattern(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``cache.delete_pattern("books:*")`` of django-redis."""
    assert isinstance(owner.kind, CacheObject)
    text = ast.unparse(call.node)
    if caches.entry(frame.ctx, owner.kind.alias)["BACKEND"] != _DJANGO_REDIS:
        raise frame.refuse("cache", text, "Only caches of django-redis forget by patterns.", call.node)
    call.only("pattern", "prefix", "itersize", at_most=1)
    given = {
        name: call.argument(at, name)
        for at, name in enumerate(("pattern", "prefix"))
        if name == "pattern" or name in call.kwargs
    }
    size = call.kwargs.get("itersize")
    if size is not None and not isinstance(size.kind, Const):
        raise frame.refuse("cache", text, "Segue does not know this number.", call.node)
    for value in given.values():
        known = (
            value is not None
            and value.node is not None
            and (value.kind == Scalar("str") or _is_text(value.kind))
        )
        if not known:
            raise frame.refuse("cache", text, "Segue does not know this pattern.", call.node)
    frame.is_async = True
    pattern, prefix = given["pattern"], given.get("prefix")
    assert pattern is not None
    assert pattern.node is not None
    keywords = [ast.keyword("prefix", prefix.node)] if prefix is not None and prefix.node is not None else []
    forget = ast.Attribute(_object(frame, owner.kind, call.node), "delete_pattern", ast.Load())
    return Val(
        _result(frame, owner.kind.alias, "delete_pattern"),
        ast.Await(ast.Call(forget, [pattern.node], keywords)),
    )


def _is_text(kind: Kind) -> bool:
    return isinstance(kind, Const) and isinstance(kind.value, str)


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


@method(CacheObject, "__contains__")
def contains(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``key in cache``."""
    assert isinstance(owner.kind, CacheObject)
    given = call.argument(0, "key")
    assert given is not None
    _check(frame, call, "key", given)
    assert given.node is not None
    frame.is_async = True
    asked = ast.Attribute(_object(frame, owner.kind, call.node), "has_key", ast.Load())
    found: ast.expr = ast.Await(ast.Call(asked, [given.node], []))
    if caches.ignores_errors(frame.ctx, owner.kind.alias):
        found = ast.Call(ast.Name("bool", ast.Load()), [found], [])
    return Val(Scalar("bool"), found)


@function("django.core.cache.utils.make_template_fragment_key")
def fragment_key(frame: Frame, call: CallSite) -> Val:
    """The key of what ``{% cache %}`` of a template keeps."""
    call.only("fragment_name", "vary_on", at_most=2)
    name, varying = call.argument(0, "fragment_name"), call.argument(1, "vary_on")
    parts = [name] if varying is None or varying.kind == Const(None) else [name, varying]
    known = (
        name is not None and _is_key(name.kind) and (len(parts) == 1 or _are_told_alike(frame, call, varying))
    )
    if not known:
        raise frame.refuse("cache", ast.unparse(call.node), "Segue does not know these values.", call.node)
    made = frame.imported("segue_bridge.cache.keys", "fragment_key")
    return Val(
        Scalar("str"), ast.Call(made, [p.node for p in parts if p is not None and p.node is not None], [])
    )


def _are_told_alike(frame: Frame, call: CallSite, varying: Val | None) -> bool:
    """Whether ``str`` of each value is the same on both sides."""
    if varying is None or varying.node is None:
        return False
    given = call.node.args[1] if len(call.node.args) > 1 else call.node.keywords[-1].value
    if isinstance(given, ast.List | ast.Tuple):
        return all(_is_key(frame.eval(item).kind) for item in given.elts)
    kind = varying.kind
    return isinstance(kind, ListOf) and kind.type in ("list", "tuple") and _is_key(kind.item)


def _result(frame: Frame, alias: str, name: str) -> Kind:
    """What a call gives back, which is not the same for all caches."""
    own = _OWN_RESULTS.get(str(caches.entry(frame.ctx, alias)["BACKEND"]), {})
    found = own.get(name) or _RESULTS.get(name, Scalar("Any"))
    if isinstance(found, Scalar) and name != "touch" and caches.ignores_errors(frame.ctx, alias):
        return replace(found, nullable=True)
    return found


def _object(frame: Frame, kind: CacheObject, node: ast.AST) -> ast.expr:
    """``CACHE``, after declaring it; one in the database with the session of the request. Refuses a cache that is not shared."""

    def refuse(code: str, what: str, why: str) -> Exception:
        return frame.refuse(code, what, why, node)

    name = caches.declared(frame.ctx, kind.alias, refuse)
    cache = frame.imported(f"{frame.ctx.program.package}.cache", name)
    if not caches.in_database(frame.ctx, kind.alias):
        return cache
    return ast.Call(ast.Attribute(cache, "on", ast.Load()), [frame.db], [])


__all__ = ["is_plain"]
