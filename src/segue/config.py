"""``segue.toml``: what people tell Segue about their project."""

from __future__ import annotations

import ipaddress
import keyword
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import Any

from segue.errors import DamagedFile, UsageError

FILE_NAME = "segue.toml"
STATE_DIR = ".segue"


@dataclass(frozen=True, slots=True)
class Config:
    """Everything ``segue.toml`` may say, with its defaults.

    ``folder`` holds ``segue.toml`` and ``.segue/``. ``root`` is the Django project (where
    ``manage.py`` is); ``output`` the generated FastAPI project; both absolute. ``python`` and
    ``settings`` are empty when they are to be detected; a ``python`` that exists relative to
    ``segue.toml`` is that file, whatever the current folder. ``environment`` is added to the
    environment of every process Segue starts for the project. ``django_command`` and
    ``fastapi_command`` start the two sides for ``segue serve`` (empty: built-in ones;
    ``{port}`` is replaced); ``application`` is Django's own (``shop.wsgi:application``) for serving in one process (empty: found).
    ``django_connections`` and so on limit what the gateway asks of a side at once (:class:`segue.gateway.clusters.Limits`).
    ``certificate`` and ``key`` are PEM files (empty: no TLS),
    ``gateway_proxies`` is how many trusted proxies stand before the gateway, ``override_from`` the
    networks whose requests may choose a side by header, ``sticky`` what tells one client from another
    during a shift (``session``, ``authorization``, ``address``, ``header:NAME``, ``cookie:NAME``; first found counts), ``patience`` after how many seconds
    a read that FastAPI has not begun to answer is asked of Django as well (0: never), ``leave_after`` after how many answers of FastAPI's with 5xx in a row the writes of an operation go to Django
    for a while (0: never), ``only`` the requests that weights are of (``header:NAME=VALUE``, ``cookie:NAME`` …; empty: all),
    ``otlp`` the collector that Envoy sends traces (of ``otlp_share`` percent of the requests) and statistics to (empty: none). ``accepted_middleware`` are middleware classes whose effect on
    responses the team has checked itself. ``redact`` are names of fields whose values no report of recorded
    traffic may hold. ``rollout_…`` are as in :class:`segue.rollout.judge.Policy`.
    ``rollout_synthetic`` is how many reads a second a rollout sends itself where users send too few (0: none), with ``rollout_headers``.
    ``shadow_share`` is the percentage of reads that ``segue serve`` has asked of both sides (0: none), ``shadow_rate`` the most questions a second for
    that, ``shadow_timeout`` the seconds that an answer may take. ``log_size`` are the megabytes from which the gateway's log is begun anew (0: never). ``noise`` are places (``GET /api/x/: body.items[].seen``) whose values may be volatile
    although the rule hides more than one path of a body.
    """

    folder: Path
    root: Path
    output: Path
    package: str = "app"
    python: str = ""
    settings: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    accepted_middleware: tuple[str, ...] = ()
    pure: tuple[str, ...] = ()
    seed_command: tuple[str, ...] = ()
    noise: tuple[str, ...] = ()
    gateway_port: int = 8080
    gateway_proxies: int = 0
    certificate: str = ""
    key: str = ""
    override_from: tuple[str, ...] = ("127.0.0.0/8", "::1/128")
    sticky: tuple[str, ...] = ("session", "authorization")
    patience: int = 5
    leave_after: int = 5
    only: tuple[str, ...] = ()
    shares: dict[str, int] = field(default_factory=dict)
    override_cookie: str = ""
    otlp: str = ""
    otlp_share: int = 100
    metrics: str = ""
    log_size: int = 64
    django_command: tuple[str, ...] = ()
    fastapi_command: tuple[str, ...] = ()
    application: str = ""
    django_connections: int = 4096
    django_requests: int = 4096
    django_timeout: int = 0
    fastapi_connections: int = 4096
    fastapi_requests: int = 4096
    fastapi_timeout: int = 0
    redact: tuple[str, ...] = ()
    rollout_steps: tuple[int, ...] = (1, 5, 25, 50, 100)
    rollout_interval: int = 60
    rollout_minimum: int = 1000
    rollout_slower: int = 25
    rollout_synthetic: int = 0
    rollout_headers: dict[str, str] = field(default_factory=dict)
    shadow_share: int = 0
    shadow_rate: int = 5
    shadow_timeout: int = 10

    @property
    def state(self) -> Path:
        """The folder ``.segue``."""
        return self.folder / STATE_DIR

    @property
    def snapshot_file(self) -> Path:
        """Where the snapshot is kept."""
        return self.state / "snapshot.json"

    @property
    def ledger_file(self) -> Path:
        """Where the ledger is kept."""
        return self.state / "ledger.toml"

    @property
    def base(self) -> Path:
        """Last generated texts."""
        return self.state / "base"

    @property
    def manifest_file(self) -> Path:
        """What ``generate`` wrote for tools."""
        return self.output / "segue-manifest.json"


_STICKY = re.compile(r"session|authorization|address|(header|cookie):[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_ONLY = re.compile(
    r"(header:(?!(?i:x-segue-|x-envoy-|cookie\b))[A-Za-z0-9!#$%&'*+.^_`|~-]+|cookie:[A-Za-z0-9!#$%&'*+.^_`|~-]+)(=[!-:<-~][ -:<-~]*)?"
)
_APPLICATION = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
_PORT = "(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
_COLLECTOR = re.compile(rf"http://[A-Za-z0-9.-]+(:{_PORT})?(/[A-Za-z0-9._~/-]*)?")
_OCTET = "(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])"
_METRICS = re.compile(rf"(?:{_OCTET}\.){{3}}{_OCTET}:{_PORT}")
_NOISE = re.compile(r"[A-Z]+ /?\S.*: body([.\[].*)?")

# table → key → (attribute, type)
_KEYS: dict[str, dict[str, tuple[str, type]]] = {
    "project": {
        "root": ("root", str),
        "python": ("python", str),
        "settings": ("settings", str),
        "environment": ("environment", dict),
        "accepted_middleware": ("accepted_middleware", list),
        "pure": ("pure", list),
        "seed_command": ("seed_command", list),
    },
    "output": {"folder": ("output", str), "package": ("package", str)},
    "gateway": {
        "port": ("gateway_port", int),
        "proxies": ("gateway_proxies", int),
        "certificate": ("certificate", str),
        "key": ("key", str),
        "override_from": ("override_from", list),
        "sticky": ("sticky", list),
        "patience": ("patience", int),
        "leave_after": ("leave_after", int),
        "only": ("only", list),
        "shares": ("shares", dict),
        "override_cookie": ("override_cookie", str),
        "otlp": ("otlp", str),
        "otlp_share": ("otlp_share", int),
        "metrics": ("metrics", str),
        "log_size": ("log_size", int),
        "django_command": ("django_command", list),
        "fastapi_command": ("fastapi_command", list),
        "application": ("application", str),
    },
    "gateway.django": {
        "connections": ("django_connections", int),
        "requests": ("django_requests", int),
        "timeout": ("django_timeout", int),
    },
    "gateway.fastapi": {
        "connections": ("fastapi_connections", int),
        "requests": ("fastapi_requests", int),
        "timeout": ("fastapi_timeout", int),
    },
    "rollout": {
        "steps": ("rollout_steps", tuple),
        "interval": ("rollout_interval", int),
        "minimum": ("rollout_minimum", int),
        "slower": ("rollout_slower", int),
        "synthetic": ("rollout_synthetic", int),
        "synthetic_headers": ("rollout_headers", dict),
    },
    "shadow": {
        "share": ("shadow_share", int),
        "rate": ("shadow_rate", int),
        "timeout": ("shadow_timeout", int),
    },
    "verify": {"redact": ("redact", list), "noise": ("noise", list)},
}


def load(start: Path) -> Config:
    """Read ``segue.toml`` from ``start`` or the nearest parent that has one; defaults if none.

    Raises :class:`DamagedFile` for text that is not TOML and :class:`UsageError` for an
    unknown table or key or a value of the wrong type.
    """
    start = start.resolve()
    for folder in (start, *start.parents):
        file = folder / FILE_NAME
        if file.is_file():
            return _read(file)
    return Config(folder=start, root=start, output=start / "fastapi")


def _read(file: Path) -> Config:
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DamagedFile(
            f"{file} is not valid TOML: {error}.", hint="Correct the file and run the command again."
        ) from error
    except OSError as error:
        raise DamagedFile(
            f"{file} cannot be read: {error.strerror}.", hint="Check its permissions."
        ) from error
    values: dict[str, Any] = {}
    for table, entries in _tables(document):
        if table not in _KEYS or not isinstance(entries, dict):
            known = ", ".join(f"[{name}]" for name in _KEYS)
            raise UsageError(f"{file}: [{table}] is not a table of segue.toml.", hint=f"Known: {known}.")
        for key, value in entries.items():
            if key not in _KEYS[table]:
                known = ", ".join(_KEYS[table])
                raise UsageError(f"{file}: [{table}] has no key {key!r}.", hint=f"Known keys: {known}.")
            attribute, kind = _KEYS[table][key]
            if not _fits(value, kind):
                raise UsageError(
                    f"{file}: {table}.{key} must be a {_WORDS[kind]}, not {value!r}.",
                    hint="Correct that line.",
                )
            values[attribute] = tuple(value) if isinstance(value, list) else value
    folder = file.parent
    values["root"] = (folder / values.get("root", ".")).resolve()
    values["output"] = (folder / values.get("output", "fastapi")).resolve()
    values["environment"] = {k: str(v) for k, v in values.get("environment", {}).items()}
    values["rollout_headers"] = {k: str(v) for k, v in values.get("rollout_headers", {}).items()}
    for name in ("certificate", "key"):
        if values.get(name):
            values[name] = str(folder / values[name])  # not resolved: renewal may point a link elsewhere
    python = values.get("python", "")
    if python and (folder / python).exists():
        # not resolved: the link inside of a virtual environment is what makes it one
        values["python"] = str(folder / python)
    found = Config(folder=folder, **values)
    _judge(found, file)
    return found


def _tables(document: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The tables of the file; ``[gateway.django]`` under that name."""
    for table, entries in document.items():
        inner = [k for k in entries if f"{table}.{k}" in _KEYS] if isinstance(entries, dict) else []
        yield table, {k: v for k, v in entries.items() if k not in inner} if inner else entries
        for key in inner:
            yield f"{table}.{key}", entries[key]


def _fits(value: object, kind: type) -> bool:
    if kind is tuple:
        return isinstance(value, list) and all(type(item) is int for item in value)
    if isinstance(value, list) and kind is list:
        return all(isinstance(item, str) for item in value)
    if isinstance(value, dict) and kind is dict:
        return all(isinstance(item, str | int | float) for item in value.values())
    return isinstance(value, kind) and not isinstance(value, bool)


def _judge(found: Config, file: Path) -> None:
    """Raises :class:`UsageError` for a value of the right type that cannot be used."""
    if not found.root.is_dir():
        raise UsageError(
            f"{file}: project.root is {found.root}, which is no folder.",
            hint="Give the folder that holds manage.py, relative to segue.toml.",
        )
    if found.output == found.root:
        raise UsageError(
            f"{file}: output.folder is the Django project itself.",
            hint='Give a folder of its own, for example folder = "fastapi".',
        )
    if not found.package.isidentifier() or keyword.iskeyword(found.package):
        raise UsageError(
            f"{file}: output.package {found.package!r} is no name of a Python package.",
            hint='Give one, for example package = "app".',
        )
    for network in found.override_from:
        try:
            ipaddress.ip_network(network)
        except ValueError:
            raise UsageError(
                f"{file}: gateway.override_from has {network!r}, which is no network.",
                hint='Write networks as "10.0.0.0/8".',
            ) from None
    if bool(found.certificate) != bool(found.key):
        raise UsageError(
            f"{file}: gateway.certificate and gateway.key go together, and one of them is missing.",
            hint="Give both (PEM files), or none.",
        )
    if found.patience and 0 < found.fastapi_timeout <= found.patience:
        raise UsageError(
            f"{file}: gateway.fastapi.timeout {found.fastapi_timeout} is not more than gateway.patience {found.patience}.",
            hint="After patience Django is asked as well; give FastAPI longer than that, or set patience to 0.",
        )
    words = (
        (
            "verify.noise", found.noise, _NOISE, "which names no place of an answer",
            'Write it as verify reports it, for example "GET /api/x/: body.items[].seen".',
        ),
        (
            "gateway.application", [found.application] if found.application else [], _APPLICATION, "which names no application",
            'Write it as "shop.wsgi:application".',
        ),
        (
            "gateway.sticky", found.sticky, _STICKY, "which tells no clients apart",
            'Write "session", "authorization", "address", "header:X-Name" or "cookie:name".',
        ),
        (
            "gateway.otlp", [found.otlp] if found.otlp else [], _COLLECTOR, "which is no collector's address",
            'Write "http://host:4318": Envoy speaks OTLP over HTTP to it.',
        ),
        (
            "gateway.metrics", [found.metrics] if found.metrics else [], _METRICS, "which is no address to listen on",
            'Write "127.0.0.1:9464", or "0.0.0.0:9464" where Prometheus asks from another machine.',
        ),
        (
            "gateway.override_cookie", [found.override_cookie] if found.override_cookie else [], _NAME, "which is no name of a cookie",
            'Write "segue-side", or another name.',
        ),
        (
            "gateway.shares", found.shares, _ONLY, "which is no header or cookie of a client's",
            'Write "header:X-Group=beta", "header:X-Beta", "cookie:group=beta" or "cookie:beta".',
        ),
        (
            "gateway.only", found.only, _ONLY, "which is no header or cookie of a client's",
            'Write "header:X-Group=beta", "header:X-Beta", "cookie:group=beta" or "cookie:beta".',
        ),
    )  # fmt: skip
    for name, given, form, why, hint in words:
        for word in given:
            if not form.fullmatch(word):
                raise UsageError(f"{file}: {name} has {word!r}, {why}.", hint=hint)
    for word, share in found.shares.items():
        if type(share) is not int or not 0 <= share <= 100:
            raise UsageError(
                f"{file}: gateway.shares gives {word!r} {share!r}, which is no percentage.",
                hint="Give a whole number from 0 to 100.",
            )
    steps = found.rollout_steps
    if not steps or list(steps) != sorted(set(steps)) or not 1 <= steps[0] <= steps[-1] <= 100:
        raise UsageError(
            f"{file}: rollout.steps {list(steps)} are no percentages that rise from 1 to 100.",
            hint="Write them as [1, 5, 25, 50, 100].",
        )
    numbers = (
        (
            "gateway.proxies", found.gateway_proxies, 0, 10, "no number of proxies",
            "how many trusted proxies stand before the gateway, usually 0 or 1",
        ),
        (
            "gateway.patience", found.patience, 0, 3600, "no time to wait",
            "seconds, or 0 to wait for FastAPI however long it takes",
        ),
        (
            "gateway.leave_after", found.leave_after, 0, 1_000_000, "no number of answers",
            "how many answers with 5xx in a row, or 0 to leave writes to FastAPI however many fail",
        ),
        ("gateway.otlp_share", found.otlp_share, 0, 100, "no percentage", "a percentage from 0 to 100"),
        ("gateway.log_size", found.log_size, 0, inf, "no size", "megabytes, or 0 to let the log grow"),
        *(
            (f"gateway.{side}.{key}", getattr(found, f"{side}_{key}"), least, 1_000_000, what, right)
            for side in ("django", "fastapi")
            for key, least, what, right in (
                ("connections", 1, "no number of connections", "a whole number from 1 on"),
                ("requests", 1, "no number of requests", "a whole number from 1 on"),
                ("timeout", 0, "no time to wait", "seconds, or 0 for any time"),
            )
        ),
        ("gateway.port", found.gateway_port, 0, 65535, "no port", "a number from 0 to 65535"),
        ("rollout.interval", found.rollout_interval, 1, inf, "no number of seconds", "a whole number from 1 on"),
        (
            "rollout.minimum", found.rollout_minimum, 20, inf, "no number of requests that proves anything",
            "20 or more: of fewer nothing can be said about latencies",
        ),
        ("rollout.slower", found.rollout_slower, 0, inf, "no percentage", "a percentage from 0 on"),
        ("rollout.synthetic", found.rollout_synthetic, 0, 100, "no number of reads", "reads a second, from 1 to 100, or 0 for none"),
        ("shadow.share", found.shadow_share, 0, 100, "no percentage", "a percentage from 0 (none) to 100"),
        ("shadow.rate", found.shadow_rate, 1, 1000, "no number of questions", "questions a second, from 1 to 1000"),
        ("shadow.timeout", found.shadow_timeout, 1, 600, "no time to wait", "seconds, from 1 to 600"),
    )  # fmt: skip
    for name, value, least, most, what, right in numbers:
        if not least <= value <= most:
            raise UsageError(f"{file}: {name} {value} is {what}.", hint=f"Give {right}.")


_WORDS = {
    str: "string",
    int: "whole number",
    list: "list of strings",
    tuple: "list of whole numbers",
    dict: "table of strings",
}


def known_keys() -> list[str]:
    """Every key that ``segue.toml`` may have, as ``table.key``."""
    return [f"{table}.{key}" for table, keys in _KEYS.items() for key in keys]
