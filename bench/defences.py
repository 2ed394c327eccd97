"""``python -m bench.defences [--page] [WORDS]``: takes each defence out of a copy of ``segue_bridge`` and runs the tests that ought to miss it.

A test that passes all the same tests nothing. Prints what each removal was noticed by; ``--page`` writes ``docs/defences.md``, unless a test fails with
everything in place. Exit code 1 then, and where a removal was not noticed.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
SOURCES = _ROOT / "packages" / "segue-bridge" / "src" / "segue_bridge"
_PAGE = _ROOT / "docs" / "defences.md"
_HEAD = """\
# Defences, taken out one by one

Each defence of [the security page](security.md), and those of the auth modules that it does not name, is removed from a copy of the bridge; the tests beside it are run, and have to fail.
Written by `python -m bench.defences --page`.

| attack | taken out | noticed by |
|---|---|---|
"""


@dataclass(frozen=True)
class Defence:
    """``old``, which stands once in ``file``, becomes ``new``: what ``attack`` needs. ``tests`` are pytest's arguments."""

    attack: str
    file: str
    old: str
    new: str
    tests: str


_S, _A, _C = "tests/security/", "tests/bridge/auth/", "tests/bridge/cache/"
DEFENCES = (
    Defence("a planted session key", "auth/sessions.py", "            self._key = None\n            return\n        self._data", "            return\n        self._data", f"{_S}test_sessions.py {_A}test_session_stores.py -k planted"),
    Defence("session fixation at login", "auth/backend.py", "    else:\n        await session.cycle_key(db)\n    session[USER_KEY]", "    session[USER_KEY]", f"{_S}test_sessions.py"),
    Defence("another user's session goes on at login", "auth/backend.py", "if other or (digest and", "if False and (digest and", f"{_S}test_sessions.py"),
    Defence("sessions outlive a new password", "auth/backend.py", "    if not identity.session_hash:\n        return user\n    stored", "    return user\n    stored", f"{_A}test_who.py"),
    Defence("forged signatures", "auth/crypto.py", "return hmac.compare_digest(_bytes(one), _bytes(other))", "return True", f"{_S}test_sessions.py"),
    Defence("cut signatures", "auth/crypto.py", "return hmac.compare_digest(_bytes(one), _bytes(other))", "return hmac.compare_digest(_bytes(one), _bytes(other)[: len(_bytes(one))])", f"{_S}test_sessions.py"),
    Defence("reading a secret from the time that a comparison takes", "auth/crypto.py", "return hmac.compare_digest(_bytes(one), _bytes(other))", "return _bytes(one) == _bytes(other)", f"{_S}test_sessions.py"),
    Defence("a signature for another purpose", "auth/signing.py", 'made = salted_hmac(self.salt + "signer"', 'made = salted_hmac("signer"', f"{_A}test_signing.py"),
    Defence("old signatures", "auth/signing.py", "            if age > limit:", "            if False:", f"{_A}test_signing.py"),
    Defence("unpacking before the signature is read", "auth/signing.py", "    body = TimestampSigner(", '    zlib.decompress(b64_decode(text[1:].split(":")[0])) if text.startswith(".") else b""\n    body = TimestampSigner(', f"{_S}test_lengths.py -k unpacked"),
    Defence("another cookie's signature", "auth/signed_cookies.py", 'return f"django.http.cookies.v2:{len(salt)}:{salt}{name}"', 'return "django.http.cookies.v2"', f"{_A}test_signed_cookies.py"),
    Defence("JWT: the algorithm of its header", "auth/jwt.py", "algorithms=[settings.algorithm]", 'algorithms=[jwt.get_unverified_header(token)["alg"]]', f"{_S}test_jwt_tricks.py"),
    Defence("JWT: a refresh token in place of an access token", "auth/jwt.py", "if claims[settings.type_claim] != token_type:", "if False:", f"{_S}test_jwt_tricks.py"),
    Defence("JWT: revoked tokens", "auth/jwt.py", "if await self._blacklist.has(db, claims[self._settings.id_claim]):", "if False:", f"{_A}test_jwt_tokens.py"),
    Defence("JWT: inactive users", "auth/jwt.py", "if settings.check_active and not self._identity.active(user):", "if False:", f"{_A}test_jwt_tokens.py"),
    Defence("CSRF: other origins", "auth/csrf.py", "    return any(w.scheme == parts.scheme and same_domain(parts.netloc, w.netloc.lstrip(\"*\")) for w in wild)", "    return True", f"{_S}test_csrf_bypasses.py"),
    Defence("CSRF: our name within another", "auth/csrf.py", "    return host == pattern\n", "    return host.endswith(pattern)\n", f"{_S}test_csrf_bypasses.py"),
    Defence("CSRF: other referers", "auth/csrf.py", "    if not same_domain(referer.netloc, good):", "    if False:", f"{_S}test_csrf_bypasses.py"),
    Defence("CSRF: a token that is none of ours", "auth/csrf.py", "    if not same(unmask(given)", "    if False and not same(unmask(given)", f"{_S}test_csrf_bypasses.py"),
    Defence("pickles that run code", "cache/values.py", "        if name not in _KNOWN.get(module, ()):", "        if False:", f"{_S}test_content.py"),
    Defence("pickles that make something huge", "cache/values.py", '        if (module, name) == ("builtins", "bytearray"):\n            return _bytearray\n', '        if (module, name) == ("builtins", "bytearray"):\n            return bytearray\n', f"{_S}test_content.py"),
    Defence("keys that are commands of Memcached", "cache/memcached.py", "        if any(ord(letter) < 33 or ord(letter) == 127 for letter in made):", "        if False:", f"{_S}test_content.py"),
    Defence("keys that leave the folder", "cache/files.py", "        digest = md5(self.key(key).encode(), usedforsecurity=False).hexdigest()", "        digest = str(key)", f"{_S}test_content.py"),
    Defence("whether a name is known, by the time that a login takes", "auth/passwords.py", "            await self.make(random_string(40))\n            return False, False", "            return False, False", f"{_S}test_lengths.py"),
    Defence("whether an old hash is one, by the time", "auth/passwords.py", "        if not right and not changed and update:", "        if False:", f"{_A}test_passwords.py"),
    Defence("unusable passwords", "auth/passwords.py", "usable = encoded is not None and not encoded.startswith(UNUSABLE_PREFIX)", "usable = encoded is not None\n        if usable and encoded and encoded.startswith(UNUSABLE_PREFIX):\n            return True, False", f"{_A}test_passwords.py"),
    Defence("rate limits: made-up addresses", "auth/throttles.py", "        if proxies == 0 or forwarded is None:", "        if forwarded is None:", f"{_S}test_throttle_evasion.py"),
    Defence("rate limits: asking the sides in turns", "auth/throttles.py", '        return f"throttle_{limit.scope}_{ident}"', '        return f"throttles_{limit.scope}_{ident}"', f"{_S}test_throttle_evasion.py"),
    Defence("secrets in reprs", "auth/session_settings.py", "    secret: str = field(repr=False)", "    secret: str", f"{_S}test_secrets.py -k reprs"),
    Defence("who says that a request came by TLS", "http/forwarded.py", '    if "*" not in _PEERS and (client is None or client.host not in _PEERS):', "    if client is None:", f"{_S}test_forwarded.py"),
    Defence("reset tokens after their time", "auth/reset_tokens.py", "return _seconds() - stamp <= self._timeout", "return True", f"{_A}test_accounts.py"),
    Defence("a TOTP code twice (django-otp)", "auth/mfa/otp.py", 'if step > row["last_t"] and hotp(', "if hotp(", f"{_A}test_mfa.py"),
    Defence("TOTP codes by trying (django-otp)", "auth/mfa/otp.py", "            if (now - last).total_seconds() < needed:", "            if False:", f"{_A}test_mfa.py"),
    Defence("a TOTP code twice (allauth)", "auth/mfa/allauth.py", 'return await self.cache.on(db).add(name, "y"', 'return True or await self.cache.on(db).add(name, "y"', f"{_A}test_mfa.py"),
    Defence("a recovery code twice (allauth)", "auth/mfa/allauth.py", 'data["used_mask"] = used | 1 << number', 'data["used_mask"] = used', f"{_A}test_mfa.py"),
    Defence("a device of somebody else", "auth/mfa/otp.py", '        if found is None or found[1]["user_id"] != user_pk:\n            return False', "        if found is None:\n            return False", f"{_A}test_mfa.py"),
    Defence("revoked API keys", "auth/api_keys.py", "            keys.revoked == false(), keys.prefix ==", "            keys.prefix ==", f"{_A}test_api_keys.py"),
    Defence("API keys with another's prefix", "auth/api_keys.py", "            return same(stored, hashed_key(key))", "            return True", f"{_A}test_api_keys.py"),
    Defence("knox: tokens with another's beginning", "auth/knox.py", "            if hmac.compare_digest(digest, found.digest):", "            if found:", f"{_A}test_knox.py"),
    Defence("knox: tokens after their time", "auth/knox.py", "            if found.expiry is not None and found.expiry < now:", "            if False:", f"{_A}test_knox.py"),
    Defence("OAuth2: tokens after their time", "auth/oauth2.py", "        if found is None or found.is_expired():\n            if token:", "        if found is None:\n            if token:", f"{_A}test_oauth2.py"),
    Defence("OAuth2: scopes that were not given", "auth/oauth2.py", "return set(scopes) <= set(self.scope.split())", "return True", f"{_A}test_oauth2.py"),
    Defence("DRF's tokens of inactive users", "auth/backend.py", '        user = found[0][1]\n        if not self._identity.active(user):\n', "        user = found[0][1]\n        if False:\n", f"{_A}test_knox.py"),
    Defence("sessions of inactive users", "auth/backend.py", "    if user is None or not (identity.active(user) or session.get(BACKEND_KEY) in inactive):", "    if user is None:", f"{_A}test_who.py"),
    Defence("permissions of inactive users", "auth/permissions.py", ' or not getattr(user, "is_active", True):\n            return frozenset()', ":\n            return frozenset()", f"{_A}test_permissions.py"),
)  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--page", action="store_true", help="write docs/defences.md")
    parser.add_argument(
        "words", nargs="?", default="", help="only attacks with that text; the page keeps the other rows"
    )
    given = parser.parse_args()
    chosen = [one for one in DEFENCES if given.words in one.attack]
    wrong, rows = 0, _rows() if given.words else {}
    for one in chosen:
        noticed = _noticed(one)
        wrong += not noticed
        sys.stdout.write(f"{one.attack:60} {', '.join(noticed) or 'NOT NOTICED'}\n")
        sys.stdout.flush()
        rows[one.attack] = (
            f"| {one.attack} | `{one.file}` | {', '.join(f'`{name}`' for name in noticed) or '**nothing**'} |"
        )
    whole = _run(
        sorted({word for one in chosen for word in one.tests.split() if word.startswith("tests/")}), None
    )
    if whole.returncode != 0:
        sys.stdout.write(f"With everything in place, so that no page is written:\n{whole.stdout[-2000:]}\n")
        return 1
    if given.page:
        _PAGE.write_text(page([rows[one.attack] for one in DEFENCES if one.attack in rows], given.words))
    return int(bool(wrong))


def page(lines: list[str], words: str) -> str:
    """The page of these rows, after a run of the defences that have ``words`` in them, whose tests all pass with everything in place."""
    told = f"{len(lines)} defences, {sum('**nothing**' in line for line in lines)} not noticed"
    if words:
        told += f". Not of one run: the last one was of those with “{words}” in their names only."
    else:
        told += "; with all of them in place the same tests pass."
    return f"{_HEAD}{chr(10).join(lines)}\n\n{told}\n"


def _rows() -> dict[str, str]:
    """The lines of the page, by attack."""
    lines = _PAGE.read_text().splitlines() if _PAGE.is_file() else []
    return {line.split(" | ")[0].removeprefix("| "): line for line in lines if line.startswith("| ")}


def _noticed(one: Defence) -> list[str]:
    """Names of the tests that failed; empty where none did: a test that could not be run has noticed nothing."""
    with tempfile.TemporaryDirectory() as name:
        shutil.copytree(SOURCES, Path(name) / "segue_bridge", ignore=shutil.ignore_patterns("__pycache__"))
        file = Path(name) / "segue_bridge" / one.file
        text = file.read_text()
        if (count := text.count(one.old)) != 1:
            raise SystemExit(
                f"{one.file} has {one.old!r} {count} times: tell bench/defences.py what stands there now."
            )
        file.write_text(text.replace(one.old, one.new))
        done = _run(one.tests.split(), name)
    if done.returncode not in (0, 1):
        raise SystemExit(f"{one.attack}: pytest ended with {done.returncode}.\n{done.stdout[-3000:]}")
    failed = re.findall(r"^FAILED tests/(\S+?)::(\w+)", done.stdout, re.MULTILINE)
    return list(dict.fromkeys(f"{file.removeprefix('bridge/')}::{test}" for file, test in failed))[:3]


def _run(tests: list[str], sources: str | None) -> subprocess.CompletedProcess[str]:
    environment = dict(os.environ)
    if sources is not None:
        environment["PYTHONPATH"] = os.pathsep.join([sources, *filter(None, [os.environ.get("PYTHONPATH")])])
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-W",
        "ignore",
        "--maxfail=3",
        "-rf",
        *tests,
    ]
    return subprocess.run(command, cwd=_ROOT, env=environment, capture_output=True, text=True, check=False)


if __name__ == "__main__":
    raise SystemExit(main())
