"""Tokens that are issued, refreshed, rotated and revoked, by simplejwt alone and by either side as it comes: it must not show."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.bridge.auth.identity import Sides, identity, request

from segue_bridge.auth.jwt import JWTAuthentication, JwtSettings
from segue_bridge.auth.jwt_blacklist import Blacklist
from segue_bridge.auth.jwt_tokens import Lifetimes, Tokens
from segue_bridge.auth.passwords import MD5, Passwords
from segue_bridge.db.errors import ObjectDoesNotExist
from segue_bridge.errors import APIException

SECRET = "x" * 40


def _pem(private: Any) -> tuple[str, str]:
    form = serialization.PrivateFormat.PKCS8
    public = serialization.PublicFormat.SubjectPublicKeyInfo
    return (
        private.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode(),
        private.public_key().public_bytes(serialization.Encoding.PEM, public).decode(),
    )


RSA = _pem(rsa.generate_private_key(public_exponent=65537, key_size=2048))
EC = _pem(ec.generate_private_key(ec.SECP256R1()))
EDWARDS = _pem(ed25519.Ed25519PrivateKey.generate())
CLASSES = [f"rest_framework_simplejwt.tokens.{n}" for n in ("AccessToken", "SlidingToken")]
BOTH = (("AccessToken", "access"), ("SlidingToken", "sliding"))
CASES: dict[str, tuple[bool, dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    # installed blacklist, SIMPLE_JWT, JwtSettings, Tokens
    "rotated and revoked": (
        True,
        {"ROTATE_REFRESH_TOKENS": True, "BLACKLIST_AFTER_ROTATION": True, "CHECK_REVOKE_TOKEN": True, "LEEWAY": 2},
        {"key": SECRET, "revoke_claim": "hash_password", "leeway": 2},
        {"rotate": True, "revoke_rotated": True},
    ),
    "rotated only": (
        True,
        {"ROTATE_REFRESH_TOKENS": True, "ALGORITHM": "ES256", "SIGNING_KEY": EC[0], "VERIFYING_KEY": EC[1]},
        {"key": EC[1], "signing_key": EC[0], "algorithm": "ES256"},
        {"rotate": True},
    ),
    "no blacklist": (
        False,
        {
            "ROTATE_REFRESH_TOKENS": True, "BLACKLIST_AFTER_ROTATION": False, "ALGORITHM": "EdDSA", "SIGNING_KEY": EDWARDS[0],
            "VERIFYING_KEY": EDWARDS[1], "USER_ID_CLAIM": "sub", "USER_ID_FIELD": "username", "JTI_CLAIM": "id", "ISSUER": "us",
        },
        {
            "key": EDWARDS[1], "signing_key": EDWARDS[0], "algorithm": "EdDSA", "user_id_claim": "sub", "id_claim": "id",
            "user_id_field": "username", "issuer": "us",
        },
        {"rotate": True},
    ),
    "not rotated": (
        True,
        {
            "BLACKLIST_AFTER_ROTATION": True, "ALGORITHM": "PS384", "SIGNING_KEY": RSA[0], "VERIFYING_KEY": RSA[1],
            "AUDIENCE": "them", "CHECK_USER_IS_ACTIVE": False, "TOKEN_TYPE_CLAIM": "typ",
        },
        {
            "key": RSA[1], "signing_key": RSA[0], "algorithm": "PS384", "audience": "them", "check_active": False,
            "type_claim": "typ",
        },
        {"revoke_rotated": True},
    ),
}  # fmt: skip


class World:
    """simplejwt and the bridge with the same settings."""

    def __init__(self, sides: Sides, case: str) -> None:
        installed, _, mine, more = CASES[case]
        self.sides = sides
        self.settings = JwtSettings(token_classes=BOTH, **mine)
        self._blacklist = Blacklist() if installed else None
        self.tokens = Tokens(identity(), self.settings, Lifetimes(), blacklist=self._blacklist, **more)
        self._authentication = JWTAuthentication(identity(), self.settings, self._blacklist)
        self._passwords = Passwords([MD5()])

    def here(self, what: str, *given: Any) -> Any:
        """What the bridge answers: status and body, or what it raises."""

        async def work(db: Any) -> Any:
            tokens = self.tokens
            if what in ("pair", "sliding"):
                user = await tokens.user(db, self._passwords, *given)
                return await (tokens.pair(db, user) if what == "pair" else tokens.sliding(db, user))
            if what == "authenticated":
                found = await self._authentication.authenticate(
                    request(authorization=f"Bearer {given[0]}"), db, None
                )
                return None if found is None else [found[0].id, dict(found[1])]
            steps = {
                "refreshed": tokens.refreshed,
                "slid": tokens.slid,
                "verify": tokens.verify,
                "revoke": tokens.revoke,
            }
            step: Callable[[Any, str], Any] = steps[what]
            return await step(db, *given) or {}

        async def answer() -> Any:
            db = self.sides.session()
            try:
                found = await work(db)
                return [200, found]
            except APIException as error:
                detail = error.detail
                return [error.status_code, detail if isinstance(detail, (dict, list)) else {"detail": detail}]
            except ObjectDoesNotExist:
                return [500, "DoesNotExist"]
            except Exception as error:  # noqa: BLE001 - whatever it is, both sides must do it
                return [500, type(error).__name__]
            finally:
                await db.close()

        return self.sides.run(answer())

    def there(self, what: str, *given: Any) -> Any:
        """What simplejwt answers."""
        if what == "authenticated":
            return self.sides.django("authenticated", *given)
        view, names = {
            "pair": ("TokenObtainPairView", ("username", "password")),
            "sliding": ("TokenObtainSlidingView", ("username", "password")),
            "refreshed": ("TokenRefreshView", ("refresh",)),
            "slid": ("TokenRefreshSlidingView", ("token",)),
            "verify": ("TokenVerifyView", ("token",)),
            "revoke": ("TokenBlacklistView", ("refresh",)),
        }[what]
        return self.sides.django("post", view, dict(zip(names, given, strict=True)))


@pytest.fixture(params=CASES, scope="module")
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    installed, simple_jwt, _, _ = CASES[request.param]
    apps = ["rest_framework_simplejwt", *(["rest_framework_simplejwt.token_blacklist"] if installed else [])]
    simple_jwt = {"SIGNING_KEY": SECRET, "AUTH_TOKEN_CLASSES": CLASSES, **simple_jwt}
    folder = tmp_path_factory.mktemp("jwt")
    made = Sides(folder, COMMANDS=["identity_jwt_child"], INSTALLED_APPS=apps, SIMPLE_JWT=simple_jwt)
    yield World(made, request.param)
    made.close()


def _shape(world: World, answer: Any) -> Any:
    """The answer with tokens as what they say, without what is drawn by lot or by the clock."""
    status, body = answer
    if not isinstance(body, dict) or status != 200:
        return (
            [status, body]
            if not isinstance(body, list) or status != 200
            else [status, "somebody", _said(world, body[1])]
        )
    return [
        status,
        {
            name: _said(world, jwt.decode(text, options={"verify_signature": False}))
            for name, text in body.items()
        },
    ]


def _said(world: World, claims: dict[str, Any]) -> dict[str, Any]:
    chance = {
        world.settings.id_claim,
        world.settings.user_id_claim,
        "exp",
        "iat",
        "refresh_exp",
        "hash_password",
    }
    lifetime = round(claims["exp"] - claims["iat"], -1)  # the clock may tick between the two
    return {
        **{n: v for n, v in claims.items() if n not in chance},
        "lifetime": lifetime,
        "claims": sorted(claims),
    }


WHAT = [
    "pair",
    "sliding",
    "refreshed",
    "refreshed",
    "slid",
    "verify",
    "verify",
    "revoke",
    "authenticated",
    "authenticated",
]
STEPS = st.lists(
    st.tuples(st.sampled_from([*WHAT, "change"]), st.integers(0, 5), st.sampled_from("DB"), st.booleans()),
    max_size=8,
)
CHANGES = [{"is_active": False}, {"password": "q"}, {"is_active": True}, {"password": "p"}, {}, None]
_number = iter(range(10**9))


@pytest.mark.round_trip("JSON web tokens issued, rotated, revoked", "by lot", "simplejwt alone")
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(
    # A token of somebody who is inactive, active again, has another password, and is gone; and a revoked one.
    steps=[
        ("authenticated", 1, "B", True),
        *(step for change in (0, 2, 1) for step in (("change", change, "B", True), ("authenticated", 1, "B", True))),
        ("revoke", 0, "D", True),
        ("refreshed", 0, "B", True),
        ("change", 5, "B", True),
        ("authenticated", 1, "B", True),
    ]
)  # fmt: skip
@given(steps=STEPS)
def test_whoever_does_it(world: World, steps: list[Any]) -> None:
    names = [f"{side}{next(_number)}" for side in "ab"]  # the first one's tokens are Django's business alone
    users: list[Any] = [world.sides.django("user", name, {}) for name in names]
    held: list[list[str]] = [[], []]
    for what, which, side, right in [("pair", 0, "B", True), ("sliding", 0, "D", True), *steps]:
        if what == "change":
            change = CHANGES[which]
            for number in (0, 1):
                if change is None and users[number] is not None:
                    world.sides.django("delete", users[number])
                    users[number] = None
                elif change is not None and users[number] is not None:
                    world.sides.django("change", users[number], change)
            continue
        answers = []
        for number in (0, 1):
            if what in ("pair", "sliding"):
                given_: tuple[str, ...] = (names[number], "p" if right else "wrong")
            else:
                token = held[number][which % len(held[number])]
                given_ = (token if right or which else token[:-4] + "AAAA",)
            ask = world.here if number and side == "B" else world.there
            answer = ask(what, *given_)
            answers.append(_shape(world, answer))
            if answer[0] == 200 and isinstance(answer[1], dict):
                held[number].extend(answer[1].values())
        assert answers[0] == answers[1], (what, which, side)
    one, other = world.sides.django("rows", [u for u in users if u]) or [0, 0] if all(users) else [0, 0]
    assert one == other


CLAIMS = st.fixed_dictionaries(
    {},
    optional={
        "token_type": st.sampled_from(["refresh", "access", "sliding", 3]),
        "typ": st.sampled_from(["refresh", "access", "sliding"]),
        "exp": st.sampled_from([4_000_000_000, 4_000_000_000, 1_000_000_000]),
        "refresh_exp": st.sampled_from([4_000_000_000, 1_000_000_000]),
        "jti": st.sampled_from(["a", 5, None]),
        "id": st.just("b"),
        "user_id": st.sampled_from([0, "", None, "no number", 10**6, "1000000"]),
        "sub": st.sampled_from(["", "nobody", None]),
    },
)
OWNERS = [
    None,
    True,
    False,
    0,
    1.5,
    10**30,
    -(10**30),
    "",
    " 1 ",
    "1_0",
    "1e3",
    "no number",
    [],
    [1],
    {},
    {"a": 1},
]


@pytest.mark.round_trip("JSON web tokens with odd claims", "simplejwt", "both")
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    claims=CLAIMS, full=st.booleans(), what=st.sampled_from(["refreshed", "slid", "verify", "authenticated"])
)
def test_any_claims(world: World, claims: dict[str, Any], full: bool, what: str) -> None:
    if full:
        claims = _full(what) | claims
    _same_for(world, what, claims)


@pytest.mark.parametrize("owner", OWNERS, ids=repr)
def test_any_owner(world: World, owner: Any) -> None:
    claim = world.settings.user_id_claim
    for what in ("refreshed", "authenticated", "revoke"):
        if claim == "sub" and not isinstance(owner, str):
            continue  # PyJWT refuses other subjects in a token that it reads
        _same_for(world, what, _full(what) | {claim: owner})


def _full(what: str) -> dict[str, Any]:
    kind = {"refreshed": "refresh", "revoke": "refresh", "slid": "sliding"}.get(what, "access")
    return {"exp": 4_000_000_000, "iat": 1, "token_type": kind, "typ": kind, "jti": "a", "id": "a"}


def _same_for(world: World, what: str, claims: dict[str, Any]) -> None:
    answers = []
    for ask in (world.there, world.here):
        for name in ("jti", "id"):  # another token for each side: to refresh one may revoke it
            if claims.get(name) is not None:
                claims[name] = next(_number) if isinstance(claims[name], int) else f"a{next(_number)}"
        status, body = ask(what, world.sides.django("sign", claims))
        if status == 200 and isinstance(body, list):
            body = [body[0], {name: v for name, v in body[1].items() if name not in ("jti", "id")}]
        answers.append([status, sorted(body) if status == 200 and isinstance(body, dict) else body])
    assert answers[0] == answers[1], (what, claims)


def test_tokens_without_id_or_type_are_not_made() -> None:
    for claim in ("type_claim", "id_claim"):
        with pytest.raises(ValueError, match="a claim for their type"):
            Tokens(identity(), JwtSettings(key=SECRET, **{claim: None}))  # type: ignore[arg-type]


def test_no_key_is_shown() -> None:
    assert EC[0] not in repr(JwtSettings(key=EC[1], signing_key=EC[0], algorithm="ES256"))
