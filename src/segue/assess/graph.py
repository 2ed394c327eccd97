"""The coupling graph between apps as one SVG, laid out the same way every time."""

from __future__ import annotations

import math
from html import escape

from segue.assess.model import AppEdge, AppNode

_WIDTH = 960.0
_ROUNDS = 400


def draw(nodes: tuple[AppNode, ...], edges: tuple[AppEdge, ...]) -> str:
    """SVG text: a circle per app (area by models), an arrow per coupling (width by weight).

    Apps without a relation to another one stand in rows below. Colours come from CSS classes.
    """
    linked = {edge.source for edge in edges} | {edge.target for edge in edges}
    inner = [node for node in nodes if node.label in linked]
    outer = [node for node in nodes if node.label not in linked]
    height = 120.0 + (130.0 + 300.0 * math.sqrt(len(inner) / 8) if inner else 0.0)
    radius = {node.label: 10 + 5 * math.sqrt(node.models) for node in nodes}
    places = _layout([node.label for node in inner], edges, _WIDTH, height - 40) if inner else {}
    places = _apart(places, radius, _WIDTH, height - 40)
    row_top = height - 20 if inner else 60.0
    for index, node in enumerate(outer):
        places[node.label] = (90 + (index % 7) * 130.0, row_top + 30 + (index // 7) * 90.0)
    total = (row_top + 90.0 * ((len(outer) + 6) // 7) + 10) if outer else height
    heaviest = max((edge.weight for edge in edges), default=1)
    parts = [
        f'<svg viewBox="0 0 {_WIDTH:.0f} {total:.0f}" role="img" aria-labelledby="graph-title graph-text" '
        'class="graph">',
        '<title id="graph-title">Coupling between apps</title>',
        f'<desc id="graph-text">{len(nodes)} apps, {len(edges)} couplings; the table below lists them.</desc>',
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        'markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0 8 4 0 8Z" class="tip"/></marker></defs>',
    ]
    both = {(edge.source, edge.target) for edge in edges}
    for edge in edges:
        bend = 22.0 if (edge.target, edge.source) in both else 10.0
        parts.append(_arrow(edge, places, radius, 1 + 5 * edge.weight / heaviest, bend))
    for node in nodes:
        parts.append(_circle(node, places[node.label], radius[node.label]))
    parts.append("</svg>")
    return "\n".join(parts)


def _arrow(
    edge: AppEdge,
    places: dict[str, tuple[float, float]],
    radius: dict[str, float],
    width: float,
    bend: float,
) -> str:
    (x1, y1), (x2, y2) = places[edge.source], places[edge.target]
    distance = math.hypot(x2 - x1, y2 - y1) or 1.0
    ux, uy = (x2 - x1) / distance, (y2 - y1) / distance
    x1, y1 = x1 + ux * radius[edge.source], y1 + uy * radius[edge.source]
    x2, y2 = x2 - ux * (radius[edge.target] + 5), y2 - uy * (radius[edge.target] + 5)
    cx, cy = (x1 + x2) / 2 - uy * bend, (y1 + y2) / 2 + ux * bend
    label = f"{edge.source} → {edge.target}, weight {edge.weight}: {', '.join(edge.fields)}"
    return (
        f'<path class="edge" data-apps="{escape(edge.source)} {escape(edge.target)}" '
        f'd="M{x1:.1f} {y1:.1f}Q{cx:.1f} {cy:.1f} {x2:.1f} {y2:.1f}" stroke-width="{width:.1f}" '
        f'marker-end="url(#tip)"><title>{escape(label)}</title></path>'
    )


def _circle(node: AppNode, place: tuple[float, float], radius: float) -> str:
    x, y = place
    kind = "own" if node.origin == "own" else "other"
    label = f"{node.label}: {node.models} models, {node.operations} operations, {node.native} native"
    arc = ""
    if node.operations:
        length = 2 * math.pi * (radius + 4)
        share = length * node.native / node.operations
        arc = (
            f'<circle class="share-all" r="{radius + 4:.1f}"/><circle class="share" r="{radius + 4:.1f}" '
            f'stroke-dasharray="{share:.1f} {length:.1f}" transform="rotate(-90)"/>'
        )
    return (
        f'<g class="node {kind}" data-app="{escape(node.label)}" transform="translate({x:.1f} {y:.1f})">'
        f'<title>{escape(label)}</title><circle r="{radius:.1f}" class="disc"/>{arc}'
        f'<text y="{radius + 19:.1f}">{escape(node.label)}</text></g>'
    )


def _layout(
    labels: list[str], edges: tuple[AppEdge, ...], width: float, height: float
) -> dict[str, tuple[float, float]]:
    """Forces between points (Fruchterman and Reingold), from a circle, without chance."""
    count = len(labels)
    index = {label: number for number, label in enumerate(labels)}
    xs = [math.cos(2 * math.pi * i / count) * 0.5 for i in range(count)]
    ys = [math.sin(2 * math.pi * i / count) * 0.5 for i in range(count)]
    ideal = 1.15 / math.sqrt(count)
    degree = [sum(label in (edge.source, edge.target) for edge in edges) for label in labels]
    for turn in range(_ROUNDS):
        dx, dy = [0.0] * count, [0.0] * count
        for a in range(count):
            for b in range(a + 1, count):
                x, y = xs[a] - xs[b], ys[a] - ys[b]
                square = max(x * x + y * y, 1e-6)
                force = ideal * ideal / square
                dx[a] += x * force
                dy[a] += y * force
                dx[b] -= x * force
                dy[b] -= y * force
        for edge in edges:
            a, b = index[edge.source], index[edge.target]
            x, y = xs[a] - xs[b], ys[a] - ys[b]
            pull = 1.0 + 0.15 * math.log(edge.weight)
            force = math.hypot(x, y) / ideal * pull / math.sqrt(min(degree[a], degree[b]))
            dx[a] -= x * force
            dy[a] -= y * force
            dx[b] += x * force
            dy[b] += y * force
        heat = 0.12 * (1 - turn / _ROUNDS)
        for a in range(count):
            dx[a] -= xs[a] * 0.6
            dy[a] -= ys[a] * 0.6
            length = math.hypot(dx[a], dy[a]) or 1.0
            step = min(length, heat)
            xs[a] += dx[a] / length * step
            ys[a] += dy[a] / length * step
    return _spread(labels, xs, ys, width, height)


def _spread(
    labels: list[str], xs: list[float], ys: list[float], width: float, height: float
) -> dict[str, tuple[float, float]]:
    margin = 75.0
    left, top = min(xs), min(ys)
    across = max(max(xs) - left, 1e-6)
    down = max(max(ys) - top, 1e-6)
    if len(labels) == 1:
        return {labels[0]: (width / 2, height / 2)}
    return {
        label: (
            margin + (xs[i] - left) / across * (width - 2 * margin),
            margin + (ys[i] - top) / down * (height - 2 * margin),
        )
        for i, label in enumerate(labels)
    }


def _apart(
    places: dict[str, tuple[float, float]], radius: dict[str, float], width: float, height: float
) -> dict[str, tuple[float, float]]:
    """Push circles apart that touch, with room for their names, and keep them inside."""
    points = {label: [x, y] for label, (x, y) in places.items()}
    labels = list(points)
    for _turn in range(_ROUNDS):
        moved = False
        for position, first in enumerate(labels):
            for second in labels[position + 1 :]:
                a, b = points[first], points[second]
                x, y = b[0] - a[0], b[1] - a[1]
                distance = math.hypot(x, y) or 1.0
                short = radius[first] + radius[second] + 46 - distance
                if short > 0.5:
                    moved = True
                    shift = short / 2 / distance
                    a[0], a[1] = a[0] - x * shift, a[1] - y * shift
                    b[0], b[1] = b[0] + x * shift, b[1] + y * shift
        for label, point in points.items():
            edge = radius[label] + 24
            point[0] = min(max(point[0], edge + 20), width - edge - 20)
            point[1] = min(max(point[1], edge), height - edge)
        if not moved:
            break
    return {label: (x, y) for label, (x, y) in points.items()}
