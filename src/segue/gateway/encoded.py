"""Paths with encoded letters or signs: Envoy matches the path as it was sent, Django the decoded one.

``\\w+`` takes ``josé`` and not ``jos%C3%A9``, which a later pattern would get; ``[^/@]+`` takes ``a%40b`` and not ``a@b``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import dropwhile

from segue.gateway.overlap import Path, ways
from segue.gateway.table import Rule

_PLAIN = frozenset("/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
"""What is never encoded: whoever does so is led to Django (:data:`segue.gateway.routes.HIDDEN`), with a line's end too."""
_OTHERS = frozenset(map(chr, range(128))) - _PLAIN - {"\n"}
_FAR = ("é", "٣", "中", "€")
_HEX = frozenset("0123456789ABCDEFabcdef")
_HEAD = re.compile(r"\(\?(?:P<\w+>|[a-z-]*:)")
_ATOM = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]|\{\d+(?:,\d*)?\}|\\.|[^\\]", re.DOTALL)
_BOUNDS = frozenset("()|^$*+?")


def in_order(rules: Sequence[Rule]) -> Iterator[tuple[str, Rule | None]]:
    """The pattern of each rule with it, and before a pattern what of its paths only Django can tell, with None."""
    before = ""
    for rule in rules:
        if rule.regex != before and (doubt := doubtful(rule.regex)):
            yield doubt, None
        before = rule.regex
        yield rule.regex, rule


def doubtful(regex: str) -> str:
    """What matches the paths, as they are sent, of which ``regex`` may say something else than of the decoded ones; '' if there are none."""
    found = dict.fromkeys(text for way in ways(regex) for text in _of(way))
    return "|".join(found) if len(found) < 2 else f"(?:{'|'.join(found)})"


def _of(way: Path) -> list[str]:
    signs = _signs(way.regex)
    if not signs:
        return []
    if way.segments is None:
        plain = way.prefix[: next((n for n, one in enumerate(way.prefix) if one not in _PLAIN), None)]
        return [rf"{re.escape(plain)}[\s\S]*{signs}[\s\S]*"]
    each = [_signs(segment) for segment in way.segments]
    loose = [r"[^/]*" if one else text for one, text in zip(each, way.segments, strict=True)]
    return [
        "/".join([*loose[:place], f"[^/]*{one}[^/]*", *loose[place + 1 :]])
        for place, one in enumerate(each)
        if one
    ]


@cache
def _signs(regex: str) -> str:
    """The encoded signs about which ``regex`` is in doubt."""
    atoms = _ATOM.findall(_HEAD.sub("(", regex))
    far = False
    for place, atom in enumerate(atoms):
        if atom in _BOUNDS or (len(atom) > 1 and atom[0] == "{"):
            continue
        plain, others, strange = _matched(atom)
        if not others and not strange:
            continue
        if not others:
            far = True
        elif not (
            others == _OTHERS and strange == len(_FAR) and plain >= _HEX and _whole(atoms[place + 1 :])
        ):
            return "%"
    return "%[89A-Fa-f]" if far else ""


def _whole(rest: list[str]) -> bool:
    """Whether what takes anything takes so many signs as there are, and what comes after it cannot begin within an encoded one."""
    if rest[:1] not in (["+"], ["*"]):
        return False
    after = [*dropwhile(lambda atom: atom in (")", "?"), rest[1:])]
    if not after:
        return True
    if after[1:] and after[1][0] in "?*{":  # it may be missing
        return False
    return after[0] not in _BOUNDS and _matched(after[0])[0].isdisjoint(_HEX)


@cache
def _matched(atom: str) -> tuple[frozenset[str], frozenset[str], int]:
    """What one sign of a pattern matches: of :data:`_PLAIN`, of :data:`_OTHERS`, and how many of :data:`_FAR`."""
    try:
        single = re.compile(atom if len(atom) > 1 or atom == "." else re.escape(atom))
    except re.error:  # a group again, and what Python does not know: the gateways refuse it
        return frozenset(), _OTHERS, 0
    plain, others = (frozenset(filter(single.fullmatch, signs)) for signs in (_PLAIN, _OTHERS))
    return plain, others, sum(1 for sign in _FAR if single.fullmatch(sign)) or int(atom > "\x7f")
