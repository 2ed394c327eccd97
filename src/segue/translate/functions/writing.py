"""Whether generated code changes anything outside of itself, functions that it calls included."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from segue.translate.context import Context
from segue.translate.functions.record import reached

# Helpers and methods that only read: rows, the body, input that is looked up. What is saved once (``rules/saved_once.py``) may be left to
# Django as if nothing was written.
_READS = re.compile(
    r"await (rows\(|segue__(?:rows|fn)_\d+__\(|follow\(|follow_back\(|find_back\(|follow_real\(|call\.data\(|checked\(|each\(|each_sent\(|exists\(|count\(|find\(|find_all\(|find_each\("
    r"|find_choice\(|unique\(|unique_together\(|unique_for_date\(|clean_entity\(|keys\(|related\("
    r"|[A-Z][A-Z_]*_AUTHENTICATION\.authenticate\(|call\.open_session\("
    r"|[A-Z][A-Z_]*_PAGES\.page\("
    r"|save_once\("
    r"|call\.visitor\(|has_perm\(|(?:form|files|raw_body)\((?:call)?\)"
    r"|\w+\.(?:ready|successful|failed|state|value|traceback)\(\)"
    r"|[\w.]*\bdb\.(?:get|one|all|first|scalar|scalars)\()"
)

_WRITES = re.compile(
    r"\bdb\.(?:execute|insert|insert_all|update|update_all|save|delete|delete_all|delete_matching|get_or_create|update_or_create)\("
    r"|\bMAIL\."
)


def writes(ctx: Context, lines: Sequence[str]) -> bool:
    """Whether rows are written or mails are sent there on some way, down to the last function called: no more than is certain,
    where the service itself finds out the rest."""
    called = [record.lines for record in reached(ctx, lines) if record is not None]
    return any(_WRITES.search(line) for one in (lines, *called) for line in one)


def may_write(ctx: Context, lines: Sequence[str]) -> bool:
    """False only where every awaited call is one that reads, down to the last function called. What is not awaited changes
    nothing but objects in memory."""
    called = reached(ctx, lines)
    return None in called or any(map(_writes, [lines, *(record.lines for record in called if record)]))


def others_than_reads(lines: Sequence[str]) -> int:
    """How many awaited calls stand there that may write, what is called not looked into; a transaction writes nothing itself."""
    text = "\n".join(line for line in lines if not _TRANSACTION.match(line))
    return text.count("await ") + text.count("async with") - len(_READS.findall(text))


_TRANSACTION = re.compile(r"\s*async with [\w.]*\bdb\.atomic\(\):")


def may_write_any_of(
    ctx: Context, lines: Sequence[str], classes: set[str], known: Mapping[str, str] = MappingProxyType({})
) -> bool:
    """As :func:`may_write`, but for rows that are inserted or updated and are of none of ``classes`` (names of models, among other words). ``known``: the
    classes of locals that ``lines`` do not bind."""
    called = reached(ctx, lines)
    if None in called:
        return True
    others = {
        m.cls.rpartition(".")[2]
        for m in ctx.snapshot.models.values()
        if not (m.parents or m.proxy)  # a row of a child is one of its parent's table, too
    } - classes
    if _writes(_without_writes_of(lines, others, known)):
        return True
    return any(
        _writes(
            _without_writes_of(r.lines, others, {p.name: p.annotation() for p in r.parameters if p.legacy})
        )
        for r in called
        if r is not None
    )


_MADE = re.compile(r"\s*(\w+) = (\w+)\(")
_ONE = re.compile(r"\s*await [\w.]*\bdb\.(?:insert|save|update)\((\w+)(?:, (?:'\w+'|force=True))*\)")
_MATCHING = re.compile(r"\s*await [\w.]*\bdb\.execute\(update\((\w+)\)[^\n]*\)")


def _without_writes_of(lines: Sequence[str], classes: set[str], given: Mapping[str, str]) -> list[str]:
    """``lines`` without those that only write rows of ``classes``; ``given`` are the types of parameters."""
    made: dict[str, set[str]] = {local: {text} for local, text in given.items()}
    for line in lines:
        if (found := re.match(r"\s*(\w+)(?:: [^=]+)? = ", line)) is not None:
            new = _MADE.match(line)
            made.setdefault(found[1], set()).add(new[2] if new is not None else "")
    rest = []
    for line in lines:
        one, matching = _ONE.fullmatch(line), _MATCHING.fullmatch(line)
        if one is not None and made.get(one[1], {""}) <= classes:
            continue
        if matching is not None and matching[1] in classes and line.count("await ") == 1:
            continue
        rest.append(line)
    return rest


def _writes(lines: Sequence[str]) -> bool:
    text = "\n".join(lines)
    return "async with" in text or text.count("await ") != len(_READS.findall(text))
