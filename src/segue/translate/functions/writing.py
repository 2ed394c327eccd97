"""Whether generated code changes anything outside of itself, functions that it calls included."""

from __future__ import annotations

import re
from collections.abc import Sequence

from segue.translate.context import Context
from segue.translate.functions.record import records

# Helpers and methods that only read: rows, the body, input that is looked up.
_READS = re.compile(
    r"await (segue__(?:rows|fn)_\d+__\(|call\.data\(|checked\(|each\(|each_sent\(|exists\(|count\(|find\(|find_all\(|find_each\("
    r"|find_choice\(|unique\(|unique_together\(|unique_for_date\(|clean_entity\(|keys\(|related\("
    r"|[\w.]*\bdb\.(?:get|one|all|first|scalar|scalars)\()"
)
_CALLED = re.compile(r"segue__fn_\d+__")


def may_write(ctx: Context, lines: Sequence[str]) -> bool:
    """False only where every awaited call is one that reads, down to the last function called. What is not awaited changes
    nothing but objects in memory."""
    bodies = {record.token: record.lines for record in records(ctx)}
    seen: set[str] = set()
    todo = ["\n".join(lines)]
    while todo:
        text = todo.pop()
        if "async with" in text or text.count("await ") != len(_READS.findall(text)):
            return True
        for token in set(_CALLED.findall(text)) - seen:
            seen.add(token)
            if token not in bodies:
                return True
            todo.append("\n".join(bodies[token]))
    return False
