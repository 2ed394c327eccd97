"""The text of a mail, byte for byte as Django before 6 writes it (``django.core.mail.message``) on the same Python."""

from __future__ import annotations

import socket
from email import encoders, message_from_bytes
from email.charset import QP, Charset
from email.errors import HeaderParseError
from email.header import Header
from email.headerregistry import Address, parser  # type: ignore[attr-defined]
from email.message import Message as Part
from email.mime.base import MIMEBase
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from email.policy import compat32
from email.utils import formataddr, formatdate, getaddresses, make_msgid
from functools import lru_cache
from typing import Any

from segue_bridge.mail.message import Attachment, BadHeaderError, Message

# Text is sent as it is (SpamAssassin dislikes base64), but where RFC 5322 forbids the length of a line.
_AS_IS, _FOLDED = Charset("utf-8"), Charset("utf-8")
_AS_IS.body_encoding = None  # type: ignore[assignment]
_FOLDED.body_encoding = QP
_LONGEST_LINE = 998
_OF_ADDRESSES = frozenset(
    {"from", "to", "cc", "bcc", "sender", "reply-to", "resent-from", "resent-to", "resent-cc", "resent-bcc", "resent-sender"}
)  # fmt: skip
_SHOWN_ALREADY = ("from", "to", "cc", "reply-to")


def composed(message: Message) -> Part:
    """The mail as a tree of parts. Raises ``BadHeaderError``, and ``ValueError`` for an address that cannot be read."""
    root = _with_attachments(
        message, _with_alternatives(message, _text(message.body, message.content_subtype))
    )
    headers = message.headers
    _put(root, "Subject", message.subject)
    _put(root, "From", headers.get("From", message.from_email))
    for name, addresses in (("To", message.to), ("Cc", message.cc), ("Reply-To", message.reply_to)):
        if name in headers:
            _put(root, name, headers[name])
        elif addresses:
            _put(root, name, ", ".join(map(str, addresses)))
    given = {name.lower() for name in headers}
    if "date" not in given:
        _put(root, "Date", formatdate())
    if "message-id" not in given:
        _put(root, "Message-ID", make_msgid(domain=host_name()))
    for name, value in headers.items():
        if name.lower() not in _SHOWN_ALREADY:
            _put(root, name, value)
    return root


def as_bytes(part: Part, line_end: str = "\n") -> bytes:
    """What is sent or written."""
    return part.as_bytes(policy=compat32.clone(linesep=line_end))


@lru_cache(maxsize=1)
def host_name() -> str:
    """The name of this machine: in identifiers of mails, and how it greets mail servers. Asked once, as it may take a
    second."""
    return _in_ascii(socket.getfqdn())


def address(given: str | tuple[str, str], charset: str = "utf-8") -> str:
    """An address that mail servers understand. Raises ``ValueError`` where it is none."""
    if isinstance(given, tuple):
        name, spec = given
        local, at, domain = spec.rpartition("@")
        if not at:
            raise ValueError(f'Invalid address "{spec}"')
    else:
        try:
            mailbox, rest = parser.get_mailbox(given)
        except (HeaderParseError, ValueError, IndexError):
            raise ValueError(f'Invalid address "{given}"') from None
        if rest:
            raise ValueError(f'Invalid address; only {mailbox} could be parsed from "{given}"')
        name, local, domain = mailbox.display_name or "", mailbox.local_part, mailbox.domain or ""
    if {"\n", "\r"} & set(name + local + domain):
        raise ValueError("Invalid address; address parts cannot contain newlines.")
    name = Header(name, None if name.isascii() else charset).encode()
    if not local.isascii():
        local = Header(local, charset).encode()
    return formataddr((name, Address(username=local, domain=_in_ascii(domain)).addr_spec))


def _in_ascii(domain: str) -> str:
    return domain.encode("idna").decode("ascii")


def _put(part: Part, name: str, value: object, charset: str = "utf-8") -> None:
    text = str(value)
    _forbid_line_breaks(name, text)
    if not text.isascii():
        if name.lower() in _OF_ADDRESSES:
            text = ", ".join(address(pair, charset) for pair in getaddresses((text,)))
        else:
            text = Header(text, charset).encode()
    elif name.lower() == "subject":
        text = Header(text).encode()
    part[name] = text


def _forbid_line_breaks(name: str, text: str) -> None:
    if "\n" in text or "\r" in text:
        raise BadHeaderError(f"Header values can't contain newlines (got {text!r} for header {name!r})")


def _text(text: str, subtype: str) -> Part:
    part = MIMENonMultipart("text", subtype, charset="utf-8")
    lines = (line.encode(errors="surrogateescape") for line in text.splitlines())
    too_long = any(len(line) > _LONGEST_LINE for line in lines)
    part.set_payload(text, _FOLDED if too_long else _AS_IS)
    return part


def _part(content: Any, mimetype: str) -> Part:
    kind, subtype = mimetype.split("/", 1)
    if kind == "text":
        return _text(content, subtype)
    if mimetype == "message/rfc822":
        raw = content if isinstance(content, bytes) else str(content).encode()
        return MIMEMessage(message_from_bytes(raw), subtype)
    part = MIMEBase(kind, subtype)
    part.set_payload(content)
    encoders.encode_base64(part)
    return part


def _with_alternatives(message: Message, body: Part) -> Part:
    if not message.alternatives:
        return body
    whole = MIMEMultipart("alternative")
    if message.body:
        whole.attach(body)
    for content, mimetype in message.alternatives:
        whole.attach(_part(content, mimetype))
    return whole


def _with_attachments(message: Message, body: Part) -> Part:
    if not message.attachments:
        return body
    whole = MIMEMultipart("mixed")
    if message.body or body.is_multipart():
        whole.attach(body)
    for attachment in message.attachments:
        whole.attach(_attached(attachment))
    return whole


def _attached(attachment: Attachment) -> Part:
    part = _part(attachment.content, attachment.mimetype)
    name = attachment.filename
    if name:
        shown: Any = name if name.isascii() else ("utf-8", "", name)
        part.add_header("Content-Disposition", "attachment", filename=shown)
        if type(part) is not MIMEBase:  # Django does not look at the headers of these
            _forbid_line_breaks("Content-Disposition", str(part["Content-Disposition"]))
    return part
