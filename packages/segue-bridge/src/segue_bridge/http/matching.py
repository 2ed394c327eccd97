"""Finding the resource of a path, as Django's URL resolver does: by order, then by regex."""

from __future__ import annotations

from collections.abc import Iterable

from segue_bridge.http.resource import Resource

Found = tuple[Resource, dict[str, str]]


class Index:
    """All resources of an application; fixed paths are found without trying patterns."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        ordered = sorted(dict.fromkeys(resources), key=lambda resource: resource.order)
        self._patterns = [r for r in ordered if not r.static or r.suffix_pattern is not None]
        self._fixed: dict[str, Resource] = {}
        for place, resource in enumerate(ordered):
            if resource.static and resource.path not in self._fixed:
                # An earlier pattern that also fits wins in Django, so it must win here.
                first = next((r for r in ordered[:place] if r.match(resource.path) is not None), resource)
                if first is resource:
                    self._fixed[resource.path] = resource

    def find(self, path: str) -> Found | None:
        """The resource and its URL arguments; None when Django has no such URL."""
        fixed = self._fixed.get(path)
        if fixed is not None:
            return fixed, {}
        for resource in self._patterns:
            values = resource.match(path)
            if values is not None:
                return resource, values
        return None
