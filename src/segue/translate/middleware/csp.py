"""``csp.middleware.CSPMiddleware`` (django-csp) and Django 6's own: one header of every answer, as the probe found it.

With ``DEBUG`` they leave it out of 404 and 500; the service is one without ``DEBUG``. Answers with a nonce are pages.
"""

from __future__ import annotations

from segue.snapshot.model import Route, Snapshot
from segue.translate.specialise.fold import plain

NAMES = ("csp.middleware.CSPMiddleware", "django.middleware.csp.ContentSecurityPolicyMiddleware")
MARKS = "_csp_"
"""What the attributes of answers begin with by which they decide otherwise."""
_SETTING = "CONTENT_SECURITY_POLICY_HEADERS"


def headers(snapshot: Snapshot, route: Route) -> dict[str, str] | None:
    """The headers of the answers of ``route``; None where the probe could not tell, or where only some paths have them."""
    found = snapshot.settings.values.get(_SETTING)
    if found is None:
        return None
    out = {}
    fixed = "{" not in route.path and not route.suffix_regex
    beginning = route.path.partition("{")[0].rstrip("/" if route.suffix_regex else "")
    for name, policy, prefixes in plain(found) or ():
        if any(beginning.startswith(p) for p in prefixes):
            continue
        if not fixed and any(p.startswith(beginning) for p in prefixes):
            return None
        out[str(name).lower()] = str(policy)
    return out
