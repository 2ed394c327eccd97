"""Pictures as SVG, drawn on the server. Colours come from the page's style sheet, words for screen readers with the picture."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from markupsafe import Markup, escape

from segue.ledger import Event
from segue.rollout.figures import BUCKET, Side

_MERGED = 4  # buckets of 5 % in one column


def rates(
    series: Sequence[tuple[float, float]], seconds: float, width: int = 640, height: int = 150
) -> Markup:
    """Requests per second, FastAPI's on top of Django's, the newest on the right."""
    most = max((a + b for a, b in series), default=0.0)
    top = _nice(most)
    left, bottom = 44, height - 22
    count = max(len(series) - 1, 1)

    def at(index: int, value: float) -> str:
        return f"{left + (width - left - 6) * index / count:.1f},{bottom - (bottom - 8) * value / top:.1f}"

    def area(lower: Sequence[float], upper: Sequence[float]) -> str:
        there = [at(i, v) for i, v in enumerate(upper)]
        back = [at(i, v) for i, v in reversed(list(enumerate(lower)))]
        return " ".join((*there, *back))

    django = [a for a, _ in series]
    both = [a + b for a, b in series]
    parts = [_grid(left, width, bottom, top)]
    if most:
        parts.append(
            Markup('<polygon class="django" points="{}"/>').format(area([0.0] * len(series), django))
        )
        parts.append(Markup('<polygon class="fastapi" points="{}"/>').format(area(django, both)))
    parts.append(
        _text(left, height - 5, f"{seconds / 60:.0f} min ago" if seconds > 90 else f"{seconds:.0f} s ago")
    )
    parts.append(_text(width - 6, height - 5, "now", "end"))
    now = series[-1] if series else (0.0, 0.0)
    label = f"Requests per second: Django {now[0]:.0f} now, FastAPI {now[1]:.0f}; at most {most:.0f} together"
    return _svg(width, height, label, parts)


def histogram(django: Side, fastapi: Side, width: int = 640, height: int = 190) -> Markup:
    """Latencies of complete answers on one logarithmic axis, FastAPI's above, Django's below; both are shares of their own side."""
    columns = [_columns(side.latencies) for side in (fastapi, django)]
    numbers = sorted({*columns[0], *columns[1]})
    if not numbers:
        return _svg(width, 40, "No answers yet", [_text(width / 2, 24, "No answers in this time", "middle")])
    low, high = numbers[0] - 1, numbers[-1] + 2
    left, right, middle = 64, 8, (height - 22) / 2
    step = (width - left - right) / (high - low)
    most = max(share for side in columns for share in side.values())
    parts = []
    for value in _decades(low, high):
        x = left + step * (math.log(value * 1000) / math.log(BUCKET) / _MERGED - low)
        parts.append(
            Markup('<line class="grid" x1="{0:.1f}" x2="{0:.1f}" y1="4" y2="{1:.1f}"/>').format(
                x, height - 20
            )
        )
        parts.append(_text(x, height - 5, milliseconds(value), "end" if x > width - 28 else "middle"))
    for name, side, shares, up in (
        ("fastapi", fastapi, columns[0], True),
        ("django", django, columns[1], False),
    ):
        for number, share in shares.items():
            tall = (middle - 10) * share / most
            parts.append(
                Markup('<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>').format(
                    name,
                    left + step * (number - low),
                    middle - tall if up else middle + 1,
                    max(step - 1, 1),
                    tall,
                )
            )
        y = middle / 2 if up else middle * 1.5
        parts.append(_text(left - 8, y, "FastAPI" if up else "Django", "end"))
        parts.append(_text(left - 8, y + 14, f"{side.latencies.total()}", "end"))
        if shares:
            x = left + step * (math.log(max(side.median() * 1000, 1)) / math.log(BUCKET) / _MERGED - low)
            ends = (6.0, middle) if up else (middle + 1, 2 * middle - 6)
            parts.append(
                Markup('<line class="median" x1="{0:.1f}" x2="{0:.1f}" y1="{1:.1f}" y2="{2:.1f}"/>').format(
                    x, *ends
                )
            )
    parts.append(
        Markup('<line class="axis" x1="{0}" x2="{1}" y1="{2:.1f}" y2="{2:.1f}"/>').format(
            left, width - right, middle
        )
    )
    label = "Latencies. " + ". ".join(
        f"{name}: {in_words(side)}" for name, side in (("FastAPI", fastapi), ("Django", django))
    )
    return _svg(width, height, label, parts)


def in_words(side: Side) -> str:
    """``412 answers, median 3.1 ms, 95 % within 9.0 ms, 99 % within 14 ms``."""
    if not side.latencies:
        return "no answers"
    p50, p95, p99 = (milliseconds(side.quantile(q)) for q in (0.5, 0.95, 0.99))
    return f"{side.latencies.total()} answers, median {p50}, 95 % within {p95}, 99 % within {p99}"


def timeline(
    history: Sequence[Event], weight: int, now: datetime, width: int = 640, height: int = 130
) -> Markup:
    """FastAPI's share over time, as the history tells it: a step at each change of weight."""
    changes = [(at, change) for event in history if (change := weights(event)) and (at := _moment(event.at))]
    if not changes:
        return Markup("")
    begin = changes[0][0]
    span = max((now - begin).total_seconds(), 1.0)
    begin_x, bottom = 44.0, height - 22

    def x(at: datetime) -> float:
        return begin_x + 14 + (width - begin_x - 22) * min(max((at - begin).total_seconds() / span, 0.0), 1.0)

    def y(value: float) -> float:
        return bottom - (bottom - 8) * value / 100

    points = [(begin_x, y(changes[0][1][0]))]
    for at, (before, after) in changes:
        points += [(x(at), y(before)), (x(at), y(after))]
    points.append((width - 8.0, y(weight)))
    line = " ".join(f"{a:.1f},{b:.1f}" for a, b in points)
    parts = [
        _grid(begin_x, width, bottom, 100, " %"),
        Markup('<polygon class="fastapi faint" points="{} {:.1f},{} {},{}"/>').format(
            line, width - 8.0, bottom, begin_x, bottom
        ),
        Markup('<polyline class="line" points="{}"/>').format(line),
        _text(begin_x, height - 5, f"{begin:%Y-%m-%d %H:%M}"),
        _text(width - 8, height - 5, "now", "end"),
    ]
    told = ", ".join(f"{at:%Y-%m-%d %H:%M} {a} to {b} %" for at, (a, b) in changes[-8:])
    return _svg(width, height, f"FastAPI's share over time: {told}; {weight} % now", parts, "timeline")


def shares(parts: Sequence[tuple[str, int]], label: str, width: int = 640, height: int = 18) -> Markup:
    """One bar of (class, number) parts."""
    total = sum(number for _, number in parts) or 1
    drawn, begin = [], 0.0
    for name, number in parts:
        wide = width * number / total
        if number:
            drawn.append(
                Markup('<rect class="{}" x="{:.2f}" y="0" width="{:.2f}" height="{}"/>').format(
                    name, begin, max(wide - 1, 1), height
                )
            )
        begin += wide
    return Markup(
        '<svg class="picture shares" viewBox="0 0 {} {}" role="img" aria-label="{}" preserveAspectRatio="none">{}</svg>'
    ).format(width, height, label, Markup("").join(drawn))


def weights(event: Event) -> tuple[int, int] | None:
    """(before, after) of an event that changed the weight, None of another one."""
    words = event.what.split()
    if (
        len(words) == 5
        and words[0] == "weight"
        and words[2] == "→"
        and words[1].isdecimal()
        and words[3].isdecimal()
    ):
        return int(words[1]), int(words[3])
    return None


def _columns(latencies: Counter[int]) -> dict[int, float]:
    total = latencies.total()
    merged: Counter[int] = Counter()
    for number, count in latencies.items():
        merged[number // _MERGED] += count
    return {number: count / total for number, count in merged.items()}


def _decades(low: int, high: int) -> list[float]:
    """1, 2 and 5 milliseconds and their multiples by ten that lie within; only powers of ten where these are many."""
    ends = [BUCKET ** (number * _MERGED) / 1000 for number in (low, high)]
    found = [m * 10.0**e for e in range(-3, 7) for m in (1, 2, 5) if ends[0] <= m * 10.0**e <= ends[1]]
    return found if len(found) <= 9 else [v for v in found if math.log10(v).is_integer()]


def milliseconds(value: float) -> str:
    """``3.1 ms``, ``1.2 s``: three digits at most."""
    return f"{value / 1000:.3g} s" if value >= 1000 else f"{value:.3g} ms"


def _nice(most: float) -> float:
    """The end of an axis that has room for ``most``."""
    if most <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(most))
    return next(m * power for m in (1, 2, 5, 10) if m * power >= most)


def _grid(left: float, width: int, bottom: float, top: float, unit: str = "") -> Markup:
    lines = [
        Markup('<line class="grid" x1="{}" x2="{}" y1="{y:.1f}" y2="{y:.1f}"/>').format(
            left, width - 6, y=bottom - (bottom - 8) * share
        )
        + _text(left - 6, bottom - (bottom - 8) * share + 4, f"{top * share:g}{unit}", "end")
        for share in (0, 0.5, 1)
    ]
    return Markup("").join(lines)


def _text(x: float, y: float, words: str, anchor: str = "start") -> Markup:
    return Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>').format(x, y, anchor, words)


def _svg(width: int, height: int, label: str, parts: Sequence[Markup], name: str = "") -> Markup:
    return Markup('<svg class="picture {}" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        name, width, height, label, Markup("").join(escape(p) for p in parts)
    )


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
