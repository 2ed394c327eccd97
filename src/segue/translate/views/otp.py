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
SESSION_KEY = "otp_device_id"
"""Where a session names the device that has verified its user (``django_otp.DEVICE_ID_SESSION_KEY``)."""
_GIVEN = ("is_verified", "otp_device")


def argument(ctx: Context, where: Where) -> str:
    """``, devices=DEVICES`` for ``SessionAuthentication``, empty without the middleware. Raises ``Refused``."""
    middleware = list(ctx.snapshot.settings.middleware)
    if OTP not in middleware:
        return ""
    module = access.module(ctx)
    if "DEVICES" not in module.decls:
        used = _check(ctx, middleware, where)
        if left_to_django(ctx):
            return ""  # what comes here has no device
        text = f"DEVICES = OtpDevices({'' if used else 'used=False'})"
        module.add(Decl("DEVICES", text, frozenset({Import("segue_bridge.auth.mfa.otp", "OtpDevices")}), 19))
    return ", devices=DEVICES"


def left_to_django(ctx: Context) -> bool:
    """Whether sessions that name a device are left to Django: there are devices of a kind that is not known, or of users whose
    key is no number."""
    if python_type(ctx, pk_field(ctx, ctx.snapshot.settings.user_model)) != "int":
        return True
    return any(name not in _DEVICES for name in _devices(ctx))


def _devices(ctx: Context) -> list[str]:
    """Labels of the models of devices."""
    classes = ctx.snapshot.classes
    return [
        name
        for name, model in ctx.snapshot.models.items()
        if model.cls in classes and _DEVICE in classes[model.cls].mro and not model.abstract
    ]


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
    models = [ctx.snapshot.models[name] for name in _devices(ctx)]
    return all(any(f.name == "last_used_at" for f in model.fields) for model in models)


def _refused(ctx: Context, what: str, why: str) -> Refused:
    return refuse("otp", what, why, Where(ctx.snapshot.settings.module))
