"""Querysets that stand in a class body: Django makes them once, when the module is imported.

What they ask the clock or chance for stays as it was then, for as long as the process lives; a function that makes the query
anew for each request would ask again.
"""

from __future__ import annotations

import re

from segue.translate.functions.record import records
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val

# As generated code asks; ``func.now()`` is the database's own, asked with the query.
_ASKS = re.compile(
    r"(?<!func\.)\b(now|utcnow|today|wall_time|localdate|localtime|local_date|local_time|uuid1|uuid4|time|monotonic|getenv)\(|\brandom\b|\bsecrets\b"
)


def check_at_import(frame: Frame, value: Val, construct: str) -> None:
    """Raises ``Refused`` where making ``value`` asks for the time or for chance, itself or in a function that it calls."""
    known = {record.token: record for record in records(frame.ctx)}
    texts, seen = [value.text], set[str]()
    while texts:
        text = texts.pop()
        if _ASKS.search(text):
            raise frame.refuse(
                "class-queryset",
                construct,
                "Django asks for the time or for chance once, when the module is imported; this would ask at every request.",
            )
        for token in set(re.findall(r"segue__fn_\d+__", text)) & known.keys() - seen:
            seen.add(token)
            texts.append("\n".join(known[token].lines))


__all__ = ["check_at_import"]
