"""What the containers of both sides are: their images, commands and the names of what they are told. No value of a secret is read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from segue.config import Config
from segue.errors import UsageError
from segue.gateway import sides
from segue.gateway.export.remote import SIDE
from segue.snapshot.detect import import_path
from segue.snapshot.model import Snapshot

_NAME = re.compile(r"^([A-Z][A-Z0-9_]*)=", re.MULTILINE)
_LOOPBACK = re.compile(rf"\b(127\.0\.0\.1|localhost)(?=:{SIDE}\b)|(?<=^--host=)(127\.0\.0\.1|localhost)$")
_EVERYWHERE = re.compile(rf"(^|[=\s])((0\.0\.0\.0|\[::\]|\*)?:{SIDE}|0\.0\.0\.0|::)(?=$|\s)")


@dataclass(frozen=True, slots=True)
class Side:
    """One side. ``context`` is the folder with its Dockerfile; ``command`` replaces the image's own (empty: that is kept);
    ``given`` are variables with values that are no secrets, ``asked`` the names of those that the team sets."""

    name: str
    context: Path
    command: tuple[str, ...]
    given: dict[str, str]
    asked: tuple[str, ...]


def both(settings: Config, snapshot: Snapshot, python: str) -> tuple[Side, Side]:
    """Django and FastAPI. ``python`` is the project's interpreter, asked for gunicorn where ``gateway.django_command`` is not set.

    Raises :class:`UsageError` for what is missing: a Dockerfile, a command that listens beyond its container, a database that both can reach.
    """
    for database in snapshot.settings.databases:
        if database.vendor == "sqlite":
            raise UsageError(
                "The database is a file (SQLite), which two containers cannot share safely.",
                hint="Move the project to PostgreSQL, run `segue assess`, then export again.",
            )
    # The gateway is no longer on loopback, whose word alone gunicorn and the FastAPI side take.
    trusted = {"FORWARDED_ALLOW_IPS": "*"} if settings.gateway_proxies else {}
    common = {"HOME": "/tmp", "PYTHONDONTWRITEBYTECODE": "1", **trusted}
    return (
        Side(
            "django",
            _django_dockerfile(settings),
            _django_command(settings, python),
            {"DJANGO_SETTINGS_MODULE": snapshot.settings.module, **common},
            tuple(name for name in settings.environment if name not in ("DJANGO_SETTINGS_MODULE", *common)),
        ),
        Side("fastapi", *_fastapi(settings), common, _fastapi_names(settings)),
    )


def _django_dockerfile(settings: Config) -> Path:
    places = dict.fromkeys((settings.root, settings.folder))
    for folder in places:
        if (folder / "Dockerfile").is_file():
            return folder
    looked = " and ".join(str(folder) for folder in places)
    raise UsageError(
        f"There is no Dockerfile for Django in {looked}.",
        hint="Write one that installs the project and has the folder of manage.py as its WORKDIR; its command is given by the export.",
    )


def _django_command(settings: Config, python: str) -> tuple[str, ...]:
    command = sides.django_command(python, import_path(settings.root), settings.django_command, SIDE)
    if not settings.django_command:
        if "gunicorn" not in command:
            raise UsageError(
                "gateway.django_command is not set, and the project has no gunicorn with one wsgi.py: runserver is not for containers.",
                hint='Set it in segue.toml, for example ["gunicorn", "shop.wsgi", "--bind", "0.0.0.0:{port}"].',
            )
        command[0] = "python"
    return _outward("django_command", command)


def _fastapi(settings: Config) -> tuple[Path, tuple[str, ...]]:
    if not (settings.output / "Dockerfile").is_file():
        raise UsageError(
            f"{settings.output / 'Dockerfile'} does not exist.", hint="Run `segue generate` first."
        )
    if not settings.fastapi_command:
        return settings.output, ()
    command = sides.fastapi_command("python", settings.package, settings.fastapi_command, SIDE)
    return settings.output, _outward("fastapi_command", command)


def _outward(key: str, command: list[str]) -> tuple[str, ...]:
    """The command with its program found in the image's PATH, listening on all addresses instead of loopback."""
    program = Path(command[0])
    if len(program.parts) > 1 and (program.parent.parent / "pyvenv.cfg").is_file():
        command = [program.name, *command[1:]]  # of this machine's environment; the image has its own
    opened = [_LOOPBACK.sub("0.0.0.0", part) for part in command]
    for at, part in enumerate(opened):
        if part in ("127.0.0.1", "localhost") and at and opened[at - 1] == "--host":
            opened[at] = "0.0.0.0"
    if not any(_EVERYWHERE.search(part) for part in opened) or not any(str(SIDE) in part for part in opened):
        raise UsageError(
            f"gateway.{key} does not say that it listens on all addresses and on {{port}}: {' '.join(command)}.",
            hint="Add the address and the port to it, for example `--bind 0.0.0.0:{port}` or `--host 0.0.0.0 --port {port}`.",
        )
    return tuple(opened)


def _fastapi_names(settings: Config) -> tuple[str, ...]:
    """What the generated project asks for in its ``.env.example``."""
    try:
        text = (settings.output / ".env.example").read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{settings.output / '.env.example'} cannot be read: {error.strerror}.",
            hint="Run `segue generate` first.",
        ) from error
    return tuple(dict.fromkeys(_NAME.findall(text)))
