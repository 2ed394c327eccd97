"""Whether two URL patterns may match the same path. Says yes wherever it cannot be sure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from segue.gateway.patterns import alternatives, parts_in

_SPECIAL = re.compile(r"[.^$*+?{}\[\]()|]")
_ESCAPED = re.compile(r"\\([^A-Za-z0-9])")
_FLAGS = re.compile(r"\(\?[aiLmsux-]+[:)]")
_RUN = re.compile(r"\\.|[^\\]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Path:
    """One way to write a pattern. ``segments`` are what stands between slashes, None where that cannot be told: something in it may
    match a slash. ``literal`` is the path if there is only one, else None."""

    regex: str
    segments: tuple[str, ...] | None
    literal: str | None
    prefix: str
    """How every path that it matches begins."""


def ways(regex: str) -> list[Path]:
    """The alternatives of a rule's regex (that of its URL, and that with a format suffix)."""
    grouped = regex.startswith("(?:") and _closes_at_end(regex)
    parts = alternatives(regex[3:-1] if grouped else regex)
    found = []
    for part in parts:
        # A slash that may be missing: both.
        found += [part[:-2], part[:-1]] if part.endswith("/?") and not part.endswith("\\/?") else [part]
    return [_path(part) for part in found]


def may_overlap(one: Path, other: Path) -> bool:
    """False only where no path is matched by both."""
    if not (one.prefix.startswith(other.prefix) or other.prefix.startswith(one.prefix)):
        return False
    if one.literal is not None and other.literal is not None:
        return one.literal == other.literal
    for first, second in ((one, other), (other, one)):
        if first.literal is not None:
            return _compiled(second.regex).fullmatch(first.literal) is not None
    if one.segments is None or other.segments is None:
        return True
    return len(one.segments) == len(other.segments) and all(
        _segments_overlap(a, b) for a, b in zip(one.segments, other.segments, strict=True)
    )


@cache
def _compiled(regex: str) -> re.Pattern[str]:
    """``re`` itself keeps 512, and a project has more: each pair would compile both anew."""
    return re.compile(regex)


def _segments_overlap(one: str, other: str) -> bool:
    first, second = _literal(one), _literal(other)
    if first is not None and second is not None:
        return first == second
    if first is not None:
        return _compiled(other).fullmatch(first) is not None
    return second is None or _compiled(one).fullmatch(second) is not None


def _path(regex: str) -> Path:
    if _FLAGS.search(regex):  # they change what all the rest means
        return Path(regex, None, None, "")
    plain = _ESCAPED.sub(r"\1", "".join(_before_special(regex)))
    return Path(regex, _segments(regex), _literal(regex), plain)


def _before_special(regex: str) -> list[str]:
    """The parts of ``regex`` up to the first sign that is not a literal."""
    parts = _RUN.findall(regex)
    for place, part in enumerate(parts):
        if _SPECIAL.fullmatch(part) or (len(part) == 2 and part[1].isalnum()):
            # A quantifier is about what stands before it.
            return parts[: place - 1] if part in "*?{" and place else parts[:place]
    return parts


@cache
def _literal(regex: str) -> str | None:
    parts = _RUN.findall(regex)
    return _ESCAPED.sub(r"\1", regex) if _before_special(regex) == parts else None


def _segments(regex: str) -> tuple[str, ...] | None:
    """``regex`` cut at its slashes; None where something else in it may match a slash."""
    segments = [""]
    for part, depth in parts_in(regex):
        if part == "/" and not depth:
            segments.append("")
        elif (
            part in ("/", ".", "\\D", "\\W", "\\S", "\\/")
            or (part == "|" and not depth)
            or (part[0] == "[" and _class_has_slash(part))
        ):
            return None
        else:
            segments[-1] += part
    if any(segment[:1] in tuple("*+?{") for segment in segments):  # the slash itself is repeated
        return None
    return tuple(segments)


def _class_has_slash(text: str) -> bool:
    return re.fullmatch(text, "/") is not None


def _closes_at_end(regex: str) -> bool:
    """Whether the group that begins ``regex`` ends it."""
    parts = list(parts_in(regex))
    ends = [place for place, (part, depth) in enumerate(parts) if part == ")" and not depth]
    return ends[:1] == [len(parts) - 1]
