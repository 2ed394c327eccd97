"""Tokens of resets, rules for new passwords, new users: what Django says, and what the bridge says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth import password_validation, tokens
from django.contrib.auth.models import User, UserManager
from django.core.exceptions import ValidationError
from django.test import override_settings
from django.utils import http
from hypothesis import given, settings
from hypothesis import strategies as st

from segue_bridge import zone
from segue_bridge.auth import password_rules as rules
from segue_bridge.auth.passwords import usable
from segue_bridge.auth.reset_tokens import ResetTokens
from segue_bridge.auth.users import new_user, normalize_email
from segue_bridge.errors import Invalid
from segue_bridge.text import base64_decode, base64_encode

quick = settings(max_examples=60, deadline=None)
TEXT = st.text(max_size=12)
USERS = st.builds(
    lambda **given: SimpleNamespace(**given, get_email_field_name=lambda: "email"),
    pk=st.integers(1, 2**40),
    password=st.text(max_size=30),
    email=st.one_of(st.none(), st.text(max_size=12)),
    last_login=st.one_of(st.none(), st.datetimes(timezones=st.just(UTC))),
)


class Clock(tokens.PasswordResetTokenGenerator):
    """Django's, at a moment that the test chooses."""

    def __init__(self, moment: datetime) -> None:
        super().__init__()
        self.moment = moment

    def _now(self) -> datetime:
        return self.moment


@quick
@given(USERS, st.integers(-5, 300000), st.sampled_from(["k1", "k2", "k3"]))
def test_tokens_of_either_side(user: Any, age: int, key: str) -> None:
    zone.configure("UTC")
    user.id = user.pk
    ours = ResetTokens("k1", fallbacks=("k2",))
    now = datetime.now(UTC).replace(tzinfo=None)
    with override_settings(SECRET_KEY=key, SECRET_KEY_FALLBACKS=[]):
        theirs = Clock(now - timedelta(seconds=age)).make_token(user)
    with override_settings(SECRET_KEY="k1", SECRET_KEY_FALLBACKS=["k2"], PASSWORD_RESET_TIMEOUT=259200):
        if abs(age - 259200) > 2:  # the clock goes on between the two
            assert ours.check(user, theirs) is Clock(now).check_token(user, theirs)
        assert Clock(datetime.now(UTC).replace(tzinfo=None)).check_token(user, ours.make(user))
    user.password += "x"
    assert not ours.check(user, theirs)


@pytest.mark.parametrize(
    "token", ["", None, "a", "a-b-c", "-", "zzzzzzzzzzzzzzzz-x", "é-x", "1_0-x", "0-", "+1-x"]
)
def test_what_is_no_token(token: Any) -> None:
    user = SimpleNamespace(
        pk=1, id=1, password="p", email="e", last_login=None, get_email_field_name=lambda: "email"
    )
    with override_settings(SECRET_KEY="k", SECRET_KEY_FALLBACKS=[]):
        assert ResetTokens("k").check(user, token) is Clock(datetime.now()).check_token(user, token)


def problems(call: Any) -> list[str]:
    """The messages of either side's error."""
    try:
        call()
    except Invalid as error:
        return error.messages
    except ValidationError as error:
        return list(error.messages)
    return []


PASSWORDS = st.one_of(
    st.text(max_size=14),
    st.sampled_from(
        ["password", " PassWord ", "12345678", "٣٤٥", "jane.doe", "doejane1", "Example.org", "jd", "a" * 200]
    ),
)


@quick
@given(PASSWORDS, st.sampled_from(["jane.doe", "", "Jd"]), st.sampled_from(["doe@example.org", "x@y", ""]))
def test_rules_for_new_passwords(password: str, username: str, email: str) -> None:
    user = User(username=username, email=email, first_name="Jané", last_name="")
    common = password_validation.CommonPasswordValidator()
    labels = {
        name: str(User._meta.get_field(name).verbose_name)
        for name in ("username", "first_name", "last_name", "email")
    }
    pairs: list[tuple[Any, Any]] = [
        (password_validation.MinimumLengthValidator(), lambda: rules.minimum_length(password)),
        (password_validation.MinimumLengthValidator(1), lambda: rules.minimum_length(password, 1)),
        (password_validation.NumericPasswordValidator(), lambda: rules.not_numeric(password)),
        (common, lambda: rules.not_common(password, common.passwords)),
        (
            password_validation.UserAttributeSimilarityValidator(),
            lambda: rules.not_similar(password, user, labels),
        ),
        (
            password_validation.UserAttributeSimilarityValidator(("username", "nothing"), 0.3),
            lambda: rules.not_similar(password, user, {"username": "username"}, max_similarity=0.3),
        ),
    ]
    for theirs, ours in pairs:
        assert problems(ours) == problems(lambda theirs=theirs: theirs.validate(password, user)), theirs
    collected = rules.Problems()
    for _, ours in pairs:
        with collected.collected():
            ours()
    every = [p[0] for p in pairs]
    assert problems(collected.raise_any) == problems(
        lambda: password_validation.validate_password(password, user, every)
    )


@quick
@given(st.binary(max_size=20))
def test_base64_of_urls(data: bytes) -> None:
    assert base64_encode(data) == http.urlsafe_base64_encode(data)
    assert base64_decode(base64_encode(data)) == data


@pytest.mark.parametrize(
    "text", ["", "a", "ab", "abc", "abcd", "abcde", "*", "YQ", "YQ==", "YQ=", "é", "Y Q", "-_"]
)
def test_what_is_no_base64(text: str) -> None:
    def outcome(call: Any) -> Any:
        try:
            return call(text)
        except ValueError:
            return ValueError

    assert outcome(base64_decode) == outcome(http.urlsafe_base64_decode)


@quick
@given(st.sampled_from(["", "a@B.C", " x@Y ", "no", "a@b@C", "@", "A@", None]) | st.text(max_size=8))
def test_addresses(email: str | None) -> None:
    assert normalize_email(email) == UserManager.normalize_email(email)


@quick
@given(st.sampled_from(["ﬁne", "joe", ""]), st.sampled_from([None, "a@B.c"]), st.booleans())
def test_new_users(username: str, email: str | None, staff: bool) -> None:
    manager = UserManager()
    manager.model = User
    made: list[User] = []
    original, User.save = User.save, lambda self, **_: made.append(self)  # type: ignore[method-assign,assignment]
    try:
        with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
            given = {"username": username, "email": email, **({"is_staff": True} if staff else {})}
            try:
                manager.create_user(**given, password="x")
            except ValueError:
                with pytest.raises(ValueError):
                    new_user({**given, "password": "x"})
                return
    finally:
        User.save = original  # type: ignore[method-assign]
    ours = new_user({**given, "password": "x"})
    assert ours == {name: getattr(made[0], name) for name in ours}
    assert set(ours) == {"username", "email", "is_staff", "is_superuser"}


@pytest.mark.parametrize("stored", ["", "!x", "pbkdf2_sha256$1$a$b", None])
def test_usable(stored: str | None) -> None:
    assert usable(stored) is User(password=stored).has_usable_password()  # type: ignore[misc]
