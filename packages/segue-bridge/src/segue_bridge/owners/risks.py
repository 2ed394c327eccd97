"""What a shared schema does not bear while two programs run on it: changes that break the code of the side that does not know of
them yet, and (PostgreSQL) locks that stop both. Each with the way that works: expand, move over, contract.

Rules by the documentation of PostgreSQL (ALTER TABLE, CREATE INDEX: which lock, what is scanned or rewritten).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from segue_bridge.owners.statements import Change

GONE = "the other side may still use it: stop using it on both sides, deploy both, then drop it"
RENAMED = "the other side knows the old name: add the new one, write both, copy, read the new one, then drop the old"
REQUIRED = (
    "the other side inserts rows without it: give it a default in the database or let it be null, and require it when both sides write it"
)  # fmt: skip
TYPE = (
    "values may not fit, and the table is rewritten under a lock: add a new column, write both, copy in batches, read the new one"
)  # fmt: skip
NULLS = (
    "the other side may write NULL, and every row is read under a lock: add CHECK (… IS NOT NULL) NOT VALID, VALIDATE it, then SET NOT NULL"
)  # fmt: skip
NULLABLE = (
    "the other side may not expect NULL there: let it read NULL first, deploy that, then drop the constraint"
)
CHECKED = (
    "every row is checked under a lock: add it NOT VALID, then VALIDATE CONSTRAINT in a migration of its own"
)
UNIQUE = "an index is built under a lock: build it with CREATE UNIQUE INDEX CONCURRENTLY, then ADD CONSTRAINT … USING INDEX"
INDEX = "writes wait until it is built: CREATE INDEX CONCURRENTLY, outside of a transaction"
NO_INDEX = "reads and writes wait for it: DROP INDEX CONCURRENTLY, outside of a transaction"

_FILLED = re.compile(r"\b(DEFAULT|GENERATED|SERIAL|BIGSERIAL|SMALLSERIAL)\b")
_ALTERED = re.compile(r'ALTER (?:COLUMN )?("(?:[^"])*"|\w+) (.*)')
_SIZED = re.compile(r"(VARCHAR|CHARACTER VARYING|NUMERIC|DECIMAL) \( (\d+)(?: , (\d+))? \)")


def risk(change: Change, vendor: str, kind: Callable[[str, str], str | None]) -> str | None:
    """Why ``change`` is not safe on a table in use, and what to do instead; None when it is.

    ``vendor`` is ``postgresql`` or ``sqlite``; ``kind(table, column)`` gives a column's type as the database
    writes it (None: unknown).
    """
    postgresql = vendor == "postgresql"
    if change.what == "drop table":
        return GONE
    if change.what == "rename table":
        return RENAMED
    if change.what == "create index" and postgresql:
        return None if "CONCURRENTLY" in change.rest.split(" | ")[0].split() else INDEX
    if change.what == "drop index" and postgresql:
        return None if "CONCURRENTLY" in change.rest.split() else NO_INDEX
    if change.what == "alter table":
        found = (_action(change.table, action, postgresql, kind) for action in _actions(change.rest))
        return next((why for why in found if why), None)
    return None


def _action(table: str, action: str, postgresql: bool, kind: Callable[[str, str], str | None]) -> str | None:
    words = action.split()
    if words[:1] == ["RENAME"]:
        return None if words[1:2] == ["CONSTRAINT"] else RENAMED
    if words[:1] == ["DROP"]:
        return None if words[1:2] == ["CONSTRAINT"] else GONE
    if words[:1] == ["ADD"]:
        return _addition(action, words, postgresql)
    altered = _ALTERED.match(action)
    if altered is None:
        return None
    if altered[2].startswith("SET NOT NULL"):
        return NULLS
    if altered[2].startswith("DROP NOT NULL"):
        return NULLABLE
    wanted = re.match(r"(?:SET DATA )?TYPE (.*?)(?: USING .*| COLLATE .*)?$", altered[2])
    if wanted is not None:
        name = altered[1].strip('"') if altered[1].startswith('"') else altered[1].lower()
        return None if widens(kind(table, name), wanted[1]) else TYPE
    return None


def _addition(action: str, words: list[str], postgresql: bool) -> str | None:
    if words[1] not in ("CONSTRAINT", "FOREIGN", "CHECK", "UNIQUE", "PRIMARY", "EXCLUDE"):
        return REQUIRED if "NOT NULL" in action and not _FILLED.search(action) else None
    if not postgresql:
        return None
    if "UNIQUE" in words or "PRIMARY" in words or "EXCLUDE" in words:
        return None if "USING INDEX" in action else UNIQUE
    return None if action.endswith("NOT VALID") else CHECKED


def widens(old: str | None, new: str) -> bool:
    """Whether every value of ``old`` fits ``new`` and PostgreSQL changes its catalogue only: longer texts and numbers."""
    if old is None:
        return False
    new = _spaced(new)
    old = _spaced(old)
    if old == new:
        return True
    before, after = _SIZED.fullmatch(old), _SIZED.fullmatch(new)
    texts = ("VARCHAR", "CHARACTER VARYING")
    if before is None or after is None:
        return before is not None and before[1] in texts and new in ("TEXT", *texts)
    if before[1] in texts:
        return after[1] in texts and int(before[2]) <= int(after[2])
    same = (before[3] or "0") == (after[3] or "0")
    return after[1] not in texts and same and int(before[2]) <= int(after[2])


def _spaced(kind: str) -> str:
    return " ".join(re.sub(r"([(),])", r" \1 ", kind.upper()).split())


def _actions(rest: str) -> list[str]:
    """``ADD a int , DROP b`` → its parts; commas in parentheses are none between them."""
    parts: list[list[str]] = [[]]
    depth = 0
    for word in rest.split(" "):
        depth += (word == "(") - (word == ")")
        if word == "," and not depth:
            parts.append([])
        else:
            parts[-1].append(word)
    return [" ".join(part) for part in parts if part]
