"""``OTPMiddleware`` of django-otp: what it does to the session of a user → ``DEVICES`` in ``access.py``.

Source: ``django_otp.middleware`` (1.x). It says of ``request.user`` whether a device has verified her, which is lazy: it looks when
somebody asks for the user of the session, as DRF's ``SessionAuthentication`` does, and forgets a device that verifies no more.
Code that asks ``is_verified()`` or ``otp_device`` is refused where it stands: no user of the generated code has them.
"""

from __future__ import annotations

from segue.refusal import Refused, refuse
from segue.snapshot.model import Where
from segue.target.ir import Decl, Import
from segue.translate.context import Context
from segue.translate.load.models import concrete, pk_field, python_type
from segue.translate.middleware.known import OTP, USERS
from segue.translate.versions import since
from segue.translate.views import access

_DISTRIBUTION = "django-otp"
_DEVICES = ("otp_totp.TOTPDevice", "otp_hotp.HOTPDevice", "otp_static.StaticDevice")
_DEVICE = "django_otp.models.Device"
_GIVEN = ("is_verified", "otp_device")


def argument(ctx: Context, where: Where) -> str:
    """``, devices=DEVICES`` for ``SessionAuthentication``, empty without the middleware. Raises ``Refused``."""
    middleware = list(ctx.snapshot.settings.middleware)
    if OTP not in middleware:
        return ""
    module = access.module(ctx)
    if "DEVICES" not in module.decls:
        used = _check(ctx, middleware, where)
        text = f"DEVICES = OtpDevices({'' if used else 'used=False'})"
        module.add(Decl("DEVICES", text, frozenset({Import("segue_bridge.auth.mfa.otp", "OtpDevices")}), 19))
    return ", devices=DEVICES"


def _check(ctx: Context, middleware: list[str], where: Where) -> bool:
    """Whether the tables say when a device was last used. Raises ``Refused``."""
    installed = {k.lower().replace("_", "-"): v for k, v in ctx.snapshot.versions.packages.items()}
    version = installed.get(_DISTRIBUTION, "")
    if not version or not since(version, 1, 0) or since(version, 2, 0):
        raise _refused(ctx, f"{_DISTRIBUTION} {version}", "Segue knows the sessions of django-otp 1.")
    if USERS not in middleware or middleware.index(USERS) > middleware.index(OTP):
        raise _refused(ctx, OTP, "It stands before the middleware that knows users.")
    label = ctx.snapshot.settings.user_model
    user = concrete(ctx, label)
    cls = ctx.snapshot.classes.get(user.cls)
    for name in _GIVEN:
        column = any(name in (f.name, f.attname) for f in user.fields)
        if column or (cls is not None and (name in cls.methods or name in cls.attributes)):
            raise refuse("otp", f"{label}.{name}", "OTPMiddleware puts something else in its place.", where)
    if python_type(ctx, pk_field(ctx, label)) != "int":
        raise refuse("otp", label, "Segue knows devices of users whose key is a number.", where)
    used = True
    for name, model in ctx.snapshot.models.items():
        described = ctx.snapshot.classes.get(model.cls)
        if described is None or _DEVICE not in described.mro or model.abstract:
            continue
        if name not in _DEVICES:
            raise refuse("otp", name, "Segue does not know devices of this kind.", described.where)
        used = used and any(f.name == "last_used_at" for f in model.fields)
    return used


def _refused(ctx: Context, what: str, why: str) -> Refused:
    return refuse("otp", what, why, Where(ctx.snapshot.settings.module))
