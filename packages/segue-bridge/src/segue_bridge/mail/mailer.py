"""Sending mails without holding up the event loop."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from anyio import to_thread

from segue_bridge.acted import acted
from segue_bridge.mail.message import Message
from segue_bridge.mail.transports import Console, Folder, Memory, Nowhere, Smtp, Transport

BACKENDS = ("smtp", "console", "filebased", "locmem", "dummy")


class Mailer:
    """Sends what it is given at once: the call ends when the mail server has it, as Django's does.

    ``backend`` is one of :data:`BACKENDS`, or Django's dotted name of it. The other arguments are Django's settings
    ``EMAIL_HOST``, ``EMAIL_PORT``, …; ``folder`` is ``EMAIL_FILE_PATH``. Raises ``ValueError`` for other backends, and for TLS
    in both ways at once.
    """

    def __init__(
        self,
        backend: str = "smtp",
        *,
        host: str = "localhost",
        port: int = 25,
        username: str = "",
        password: str = "",
        use_tls: bool = False,
        use_ssl: bool = False,
        timeout: float | None = None,
        keyfile: str | None = None,
        certfile: str | None = None,
        folder: str | None = None,
    ) -> None:
        name = backend.removeprefix("django.core.mail.backends.").removesuffix(".EmailBackend")
        if name not in BACKENDS:
            raise ValueError(f"EMAIL_BACKEND is {backend}: one of {', '.join(BACKENDS)} is needed.")
        if name == "filebased" and not folder:
            raise ValueError("EMAIL_BACKEND is filebased: EMAIL_FILE_PATH must name a folder.")
        self._smtp: Smtp | None = None
        self._transport: Transport
        if name == "smtp":
            self._transport = self._smtp = Smtp(
                host, port, username, password, use_tls, use_ssl, timeout, keyfile, certfile
            )
        elif name == "filebased":
            self._transport = Folder(folder or "")
        else:
            others: dict[str, Transport] = {"console": Console(), "locmem": Memory(), "dummy": Nowhere()}
            self._transport = others[name]
        self._at_once = name in ("locmem", "dummy")

    async def send(
        self,
        message: Message,
        *,
        fail_silently: bool = False,
        username: str | None = None,
        password: str | None = None,
    ) -> int:
        """Send one mail: 1, or 0 where nobody is to get it or ``fail_silently`` hides that it was not sent.

        ``username`` and ``password`` are for the mail server, instead of those of the settings. Raises ``BadHeaderError``,
        ``ValueError`` for addresses that are none, ``OSError`` and ``smtplib.SMTPException``.
        """
        if not message.recipients():
            return 0
        sent = await self.send_all(
            [message], fail_silently=fail_silently, username=username, password=password
        )
        return sent or 0

    async def notify(
        self,
        message: Message,
        *,
        fail_silently: bool = False,
        username: str | None = None,
        password: str | None = None,
    ) -> None:
        """As :meth:`send`, where nobody asks whether it was sent (Django's ``mail_admins``, ``mail_managers``)."""
        await self.send(message, fail_silently=fail_silently, username=username, password=password)

    async def send_all(
        self,
        messages: Iterable[Message],
        *,
        fail_silently: bool = False,
        username: str | None = None,
        password: str | None = None,
    ) -> int | None:
        """Send several over one connection; how many were sent (None for none by ``console`` and ``filebased``)."""
        acted("mail")
        transport = self._transport
        if self._smtp is not None:
            transport = replace(
                self._smtp,
                username=self._smtp.username if username is None else username,
                password=self._smtp.password if password is None else password,
            )
        deliver = partial(transport.deliver, list(messages), fail_silently=fail_silently)
        return deliver() if self._at_once else await to_thread.run_sync(deliver)
