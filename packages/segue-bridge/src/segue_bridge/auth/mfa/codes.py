"""One-time codes of RFC 4226 and RFC 6238, as both packages compute them (SHA-1)."""

from __future__ import annotations

import hmac


def hotp(key: bytes, counter: int, digits: int = 6) -> int:
    """The code of ``counter``, as a number of at most ``digits`` digits (RFC 4226, 5.3)."""
    digest = hmac.digest(key, counter.to_bytes(8, "big"), "sha1")
    start = digest[-1] & 0x0F
    value = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return int(value % 10**digits)
