"""Password hashes: what Django stores and what the bridge stores, each checked by the other."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
from django.contrib.auth import hashers as django
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segue_bridge.auth import passwords as bridge
from segue_bridge.auth.backend import authenticate
from segue_bridge.errors import TooLate, Unserved

# Cheap work factors; old ones are what a hash may have that was stored years ago.
PAIRS: dict[str, tuple[Any, Any]] = {
    "pbkdf2_sha256": (django.PBKDF2PasswordHasher, bridge.PBKDF2(20)),
    "pbkdf2_sha1": (django.PBKDF2SHA1PasswordHasher, bridge.PBKDF2SHA1(20)),
    "scrypt": (django.ScryptPasswordHasher, bridge.Scrypt(16, 8, 1)),
    "argon2": (django.Argon2PasswordHasher, bridge.Argon2(1, 8, 1)),
    "bcrypt_sha256": (django.BCryptSHA256PasswordHasher, bridge.BCryptSHA256(4)),
    "bcrypt": (django.BCryptPasswordHasher, bridge.BCrypt(4)),
    "md5": (django.MD5PasswordHasher, bridge.MD5()),
}
FACTORS: dict[str, list[dict[str, int]]] = {
    "pbkdf2_sha256": [{"iterations": 20}, {"iterations": 7}, {"iterations": 31}],
    "pbkdf2_sha1": [{"iterations": 20}, {"iterations": 7}],
    "scrypt": [
        {"work_factor": 16, "block_size": 8, "parallelism": 1},
        {"work_factor": 32, "block_size": 8, "parallelism": 1},
        {"work_factor": 16, "block_size": 4, "parallelism": 1},
        {"work_factor": 16, "block_size": 8, "parallelism": 2},
    ],
    "argon2": [
        {"time_cost": 1, "memory_cost": 8, "parallelism": 1},
        {"time_cost": 2, "memory_cost": 8, "parallelism": 1},
        {"time_cost": 1, "memory_cost": 16, "parallelism": 1},
    ],
    "bcrypt_sha256": [{"rounds": 4}, {"rounds": 5}],
    "bcrypt": [{"rounds": 4}, {"rounds": 5}],
    "md5": [{}],
}
PASSWORD = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=24)
SALT = st.text("abcXYZ0189", min_size=8, max_size=30)
quick = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def theirs(name: str, factors: dict[str, int] | None = None) -> Any:
    """Django's hasher with the work factors of :data:`PAIRS`, or those given."""
    hasher = PAIRS[name][0]()
    for key, value in (factors if factors is not None else FACTORS[name][0]).items():
        setattr(hasher, key, value)
    return hasher


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """``get_hasher`` and its kin give the cheap hashers, the one named by ``order[0]`` first."""
    monkeypatch.setattr(django, "get_hashers", lambda: [theirs(name) for name in ORDER])
    monkeypatch.setattr(django, "get_hashers_by_algorithm", lambda: {n: theirs(n) for n in ORDER})


ORDER = list(PAIRS)


def ours(preferred: str) -> bridge.Passwords:
    names = [preferred, *(n for n in ORDER if n != preferred)]
    return bridge.Passwords([PAIRS[n][1] for n in names])


def verdict(password: str | None, encoded: str, preferred: str) -> tuple[Any, ...]:
    """Django's ``(right, must be stored anew at this login)``; the class of what it raises."""
    try:
        right, update = django.verify_password(password, encoded, preferred=theirs(preferred))
    except Exception as error:  # noqa: BLE001 - which errors escape is part of the behaviour
        return ("raised", isinstance(error, ValueError | IndexError))
    return right, right and update


def ours_verdict(password: str | None, encoded: str, preferred: str) -> tuple[Any, ...]:
    try:
        return asyncio.run(ours(preferred).check(password, encoded))
    except Exception as error:  # noqa: BLE001
        return ("raised", isinstance(error, ValueError | IndexError))


@pytest.mark.round_trip("password hashes", "Django", "bridge")
@pytest.mark.parametrize("name", ORDER)
@quick
@given(password=PASSWORD, data=st.data())
def test_the_bridge_judges_hashes_of_django_as_django(name: str, password: str, data: st.DataObject) -> None:
    hasher = theirs(name, data.draw(st.sampled_from(FACTORS[name])))
    salt = hasher.salt() if name.startswith("bcrypt") else data.draw(SALT)
    encoded = hasher.encode(password, salt)
    tried = data.draw(st.one_of(st.just(password), PASSWORD, st.none()))
    preferred = data.draw(st.sampled_from([name, name, "pbkdf2_sha256"]))
    assert ours_verdict(tried, encoded, preferred) == verdict(tried, encoded, preferred)


@pytest.mark.round_trip("password hashes", "bridge", "Django")
@pytest.mark.parametrize("name", ORDER)
@quick
@given(password=PASSWORD)
def test_django_takes_hashes_of_the_bridge_and_needs_no_new_one(name: str, password: str) -> None:
    encoded = asyncio.run(ours(name).make(password))
    assert encoded.split("$", 1)[0] == name
    assert django.verify_password(password, encoded, preferred=theirs(name)) == (True, False)
    assert not django.verify_password(password + "x" if len(password) < 70 else "x", encoded, theirs(name))[0]


@pytest.mark.round_trip("unusable passwords", "both", "both")
@quick
@given(password=PASSWORD)
def test_unusable_passwords(password: str) -> None:
    for encoded in (asyncio.run(ours("md5").make(None)), django.make_password(None)):
        assert not django.is_password_usable(encoded)
        assert ours_verdict(password, encoded, "md5") == verdict(password, encoded, "md5") == (False, False)


@pytest.mark.parametrize(
    "encoded",
    [
        "", "plain", "!", "!abc", "nobody$1$salt$hash", "5f4dcc3b5aa765d61d8327deb882cf99", "md5$$5f4dcc3b5aa765d61d8327deb882cf99",
        "sha1$$5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8", "pbkdf2_sha256$", "pbkdf2_sha256$x$salt$hash", "pbkdf2_sha256$20$salt",
        "bcrypt$", "bcrypt_sha256$$2b$04$tooshort", "scrypt$16$salt$8$1", "argon2$argon2id$v=19$nothing", "md5$salt", "é$1$2$3",
    ],
)  # fmt: skip
@pytest.mark.parametrize("preferred", ["md5", "pbkdf2_sha256"])
def test_damaged_hashes_are_judged_as_django_judges_them(encoded: str, preferred: str) -> None:
    assert ours_verdict("password", encoded, preferred) == verdict("password", encoded, preferred)


@pytest.mark.parametrize("name", ["pbkdf2_sha256", "bcrypt_sha256"])
def test_a_wrong_password_costs_what_a_new_hash_costs(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """``harden_runtime``: the work that is missing in an old hash is done after it."""
    old = theirs(name, {"iterations": 7} if name == "pbkdf2_sha256" else {"rounds": 4})
    encoded = old.encode("right", old.salt())
    preferred = theirs(name, {"iterations": 20} if name == "pbkdf2_sha256" else {"rounds": 6})
    work: dict[str, list[Any]] = {"django": [], "bridge": []}
    encode = type(preferred).encode

    def counted(self: Any, *args: Any, **kwargs: Any) -> Any:
        work["django"].append(args[2:] or (self.__dict__.get("rounds", 0),))
        return encode(self, *args, **kwargs)

    monkeypatch.setattr(type(preferred), "encode", counted)
    monkeypatch.setattr(django, "get_hashers_by_algorithm", lambda: {name: preferred})
    assert django.verify_password("wrong", encoded, preferred=preferred) == (False, True)
    mine = bridge.PBKDF2(20) if name == "pbkdf2_sha256" else bridge.BCryptSHA256(6)
    attribute = "_encode" if name == "pbkdf2_sha256" else "encode"
    mine_encode = getattr(mine, attribute)
    monkeypatch.setattr(mine, attribute, lambda *args: work["bridge"].append(args[2:]) or mine_encode(*args))
    assert asyncio.run(bridge.Passwords([mine]).check("wrong", encoded)) == (False, False)
    assert len(work["bridge"]) == len(work["django"]) > 1
    if name == "pbkdf2_sha256":
        assert work["bridge"] == work["django"] == [(7,), (13,)]


def test_hashing_leaves_the_event_loop_alone() -> None:
    """Other tasks run while a password is hashed."""
    slow = bridge.Passwords([bridge.PBKDF2(600_000)])

    async def run() -> int:
        task = asyncio.create_task(slow.make("password"))
        turns = 0
        while not task.done():
            await asyncio.sleep(0.001)
            turns += 1
        return turns

    assert asyncio.run(run()) > 5


def test_defaults_are_djangos() -> None:
    """A hash of the bridge with default work factors is one that this Django would not store anew."""
    for name, make in (
        ("pbkdf2_sha256", bridge.PBKDF2), ("scrypt", bridge.Scrypt), ("argon2", bridge.Argon2), ("bcrypt", bridge.BCrypt),
    ):  # fmt: skip
        hasher, mine = PAIRS[name][0](), make()
        for factor in (
            "iterations",
            "work_factor",
            "block_size",
            "parallelism",
            "time_cost",
            "memory_cost",
            "rounds",
        ):
            if hasattr(hasher, factor):
                same = {"work_factor": "work", "block_size": "block"}.get(factor, factor)
                assert getattr(mine, same) == getattr(hasher, factor), (name, factor)


@pytest.mark.parametrize(("written", "raised"), [(0, Unserved), (1, TooLate)])
def test_an_old_hash_that_only_django_may_renew_is_too_late_after_a_write(
    written: int, raised: type[Exception]
) -> None:
    """The view counted the attempt first: Django, asked from the start, would count it again."""

    class Written:
        kept, repeatable = written, 0

    class Ann:
        password = theirs("md5").encode("secret", "abcdefgh")

    class Identity:
        async def by_username(self, db: object, name: str) -> Ann:
            return Ann()

    known, db = ours("pbkdf2_sha256"), cast(Any, Written())
    with pytest.raises(raised):
        asyncio.run(bridge.check_password(db, known, Ann(), "secret", upgrade=False))
    with pytest.raises(raised):
        asyncio.run(authenticate(db, cast(Any, Identity()), known, "ann", "secret", upgrade=False))
