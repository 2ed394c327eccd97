"""Password hashes are slow on purpose; a run that logs the same people in thousands of times computes each once."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Any


def remember_hashes() -> None:
    """Cache ``hashlib.pbkdf2_hmac`` and ``scrypt`` in this process: pure functions, so only the time changes."""
    for name in ("pbkdf2_hmac", "scrypt"):
        function: Any = getattr(hashlib, name, None)
        if function is not None and not hasattr(function, "cache_info"):
            setattr(hashlib, name, _Remembered(function))


class _Remembered:
    def __init__(self, function: Any) -> None:
        self._function = function
        self._cached = lru_cache(maxsize=4096)(function)

    def cache_info(self) -> Any:
        return self._cached.cache_info()

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        try:
            return self._cached(*arguments, **options)
        except TypeError:  # a buffer that cannot be a key
            return self._function(*arguments, **options)
