"""Throttle classes → module constants."""

from __future__ import annotations

from itertools import chain, count

from segue.snapshot.model import Class, Value
from segue.target.ir import Decl, Import, Module
from segue.translate import caches
from segue.translate.load.models import snake
from segue.translate.specialise.endpoint import Endpoint
from segue.translate.specialise.fold import Ref, plain

_T = "rest_framework.throttling."
_WHO = {"AnonRateThrottle": "anon", "UserRateThrottle": "user", "ScopedRateThrottle": "scope"}
_UNDERSTOOD = frozenset({"rate", "scope", "throttle_scope"})


def constants(endpoint: Endpoint) -> tuple[list[str], set[Import]]:
    """Names of the throttle constants of a view. Raises ``Refused``."""
    found = plain(endpoint.policy("throttle_classes")) or []
    names: list[str] = []
    imports: set[Import] = set()
    for item in found:
        name = item.name if isinstance(item, Ref) else ""
        made = _one(endpoint, name)
        if made:
            names.append(made)
            imports.add(Import(f"{endpoint.ctx.program.package}.access", made))
    return names, imports


def _one(endpoint: Endpoint, name: str) -> str:
    ctx = endpoint.ctx
    known = ctx.snapshot.classes.get(name)
    mro = known.mro if known is not None else (name,)
    base = next((m.removeprefix(_T) for m in mro if m.removeprefix(_T) in _WHO), "")
    if not base:
        raise endpoint.refuse("throttle", name or "throttle_classes", "This throttle is none of DRF's.")
    if known is not None:
        _only_rates(endpoint, known)
    who = _WHO[base]
    scope = (
        plain(known.attributes["scope"].value) if known is not None and "scope" in known.attributes else who
    )
    rate = plain(known.attributes["rate"].value) if known is not None and "rate" in known.attributes else None
    if who == "scope":
        scope = plain(endpoint.attribute("throttle_scope"))
        rate = None
        if not scope:
            return ""
    framework = ctx.snapshot.settings.values.get("REST_FRAMEWORK", Value("dict"))
    settings = plain(framework)
    rates = settings.get("DEFAULT_THROTTLE_RATES", {}) if isinstance(settings, dict) else {}
    if rate is None:
        if not isinstance(rates, dict) or scope not in rates:
            raise endpoint.refuse("throttle", f"scope {scope!r}", "No rate is set for it: DRF fails here.")
        rate = rates[scope]
    if rate is None:
        return ""
    if caches.entry(ctx)["BACKEND"] == caches.DUMMY and not str(rate).startswith("0/"):
        return ""  # it forgets every request, so nobody is ever limited
    proxies = settings.get("NUM_PROXIES") if isinstance(settings, dict) else None
    extra = f", proxies={proxies}" if proxies is not None else ""
    module = ctx.program.module(f"{ctx.program.package}/access.py", "Who is asking, and how often they may.")
    module.add(_history(endpoint))
    made = f"Throttle({who!r}, {scope!r}, Rate.parse({rate!r}), HISTORY, IDENTITY{extra})"
    constant = _constant(module, str(scope), name.rpartition(".")[2], made)
    module.add(
        Decl(
            constant, f"{constant} = {made}",
            frozenset({Import("segue_bridge.auth.throttles", "Throttle"), Import("segue_bridge.auth.throttles", "Rate")}), 25,
        )
    )  # fmt: skip
    return constant


def _only_rates(endpoint: Endpoint, known: Class) -> None:
    """The class sets at most what the rate is and whose. Raises ``Refused``."""
    for method, dotted in known.methods.items():
        if not dotted.startswith("rest_framework."):
            raise endpoint.refuse(
                "throttle",
                dotted,
                f"An overridden {method} of a throttle is not translated yet.",
                known.where,
            )
    for name, attribute in known.attributes.items():
        if not attribute.defined_in.startswith("rest_framework.") and name not in _UNDERSTOOD:
            raise endpoint.refuse(
                "throttle",
                f"{attribute.defined_in}.{name}",
                "Segue does not know what this attribute changes of DRF's throttle.",
                attribute.where or known.where,
            )


def _history(endpoint: Endpoint) -> Decl:
    """Where requests are counted: in the cache that Django counts them in, if processes share that."""
    ctx = endpoint.ctx
    if caches.entry(ctx)["BACKEND"] in (caches.LOCAL, caches.DUMMY):
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
