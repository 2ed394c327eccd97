"""What functions are called that one legacy function has become for several uses."""

from __future__ import annotations

import re
from keyword import iskeyword

from segue.translate.context import Context
from segue.translate.functions.record import FunctionRecord
from segue.translate.functions.symbols import symbols
from segue.translate.kinds import Instance
from segue.translate.load.models import snake

_WORD = re.compile(r"[a-z][a-z0-9_]{1,39}")
_CLASS = re.compile(r"([A-Z]\w*?)(?:Row)?(?: \| None)?")
# Of these every second function is given one.
_STATE = ("Call", "Session", "CurrentUser", "User")


def said(record: FunctionRecord) -> str:
    """The texts that are constants of this use, as one word: ``list_tag`` of ``has_perm("submission.list_tag", …)``."""
    words = []
    own = {p.legacy for p in record.parameters}
    for name, value in record.folded:
        if isinstance(value, str) and name not in own:
            word = re.sub(r"\W+", "_", snake(value.rpartition(".")[2] or value)).strip("_")
            if _WORD.fullmatch(word) and not iskeyword(word):
                words.append(word)
    return "_".join(words[:2])


def apart(groups: list[list[FunctionRecord]]) -> frozenset[tuple[str, str, str]]:
    """Functions (app, module, name) whose uses the constants tell apart: each has them in its name, none has it plain."""
    found: dict[tuple[str, str, str], set[str]] = {}
    for first, *_ in groups:
        found.setdefault(_key(first), set()).add(said(first))
    return frozenset(key for key, words in found.items() if len(words) > 1 and "" not in words)


def free(
    ctx: Context, group: list[FunctionRecord], used: set[str], told: frozenset[tuple[str, str, str]]
) -> str:
    """The first that is not ``used`` of: its own name (not where ``told`` has it); with the class that it was specialised
    for in front; with the use that needs another text, or what is given back; with the constants of this use;
    with what it is about; with several of these; numbered."""
    first = group[0]
    hint = first.hint
    if not hint and isinstance(first.returns, Instance) and first.returns.site.written:
        hint = "entity"
    words, about = said(first), _about(ctx, first)
    own = first.base_name
    wished = [own] if _key(first) not in told else [f"{own}_{words}"]
    users = {record.user for record in group}
    if first.user and len(users) == 1:
        own = _of(first, first.user)
        wished.append(own)
    if hint:
        own = f"{own}_{hint}"
        wished.append(own)
    if words:
        wished.append(f"{own}_{words}")
    # Beside one that has in memory what this one asks for.
    loads = first.is_async and first.module_kind in ("presenters", "services")
    if loads:
        wished.append(f"{wished[0]}_loading")
    longest = "_".join(part for part in (own, words, about) if part)
    wished.append(longest)
    if loads:
        wished.append(f"{longest}_loading")
    name = next((n for n in wished if n not in used), "")
    number = 2
    while not name or name in used:
        name, number = f"{wished[-1]}_{number}", number + 1
    return name


def _key(record: FunctionRecord) -> tuple[str, str, str]:
    return (record.app, record.module_kind, record.base_name)


def _about(ctx: Context, record: FunctionRecord) -> str:
    """The class of the first object that it is given, in snake case, unless its name says so already."""
    table = symbols(ctx)
    for parameter in record.parameters:
        text = table.text(parameter.annotation())
        found = _CLASS.fullmatch(text)
        if found and found[1] not in _STATE and parameter.name != "user":
            word = snake(found[1])
            return "" if word in record.base_name else word
    return ""


def _of(record: FunctionRecord, user: str) -> str:
    """``record``'s name as a function of the class ``user`` instead of the class that defines it."""
    owner = snake(record.legacy.rpartition(".")[0].rpartition(".")[2])
    return f"{user}_{record.base_name.removeprefix(f'{owner}_')}"
