"""What a mail server gets from the bridge is what it gets from Django: envelope, bytes, and what goes wrong."""

from __future__ import annotations

import asyncio
import json
import random
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from segue_bridge.mail.mailer import Mailer
from segue_bridge.mail.message import Message

CHILD = Path(__file__).parent / "mail_child.py"
PLAIN: dict[str, Any] = {
    "subject": "Hello", "body": "Text", "from_email": "shop@example.com", "to": ["a@example.com"], "cc": None, "bcc": None,
    "reply_to": None, "headers": None, "html": None, "subtype": "plain", "attachments": [], "silent": False,
}  # fmt: skip
# What no mail can have comes last.
SUBJECTS = [
    "",
    None,
    "Grüße",
    "a" * 90,
    "wörter " * 20,
    " spaced ",
    "日本",
    "line\nbreak",
    "carriage\rreturn",
]
BODIES = [
    "",
    None,
    "Grüße\n",
    "From here\r\nthere",
    "x" * 999,
    "x" * 998,
    "ä" * 499,
    "ä" * 500,
    ".\n..",
    "a\x0cb",
    "\ud800",
]
ADDRESSES = [
    "a@example.com", "Ann <a@example.com>", "Änn <a@example.com>", "ä@example.com", "a@münchen.example", "",
    None, '"Doe, J." <j@example.com>', "Ä" * 60 + " <a@example.com>", "<a@example.com>", "x (note) <a@example.com>",
    "refused@example.com", "nobody", "a@b@c", "a@example.com, b@example.com", "A\nB <a@example.com>",
]  # fmt: skip
HEADERS: list[dict[str, str] | None] = [
    None, {"X-Kind": "ä"}, {"From": "other@example.com"}, {"to": "hidden@example.com"}, {"To": "shown@example.com"}, {"Date": "today"},
    {"message-id": "<1@x>"}, {"Reply-To": "Ü <ü@example.com>"}, {"Sender": "ä <a@b.example>, c@d.example"},
    {"Subject": "twice"}, {"X-Long": "word " * 40}, {"Content-Type": "text/x"}, {"X-Bad": "a\nb"},
]  # fmt: skip
ATTACHED: list[list[Any]] = [
    ["a.txt", "text", None], ["ä.txt", "täxt", "text/plain"], ["a.bin", {"hex": "00ff80"}, None], ["a.txt", {"hex": "ff"}, None],
    ["a.csv", {"hex": "c3a4"}, "text/csv"], [None, "x", "text/plain"], ["x", "str", "application/json"], ["m.eml", "Subject: x\n\nbody", "message/rfc822"],
    ["line\nbreak.bin", {"hex": "00"}, None], ["a;b\".pdf", {"hex": "25"}, None],
    ["line\nbreak.txt", "x", None], ["x", None, None], ["x", "y", "plain"],
]  # fmt: skip
BAD = (2, 1, 5, 1, 3)  # how many of each those are


def cases() -> list[dict[str, Any]]:
    """Each peculiarity by itself, then mixtures."""
    found = [PLAIN, {**PLAIN, "to": "a@example.com"}, {**PLAIN, "to": []}, {**PLAIN, "html": "<b>Ä</b>"}]
    found += [{**PLAIN, "subject": s} for s in SUBJECTS] + [{**PLAIN, "body": b} for b in BODIES]
    found += [{**PLAIN, "headers": h} for h in HEADERS] + [{**PLAIN, "attachments": [a]} for a in ATTACHED]
    for place in ("to", "cc", "bcc", "reply_to"):
        found += [{**PLAIN, place: [a]} for a in ADDRESSES]
    found += [{**PLAIN, "from_email": a} for a in ADDRESSES if a]
    found += [
        {**PLAIN, "to": ["refused@example.com"], "silent": True},
        {**PLAIN, "to": ["nobody"], "silent": True},
    ]
    draw = random.Random(5)
    for at in range(150):
        lists: Any = zip((SUBJECTS, BODIES, ADDRESSES, HEADERS, ATTACHED), BAD, strict=True)
        subjects, bodies, addresses, headers, attached = (
            values if at % 5 == 0 else values[:-number] for values, number in lists
        )
        case = {
            **PLAIN, "subject": draw.choice(subjects), "body": draw.choice(bodies), "subtype": draw.choice(["plain", "html"]),
            "html": draw.choice([None, "", "<p>ä</p>", "<p>" + "x" * 1000]), "headers": draw.choice(headers),
            "silent": draw.random() < 0.3, "attachments": draw.sample(attached, draw.choice([0, 0, 1, 2])),
        }  # fmt: skip
        for place in ("to", "cc", "bcc", "reply_to"):
            case[place] = draw.choice([None, draw.sample(addresses, draw.choice([1, 2, 3]))])
        found.append(case)
    return found


class Received:
    """What a mail server was given."""

    def __init__(self) -> None:
        self.mails: list[list[Any]] = []

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.startswith("refused"):
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        self.mails.append([session.host_name, envelope.mail_from, envelope.rcpt_tos, fixed(envelope.content)])
        return "250 OK"

    def take(self) -> list[list[Any]]:
        taken, self.mails = self.mails, []
        return taken


def fixed(data: bytes) -> bytes:
    """A mail with what differs each time left out."""
    data = re.sub(rb"(?m)^Date: \w{3}, \d.*? -0000\r?$", b"Date: now", data)
    data = re.sub(rb"(?m)^Message-ID: ?(\r?\n )?<\d+\.\d+\.\d+@([^>]*)>", rb"Message-ID: <some@\2>", data)
    for at, boundary in enumerate(re.findall(rb'boundary="(=+\d+=+)"', data)):
        data = data.replace(boundary, b"boundary-%d" % at)
    return data


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[Received, int]]:
    received = Received()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(received, hostname="127.0.0.1", port=port, server_hostname="127.0.0.1")
    controller.start()
    yield received, port
    controller.stop()


def by_django(backend: str, port: int, folder: Path, given: list[dict[str, Any]]) -> tuple[list[Any], str]:
    ran = subprocess.run(
        [sys.executable, str(CHILD), backend, str(port), str(folder)],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    written, _, told = ran.stdout.rstrip("\n").rpartition("\n")
    return json.loads(told), written


def by_bridge(mailer: Mailer, given: list[dict[str, Any]]) -> list[Any]:
    return anyio.run(_by_bridge, mailer, given)


async def _by_bridge(mailer: Mailer, given: list[dict[str, Any]]) -> list[Any]:
    told: list[Any] = []
    for case in given:
        case = dict(case)
        silent, subtype, attached = case.pop("silent"), case.pop("subtype"), case.pop("attachments")
        try:
            message = Message(**case)
            message.content_subtype = subtype
            for name, data, kind in attached:
                message.attach(name, bytes.fromhex(data["hex"]) if isinstance(data, dict) else data, kind)
            told.append([await mailer.send(message, fail_silently=silent)])
        except Exception as error:  # noqa: BLE001 - they are compared
            told.append([type(error).__name__, str(error)])
    return told


def test_a_mail_server_is_given_the_same(server: tuple[Received, int], tmp_path: Path) -> None:
    received, port = server
    given = cases()
    wanted, _ = by_django("smtp", port, tmp_path, given)
    mails = received.take()
    found = by_bridge(Mailer(host="127.0.0.1", port=port), given)
    assert [(c, w, f) for c, w, f in zip(given, wanted, found, strict=True) if w != f] == []
    assert received.take() == mails
    outcomes = {told[0] for told in wanted}
    assert {0, 1, "BadHeaderError", "ValueError", "TypeError", "SMTPRecipientsRefused"} <= outcomes
    assert len(mails) > 150


def written_to(folder: Path) -> list[bytes]:
    """The mails in the files of a folder: Django may give two connections of one second the same file."""
    files = b"".join(f.read_bytes() for f in folder.iterdir())
    return sorted(map(fixed, files.split(b"-" * 79 + b"\n")))


@pytest.mark.parametrize("backend", ["locmem", "dummy", "console", "filebased"])
def test_the_other_places(
    backend: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from segue_bridge.mail import transports

    monkeypatch.setattr(transports, "OUTBOX", outbox := [])
    given = [c for c in cases() if "\ud800" not in (c["body"] or "")]
    theirs, mine = tmp_path / "theirs", tmp_path / "mine"
    wanted, written = by_django(backend, 0, theirs, given)
    told = by_bridge(Mailer(f"django.core.mail.backends.{backend}.EmailBackend", folder=str(mine)), given)
    assert [(c, w, f) for c, w, f in zip(given, wanted, told, strict=True) if w != f] == []
    assert fixed(capsys.readouterr().out.encode()).strip() == fixed(written.encode()).strip()
    if backend == "filebased":
        assert written_to(mine) == written_to(theirs)
        assert len(written_to(mine)) > 100
    assert len(outbox) == (sum(t == [1] for t in told) if backend == "locmem" else 0)


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # bound and not listening: nobody else answers there
        port = held.getsockname()[1]
        given = [
            PLAIN,
            {**PLAIN, "silent": True},
            {**PLAIN, "subject": "a\nb"},
            {**PLAIN, "to": ["nobody"], "silent": True},
        ]
        wanted, _ = by_django("smtp", port, tmp_path, given)
        assert by_bridge(Mailer(host="127.0.0.1", port=port), given) == wanted
    assert [w[0] for w in wanted] == ["ConnectionRefusedError", 0, "ConnectionRefusedError", 0]


def test_the_loop_goes_on_while_a_server_is_slow() -> None:
    async def main() -> tuple[int, str]:
        turns = 0

        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()

        slow = await asyncio.start_server(silent, "127.0.0.1", 0)
        port = slow.sockets[0].getsockname()[1]
        sending = asyncio.create_task(
            Mailer(host="127.0.0.1", port=port, timeout=0.3).send(
                Message("a", "b", "c@example.com", ["d@example.com"])
            )
        )
        while not sending.done():
            turns += 1
            await asyncio.sleep(0.01)
        slow.close()
        return turns, type(sending.exception()).__name__

    turns, raised = asyncio.run(main())
    assert raised == "SMTPServerDisconnected"
    assert turns > 5


def test_several_go_over_one_connection(server: tuple[Received, int]) -> None:
    received, port = server
    mails = [Message(str(n), "x", "a@example.com", ["b@example.com"]) for n in range(3)]
    assert anyio.run(Mailer(host="127.0.0.1", port=port).send_all, mails) == 3
    assert len(received.take()) == 3


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"backend": "anymail.backends.ses.EmailBackend"}, "one of smtp"),
        ({"backend": "filebased"}, "EMAIL_FILE_PATH"),
        ({"use_tls": True, "use_ssl": True}, "exclude each other"),
    ],
)
def test_settings_that_cannot_be_are_told(given: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Mailer(**given)
