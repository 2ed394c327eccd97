"""Django's side of ``test_mfa``: ``python mfa_child.py SETTINGS`` answers one JSON command a line, at the moment that it is told."""

from __future__ import annotations

import datetime as dt
import json
import sys
import time
from typing import Any

from django.conf import settings

given = json.loads(sys.argv[1])
settings.configure(
    SECRET_KEY="x",
    USE_TZ=True,
    ROOT_URLCONF="",
    MIDDLEWARE=["allauth.account.middleware.AccountMiddleware"],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": given["database"]}},
    CACHES={"default": {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": given["cache"]}},
    INSTALLED_APPS=[
        "django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions", "django_otp", "django_otp.plugins.otp_totp",
        "django_otp.plugins.otp_hotp", "django_otp.plugins.otp_static", "allauth", "allauth.account", "allauth.mfa",
    ],
    **given["settings"],
)  # fmt: skip
import django  # noqa: E402

django.setup()
from allauth.mfa.models import Authenticator  # noqa: E402
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes  # noqa: E402
from allauth.mfa.totp.internal.auth import TOTP  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import RequestFactory  # noqa: E402
from django.utils import timezone  # noqa: E402
from django_otp import login, verify_token  # noqa: E402
from django_otp.middleware import OTPMiddleware  # noqa: E402
from django_otp.models import Device  # noqa: E402
from django_otp.plugins.otp_hotp.models import HOTPDevice  # noqa: E402
from django_otp.plugins.otp_static.models import StaticDevice  # noqa: E402
from django_otp.plugins.otp_totp.models import TOTPDevice  # noqa: E402

CLOCK = {"now": 0.0}
time.time = lambda: CLOCK["now"]
timezone.now = lambda: dt.datetime.fromtimestamp(CLOCK["now"], dt.UTC)


def make(key: str, secret: str, seed: str, tolerance: int, migrated: list[str] | None) -> None:
    """Everything of one user anew."""
    User.objects.all().delete()
    user = User.objects.create(pk=7, username="a")
    User.objects.create(pk=8, username="b")
    TOTPDevice.objects.create(pk=1, user=user, name="t", key=key, tolerance=tolerance)
    HOTPDevice.objects.create(pk=1, user=user, name="h", key=key, tolerance=tolerance, digits=8)
    static = StaticDevice.objects.create(pk=1, user=user, name="s")
    for token in ("aaaa", "bbbb", "aaaa"):
        static.token_set.create(token=token)
    Authenticator.objects.create(user=user, type="totp", data={"secret": secret})
    data: dict[str, Any] = {"seed": seed, "used_mask": 0}
    if migrated is not None:
        data = {"migrated_codes": migrated}
    Authenticator.objects.create(user=user, type="recovery_codes", data=data)


def otp(user: int, device: str, code: Any) -> Any:
    """``verify_token``, and how long the device must rest."""
    before = Device.from_persistent_id(device)
    told = {} if before is None or before.user_id != user else before.verify_is_allowed()[1] or {}
    found = verify_token(User(pk=user), device, code)
    until = told.get("locked_until")
    return {"ok": found is not None, "wait": None if until is None else until.timestamp()}


def totp(user: int, code: str) -> bool:
    found = Authenticator.objects.filter(user_id=user, type="totp").first()
    return found is not None and TOTP(found).validate_code(code)


def recovery(user: int, code: str) -> bool:
    found = Authenticator.objects.filter(user_id=user, type="recovery_codes").first()
    return found is not None and RecoveryCodes(found).validate_code(code)


def recovery_codes() -> list[str]:
    return RecoveryCodes(Authenticator.objects.get(user_id=7, type="recovery_codes")).get_unused_codes()


def remember(user: int, device: str) -> str:
    """A session in which the device has verified that user."""
    request = RequestFactory().get("/")
    request.session, request.user = SessionStore(), User(pk=user)
    login(request, Device.from_persistent_id(device))
    request.session.save()
    return str(request.session.session_key)


def verified(user: int, key: str) -> Any:
    request = RequestFactory().get("/")
    request.session, request.user = SessionStore(key), User(pk=user)
    OTPMiddleware(lambda request: None)(request)
    device = request.user.otp_device
    return None if device is None else device.persistent_id


def confirm(yes: bool) -> None:
    TOTPDevice.objects.update(confirmed=yes)


def rows() -> Any:
    """Every row of the tables concerned, without when they were made."""
    found = {}
    with connection.cursor() as cursor:
        for table in (
            "otp_totp_totpdevice",
            "otp_hotp_hotpdevice",
            "otp_static_staticdevice",
            "otp_static_statictoken",
            "mfa_authenticator",
        ):
            cursor.execute(f"SELECT * FROM {table} ORDER BY id")
            names = [column[0] for column in cursor.description]
            found[table] = [
                {n: v for n, v in zip(names, row, strict=True) if n not in ("created_at", "id", "device_id")}
                for row in cursor.fetchall()
            ]
    return found


COMMANDS = {
    f.__name__: f for f in (make, otp, totp, recovery, recovery_codes, remember, verified, confirm, rows)
}
call_command("migrate", verbosity=0)
for line in sys.stdin:
    CLOCK["now"], command, *arguments = json.loads(line)
    print(json.dumps(COMMANDS[command](*arguments), default=str), flush=True)
