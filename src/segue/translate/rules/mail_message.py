"""An ``EmailMessage`` before it is sent: files, further forms of the body, changed attributes, ``send()``.

Sources: ``django.core.mail.message.EmailMessage``, ``BaseEmailBackend.send_messages``. The bridge's ``Message`` has the same
attributes. A message that was given a connection is sent as that says, whatever ``send()`` is told.
"""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import Const, ListOf, MailConnection, MailMessage, Scalar
from segue.translate.rules.mail import send, send_all
from segue.translate.rules.mail_values import (
    addresses,
    attachment,
    flag,
    header_dict,
    is_none,
    keywords,
    refused,
    text,
)
from segue.translate.rules.registry import attribute, method

_LISTS = ("to", "cc", "bcc", "reply_to")
_TEXTS = ("subject", "body", "from_email", "content_subtype")


@method(MailMessage, "send")
def sent(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``message.send(fail_silently=…)``."""
    assert isinstance(owner.kind, MailMessage)
    assert owner.node is not None
    given = keywords(frame, call, "fail_silently")
    silent = flag(frame, call, given.get("fail_silently"))
    if owner.kind.through is not None:
        return send(frame, call, owner.node, owner.kind.through.options)
    return send(frame, call, owner.node, (("fail_silently", ast.unparse(silent)),) if silent else ())


@method(MailConnection, "send_messages")
def sent_together(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``connection.send_messages([message, …])``."""
    assert isinstance(owner.kind, MailConnection)
    messages = keywords(frame, call, "email_messages").get("email_messages")
    if messages is None or messages.node is None or not isinstance(messages.kind, ListOf):
        raise refused(frame, call, "Segue does not know these messages.")
    if not isinstance(messages.kind.item, MailMessage):
        raise refused(frame, call, "Segue does not know these messages.")
    return send_all(frame, call, messages.node, owner.kind.options)


@method(MailMessage, "attach")
def attached(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``message.attach(name, content, type)``."""
    given = keywords(frame, call, "filename", "content", "mimetype")
    nothing = Val(Const(None), ast.Constant(None))
    parts = [given.get(key, nothing) for key in ("filename", "content", "mimetype")]
    codes = attachment(frame, call, parts)
    if is_none(parts[2]):
        codes.pop()
    return _called(owner, "attach", codes)


@method(MailMessage, "attach_alternative")
def in_another_form(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``message.attach_alternative(html, "text/html")``."""
    assert isinstance(owner.kind, MailMessage)
    if not owner.kind.alternatives:
        return None
    given = keywords(frame, call, "content", "mimetype")
    codes = [
        text(frame, call, given.get(key), required=True, types=types)
        for key, types in (("content", ("str", "bytes", "Any")), ("mimetype", ("str",)))
    ]
    return _called(owner, "attach_alternative", codes)


@attribute(MailMessage, *_TEXTS, *_LISTS)
def part(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val:
    """``message.to``."""
    assert owner.node is not None
    found = ast.Attribute(owner.node, attr, ast.Load())
    if attr in _LISTS:
        return Val(ListOf(Scalar("str")), found)
    return Val(Scalar("str", attr == "subject"), found)


@method(MailMessage, "__setattr__")
def changed(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``message.content_subtype = "html"``."""
    name, value = call.args
    assert isinstance(name.kind, Const)
    assert owner.node is not None
    attr = str(name.kind.value)
    if attr in _TEXTS:
        code = text(frame, call, value, types=("str",), nullable=attr == "subject")
    elif attr in _LISTS and isinstance(value.kind, ListOf) and value.kind.type == "list":
        code = addresses(frame, call, attr, value)
    elif attr == "extra_headers":
        attr, code = "headers", header_dict(frame, call, value)
    else:
        raise refused(frame, call, f"Segue does not know what changing its {attr} does.")
    frame.emit(f"{ast.unparse(owner.node)}.{attr} = {ast.unparse(code)}")
    return Val(Const(None))


def _called(owner: Val, name: str, codes: list[ast.expr]) -> Val:
    assert owner.node is not None
    return Val(Const(None), ast.Call(ast.Attribute(owner.node, name, ast.Load()), codes, []))
