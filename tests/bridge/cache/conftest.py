"""Fixtures of :mod:`tests.bridge.cache.places`."""

from tests.bridge.cache.places import closed, place, server

__all__ = ["closed", "place", "server"]
