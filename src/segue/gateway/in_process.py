"""The rules as the file that :mod:`segue_bridge.legacy.in_process` reads, for FastAPI and Django in one process without Envoy."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from segue.errors import EnvironmentProblem
from segue.gateway.envoy import Edge
from segue.gateway.table import Rule, require_all

_ENVOYS = ("patience", "leave_after", "only", "shares", "cookie")
FORMAT = 1
"""As ``segue_bridge.legacy.in_process.table.FORMAT``."""


def table(rules: Sequence[Rule], edge: Edge) -> tuple[str, str]:
    """``(version, text)`` of the file; the version is a digest of all that decides. Raises :class:`EnvironmentProblem` for a
    pattern that Python cannot match."""
    require_all(rules, "one process")
    for rule in rules:
        try:
            re.compile(rule.regex)
        except re.error as error:
            raise EnvironmentProblem(
                f"The URL pattern of {rule.key} cannot be compiled: {error}.",
                hint="This is a defect of Segue: please report it with this line.",
            ) from error
    document = {
        "format": FORMAT,
        "proxies": edge.proxies,
        "internal": list(edge.internal),
        "rules": [{k: v for k, v in asdict(rule).items() if k not in _ENVOYS} for rule in rules],
    }
    version = hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:16]
    return version, json.dumps({"version": version, **document}, indent=1)


def file(folder: Path) -> Path:
    """Where ``segue serve --in-process`` keeps it; ``folder`` is the gateway's."""
    return folder / "routes" / "table.json"
