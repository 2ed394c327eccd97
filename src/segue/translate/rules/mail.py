"""``django.core.mail``: the same mails, sent at the same moment by the bridge's ``Mailer``.

Sources: ``django.core.mail`` (``send_mail``, ``send_mass_mail``, ``mail_admins``, ``mail_managers``, ``get_connection``) and
``django.core.mail.message`` (``EmailMessage``, ``EmailMultiAlternatives``). What can be done with a message before it is sent
is in :mod:`segue.translate.rules.mail_message`.
"""

from __future__ import annotations

import ast

from segue.snapshot.model import Value
from segue.translate import mailer
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, const, is_pure, name
from segue.translate.kinds import Const, Kind, MailConnection, MailMessage, Scalar
from segue.translate.rules.mail_values import (
    addresses,
    flag,
    header_dict,
    is_none,
    keywords,
    pairs,
    refused,
    sender,
    text,
)
from segue.translate.rules.registry import function

_MAIL = "django.core.mail."
_ORDER = {
    "EmailMessage": (
        "subject", "body", "from_email", "to", "bcc", "connection", "attachments", "headers", "cc", "reply_to",
    ),
    "EmailMultiAlternatives": (
        "subject", "body", "from_email", "to", "bcc", "connection", "attachments", "headers", "alternatives", "cc",
        "reply_to",
    ),
}  # fmt: skip


@function(f"{_MAIL}send_mail")
def send_mail(frame: Frame, call: CallSite) -> Val:
    """``await MAIL.send(Message(subject, body, sender, [to], html=html))``: how many were sent."""
    given = keywords(
        frame, call, "subject", "message", "from_email", "recipient_list", "fail_silently", "auth_user", "auth_password",
        "connection", "html_message",
    )  # fmt: skip
    parts = [
        text(frame, call, given.get("subject"), required=True),
        text(frame, call, given.get("message"), required=True),
        sender(frame, call, given.get("from_email")),
        addresses(frame, call, "recipient_list", given.get("recipient_list")),
    ]
    made = _message(frame, parts, _html(frame, call, given))
    return _sent(frame, call, made, _connection(frame, call, given).options)


@function(f"{_MAIL}send_mass_mail")
def send_mass_mail(frame: Frame, call: CallSite) -> Val:
    """``await MAIL.send_all([Message(…), …])``, of tuples that are written in place."""
    given = keywords(frame, call, "datatuple", "fail_silently", "auth_user", "auth_password", "connection")
    raw = call.raw_args[0] if call.raw_args else call.raw_kwargs.get("datatuple")
    if not isinstance(raw, ast.Tuple | ast.List):
        raise refused(frame, call, "Its mails are not written in place.")
    made: list[ast.expr] = []
    for item in raw.elts:
        if not isinstance(item, ast.Tuple | ast.List) or len(item.elts) != 4:
            raise refused(frame, call, "Its mails are not written in place.")
        subject, body, source, to = (frame.eval(part) for part in item.elts)
        parts = [
            text(frame, call, subject, required=True),
            text(frame, call, body, required=True),
            sender(frame, call, source),
            addresses(frame, call, "to", to),
        ]
        made.append(_message(frame, parts, []))
    return send_all(frame, call, ast.List(made, ast.Load()), _connection(frame, call, given).options)


@function(f"{_MAIL}mail_admins", f"{_MAIL}mail_managers")
def mail_admins(frame: Frame, call: CallSite) -> Val:
    """The same to the addresses of ``ADMINS`` or ``MANAGERS``; without any nothing is sent."""
    given = keywords(frame, call, "subject", "message", "fail_silently", "connection", "html_message")
    setting = "ADMINS" if call.name.endswith("admins") else "MANAGERS"
    people = mailer.setting(frame.ctx, setting, [])
    if not isinstance(people, list | tuple) or not all(
        isinstance(p, list | tuple) and len(p) == 2 and isinstance(p[1], str) for p in people
    ):
        raise refused(frame, call, f"The setting {setting} is no list of names with addresses.")
    receivers = f"{setting.removesuffix('S')}_ADDRESSES"
    values = tuple(Value("const", person[1]) for person in people)
    used = frame.ctx.memo.setdefault(("kernel", "settings"), {})
    assert isinstance(used, dict)
    used[receivers] = Value("list", items=values)
    subject = text(frame, call, given.get("subject"), required=True)
    prefix = name(mailer.field(frame.ctx, "EMAIL_SUBJECT_PREFIX", "[Django] "))
    whole = ast.JoinedStr(
        [ast.FormattedValue(prefix, -1), *(
            [subject] if isinstance(subject, ast.Constant) and isinstance(subject.value, str)
            else subject.values if isinstance(subject, ast.JoinedStr)
            else [ast.FormattedValue(subject, -1)]
        )]
    )  # fmt: skip
    parts: list[ast.expr] = [
        whole,
        text(frame, call, given.get("message"), required=True),
        name(mailer.field(frame.ctx, "SERVER_EMAIL", "root@localhost")),
        name(f"settings.{receivers}"),
    ]
    frame.imported(f"{frame.ctx.program.package}.settings", "settings")
    connection = _connection(frame, call, given)
    made = _message(frame, parts, _html(frame, call, given))
    return _asked(frame, call, "notify", made, connection.options, Const(None))


@function(f"{_MAIL}get_connection")
def get_connection(frame: Frame, call: CallSite) -> Val:
    """``get_connection(fail_silently=…)``: how to send. It has no code of its own."""
    given = keywords(frame, call, "backend", "fail_silently", "username", "password")
    if not is_none(given.pop("backend", None)):
        raise refused(frame, call, "Another backend than that of the settings.")
    _mailer(frame, call)
    found = _options(frame, call, given, "username", "password")
    if any(not _is_fixed(code) for _, code in found.options):
        raise refused(frame, call, "What it is made with is computed.")
    return Val(found)


def _is_fixed(code: str) -> bool:
    """Whether the code means the same wherever the connection is used."""
    node = ast.parse(code, mode="eval").body
    return isinstance(node, ast.Constant) or code.startswith("settings.")


@function(*(f"{_MAIL}message.{n}" for n in _ORDER), *(f"{_MAIL}{n}" for n in _ORDER))
def message(frame: Frame, call: CallSite) -> Val:
    """``EmailMessage(…)``, ``EmailMultiAlternatives(…)`` → ``Message(…)``."""
    short = call.name.rpartition(".")[2]
    given = keywords(frame, call, *_ORDER[short])
    _mailer(frame, call)
    empty = const("")
    parts = [
        text(frame, call, given.get("subject", empty)),
        text(frame, call, given.get("body", empty)),
        sender(frame, call, given.get("from_email")),
        addresses(frame, call, "to", given.get("to")),
    ]
    named = []
    for key in given:  # in the order in which the call computes them
        value = given[key]
        if is_none(value):
            continue
        if key in ("cc", "bcc", "reply_to"):
            named.append(ast.keyword(key, addresses(frame, call, key, value)))
        elif key in ("attachments", "alternatives"):
            named.append(ast.keyword(key, pairs(frame, call, key, value)))
        elif key == "headers":
            named.append(ast.keyword("headers", header_dict(frame, call, value)))
    connection = given.get("connection")
    through = None
    if not is_none(connection):
        assert connection is not None
        if not isinstance(connection.kind, MailConnection):
            raise refused(frame, call, "Segue does not know this connection.")
        through = connection.kind
    made = _message(frame, parts, named)
    return Val(MailMessage(through, short == "EmailMultiAlternatives"), made)


def _message(frame: Frame, parts: list[ast.expr], named: list[ast.keyword]) -> ast.expr:
    return ast.Call(frame.imported("segue_bridge.mail.message", "Message"), parts, named)


def _html(frame: Frame, call: CallSite, given: dict[str, Val]) -> list[ast.keyword]:
    value = given.get("html_message")
    if is_none(value):
        return []
    return [ast.keyword("html", text(frame, call, value))]


def _connection(frame: Frame, call: CallSite, given: dict[str, Val]) -> MailConnection:
    """What the mail is sent with: the connection that is given, else one made of the other arguments."""
    known = given.get("connection")
    if is_none(known):
        return _options(frame, call, given, "auth_user", "auth_password")
    assert known is not None
    if not isinstance(known.kind, MailConnection):
        raise refused(frame, call, "Segue does not know this connection.")
    return known.kind


def _options(frame: Frame, call: CallSite, given: dict[str, Val], user: str, password: str) -> MailConnection:
    found: list[tuple[str, str]] = []
    silent = flag(frame, call, given.get("fail_silently"))
    if silent is not None:
        found.append(("fail_silently", ast.unparse(silent)))
    for key, argument in (("username", user), ("password", password)):
        value = given.get(argument)
        if not is_none(value):
            code = text(frame, call, value)
            if not is_pure(code):
                raise refused(frame, call, f"Its {key} is computed.")
            found.append((key, ast.unparse(code)))
    return MailConnection(tuple(found))


def send_all(frame: Frame, call: CallSite, messages: ast.expr, options: tuple[tuple[str, str], ...]) -> Val:
    """``await MAIL.send_all(messages, …)``."""
    return _asked(frame, call, "send_all", messages, options, Scalar("int", True))


def _sent(frame: Frame, call: CallSite, made: ast.expr, options: tuple[tuple[str, str], ...]) -> Val:
    return _asked(frame, call, "send", made, options, Scalar("int"))


def send(frame: Frame, call: CallSite, made: ast.expr, options: tuple[tuple[str, str], ...]) -> Val:
    """``await MAIL.send(message, …)``."""
    return _sent(frame, call, made, options)


def _asked(
    frame: Frame, call: CallSite, how: str, what: ast.expr, options: tuple[tuple[str, str], ...], gives: Kind
) -> Val:
    named = [ast.keyword(key, name(code)) for key, code in options]
    target = ast.Attribute(_mailer(frame, call), how, ast.Load())
    frame.is_async = True
    return Val(gives, ast.Await(ast.Call(target, [what], named)))


def _mailer(frame: Frame, call: CallSite) -> ast.expr:
    def refuse(code: str, what: str, why: str) -> Exception:
        return frame.refuse(code, what, why, call.node)

    return frame.imported(f"{frame.ctx.program.package}.mail", mailer.declared(frame.ctx, refuse))
