"""Refusals as blockers: one for each place and construct, the one that holds most operations back first."""

from __future__ import annotations

from collections.abc import Sequence

from segue.assess.advice import advice
from segue.assess.model import Blocker, Endpoint
from segue.refusal import Refusal


def blockers(own: Sequence[Endpoint]) -> tuple[Blocker, ...]:
    """Every distinct refusal of the operations ``own``, sorted by the operations that it alone holds back."""
    found: dict[tuple[str, str, str, int], tuple[Refusal, list[Endpoint]]] = {}
    for endpoint in own:
        for reason in dict.fromkeys(endpoint.reasons):
            key = (reason.code, reason.construct, reason.file, reason.line)
            found.setdefault(key, (reason, []))[1].append(endpoint)
    listed = [
        Blocker(
            code=reason.code,
            construct=reason.construct,
            why=reason.why,
            place=reason.place,
            advice=advice(reason.code),
            operations=tuple(f"{e.method} {e.route}" for e in blocked),
            unblocks=sum(len({(r.code, r.construct, r.place) for r in e.reasons}) == 1 for e in blocked),
        )
        for reason, blocked in found.values()
    ]
    return tuple(sorted(listed, key=lambda b: (-b.unblocks, -len(b.operations), b.code, b.place)))
