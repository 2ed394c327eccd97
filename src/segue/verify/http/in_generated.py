"""Run by the generated project's interpreter: its application under uvicorn, on a free loopback port.

Standard input has the spec (``output``, ``package``, perhaps ``gate``, see :mod:`turns`) as its first line; every further line is answered with what
was logged as an error since the last one, and throttle histories are emptied. Ends with its input.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import logging
import os
import re
import socket
import sys
import threading
from pathlib import Path
from typing import Any


class LastError(logging.Handler):
    """Keeps the last exception that was logged."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.last = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Remember type and text."""
        error = record.exc_info[1] if record.exc_info else None
        self.last = f"{type(error).__name__}: {str(error)[:300]}" if error else record.getMessage()[:300]


def hold_tasks(package: str) -> list[Any] | None:
    """Have Celery tasks noted instead of sent; None where the service sends none."""
    if importlib.util.find_spec(f"{package}.tasks") is None:
        return None
    path = Path(__file__).parents[1] / "joined" / "sent_tasks.py"
    spec = importlib.util.spec_from_file_location("sent_tasks", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sent: list[Any] = module.Tasks().sent
    return sent


def keep_mails(package: str) -> Any:
    """How mails are told (joined/recorders/mail.py), which stay in memory; None where the service sends none."""
    return recorder("mail") if importlib.util.find_spec(f"{package}.mail") is not None else None


def hold_calls(output: str, package: str) -> Any:
    """Calls of other servers, noted and answered here (joined/recorders/outgoing.py); None where the service makes none."""
    asking = re.compile(r"^import (requests|httpx)$", re.MULTILINE)
    for folder, _, files in os.walk(os.path.join(output, package)):
        for name in files:
            if name.endswith(".py"):
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    if asking.search(file.read()):
                        return recorder("outgoing").OutgoingCalls()
    return None


def recorder(name: str) -> Any:
    """A module of joined/recorders, by its path: this file is run by its own."""
    file = os.path.join(os.path.dirname(__file__), "..", "joined", "recorders", f"{name}.py")
    spec = importlib.util.spec_from_file_location(f"segue_{name}_recorder", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> None:
    """Serve until standard input ends."""
    import uvicorn

    spec = json.loads(sys.stdin.buffer.readline())
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.path.insert(0, spec["output"])
    os.environ["FORWARDED_ALLOW_IPS"] = ""  # as Django's side, which no gunicorn serves here
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen(128)
    errors = LastError()
    sent = hold_tasks(spec["package"])
    mails = keep_mails(spec["package"])
    calls = hold_calls(spec["output"], spec["package"])
    # This file is run by its path, so its neighbours are modules of their own.
    caches = importlib.import_module("memory_cache").stand_in(spec["package"])
    create_app = importlib.import_module(f"{spec['package']}.main").create_app

    def create() -> Any:
        gate = spec.get("gate")
        return importlib.import_module("turns").Turns(create_app(), tuple(gate)) if gate else create_app()

    config = uvicorn.Config(
        create, factory=True, timeout_keep_alive=65, log_config=None, proxy_headers=False, server_header=False,
        access_log=False, lifespan="on",
    )  # fmt: skip
    logging.getLogger().addHandler(errors)
    server = uvicorn.Server(config)

    def write(document: Any) -> None:
        output.write(json.dumps(document, default=str).encode() + b"\n")
        output.flush()

    def control() -> None:
        history: Any = getattr(sys.modules.get(f"{spec['package']}.access"), "HISTORY", None)
        write(
            {
                "port": listening.getsockname()[1],
                "only_errors": not caches and all(one is None for one in (history, sent, mails, calls)),
            }
        )
        for _ in sys.stdin.buffer:
            for cache in caches.values():
                cache.kept.clear()
            if hasattr(history, "clear"):  # one in a cache is empty by now
                history.clear()
            last, errors.last = errors.last, ""
            effects: dict[str, Any] = {"(tasks)": list(sent)} if sent else {}
            if mails is not None and (told := [mails.described(m) for m in mails.sent()]):
                effects["(mail)"] = told
                mails.forget_generated()
            if calls is not None and (asked := list(calls.take())):
                effects["(http)"] = asked
                calls.start()
            if sent:
                sent.clear()
            write({"error": last, "effects": effects})
        server.should_exit = True
        threading.Timer(5, lambda: os._exit(0)).start()

    threading.Thread(target=control, daemon=True).start()
    server.run(sockets=[listening])
    os._exit(0 if server.started else 3)


if __name__ == "__main__":
    main()
