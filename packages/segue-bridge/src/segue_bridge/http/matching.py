"""Finding the resource of a path, as Django's URL resolver does: by order, then by regex.

Django tries its patterns one after the other. Here only those are tried whose fixed beginning is a
beginning of the path, in the same order, so that a thousand routes cost no more than ten.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from segue_bridge.http.resource import Resource

Found = tuple[Resource, dict[str, str]]
_Ranked = tuple[int, Resource]
_PLAIN = re.compile(r"[A-Za-z0-9_/-]*")
_GROUP = re.compile(r"\([^()]*\)")


class Index:
    """All resources of an application."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        ordered = sorted(dict.fromkeys(resources), key=lambda resource: resource.order)
        self._fixed: dict[str, Found] = {}
        self._by_stem: dict[str, list[_Ranked]] = {}
        for rank, resource in enumerate(ordered):
            for stem in stems(resource):
                self._by_stem.setdefault(stem, []).append((rank, resource))
        for rank, resource in enumerate(ordered):
            if resource.static and resource.path not in self._fixed:
                # An earlier pattern that also fits wins in Django, so it must win here.
                earlier = ((other, other.match(resource.path)) for other in ordered[:rank])
                self._fixed[resource.path] = next(
                    ((other, values) for other, values in earlier if values is not None), (resource, {})
                )

    def find(self, path: str) -> Found | None:
        """The resource and its URL arguments; None when Django has no such URL."""
        fixed = self._fixed.get(path)
        if fixed is not None:
            return fixed
        candidates = list(self._by_stem.get("", ()))
        end = path.find("/")
        while end != -1:
            candidates.extend(self._by_stem.get(path[: end + 1], ()))
            end = path.find("/", end + 1)
        candidates.sort(key=_rank)
        for _, resource in candidates:
            values = resource.match(path)
            if values is not None:
                return resource, values
        return None


def stems(resource: Resource) -> set[str]:
    """Beginnings, up to a slash, that every path of the resource's patterns has."""
    found: set[str] = set()
    if resource.regex:
        found.add(_fixed(resource.regex))
    elif not resource.static:
        found.add(_stem(resource.path))
    if resource.suffix_pattern is not None:
        # A suffix given as a regex of its own may begin with anything.
        found.add("" if isinstance(resource.suffix, str) else _stem(resource.path.rstrip("/")))
    return found


def _stem(path: str) -> str:
    literal = path.partition("{")[0]
    return literal[: literal.rfind("/") + 1]


def _fixed(regex: str) -> str:
    """The literal beginning of a whole regex, up to a slash: nothing in it is special or optional."""
    rest = regex.removeprefix("^")
    literal = _PLAIN.match(rest)
    if literal is None or "|" in _outside(regex):
        return ""
    # ``/?``: the last of it may be missing.
    optional = rest[literal.end() : literal.end() + 1] in ("?", "*", "{") and literal[0] != ""
    return _stem(literal[0][:-1] if optional else literal[0])


def _outside(regex: str) -> str:
    """What is left of ``regex`` without its innermost groups, again and again."""
    while (shorter := _GROUP.sub("", regex)) != regex:
        regex = shorter
    return regex


def _rank(candidate: _Ranked) -> int:
    return candidate[0]
