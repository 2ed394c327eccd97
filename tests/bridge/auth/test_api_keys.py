"""djangorestframework-api-key: which keys are good, by the package and by the bridge."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.bridge.auth.identity import Sides, request

from segue_bridge.auth.api_keys import ApiKeys
from segue_bridge.auth.passwords import MD5, Passwords

quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
KEYS = ApiKeys(passwords=Passwords([MD5()]))


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sides]:
    folder = tmp_path_factory.mktemp("keys")
    made = Sides(folder, COMMANDS=["identity_keys_child"], INSTALLED_APPS=["rest_framework_api_key"])
    yield made
    made.close()


def here(sides: Sides, headers: dict[str, str]) -> bool:
    async def ask() -> bool:
        db = sides.session()
        try:
            return await KEYS.granted(db, request(**headers))
        finally:
            await db.close()

    return sides.run(ask())


CASES = st.fixed_dictionaries(
    {
        "expiry_date": st.sampled_from([None, None, 3600, -5]),
        "made": st.sampled_from("DB"),
        "hasher": st.sampled_from(["", "", "md5"]),
        "revoked": st.sampled_from([False, False, True]),
    }
)
TEXT = st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"]), max_size=8)


@pytest.mark.round_trip("API keys", "by lot", "both")
@quick
@given(
    case=CASES,
    word=st.sampled_from(["Api-Key", "Api-Key", "api-key", "Token", ""]),
    damage=st.sampled_from(["", "", "", "cut", "secret", "prefix"]),
    text=TEXT,
)
def test_any_key(sides: Sides, case: dict[str, Any], word: str, damage: str, text: str) -> None:
    if case["made"] == "B":
        key = sides.run(_create(sides, case["expiry_date"]))
    else:
        key = sides.django("key_create", {"name": "n", "expiry_date": case["expiry_date"]}, case["hasher"])
    if case["revoked"]:
        sides.django("key_revoke", key)
    shown = {"": key, "cut": key[:-1], "secret": f"{key[:9]}{text}", "prefix": f"{text}{key[8:]}"}[damage]
    headers = {"authorization": f"{word} {shown}"}
    first = here(sides, headers)
    stored = sides.django("key_row", key)
    assert first == sides.django("key_granted", headers)
    assert stored == sides.django(
        "key_row", key
    )  # an old hash was stored anew by the first who was asked, or by nobody
    assert here(sides, headers) == first


async def _create(sides: Sides, seconds: float | None) -> str:
    from datetime import UTC, datetime, timedelta

    db = sides.session()
    expires = None if seconds is None else datetime.now(UTC) + timedelta(seconds=seconds)
    _, key = await KEYS.create(db, "n", expiry_date=expires)
    await db.close()
    return key


@pytest.mark.parametrize(
    "headers", [{}, {"authorization": ""}, {"authorization": "Api-Key"}, {"authorization": "Api-Key "}]
)
def test_no_key(sides: Sides, headers: dict[str, str]) -> None:
    assert here(sides, headers) is sides.django("key_granted", headers) is False


def test_a_revoked_key_is_refused_at_once(sides: Sides) -> None:
    key = sides.django("key_create", {"name": "n"}, "")
    headers = {"authorization": f"Api-Key {key}"}
    assert here(sides, headers)
    assert sides.django("key_granted", headers)

    async def revoke() -> bool:
        db = sides.session()
        done = await KEYS.revoke(db, key.partition(".")[0])
        await db.close()
        return done

    assert sides.run(revoke())
    assert not here(sides, headers)
    assert not sides.django("key_granted", headers)
    assert sides.django("key_row", key)[1] is True


def test_another_header() -> None:
    keys = ApiKeys(header="x-api-key")
    assert keys.of(request(x_api_key="a.b")) == "a.b"
    assert keys.of(request(authorization="Api-Key a.b")) is None
