"""Password hashes as ``django.contrib.auth.hashers`` stores them.

Hashing takes tens of milliseconds of CPU by design, so the public functions run it in a thread.
"""

from __future__ import annotations

import base64
import hashlib
import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import anyio.to_thread

from segue_bridge.auth.crypto import random_string, same
from segue_bridge.leaving import left_to_django

if TYPE_CHECKING:
    from segue_bridge.db.session import Session as Database

UNUSABLE_PREFIX = "!"
_SALT_ENTROPY = 128


def usable(encoded: str | None) -> bool:
    """``django.contrib.auth.hashers.is_password_usable``: not one that ``set_unusable_password`` has made."""
    return encoded is None or not encoded.startswith(UNUSABLE_PREFIX)


class UnknownHasher(ValueError):
    """The stored hash names an algorithm that is not configured."""


class Hasher(ABC):
    """One algorithm; ``algorithm`` is the prefix of its hashes."""

    algorithm: ClassVar[str]

    @abstractmethod
    def encode(self, password: str, salt: str) -> str:
        """The stored form with today's work factor."""

    @abstractmethod
    def verify(self, password: str, encoded: str) -> bool:
        """Whether ``password`` made ``encoded``."""

    def must_update(self, encoded: str) -> bool:
        """Whether ``encoded`` has an older work factor or too little salt."""
        return False

    def harden(self, password: str, encoded: str) -> None:
        """Spend the time by which ``encoded`` is cheaper than a new hash (``harden_runtime``)."""
        return

    def salt(self) -> str:
        """A new salt of at least 128 bits, as ``BasePasswordHasher.salt``."""
        return random_string(math.ceil(_SALT_ENTROPY / math.log2(62)))


class PBKDF2(Hasher):
    """PBKDF2 with any iteration count. ``iterations`` is the count for new hashes."""

    algorithm = "pbkdf2_sha256"
    digest = "sha256"

    def __init__(self, iterations: int = 1_000_000) -> None:
        self.iterations = iterations

    def encode(self, password: str, salt: str) -> str:
        return self._encode(password, salt, self.iterations)

    def verify(self, password: str, encoded: str) -> bool:
        _, iterations, salt, _ = encoded.split("$", 3)
        return same(encoded, self._encode(password, salt, int(iterations)))

    def must_update(self, encoded: str) -> bool:
        _, iterations, salt, _ = encoded.split("$", 3)
        return int(iterations) != self.iterations or _weak(salt)

    def harden(self, password: str, encoded: str) -> None:
        _, iterations, salt, _ = encoded.split("$", 3)
        missing = self.iterations - int(iterations)
        if missing > 0:
            self._encode(password, salt, missing)

    def _encode(self, password: str, salt: str, iterations: int) -> str:
        # Numbers, lists … of a JSON body are taken as their text (force_bytes); the other hashers fail, as Django's do.
        raw = hashlib.pbkdf2_hmac(self.digest, str(password).encode(), salt.encode(), iterations)
        return f"{self.algorithm}${iterations}${salt}${base64.b64encode(raw).decode('ascii').strip()}"


class PBKDF2SHA1(PBKDF2):
    """``PBKDF2SHA1PasswordHasher``."""

    algorithm = "pbkdf2_sha1"
    digest = "sha1"


class Scrypt(Hasher):
    """``ScryptPasswordHasher``: ``scrypt$work$salt$block$parallelism$hash``."""

    algorithm = "scrypt"

    def __init__(self, work: int = 2**14, block: int = 8, parallelism: int = 5) -> None:
        self.work, self.block, self.parallelism = work, block, parallelism

    def encode(self, password: str, salt: str) -> str:
        return self._encode(password, salt, self.work, self.block, self.parallelism)

    def verify(self, password: str, encoded: str) -> bool:
        _, work, salt, block, parallelism, _ = encoded.split("$", 6)
        return same(encoded, self._encode(password, salt, int(work), int(block), int(parallelism)))

    def must_update(self, encoded: str) -> bool:
        _, work, _, block, parallelism, _ = encoded.split("$", 6)
        return (int(work), int(block), int(parallelism)) != (self.work, self.block, self.parallelism)

    def _encode(self, password: str, salt: str, work: int, block: int, parallelism: int) -> str:
        raw = hashlib.scrypt(
            password.encode(), salt=salt.encode(), n=work, r=block, p=parallelism, maxmem=0, dklen=64
        )
        return f"scrypt${work}${salt}${block}${parallelism}${base64.b64encode(raw).decode('ascii').strip()}"


class MD5(Hasher):
    """``MD5PasswordHasher``, which test settings use for its speed."""

    algorithm = "md5"

    def encode(self, password: str, salt: str) -> str:
        return f"md5${salt}${hashlib.md5((salt + password).encode(), usedforsecurity=False).hexdigest()}"

    def verify(self, password: str, encoded: str) -> bool:
        return same(encoded, self.encode(password, self._salt_of(encoded)))

    def must_update(self, encoded: str) -> bool:
        return _weak(self._salt_of(encoded))

    @staticmethod
    def _salt_of(encoded: str) -> str:
        _, salt, _ = encoded.split("$", 2)
        return salt


class Argon2(Hasher):
    """``Argon2PasswordHasher``; needs the package ``argon2-cffi``."""

    algorithm = "argon2"

    def __init__(self, time_cost: int = 2, memory_cost: int = 102_400, parallelism: int = 8) -> None:
        self.time_cost, self.memory_cost, self.parallelism = time_cost, memory_cost, parallelism

    def encode(self, password: str, salt: str) -> str:
        import argon2.low_level

        raw = argon2.low_level.hash_secret(
            password.encode(), salt.encode(), time_cost=self.time_cost, memory_cost=self.memory_cost,
            parallelism=self.parallelism, hash_len=argon2.DEFAULT_HASH_LENGTH, type=argon2.low_level.Type.ID,
        )  # fmt: skip
        return f"argon2{raw.decode('ascii')}"

    def verify(self, password: str, encoded: str) -> bool:
        import argon2

        try:
            return bool(argon2.PasswordHasher().verify("$" + encoded.split("$", 1)[1], password))
        except argon2.exceptions.VerificationError:
            return False

    def must_update(self, encoded: str) -> bool:
        import argon2
        import argon2.low_level

        found = argon2.extract_parameters("$" + encoded.split("$", 1)[1])
        wanted = argon2.Parameters(
            type=argon2.low_level.Type.ID, version=argon2.low_level.ARGON2_VERSION, salt_len=found.salt_len,
            hash_len=argon2.DEFAULT_HASH_LENGTH, time_cost=self.time_cost, memory_cost=self.memory_cost,
            parallelism=self.parallelism,
        )  # fmt: skip
        stored = encoded.split("$")[-2]
        salt = base64.b64decode(stored + "=" * (-len(stored) % 4)).decode("latin1")
        return found != wanted or _weak(salt)


class BCryptSHA256(Hasher):
    """``BCryptSHA256PasswordHasher``; needs the package ``bcrypt``."""

    algorithm = "bcrypt_sha256"
    prehash = True

    def __init__(self, rounds: int = 12) -> None:
        self.rounds = rounds

    def salt(self) -> str:
        import bcrypt

        return str(bcrypt.gensalt(self.rounds), "ascii")

    def encode(self, password: str, salt: str) -> str:
        import bcrypt

        raw = password.encode()
        if self.prehash:
            raw = hashlib.sha256(raw).hexdigest().encode()
        return f"{self.algorithm}${bcrypt.hashpw(raw, salt.encode()).decode('ascii')}"

    def verify(self, password: str, encoded: str) -> bool:
        stored = encoded.split("$", 1)[1]
        return same(encoded, self.encode(password, stored))

    def must_update(self, encoded: str) -> bool:
        return int(encoded.split("$")[3]) != self.rounds

    def harden(self, password: str, encoded: str) -> None:
        stored = encoded.split("$", 1)[1]
        for _ in range(2 ** max(self.rounds - int(stored.split("$")[2]), 0) - 1):
            self.encode(password, stored[:29])


class BCrypt(BCryptSHA256):
    """``BCryptPasswordHasher``."""

    algorithm = "bcrypt"
    prehash = False


KNOWN: dict[str, type[Hasher]] = {
    "PBKDF2PasswordHasher": PBKDF2,
    "PBKDF2SHA1PasswordHasher": PBKDF2SHA1,
    "ScryptPasswordHasher": Scrypt,
    "MD5PasswordHasher": MD5,
    "Argon2PasswordHasher": Argon2,
    "BCryptSHA256PasswordHasher": BCryptSHA256,
    "BCryptPasswordHasher": BCrypt,
}


class Passwords:
    """The configured hashers, preferred first (``PASSWORD_HASHERS``)."""

    def __init__(self, hashers: Sequence[Hasher]) -> None:
        if not hashers:
            raise ValueError("at least one password hasher is needed")
        self.hashers = tuple(hashers)
        self._by_name = {h.algorithm: h for h in hashers}

    @property
    def preferred(self) -> Hasher:
        """The hasher of new passwords."""
        return self.hashers[0]

    async def make(self, password: str | None) -> str:
        """``make_password``: ``None`` makes an unusable one. Raises ``TypeError`` for what is no text."""
        if password is None:
            return UNUSABLE_PREFIX + random_string(40)
        if not isinstance(password, str):
            raise TypeError(f"Password must be a string or bytes, got {type(password).__qualname__}.")
        hasher = self.preferred
        return await anyio.to_thread.run_sync(lambda: hasher.encode(password, hasher.salt()))

    async def check(self, password: str | None, encoded: str | None) -> tuple[bool, bool]:
        """``(right, must be stored anew)``, as ``django.contrib.auth.hashers.verify_password`` decides.

        A wrong, unknown or unusable hash costs about as much time as a right one.
        """
        usable = encoded is not None and not encoded.startswith(UNUSABLE_PREFIX)
        hasher = self.identify(encoded) if usable and encoded else None
        if password is None or hasher is None or encoded is None:
            await self.make(random_string(40))
            return False, False
        changed = hasher.algorithm != self.preferred.algorithm
        update = changed or self.preferred.must_update(encoded)
        right = await anyio.to_thread.run_sync(lambda: hasher.verify(password, encoded))
        if not right and not changed and update:
            await anyio.to_thread.run_sync(lambda: hasher.harden(password, encoded))
        return right, right and update

    def identify(self, encoded: str) -> Hasher | None:
        """The hasher of a stored hash (``identify_hasher``), None when it is not configured."""
        if (len(encoded) == 32 and "$" not in encoded) or (
            len(encoded) == 37 and encoded.startswith("md5$$")
        ):
            return None  # unsalted MD5, which Django dropped
        return self._by_name.get(encoded.split("$", 1)[0])


async def check_password(
    db: Database, passwords: Passwords, user: Any, password: str | None, *, upgrade: bool = True
) -> bool:
    """``AbstractBaseUser.check_password``: a hash of old strength is stored anew.

    With ``upgrade=False`` saving the user runs code of the Django side: raises what
    :func:`left_to_django` gives where that would have to happen.
    """
    right, update = await passwords.check(password, user.password)
    if update and not upgrade:
        raise left_to_django(db, "password")
    if update:
        user.password = await passwords.make(password)
        await db.update(user, "password")
    return right


def _weak(salt: str) -> bool:
    return len(salt) * math.log2(62) < _SALT_ENTROPY
