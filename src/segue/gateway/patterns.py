"""Django's URL patterns as RE2 has them, which Envoy matches whole paths with."""

from __future__ import annotations

import re
from collections.abc import Iterator

_RUN = re.compile(r"\\.|[^\\]", re.DOTALL)
_ESCAPED = re.compile(r"\\[^A-Za-z0-9]", re.DOTALL)
_CLASS = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
_PARTS = re.compile(rf"{_CLASS.pattern}|{_RUN.pattern}", re.DOTALL)
_ELSEWHERE = re.compile(
    r"\(\?(?:[=!>(#]|<[=!]|P=|[aLimsux]*[aLux][aLimsux]*[-:)])"  # look-around, atomic and conditional groups, comments, Python's own flags
    r"|\\[1-9ZNuU]"  # a group again, the end, signs by name or number
    r"|[*+?}]\+|\{,"  # without going back; {,n}, which is plain text there
    r"|\{\d{4}|\{\d+,\d{4}"  # more than 1,000 times
)
"""What RE2 does not have, or takes for something else."""
_SPECIAL = frozenset(".^$*+?{}[]()|")


def whole(pattern: str) -> str:
    """Django's pattern without its anchors, to be matched with the whole path. One without an end matches whatever follows, too; Django takes an
    escaped ``$`` for an end as well."""
    text = pattern.removeprefix("^")
    for end in ("\\Z", "$"):
        if text.endswith(end) and not _escaped(text, len(text) - len(end)):
            return text[: -len(end)]
    return text if text.endswith("$") else text + r"[\s\S]*"


def supported(pattern: str) -> bool:
    """Whether RE2 matches with ``pattern`` what Python does. ``^`` in its middle and alternatives outside of any group mean something else in Django,
    which matches the parts of an ``include`` one after the other."""
    text = whole(pattern)
    bare = _CLASS.sub("x", _ESCAPED.sub("x", text))
    return not _ELSEWHERE.search(bare) and "^" not in bare and len(alternatives(text)) == 1


def beginning(pattern: str, rest: str = r"[\s\S]*") -> str:
    """What matches whatever ``pattern`` does, and more: how it begins, as far as that is plain text, and any ``rest``."""
    parts = _RUN.findall(pattern.removeprefix("^"))
    if len(alternatives("".join(parts))) > 1:
        parts = parts[:1]  # the slash that all paths begin with
    plain: list[str] = []
    for part in parts:
        if part in _SPECIAL or (len(part) == 2 and part[1].isalnum()):
            if part in "*?{":  # it is about what stands before it
                plain = plain[:-1]
            break
        plain.append(part)
    return "".join(plain) + rest


def text(plain: str) -> str:
    """What a pattern without special signs matches: ``path("a-b/")`` is ``a\\-b/``, and ``re_path("a-b/")`` as it stands."""
    return _ESCAPED.sub(lambda found: found[0][1], plain)


def alternatives(regex: str) -> list[str]:
    """``regex`` cut at the signs ``|`` that stand in no group."""
    found = [""]
    for part, depth in parts_in(regex):
        if part == "|" and not depth:
            found.append("")
        else:
            found[-1] += part
    return found


def parts_in(regex: str) -> Iterator[tuple[str, int]]:
    """The parts of ``regex`` (a class is one), each with the number of groups that it stands in; a bracket stands outside of its own group."""
    depth = 0
    for part in _PARTS.findall(regex):
        depth -= part == ")"
        yield part, depth
        depth += part == "("


def _escaped(text: str, place: int) -> bool:
    before = text[:place]
    return (len(before) - len(before.rstrip("\\"))) % 2 == 1
