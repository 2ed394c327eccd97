"""The gateway and both sides as a Compose file (https://github.com/compose-spec/compose-spec)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from segue import digest
from segue.gateway.export.images import Side
from segue.gateway.export.remote import ANY, FOLDER, LISTEN, SIDE
from segue.gateway.routes import ACTIVE_HEADER, ACTIVE_PATH, UNTRACED

Json = dict[str, Any]
NOBODY = 65534
ENVOY_USER = 101
"""The user ``envoy`` of the official image."""
NEVER_EMPTY = ("DATABASE_URL", "SECRET_KEY")


def document(
    django: Side, fastapi: Side, image: str, boot: str, port: int, folder: Path, metrics: int = 0
) -> Json:
    """The file as data, to stand in ``folder`` beside ``envoy/``. ``image`` is Envoy's, ``boot`` the text of its
    start-up file, ``port`` the one on this machine's loopback; ``metrics`` one more, for Prometheus, unless it is 0."""
    return {
        "services": {
            "gateway": {
                "image": image,
                "entrypoint": envoy_command(),
                "user": f"{ENVOY_USER}:{ENVOY_USER}",
                # Envoy reads its start-up file once: another one makes `up` start another container. Other routes do not.
                "labels": {"segue.boot": digest.of_bytes(boot.encode())[:16]},
                "ports": [
                    f"127.0.0.1:{port}:{LISTEN}",
                    *([f"127.0.0.1:{metrics}:{metrics}"] if metrics else []),
                ],
                # The folder, not the file: a file that is mounted alone stays the old one when a new one takes its name.
                "volumes": [f"./envoy:{FOLDER}:ro"],
                "depends_on": {
                    "django": {"condition": "service_healthy"},
                    # Django answers for it until it is there.
                    "fastapi": {"condition": "service_started"},
                },
                "healthcheck": _health(["bash", "-c", _asked()]),
                **_confined(),
            },
            "django": {**_side(django, folder), "env_file": [{"path": "django.env", "required": False}]},
            "fastapi": _side(fastapi, folder),
        },
        "networks": {"segue": {}},
    }


def envoy_command() -> list[str]:
    """How Envoy is started in its image."""
    return [
        "/usr/local/bin/envoy", "-c", f"{FOLDER}/boot/envoy.json", "--concurrency", "2", "--disable-hot-restart",
        "--log-level", "warning",
    ]  # fmt: skip


def names(django: Side, fastapi: Side) -> str:
    """``.env.example``: what ``.env`` beside the file must give."""
    asked = dict.fromkeys((*fastapi.asked, *django.asked))
    lines = "".join(f"{name}=\n" for name in asked)
    # Django's own secret keys have $ and #, which mean something there.
    return f"# Copy to .env and fill in, each value in single quotes. .env stays out of version control.\n{lines}"


def _side(side: Side, folder: Path) -> Json:
    asked = {
        name: f"${{{name}{':?' if name in NEVER_EMPTY else '?'}{name} is not set}}" for name in side.asked
    }
    # A name is looked up when the container starts, so `$` in a value of our own would be one as well.
    given = {name: value.replace("$", "$$") for name, value in side.given.items()}
    connects = f"import socket; socket.create_connection(('127.0.0.1', {SIDE}), 2)"
    return {
        "build": {"context": os.path.relpath(side.context, folder)},
        **({"command": [part.replace("$", "$$") for part in side.command]} if side.command else {}),
        "user": f"{NOBODY}:{NOBODY}",
        "environment": {**given, **asked},
        "healthcheck": _health(["python", "-c", connects]),
        **_confined(),
    }


def _asked() -> str:
    """The image has bash and no HTTP client. `$$` is Compose's `$`."""
    request = f"HEAD {ACTIVE_PATH} HTTP/1.1\\r\\nHost: gateway\\r\\n{ACTIVE_HEADER}: {ANY}\\r\\n{_untraced()}Connection: close\\r\\n\\r\\n"
    return (
        f"exec 3<>/dev/tcp/127.0.0.1/{LISTEN} && printf '{request}' >&3 && read -r line <&3"
        ' && [[ $$line == "HTTP/1.1 204"* ]]'
    )


def _untraced() -> str:
    return "".join(f"{name}: {value}\\r\\n" for name, value in UNTRACED.items())


def _health(test: list[str]) -> Json:
    return {"test": ["CMD", *test], "interval": "5s", "timeout": "3s", "retries": 3, "start_period": "60s"}


def _confined() -> Json:
    return {
        "read_only": True,
        "tmpfs": ["/tmp"],
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "restart": "unless-stopped",
        "stop_grace_period": "30s",
        "networks": ["segue"],
    }
