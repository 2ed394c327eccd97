"""The compiled routes: which side a request goes to. Decides as the Envoy gateway of Segue does."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

LOG = logging.getLogger("segue.in_process")

Scope = Mapping[str, Any]

FORMAT = 1
"""Version of the file's form."""

SAFE = ("GET", "HEAD", "OPTIONS")
SIDES = ("django", "fastapi")


@dataclass(frozen=True, slots=True)
class Choice:
    """The side that was chosen, by which ``route`` of the table (for the log) and at what weight. ``safe``: Django may answer after
    FastAPI has failed, whatever FastAPI did."""

    side: str
    route: str
    weight: int
    safe: bool


class Asked:
    """What decides about one request, read from its ASGI scope when it is first needed."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.method: str = scope["method"]
        self.path: str = scope["path"]

    @cached_property
    def headers(self) -> dict[str, str]:
        """By lower-case name; a header that comes several times is joined by commas."""
        found: dict[str, str] = {}
        for name, value in self.scope["headers"]:
            key, text = name.decode("latin-1").lower(), value.decode("latin-1")
            found[key] = f"{found[key]},{text}" if key in found else text
        return found

    @property
    def wants_html(self) -> bool:
        """Whether DRF's browsable API would answer it: by the header."""
        return "text/html" in self.headers.get("accept", "").lower()

    @property
    def wants_format(self) -> bool:
        """The same by ``?format=api``."""
        return dict(parse_qsl(self.scope["query_string"].decode("latin-1"))).get("format") == "api"

    def cookie(self, name: str) -> str | None:
        """The first cookie of that name."""
        for part in self.headers.get("cookie", "").split(";"):
            key, equals, value = part.strip().partition("=")
            if equals and key == name:
                return value.strip('"')
        return None


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the table, as :class:`segue.gateway.table.Rule` has it."""

    key: str
    pattern: re.Pattern[str]
    methods: frozenset[str]
    weight: int
    possible: bool
    html_to_legacy: bool
    sticky: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """``rules`` in Django's matching order. ``proxies`` stand before the process; from ``internal`` networks a side may be chosen."""

    version: str
    rules: tuple[Rule, ...]
    proxies: int = 0
    internal: tuple[IPv4Network | IPv6Network, ...] = ()

    def choose(self, scope: Scope) -> Choice:
        """The side for the request ``scope``; Django for whatever no rule matches."""
        asked = Asked(scope)
        tried: dict[re.Pattern[str], bool] = {}  # the rules of one URL have one pattern
        for rule in self.rules:
            if rule.methods and asked.method not in rule.methods:
                continue
            if rule.pattern not in tried:
                # Django's own path, decoded; its patterns end with the path.
                tried[rule.pattern] = rule.pattern.fullmatch(asked.path) is not None
            if tried[rule.pattern]:
                return self._by(rule, asked)
        return Choice("django", "django", 0, False)

    def _by(self, rule: Rule, asked: Asked) -> Choice:
        safe = "GET" in rule.methods if rule.methods else asked.method in SAFE
        after = "-safe" if safe and not rule.methods else ""
        if rule.possible:
            if rule.html_to_legacy and asked.wants_html:
                return Choice("django", f"{rule.key}|html", 0, False)
            if rule.html_to_legacy and asked.wants_format:
                return Choice("django", f"{rule.key}|api", 0, False)
            forced = asked.headers.get("x-segue-side")
            if forced in SIDES and self._internal(asked):
                weight = 100 if forced == "fastapi" else 0
                return Choice(forced, f"{rule.key}|forced-{forced}{after if weight else ''}", weight, safe)
        side = "fastapi" if rule.weight > 0 and self._place(rule, asked) < rule.weight else "django"
        return Choice(side, f"{rule.key}|weighted{after if rule.weight else ''}", rule.weight, safe)

    def _internal(self, asked: Asked) -> bool:
        """From one of the networks, and through no proxy."""
        client = asked.scope.get("client")
        if client is None or "x-forwarded-for" in asked.headers:
            return False
        try:
            address = ip_address(client[0])
        except ValueError:  # a socket of the file system has no address
            return False
        return any(address in network for network in self.internal)

    def _place(self, rule: Rule, asked: Asked) -> float:
        """0 to 100: below the rule's weight is FastAPI. The same for the same client and all rules, so that a client goes over
        once while weights rise; at random for one that nothing tells apart."""
        for word in rule.sticky:
            kind, _, name = word.partition(":")
            if kind == "cookie":
                identity = asked.cookie(name)
            elif kind == "header":
                identity = asked.headers.get(name)
            else:
                identity = self._address(asked)
            if identity is not None:
                return int.from_bytes(hashlib.blake2b(identity.encode(), digest_size=8).digest(), "big") % 100
        return random.random() * 100

    def _address(self, asked: Asked) -> str | None:
        hops = [part.strip() for part in asked.headers.get("x-forwarded-for", "").split(",")]
        if self.proxies and len(hops) >= self.proxies and hops[-self.proxies]:
            return hops[-self.proxies]
        client = asked.scope.get("client")
        return str(client[0]) if client else None


def parse(text: str) -> Table:
    """The table in ``text``, as ``segue gateway export --to in-process`` writes it. Raises :class:`ValueError` for anything else."""
    try:
        raw = json.loads(text)
        if raw["format"] != FORMAT:
            raise ValueError(f"it has the form {raw['format']}, this release of segue-bridge reads {FORMAT}")
        return Table(
            str(raw["version"]),
            tuple(_rule(rule) for rule in raw["rules"]),
            int(raw["proxies"]),
            tuple(ip_network(network) for network in raw["internal"]),
        )
    except (KeyError, TypeError, AttributeError, re.error) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error


def _rule(raw: dict[str, Any]) -> Rule:
    return Rule(
        raw["key"], re.compile(raw["regex"]), frozenset(raw["methods"]), int(raw["weight"]), bool(raw["possible"]),
        bool(raw["html_to_legacy"]), tuple(raw["sticky"]),
    )  # fmt: skip


class Watched:
    """The table in ``file``, as it is now: a file that was replaced is read before the next request is routed, in every process."""

    def __init__(self, file: Path) -> None:
        """Raises :class:`OSError` or :class:`ValueError` where there is no table to start with."""
        self._file = file
        self._seen = self._stamp()
        self._table = parse(file.read_text(encoding="utf-8"))

    def now(self) -> Table:
        """Raises nothing: what cannot be read leaves the last table in force, and is tried again when the file changes."""
        try:
            stamp = self._stamp()
            if stamp != self._seen:
                self._seen = stamp
                self._table = parse(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            LOG.exception("%s cannot be read; the last routes stay in force.", self._file)
        return self._table

    def _stamp(self) -> tuple[int, int, int]:
        found = os.stat(self._file)
        return found.st_ino, found.st_mtime_ns, found.st_size
