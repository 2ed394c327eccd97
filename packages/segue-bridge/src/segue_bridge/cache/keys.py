"""Keys that Django's templates and page caches have: to forget from this side what they keep."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import md5

from segue_bridge.cache.base import Cache


def fragment_key(name: str, vary_on: Iterable[object] | None = None) -> str:
    """``django.core.cache.utils.make_template_fragment_key``: what ``{% cache 60 name first second %}`` is kept under."""
    digest = md5(usedforsecurity=False)
    for value in vary_on or ():
        digest.update(f"{value}:".encode())
    return f"template.cache.{name}.{digest.hexdigest()}"


def page_key(url: str, *, prefix: str = "", language: str | None = None, zone: str | None = None) -> str:
    """What Django keeps about the page at ``url`` under (``cache_page``, ``UpdateCacheMiddleware``): the headers that it varies on.

    ``url`` is the whole address with its query, ``prefix`` the ``key_prefix`` of ``cache_page`` or ``CACHE_MIDDLEWARE_KEY_PREFIX``,
    ``language`` the language of the request (with ``USE_I18N``), ``zone`` the name of its time zone (with ``USE_TZ``).
    Source: ``django.utils.cache._generate_cache_header_key``.
    """
    digest = md5(url.encode("ascii"), usedforsecurity=False).hexdigest()
    parts = [f"views.decorators.cache.cache_header.{prefix}.{digest}"]
    return ".".join([*parts, *(p for p in (language, zone) if p is not None)])


async def forget_page(
    cache: Cache, url: str, *, prefix: str = "", language: str | None = None, zone: str | None = None
) -> bool:
    """Let Django make the page anew: whether it was kept. All its variants go, of GET and HEAD."""
    return await cache.delete(page_key(url, prefix=prefix, language=language, zone=zone))
