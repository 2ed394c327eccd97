"""The mail server of the settings in ``app/mail.py``. Sources: ``django.core.mail.get_connection``, ``django.core.mail.backends``."""

from __future__ import annotations

from collections.abc import Callable

from segue.snapshot.model import Value
from segue.target.ir import Decl, Import
from segue.translate.context import Context
from segue.translate.specialise.fold import plain

#: Code of a reason, what it is about, why.
Refuse = Callable[[str, str, str], Exception]
_BACKENDS = "django.core.mail.backends."
_KNOWN = tuple(f"{_BACKENDS}{name}.EmailBackend" for name in ("smtp", "console", "filebased", "locmem", "dummy"))  # fmt: skip
# Argument of the bridge's Mailer → the setting, its default in ``django.conf.global_settings``, whether it is always written.
_ARGUMENTS: dict[str, tuple[str, str | int | None, bool]] = {
    "host": ("EMAIL_HOST", "localhost", True),
    "port": ("EMAIL_PORT", 25, True),
    "username": ("EMAIL_HOST_USER", "", True),
    "password": ("EMAIL_HOST_PASSWORD", "", True),
    "use_tls": ("EMAIL_USE_TLS", False, True),
    "use_ssl": ("EMAIL_USE_SSL", False, True),
    "timeout": ("EMAIL_TIMEOUT", None, True),
    "keyfile": ("EMAIL_SSL_KEYFILE", None, False),
    "certfile": ("EMAIL_SSL_CERTFILE", None, False),
    "folder": ("EMAIL_FILE_PATH", None, False),
}
#: What a text becomes that the environment gives: Django asks whether it is empty, and a socket takes a port as a text.
_AS = {"port": "int", "use_tls": "bool", "use_ssl": "bool"}
#: What of these the settings' defaults do not tell the type of.
TYPES = {
    "EMAIL_TIMEOUT": "float | None",
    "EMAIL_SSL_KEYFILE": "str | None",
    "EMAIL_SSL_CERTFILE": "str | None",
    "EMAIL_FILE_PATH": "str | None",
    "ADMIN_ADDRESSES": "list[str]",
    "MANAGER_ADDRESSES": "list[str]",
}


def setting(ctx: Context, name: str, default: object = "") -> object:
    """A setting as plain data."""
    found = ctx.snapshot.settings.values.get(name)
    return default if found is None else plain(found)


def field(ctx: Context, name: str, default: str | int | None) -> str:
    """``settings.NAME`` of the service, which begins with the project's value."""
    used = ctx.memo.setdefault(("kernel", "settings"), {})
    assert isinstance(used, dict)
    used.setdefault(name, ctx.snapshot.settings.values.get(name) or Value("const", default))
    return f"settings.{name}"


def declared(ctx: Context, refuse: Refuse) -> str:
    """The name of the mailer in ``app/mail.py``, which is declared there. Raises what ``refuse`` makes."""
    backend = str(setting(ctx, "EMAIL_BACKEND", _KNOWN[0]))
    if backend not in _KNOWN:
        raise refuse(
            "mail", f"EMAIL_BACKEND = {backend!r}", "Segue knows only the backends that come with Django."
        )
    if int(ctx.snapshot.versions.django.partition(".")[0]) >= 6:
        raise refuse(
            "mail", "django.core.mail", "Django 6 writes mails in another way, which Segue does not know."
        )
    if setting(ctx, "EMAIL_USE_LOCALTIME", False):
        raise refuse("mail", "EMAIL_USE_LOCALTIME", "The generated code dates mails in UTC only.")
    if str(setting(ctx, "DEFAULT_CHARSET", "utf-8")).lower() != "utf-8":
        raise refuse("mail", "DEFAULT_CHARSET", "The generated code writes UTF-8 only.")
    arguments = [field(ctx, "EMAIL_BACKEND", _KNOWN[0])]
    for argument, (name, default, always) in _ARGUMENTS.items():
        if always or setting(ctx, name, None):
            code = field(ctx, name, default)
            if isinstance(setting(ctx, name, None), str) and argument in _AS:
                code = f"{_AS[argument]}({code})"
            arguments.append(f"{argument}={code}")
    package = ctx.program.package
    module = ctx.program.module(f"{package}/mail.py", "The mail server that Django has too.")
    needed = {Import("segue_bridge.mail.mailer", "Mailer"), Import(f"{package}.settings", "settings")}
    module.add(Decl("MAIL", f"MAIL = Mailer({', '.join(arguments)})", frozenset(needed), 20))
    return "MAIL"
