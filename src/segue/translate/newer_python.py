"""Sources that only a newer Python than Segue's can read: what needs such a function is refused, as if its source were not there."""

from __future__ import annotations

import ast
import sys
import textwrap
from dataclasses import replace

from segue.snapshot.model import Function, Snapshot


def readable(snapshot: Snapshot) -> Snapshot:
    """``snapshot`` without the functions whose syntax this Python does not know (Python 3.12 nests quotes in f-strings)."""
    minor = [int(part) for part in snapshot.versions.python.split(".")[:2] if part.isdigit()]
    if minor <= list(sys.version_info[:2]):
        return snapshot
    kept = {name: function for name, function in snapshot.functions.items() if _parses(function)}
    return snapshot if len(kept) == len(snapshot.functions) else replace(snapshot, functions=kept)


def _parses(function: Function) -> bool:
    try:
        ast.parse(textwrap.dedent(function.source))
    except SyntaxError:
        return False
    return True


__all__ = ["readable"]
