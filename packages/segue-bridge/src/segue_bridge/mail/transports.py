"""Where mails go: Django's backends of the same names (``django.core.mail.backends``). All of them block."""

from __future__ import annotations

import copy
import os
import smtplib
import ssl
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Protocol
from uuid import uuid4

from segue_bridge.mail.compose import address, as_bytes, composed, host_name
from segue_bridge.mail.message import Message


class Transport(Protocol):
    """Delivers mails."""

    def deliver(self, messages: Sequence[Message], *, fail_silently: bool) -> int | None:
        """Deliver all of them in one go; how many were delivered."""


@dataclass(frozen=True, slots=True)
class Smtp:
    """A mail server. ``username`` and ``password`` are used where both are given; ``timeout`` in seconds."""

    host: str = "localhost"
    port: int = 25
    username: str = ""
    password: str = ""
    use_tls: bool = False
    use_ssl: bool = False
    timeout: float | None = None
    keyfile: str | None = None
    certfile: str | None = None

    def __post_init__(self) -> None:
        if self.use_ssl and self.use_tls:
            raise ValueError("EMAIL_USE_TLS and EMAIL_USE_SSL exclude each other: set one of them.")

    def deliver(self, messages: Sequence[Message], *, fail_silently: bool) -> int:
        """One connection for all. Raises ``OSError`` where the server is not reached, ``smtplib.SMTPException`` where it
        refuses; with ``fail_silently`` those are not counted. An address or header that cannot be sent always raises."""
        if not messages:
            return 0
        try:
            server = self._connected()
        except OSError:
            if not fail_silently:
                raise
            return 0
        try:
            return sum(_sent(server, message, fail_silently) for message in messages)
        finally:
            _close(server, fail_silently)

    def _connected(self) -> smtplib.SMTP:
        connect: Callable[..., smtplib.SMTP] = smtplib.SMTP
        if self.use_ssl:
            connect = partial(smtplib.SMTP_SSL, context=self._tls())
        if (
            self.timeout is not None
        ):  # as a value None would be "no timeout"; left out it is the process's own
            connect = partial(connect, timeout=self.timeout)
        server = connect(self.host, self.port, local_hostname=host_name())
        try:
            if self.use_tls:
                server.starttls(context=self._tls())
            if self.username and self.password:
                server.login(self.username, self.password)
        except BaseException:
            server.close()
            raise
        return server

    def _tls(self) -> ssl.SSLContext:
        if not (self.certfile or self.keyfile):
            return ssl.create_default_context()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_cert_chain(self.certfile or "", self.keyfile)
        return context


def _sent(server: smtplib.SMTP, message: Message, fail_silently: bool) -> bool:
    recipients = message.recipients()
    if not recipients:
        return False
    sender, receivers = address(str(message.from_email)), [address(str(r)) for r in recipients]
    data = as_bytes(composed(message), "\r\n")
    try:
        server.sendmail(sender, receivers, data)
    except smtplib.SMTPException:
        if not fail_silently:
            raise
        return False
    return True


def _close(server: smtplib.SMTP, fail_silently: bool) -> None:
    try:
        server.quit()
    except (ssl.SSLError, smtplib.SMTPServerDisconnected):
        server.close()
    except smtplib.SMTPException:
        if not fail_silently:
            raise


_WRITING = threading.Lock()
_RULE = b"-" * 79 + b"\n"


class Console:
    """Writes mails to standard output."""

    def deliver(self, messages: Sequence[Message], *, fail_silently: bool) -> int | None:
        """All of them; with ``fail_silently`` those before the first that cannot be written."""
        if not messages:
            return None
        done = 0
        with _WRITING:
            try:
                for message in messages:
                    self.write(as_bytes(composed(message)))
                    done += 1
            except Exception:
                if not fail_silently:
                    raise
        return done

    def write(self, data: bytes) -> None:
        """One mail and the rule below it."""
        sys.stdout.write((data + b"\n" + _RULE).decode())
        sys.stdout.flush()


class Folder(Console):
    """Writes mails that are sent in one go to a new file in ``folder``, which is made."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder).absolute()
        self._folder.mkdir(parents=True, exist_ok=True)
        self._file: IO[bytes] | None = None

    def deliver(self, messages: Sequence[Message], *, fail_silently: bool) -> int | None:
        """As :meth:`Console.deliver`, into one file."""
        if not messages:
            return None
        name = f"{time.strftime('%Y%m%d-%H%M%S')}-{uuid4().int >> 65}.log"
        one = copy.copy(self)
        try:
            with open(os.path.join(self._folder, name), "ab") as one._file:
                return super(Folder, one).deliver(messages, fail_silently=fail_silently)
        except OSError:
            if not fail_silently:
                raise
            return 0

    def write(self, data: bytes) -> None:
        """One mail and the rule below it."""
        assert self._file is not None
        self._file.write(data + b"\n" + _RULE)
        self._file.flush()


#: What :class:`Memory` keeps.
OUTBOX: list[Message] = []


class Memory:
    """Keeps mails in :data:`OUTBOX`, for tests (Django's ``locmem``)."""

    def deliver(self, messages: Sequence[Message], *, fail_silently: bool) -> int:
        """A copy of each, after it was written down to see whether it can be."""
        for message in messages:
            composed(message)
            OUTBOX.append(copy.deepcopy(message))
        return len(messages)


class Nowhere:
    """Forgets mails (Django's ``dummy``)."""

    def deliver(self, messages: Sequence[Message], *, fail_silently: bool) -> int:
        """Nothing."""
        return len(messages)
