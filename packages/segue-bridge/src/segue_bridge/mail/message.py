"""A mail before it is written down: what ``django.core.mail.EmailMultiAlternatives`` holds."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterable, Mapping
from typing import NamedTuple

_UNKNOWN = "application/octet-stream"


class BadHeaderError(ValueError):
    """A header's value has a line break in it (``django.core.mail.BadHeaderError``)."""


class Alternative(NamedTuple):
    """The same body in another form."""

    content: str | bytes
    mimetype: str


class Attachment(NamedTuple):
    """A file that goes with a mail. ``content`` of a text type is text where it can be read as UTF-8."""

    filename: str | None
    content: str | bytes
    mimetype: str


class Message:
    """One mail. The attributes have Django's names and may be changed until it is sent.

    ``html`` is the body as HTML, sent beside the plain one where it is not empty. ``headers`` are further ones; ``From``,
    ``To``, ``Cc`` and ``Reply-To`` among them are shown instead of the addresses that the mail goes to.
    """

    def __init__(
        self,
        subject: str | None,
        body: str | None,
        from_email: str,
        to: Iterable[str | None] | None = None,
        *,
        html: str | None = None,
        cc: Iterable[str | None] | None = None,
        bcc: Iterable[str | None] | None = None,
        reply_to: Iterable[str | None] | None = None,
        headers: Mapping[str, str | None] | None = None,
        attachments: Iterable[tuple[str | None, str | bytes, str | None]] | None = None,
        alternatives: Iterable[tuple[str | bytes, str]] | None = None,
    ) -> None:
        self.subject = subject
        self.body = body or ""
        self.from_email = from_email
        self.to = _addresses("to", to)
        self.cc = _addresses("cc", cc)
        self.bcc = _addresses("bcc", bcc)
        self.reply_to = _addresses("reply_to", reply_to)
        self.content_subtype = "plain"
        self.headers: Mapping[str, str | None] = headers or {}
        self.attachments: list[Attachment] = []
        for filename, content, mimetype in attachments or ():
            self.attach(filename, content, mimetype)
        self.alternatives = [Alternative(content, kind) for content, kind in alternatives or ()]
        if html:
            self.attach_alternative(html, "text/html")

    def attach(self, filename: str | None, content: str | bytes | None, mimetype: str | None = None) -> None:
        """Add a file. Without a type that of its name is taken; what is called a text and cannot be read as UTF-8 is sent
        as it is. Raises ``ValueError`` without content, and for a type without a slash."""
        if content is None:
            raise ValueError("content must be provided.")
        kind = mimetype or mimetypes.guess_type(filename or "")[0] or _UNKNOWN
        main, _subtype = kind.split("/", 1)
        if main == "text" and isinstance(content, bytes):
            try:
                content = content.decode()
            except UnicodeDecodeError:
                kind = _UNKNOWN
        self.attachments.append(Attachment(filename, content, kind))

    def attach_alternative(self, content: str | bytes | None, mimetype: str | None) -> None:
        """Add the body in another form. Raises ``ValueError`` where one of them is None."""
        if content is None or mimetype is None:
            raise ValueError("Both content and mimetype must be provided.")
        self.alternatives.append(Alternative(content, mimetype))

    def recipients(self) -> list[str]:
        """Every address that it goes to."""
        return [address for address in (*self.to, *self.cc, *self.bcc) if address]


def _addresses(name: str, given: Iterable[str | None] | None) -> list[str]:
    if not given:
        return []
    if isinstance(given, str):
        raise TypeError(f'"{name}" argument must be a list or tuple')
    return list(given)  # type: ignore[arg-type] # empty ones are kept, as the headers show them
