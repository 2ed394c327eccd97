"""Throttle classes → module constants."""

from __future__ import annotations

from segue.snapshot.model import Value
from segue.target.ir import Decl, Import
from segue.translate.load.models import snake
from segue.translate.specialise.endpoint import Endpoint
from segue.translate.specialise.fold import Ref, plain

_T = "rest_framework.throttling."
_WHO = {"AnonRateThrottle": "anon", "UserRateThrottle": "user", "ScopedRateThrottle": "scope"}
_LOCAL = "django.core.cache.backends.locmem.LocMemCache"
_DUMMY = "django.core.cache.backends.dummy.DummyCache"


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
        for method, dotted in known.methods.items():
            if not dotted.startswith("rest_framework."):
                raise endpoint.refuse(
                    "throttle",
                    dotted,
                    f"An overridden {method} of a throttle is not translated yet.",
                    known.where,
                )
    caches = plain(ctx.snapshot.settings.values.get("CACHES", Value("dict")))
    backend = caches.get("default", {}).get("BACKEND", _LOCAL) if isinstance(caches, dict) else _LOCAL
    if backend not in (_LOCAL, _DUMMY):
        raise endpoint.refuse(
            "throttle-cache", str(backend), "Limits counted in this cache are not shared with Django yet."
        )
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
    if backend == _DUMMY and not str(rate).startswith("0/"):
        return ""  # it forgets every request, so nobody is ever limited
    proxies = settings.get("NUM_PROXIES") if isinstance(settings, dict) else None
    constant = f"{snake(str(scope)).upper()}_LIMIT"
    package = ctx.program.package
    module = ctx.program.module(f"{package}/access.py", "Who is asking, and how often they may.")
    extra = f", proxies={proxies}" if proxies is not None else ""
    history = "HISTORY = ProcessHistory()"
    module.add(
        Decl("HISTORY", history, frozenset({Import("segue_bridge.auth.throttles", "ProcessHistory")}), 20)
    )
    text = f"{constant} = Throttle({who!r}, {scope!r}, Rate.parse({rate!r}), HISTORY, IDENTITY{extra})"
    module.add(
        Decl(
            constant, text,
            frozenset({Import("segue_bridge.auth.throttles", "Throttle"), Import("segue_bridge.auth.throttles", "Rate")}), 25,
        )
    )  # fmt: skip
    return constant
