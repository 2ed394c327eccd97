"""Which exceptions a project's handler is given that DRF leaves to Django: those that Django's side has as well."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from segue_bridge.auth.guardian import WrongAppError
from segue_bridge.auth.signing import BadSignature
from segue_bridge.cache.memcached import InvalidCacheKey
from segue_bridge.db.errors import ObjectDoesNotExist, RelationNotLoaded
from segue_bridge.db.pool import PoolBusy
from segue_bridge.errors import TooLate, Unserved
from segue_bridge.http.failures import handled_otherwise
from segue_bridge.http.links import NoReverseMatch


@pytest.mark.parametrize(
    ("error", "given"),
    [
        (ObjectDoesNotExist("none"), True),
        (BadSignature("none"), True),
        (WrongAppError("none"), True),
        (InvalidCacheKey("none"), True),
        (NoReverseMatch("none"), True),
        (KeyError("none"), True),
        (PoolBusy.__new__(PoolBusy), False),
        (RelationNotLoaded("none"), False),
        (Unserved("none"), False),
        (TooLate("none"), False),
    ],
)
def test_what_only_the_bridge_raises_never_comes_to_the_handler(error: Exception, given: bool) -> None:
    seen: list[Exception] = []
    call: Any = SimpleNamespace(settings=SimpleNamespace(other_handler=lambda _, error: seen.append(error)))
    assert asyncio.run(handled_otherwise(call, error)) is None
    assert seen == ([error] if given else [])
