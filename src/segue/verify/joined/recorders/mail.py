"""A mail as it is compared: every field that its reader or a mail server sees, and how its parts are written down.

Both sides keep what they send in the memory of the process: Django in ``django.core.mail.outbox`` (``locmem``), the generated
code in the bridge's ``OUTBOX``, by messages of the same attributes (``django.core.mail.EmailMessage``).
"""

from __future__ import annotations

import hashlib
import random
import sys
from typing import Any

# Different each time on either side; a boundary is a parameter of its header.
_ANEW = ("date", "message-id")


def deliver_to_django() -> None:
    """Let what the generated code sends in this process lie in Django's outbox, as Django's messages: tests look for it there."""
    transports: Any = sys.modules.get("segue_bridge.mail.transports")
    if transports is None:
        return
    from segue_bridge.mail.compose import composed

    def deliver(self: Any, messages: Any, *, fail_silently: bool) -> int:
        from django.core import mail

        if not hasattr(mail, "outbox"):
            mail.outbox = []
        for message in messages:
            composed(message)  # what cannot be written down is not sent
            mail.outbox.append(_as_djangos(message))
        return len(messages)

    transports.Memory.deliver = deliver


def _as_djangos(message: Any) -> Any:
    from django.core.mail import EmailMultiAlternatives

    made: Any = EmailMultiAlternatives(
        message.subject, message.body, message.from_email, list(message.to), list(message.bcc), None,
        [tuple(a) for a in message.attachments], dict(message.headers), [tuple(a) for a in message.alternatives],
        list(message.cc), list(message.reply_to),
    )  # fmt: skip
    made.content_subtype = message.content_subtype
    made.segue_parts = _parts(message)
    return made


def sent() -> list[Any]:
    """What has been sent since :func:`forget`, as messages."""
    django: Any = sys.modules.get("django.core.mail")
    return [*(getattr(django, "outbox", None) or []), *(_bridge() or [])]


def forget() -> None:
    """Empty both."""
    from django.core import mail

    mail.outbox = []
    forget_generated()


def forget_generated() -> None:
    """Empty what the generated code has sent."""
    if (kept := _bridge()) is not None:
        kept.clear()


def _bridge() -> list[Any] | None:
    transports: Any = sys.modules.get("segue_bridge.mail.transports")
    return transports.OUTBOX if transports is not None else None


def described(message: Any) -> dict[str, Any]:
    """Fields that are empty are left out; attachments and alternatives by name, type and digest of the content. ``parts`` are
    the headers of each part in the order in which they are written."""
    headers = getattr(message, "extra_headers", None)
    told: dict[str, Any] = {
        "subject": _text(message.subject),
        "body": _text(message.body),
        "from": message.from_email,
        "to": list(message.to),
        "cc": list(message.cc),
        "bcc": list(message.bcc),
        "reply_to": list(message.reply_to),
        "headers": {
            str(k): str(v) for k, v in sorted((message.headers if headers is None else headers).items())
        },
        "subtype": message.content_subtype,
        "alternatives": [[str(a[1]), _digest(a[0])] for a in getattr(message, "alternatives", None) or []],
        "attachments": [_attachment(a) for a in message.attachments],
        "parts": getattr(message, "segue_parts", None) or _parts(message),
    }
    return {k: v for k, v in told.items() if v not in ("", [], {})}


def _text(value: Any) -> Any:
    """A text as such: what a template gives is of a class of its own on either side (``SafeString``)."""
    return str.__str__(value) if isinstance(value, str) else value


def _parts(message: Any) -> list[list[str]]:
    drawn = (
        random.getstate()
    )  # writing a mail down draws an identifier and boundaries: the project's own draws stay as they are
    try:
        return _written(message)
    finally:
        random.setstate(drawn)


def _written(message: Any) -> list[list[str]]:
    if hasattr(message, "message"):
        whole = message.message()
    else:
        from segue_bridge.mail.compose import composed

        whole = composed(message)
    parts = []
    for part in whole.walk():
        if part.get_param("boundary") is not None:
            part.del_param("boundary")
        parts.append([f"{k}: {v}" for k, v in part.items() if k.lower() not in _ANEW])
    return parts


def _attachment(item: Any) -> list[Any]:
    if hasattr(item, "get_content_type"):  # a MIMEBase
        return [item.get_filename(), item.get_content_type(), _digest(item.as_bytes())]
    name, content, kind = (*item, None, None)[:3]
    return [name, kind, _digest(content)]


def _digest(content: Any) -> str:
    data = content if isinstance(content, bytes) else str(content).encode(errors="surrogateescape")
    return hashlib.sha256(data).hexdigest()[:12]
