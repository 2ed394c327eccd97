"""How the apps of a project hang together through their models."""

from __future__ import annotations

from collections.abc import Iterable

from segue.assess.model import AppEdge, AppNode, Endpoint
from segue.snapshot.model import Snapshot


def app_edges(snapshot: Snapshot) -> tuple[AppEdge, ...]:
    """Relations between different apps, from the app that holds the field to its target.

    A foreign key or one-to-one counts one, a many-to-many two (it has a table of its own with
    keys to both sides). Automatic through models and inherited fields are not counted again.
    """
    fields: dict[tuple[str, str], list[str]] = {}
    weights: dict[tuple[str, str], int] = {}
    for model in snapshot.models.values():
        if model.auto_created or model.proxy:
            continue
        for item in model.fields:
            relation = item.relation
            if relation is None or not relation.to or item.inherited_from in snapshot.models:
                continue
            target = snapshot.models.get(relation.to)
            if target is None or target.app == model.app:
                continue
            key = (model.app, target.app)
            weights[key] = weights.get(key, 0) + (2 if relation.kind == "m2m" else 1)
            fields.setdefault(key, []).append(f"{model.label.partition('.')[2]}.{item.name}")
    return tuple(
        AppEdge(source, target, weights[source, target], tuple(sorted(names)))
        for (source, target), names in sorted(fields.items())
    )


def app_nodes(snapshot: Snapshot, own: Iterable[Endpoint]) -> tuple[AppNode, ...]:
    """Apps with models or operations, in ``INSTALLED_APPS`` order."""
    listed = list(own)
    result = []
    for app in snapshot.apps:
        models = sum(m.app == app.label and not m.auto_created for m in snapshot.models.values())
        here = [e for e in listed if e.app == app.label]
        if models or here:
            native = sum(e.verdict == "native" for e in here)
            result.append(AppNode(app.label, app.origin, models, len(here), native))
    return tuple(result)


def coupling_of(edges: Iterable[AppEdge]) -> dict[str, int]:
    """App → weight of all relations to and from other apps."""
    total: dict[str, int] = {}
    for edge in edges:
        total[edge.source] = total.get(edge.source, 0) + edge.weight
        total[edge.target] = total.get(edge.target, 0) + edge.weight
    return total
