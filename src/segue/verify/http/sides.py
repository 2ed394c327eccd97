"""The two servers, as sides that can be asked, each with the state of its own clone."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from segue.verify.http.child import Child
from segue.verify.http.client import Client
from segue.verify.http.states import State
from segue.verify.joined.files import files_in
from segue.verify.legacy_spec import legacy_spec
from segue.verify.project import JOINED, ProjectRef, child_environment

IN_GENERATED = Path(__file__).parent / "in_generated.py"
STARTING = 120.0  # seconds a server may take until it listens


@dataclass(frozen=True, slots=True)
class Modern:
    """The interpreter of the generated project's environment, and what its process gets besides."""

    python: Path
    environment: Mapping[str, str] = field(default_factory=dict)


class Side:
    """A server with its database ``state`` and its ``media`` folder; what it does is undone by :meth:`restore`."""

    def __init__(
        self,
        child: Child | None,
        url: str,
        state: State | None,
        media: Path | None,
        *,
        only_errors: bool = False,
    ) -> None:
        self._child, self.state, self._media = child, state, media
        self._only_errors = only_errors  # it has nothing else to tell after a request, nor to reset
        self.url = url
        self.client = Client(url, host="testserver" if child is not None else "")
        self.error = ""
        self.refused: set[str] = set()
        self._dirty = False

    def ask(self, case: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Answer and effects; they stay until :meth:`restore`."""
        self.begin()
        raw = self.client.ask(case)
        return raw, self.effects(failed=raw["status"] >= 500)

    def begin(self) -> None:
        """What is written from now on are the effects of what is asked next."""
        if self.state is not None:
            self.state.mark()

    def effects(self, *, failed: bool) -> dict[str, Any]:
        """What was done since :meth:`begin`; with ``failed``, :attr:`error` says what went wrong last."""
        effects = self.state.changes() if self.state is not None else {}
        self._dirty = self._dirty or bool(effects)
        self.error = ""
        if self._child is not None and (failed or not self._only_errors):
            told = self._child.ask({})
            self.error = told["error"]
            self.refused |= set(told.get("refused", ()))
            effects |= told["effects"]
        files = self._files()
        if files:
            effects["(files)"] = files
        return effects

    def restore(self) -> None:
        """Make the database what it was at first."""
        if self._dirty and self.state is not None:
            self.state.restore()
        self._dirty = False

    def close(self) -> None:
        """Stop the server, then let go of its database."""
        self.client.close()
        if self._child is not None:
            self._child.close()
        if self.state is not None:
            self.state.close()

    def _files(self) -> list[list[str]]:
        if self._media is None:
            return []
        found = files_in(self._media)
        if found:
            shutil.rmtree(self._media, ignore_errors=True)
            self._media.mkdir(parents=True, exist_ok=True)
        return found


def start_django(
    project: ProjectRef,
    names: Mapping[str, str],
    server: Mapping[str, str],
    state: State,
    media: Path,
    gate: tuple[str, int] | None = None,
) -> Side:
    """Django on the databases ``names`` (alias → name). ``server``: host and port of theirs, if they have one. ``gate``: where
    requests ask whether they may go on (``joined/turns.py``)."""
    media.mkdir()
    spec = {
        **legacy_spec(project),
        "more": [],
        "databases": dict(names),
        "media": str(media),
        "open": [[server.get("host") or "localhost", int(server.get("port") or 5432)]] if server else [],
        "gate": gate,
    }
    child = Child(
        "The Django server", [str(project.python), str(JOINED), "serve"], spec,
        cwd=project.import_root, env=child_environment(project),
    )  # fmt: skip
    return _listening(child, state, media)


def start_fastapi(
    project: ProjectRef,
    modern: Modern,
    shared: Mapping[str, str],
    url: str,
    state: State,
    media: Path,
    gate: tuple[str, int] | None = None,
) -> Side:
    """The generated application on the database ``url``; ``shared`` are the secrets it has in common with Django, ``gate`` as
    for :func:`start_django`."""
    media.mkdir()
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONHOME", "PYTHONPATH")}
    environment |= {**project.environment, **modern.environment, **shared, "DATABASE_URL": url}
    environment |= {"MEDIA_ROOT": str(media), "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    spec = {"output": str(project.output), "package": project.package, "gate": gate}
    child = Child(
        "The FastAPI server", [str(modern.python), str(IN_GENERATED)], spec, cwd=project.output, env=environment
    )  # fmt: skip
    return _listening(child, state, media)


def _listening(child: Child, state: State, media: Path) -> Side:
    try:
        told = child.read(STARTING)
    except BaseException:
        child.close()
        state.close()
        raise
    url = f"http://127.0.0.1:{told['port']}"
    return Side(child, url, state, media, only_errors=told.get("only_errors", False))


def database_url(name: str, server: Mapping[str, str]) -> str:
    """As the generated ``settings.py`` takes it."""
    if not server:
        return f"sqlite:///{name}"
    user = quote(server.get("user", ""), safe="")
    if server.get("password"):
        user += ":" + quote(server["password"], safe="")
    host = server.get("host", "")
    at = f"{user}@" if user else ""
    port = server.get("port", "")
    if not host or host.startswith("/"):  # a socket's folder
        folder = quote(host or "/var/run/postgresql", safe="")
        return f"postgresql://{at}/{quote(name, safe='')}?host={folder}" + (f"&port={port}" if port else "")
    return f"postgresql://{at}{host}{f':{port}' if port else ''}/{quote(name, safe='')}"
