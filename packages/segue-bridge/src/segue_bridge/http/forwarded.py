"""The scheme that a trusted proxy says, as gunicorn takes it (``secure_scheme_headers``, ``forwarded_allow_ips``).

The service is served without uvicorn's own proxy headers: they put the first untrusted entry of X-Forwarded-For in the place of the
address of the connection, which Django's servers leave alone (``REMOTE_ADDR``). A rate limit with ``NUM_PROXIES = 0`` would count the two
sides under two names then.
"""

from __future__ import annotations

import os

from starlette.requests import Request

_SECURE = {"x-forwarded-proto": "https", "x-forwarded-protocol": "ssl", "x-forwarded-ssl": "on"}


def trusted_peers() -> frozenset[str]:
    """Addresses whose word is taken: ``FORWARDED_ALLOW_IPS`` (``*``: all), which gunicorn and uvicorn read too; else loopback."""
    given = os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1,::1")
    return frozenset(part.strip() for part in given.split(","))


_PEERS = trusted_peers()


def scheme(request: Request) -> str | None:
    """``https`` or ``http``, as the headers of a trusted proxy say; None where they say nothing or the proxy is not trusted."""
    client = request.client
    if "*" not in _PEERS and (client is None or client.host not in _PEERS):
        return None
    said = [request.headers[name] == secure for name, secure in _SECURE.items() if name in request.headers]
    return ("https" if any(said) else "http") if said else None
