"""Django's answers about accounts: cases as one JSON line in, what Django says of each out."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="k1",
    SECRET_KEY_FALLBACKS=["k2"],
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "allauth", "allauth.account"],
    MIDDLEWARE=["allauth.account.middleware.AccountMiddleware"],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    DATABASES={},
)
django.setup()

from allauth.account.models import EmailAddress, EmailConfirmationHMAC  # noqa: E402
from django.contrib.auth import password_validation, tokens  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.core.exceptions import ValidationError  # noqa: E402
from django.utils import http  # noqa: E402

VALIDATORS = [
    password_validation.MinimumLengthValidator(),
    password_validation.MinimumLengthValidator(1),
    password_validation.NumericPasswordValidator(),
    password_validation.CommonPasswordValidator(),
    password_validation.UserAttributeSimilarityValidator(),
    password_validation.UserAttributeSimilarityValidator(("username", "nothing"), 0.3),
]


def user_of(given: dict[str, Any]) -> Any:
    """A user as tokens see one."""
    login = given["last_login"]
    return SimpleNamespace(
        **{**given, "last_login": datetime.fromisoformat(login) if login else None},
        get_email_field_name=lambda: "email",
    )


class Clock(tokens.PasswordResetTokenGenerator):
    """Django's generator at a moment that the test names."""

    moment = datetime(2001, 1, 1)

    def _now(self) -> datetime:
        return self.moment


class Activation(Clock):
    """A generator of the project's own, as those that activate accounts are."""

    key_salt = "shop.Activation"

    def _make_hash_value(self, user: Any, timestamp: int) -> str:
        return f"{user.pk}/{timestamp}/{user.email}"


def tokens_of(given: dict[str, Any], moments: list[str], key: str, own: bool = False) -> list[str]:
    """Tokens made at each moment."""
    maker = Activation() if own else Clock()
    maker.secret = key
    found = []
    for moment in moments:
        maker.moment = datetime.fromisoformat(moment)
        found.append(maker.make_token(user_of(given)))
    return found


def checked(given: dict[str, Any], token: Any, moment: str, own: bool = False) -> bool:
    """What Django says of a token at that moment."""
    checker = Activation() if own else Clock()
    checker.moment = datetime.fromisoformat(moment)
    return bool(checker.check_token(user_of(given), token))


class Addresses:
    """Any address is there, not verified yet."""

    def get(self, pk: Any, verified: bool) -> Any:
        return SimpleNamespace(pk=pk)


EmailAddress.objects = Addresses()


def confirmation(pk: Any) -> str:
    """The key in a mail of allauth."""
    return str(EmailConfirmationHMAC(SimpleNamespace(pk=pk)).key)  # type: ignore[arg-type]


def confirmed(key: str) -> Any:
    """Which address it confirms; None for none."""
    found = EmailConfirmationHMAC.from_key(key)
    return None if found is None else found.email_address.pk


def messages(password: str, username: str, email: str) -> list[list[str]]:
    """What each validator says, then all of them."""
    user = User(username=username, email=email, first_name="Jané", last_name="")
    out = []
    for validators in [*([v] for v in VALIDATORS), VALIDATORS]:
        try:
            password_validation.validate_password(password, user, validators)
            out.append([])
        except ValidationError as error:
            out.append(list(error.messages))
    return out


def decoded(text: str) -> str | None:
    """Hex of what the text says; None where Django refuses it."""
    try:
        return http.urlsafe_base64_decode(text).hex()
    except ValueError:
        return None


ANSWERS = {
    "tokens": tokens_of,
    "checked": checked,
    "messages": messages,
    "encoded": lambda data: http.urlsafe_base64_encode(bytes.fromhex(data)),
    "decoded": decoded,
    "confirmation": confirmation,
    "confirmed": confirmed,
    "usable": lambda stored: User(password=stored).has_usable_password(),
    "words": lambda: sorted(VALIDATORS[3].passwords),  # type: ignore[attr-defined]
}

if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps([ANSWERS[name](*arguments) for name, arguments in json.loads(line)]), flush=True)
