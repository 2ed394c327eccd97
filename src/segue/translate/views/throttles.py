"""Throttle classes → module constants."""

from __future__ import annotations

from itertools import chain, count

from segue.snapshot.model import Class, Value
from segue.target.ir import Decl, Import, Module
from segue.translate import caches
from segue.translate.load.models import snake
from segue.translate.specialise.endpoint import Endpoint
from segue.translate.specialise.fold import Ref, plain
from segue.translate.views import own_throttles

_T = "rest_framework.throttling."
_WHO = {"AnonRateThrottle": "anon", "UserRateThrottle": "user", "ScopedRateThrottle": "scope"}


def constants(endpoint: Endpoint) -> tuple[list[str], set[Import]]:
    """Names of the throttle constants of a view. Raises ``Refused``."""
    found = plain(endpoint.policy("throttle_classes")) or []
    names: list[str] = []
    imports: set[Import] = set()
    for item in found:
        name = item.name if isinstance(item, Ref) else ""
        made = constant(endpoint, name)
        if made:
            names.append(made)
            imports.add(Import(f"{endpoint.ctx.program.package}.access", made))
    return names, imports


def constant(endpoint: Endpoint, name: str) -> str:
    """The constant of a throttle class of the view; '' for one that limits nobody. Raises ``Refused``."""
    ctx = endpoint.ctx
    known = ctx.snapshot.classes.get(name)
    mro = known.mro if known is not None else (name,)
    base = next((m.removeprefix(_T) for m in mro if m.removeprefix(_T) in _WHO), "")
    if known is None and not base:
        raise endpoint.refuse("throttle", name or "throttle_classes", "This throttle is none of DRF's.")
    if known is not None:
        _only_rates(endpoint, known)
    free = known is not None and own_throttles.is_free(known)
    who = _WHO.get(base, "own" if free else "simple")
    if known is not None and not base:
        _answers(endpoint, known, free=free)
    scope = (
        plain(known.attributes["scope"].value) if known is not None and "scope" in known.attributes else who
    )
    if who == "scope":
        scope = plain(endpoint.fixed("throttle_scope"))
        if known is not None and own_throttles.reads_scope(ctx, known, scoped=bool(scope)):
            raise endpoint.refuse(
                "throttle",
                known.name,
                "What it does with the scope of the view is not translated.",
                known.where,
            )
        if not scope:
            return ""
    if free:
        scope = snake(name.rpartition(".")[2])
    hooks, imports = own_throttles.arguments(endpoint, known) if known is not None else ([], set())
    rate, needed = ("None", set()) if free else _rate(endpoint, known, who, scope)
    always = any(hook.startswith(("allow=", "key=")) for hook in hooks)
    forgets = caches.entry(ctx)["BACKEND"] == caches.DUMMY and not rate.startswith(
        ("Rate.parse('0/", "Rate(0,")
    )
    if not always and (rate == "None" or forgets):
        return ""  # nobody is ever limited: there is no rate, or the cache forgets every request
    if rate == "None" and not any(hook.startswith("allow=") for hook in hooks):
        return ""  # DRF asks for no key then
    proxies = own_throttles.proxies(ctx)
    extra = [f"proxies={proxies}"] if proxies is not None else []
    if free and known is not None:
        waits, seconds = own_throttles.folded(ctx, known, "wait")
        if waits and not (seconds is None or type(seconds) in (int, float)):
            raise endpoint.refuse("throttle", f"{name}.wait", "It is no number of seconds.", known.where)
        extra += [f"seconds={seconds!r}"] if seconds is not None else []
    module = ctx.program.module(f"{ctx.program.package}/access.py", "Who is asking, and how often they may.")
    module.add(_history(endpoint))
    made = f"Throttle({', '.join([repr(who), repr(scope), rate, 'HISTORY', 'IDENTITY', *extra, *hooks])})"
    wanted = _constant(module, str(scope), name.rpartition(".")[2], made)
    needed |= imports | {Import("segue_bridge.auth.throttles", "Throttle")}
    if rate != "None":
        needed.add(Import("segue_bridge.auth.throttles", "Rate"))
    module.add(Decl(wanted, f"{wanted} = {made}", frozenset(needed), 25))
    return wanted


def _answers(endpoint: Endpoint, known: Class, *, free: bool) -> None:
    """A throttle that is none of DRF's three says itself who is limited, or whether. Raises ``Refused``."""
    own = own_throttles.own(known)
    if ("allow_request" if free else "get_cache_key") not in own:
        raise endpoint.refuse(
            "throttle", known.name, "DRF's own method raises NotImplementedError.", known.where
        )


def _rate(endpoint: Endpoint, known: Class | None, who: str, scope: object) -> tuple[str, set[Import]]:
    """Code of the limit's ``Rate``, or ``None``, as ``SimpleRateThrottle.__init__`` works it out. Raises ``Refused``."""
    ctx = endpoint.ctx
    imports: set[Import] = set()
    rate = plain(known.attributes["rate"].value) if known is not None and "rate" in known.attributes else None
    code = ""
    if not rate or who == "scope":
        own = own_throttles.rate_of(ctx, known) if known is not None else None
        if own is not None:
            rate, code, imports = own
        else:
            rate = _configured(endpoint, known, scope)
    if known is not None and not code:
        parsed, pair = own_throttles.folded(ctx, known, "parse_rate", rate)
        if parsed:
            if not (isinstance(pair, tuple) and len(pair) == 2):
                raise endpoint.refuse(
                    "throttle", known.name, "Its parse_rate gives no pair of numbers.", known.where
                )
            if pair == (None, None) or rate is None:
                return "None", set()
            if not all(type(part) is int for part in pair):
                raise endpoint.refuse(
                    "throttle", known.name, "Its parse_rate gives no pair of numbers.", known.where
                )
            return f"Rate({pair[0]}, {pair[1]})", set()
    if code:
        if known is not None and "parse_rate" in own_throttles.own(known):
            raise endpoint.refuse(
                "throttle", known.name, "Its parse_rate reads a rate of the settings.", known.where
            )
        return f"Rate.parse({code})", imports
    return ("None" if rate is None else f"Rate.parse({rate!r})"), imports


def _configured(endpoint: Endpoint, known: Class | None, scope: object) -> object:
    """``get_rate``: the scope's entry in ``DEFAULT_THROTTLE_RATES``, or in a ``THROTTLE_RATES`` of the class."""
    framework = endpoint.ctx.snapshot.settings.values.get("REST_FRAMEWORK", Value("dict"))
    settings = plain(framework)
    rates = settings.get("DEFAULT_THROTTLE_RATES", {}) if isinstance(settings, dict) else {}
    given = known.attributes.get("THROTTLE_RATES") if known is not None else None
    if given is not None and not given.defined_in.startswith("rest_framework."):
        rates = plain(given.value)
    if not isinstance(rates, dict) or scope not in rates:
        raise endpoint.refuse("throttle", f"scope {scope!r}", "No rate is set for it: DRF fails here.")
    rate: object = rates[scope]
    return rate


def _only_rates(endpoint: Endpoint, known: Class) -> None:
    """The class has nothing of its own that no rule looks at. Raises ``Refused``."""
    method = own_throttles.unknown(known)
    if method:
        raise endpoint.refuse(
            "throttle",
            known.methods[method],
            f"An overridden {method} of a throttle is not translated.",
            known.where,
        )
    for name, attribute in known.attributes.items():
        if attribute.defined_in.startswith("rest_framework.") or name not in own_throttles.DECISIVE:
            continue
        raise endpoint.refuse(
            "throttle",
            f"{attribute.defined_in}.{name}",
            "Segue does not know what this attribute changes of DRF's throttle.",
            attribute.where or known.where,
        )


def _history(endpoint: Endpoint) -> Decl:
    """Where requests are counted: in the cache that Django counts them in, if processes share that."""
    ctx = endpoint.ctx
    if caches.entry(ctx)["BACKEND"] == caches.DUMMY:
        nothing = {Import("segue_bridge.auth.throttles", "NoHistory")}
        return Decl("HISTORY", "HISTORY = NoHistory()", frozenset(nothing), 20)
    if caches.entry(ctx)["BACKEND"] == caches.LOCAL:
        needed = {Import("segue_bridge.auth.throttles", "ProcessHistory")}
        return Decl("HISTORY", "HISTORY = ProcessHistory()", frozenset(needed), 20)
    if caches.in_database(ctx, "default"):
        raise endpoint.refuse(
            "cache-backend", "CACHES['default']", "Rate limits are not counted in the database yet."
        )
    caches.declared(ctx, "default", endpoint.refuse)
    needed = {
        Import("segue_bridge.auth.throttles", "CacheHistory"),
        Import(f"{ctx.program.package}.cache", "CACHE"),
    }
    return Decl("HISTORY", "HISTORY = CacheHistory(CACHE)", frozenset(needed), 20)


def _constant(module: Module, scope: str, cls: str, made: str) -> str:
    """A name for the limit: by its scope, or by its class where another limit has that name."""
    name = ""
    for stem in chain((snake(scope), snake(cls)), (f"{snake(cls)}_{n}" for n in count(2))):
        name = f"{stem}_limit".upper()
        known = module.decls.get(name)
        if known is None or known.code == f"{name} = {made}":
            break
    return name
