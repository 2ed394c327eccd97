"""A mail as it is compared: every field that its reader or a mail server sees (``django.core.mail.EmailMessage``)."""

from __future__ import annotations

import hashlib
from typing import Any


def described(message: Any) -> dict[str, Any]:
    """Fields that are empty are left out; attachments and alternatives by name, type and digest of the content."""
    told: dict[str, Any] = {
        "subject": message.subject,
        "body": message.body,
        "from": message.from_email,
        "to": list(message.to),
        "cc": list(message.cc),
        "bcc": list(message.bcc),
        "reply_to": list(message.reply_to),
        "headers": {str(k): str(v) for k, v in sorted(message.extra_headers.items())},
        "subtype": message.content_subtype,
        "alternatives": [[str(a[1]), _digest(a[0])] for a in getattr(message, "alternatives", None) or []],
        "attachments": [_attachment(a) for a in message.attachments],
    }
    return {k: v for k, v in told.items() if v not in ("", [], {})}


def _attachment(item: Any) -> list[Any]:
    if hasattr(item, "get_content_type"):  # a MIMEBase
        return [item.get_filename(), item.get_content_type(), _digest(item.as_bytes())]
    name, content, kind = (*item, None, None)[:3]
    return [name, kind, _digest(content)]


def _digest(content: Any) -> str:
    data = content if isinstance(content, bytes) else str(content).encode()
    return hashlib.sha256(data).hexdigest()[:12]
