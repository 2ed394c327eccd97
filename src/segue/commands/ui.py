"""``segue ui``: a web page of the project on this machine, until Ctrl-C."""

from __future__ import annotations

import contextlib
import secrets
import signal
import socket
import threading
from collections.abc import Sequence
from pathlib import Path

import uvicorn

from segue.commands import rollout, shift
from segue.commands.common import basis, console, open_project, read_ledger
from segue.errors import EnvironmentProblem, SegueError, UsageError
from segue.ui.app import create
from segue.ui.guard import Guard, loopback
from segue.ui.hands import Hands
from segue.ui.known import Known

_GRACE = 3  # seconds that a request under way has when the command is stopped


def run(project: Path, *, host: str, port: int, token: bool) -> int:
    """Serve the pages until Ctrl-C or SIGTERM. A host that others reach asks for a token, which is printed once.

    Raises :class:`EnvironmentProblem` for an address that cannot be listened on.
    """
    known = Known(basis)
    opened(project, known)  # a segue.toml that cannot be read is told before anything listens
    with _listening(host, port) as listener:
        bound = int(listener.getsockname()[1])
        guard = Guard(host, bound, secrets.token_urlsafe(32) if token or not loopback(host) else "")
        shown = f"[{host}]" if ":" in host else host
        url = f"http://{shown}:{bound}/"
        console.print(
            f"Segue ui  {url}{f'?token={guard.token}' if guard.token else ''}", soft_wrap=True, markup=False
        )
        if not loopback(host):
            console.print(
                "Others on the network reach this address; what they send and see is not encrypted.",
                soft_wrap=True,
            )
        console.print("Ctrl-C stops.")
        server = uvicorn.Server(
            uvicorn.Config(
                create(lambda: opened(project, known), guard),
                access_log=False,
                log_level="warning",
                server_header=False,
                proxy_headers=False,
                lifespan="off",
                ws="none",
                limit_concurrency=200,
                timeout_graceful_shutdown=_GRACE,
            )
        )
        threading.Thread(target=_prepare, args=(project, known), daemon=True).start()
        # uvicorn raises the signal again when it has ended.
        before = {
            number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            server.run(sockets=[listener])
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
    console.print("Stopped.")
    return 0


def opened(project: Path, known: Known) -> Hands:
    """The project as it is now, with the functions of the commands; ``known`` remembers what takes long to read."""
    settings = open_project(project)

    def move(routes: Sequence[str], weight: int, *, force: bool, why: str, seen: int | None) -> list[str]:
        return shift.move(settings, list(routes), weight, force=force, why=why, seen=seen).sentences()

    return Hands(
        settings,
        lambda: read_ledger(settings),
        lambda book: known.basis(settings, book),
        move,
        lambda: rollout.hold(settings),
        lambda: rollout.unpause(settings),
    )


def _prepare(project: Path, known: Known) -> None:
    """Work out what the first page needs while somebody goes to his browser."""
    with contextlib.suppress(SegueError, OSError):  # the page tells it
        hands = opened(project, known)
        hands.basis(hands.ledger())


def _listening(host: str, port: int) -> socket.socket:
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        raise UsageError(
            f"{host!r} is no address of this machine.", hint="Give one as --host 127.0.0.1."
        ) from error
    try:
        return socket.create_server(address[:2], family=family, backlog=64)
    except OSError as error:
        raise EnvironmentProblem(
            f"Nothing can listen on {host} port {port}: {error.strerror}.",
            hint="Stop what uses it, or give another one with --port (0: any free one).",
        ) from error
