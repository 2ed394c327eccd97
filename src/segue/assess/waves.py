"""The order to move in: reads before writes, few tables before many, loosely coupled apps first.

Risk of an operation: 0 for a read, 2 for a create or update, 3 for a delete; one more per two
tables beyond the first; two more where an own signal receiver may run, one for a transaction
of its own; one more where the project replaced the handler itself. It orders, it does not judge.
"""

from __future__ import annotations

from dataclasses import replace

from segue.assess.coupling import app_edges, coupling_of
from segue.assess.model import Endpoint, Wave
from segue.snapshot.model import Snapshot

_FEW_TABLES = 2
_CALM_WRITE = 4


def waves(snapshot: Snapshot, endpoints: tuple[Endpoint, ...], *, translated: bool) -> tuple[Wave, ...]:
    """Waves of the project's own operations; wave 0 (last) is what stays on Django for now."""
    coupling = coupling_of(app_edges(snapshot))
    groups: dict[int, list[Endpoint]] = {}
    for endpoint in endpoints:
        if endpoint.own:
            rated = replace(endpoint, risk=risk(endpoint))
            number = 0 if translated and rated.verdict != "native" else _wave(rated)
            groups.setdefault(number, []).append(replace(rated, wave=number))
    result = []
    taken = 0
    for number in (1, 2, 3, 4, 0):
        members = groups.get(number)
        if not members:
            continue
        if number:
            taken += 1
        shown = taken if number else 0
        title, why = _TEXTS[number]
        ordered = sorted(members, key=lambda e: (e.risk, coupling.get(e.app, 0), e.app, e.route, e.method))
        result.append(Wave(shown, title, why, tuple(replace(e, wave=shown) for e in ordered)))
    return tuple(result)


def risk(endpoint: Endpoint) -> int:
    """See the module docstring."""
    value = 0 if endpoint.reads else 3 if endpoint.method == "DELETE" else 2
    value += max(0, len(endpoint.models) - 1) // 2
    value += 2 if endpoint.signals else 0
    value += 1 if endpoint.transactional else 0
    value += 1 if endpoint.action in endpoint.overridden else 0
    return value


def _wave(endpoint: Endpoint) -> int:
    if endpoint.reads:
        return 1 if len(endpoint.models) <= _FEW_TABLES else 2
    return 3 if endpoint.risk <= _CALM_WRITE and not endpoint.signals else 4


_TEXTS = {
    1: ("Reads of one or two tables", "Nothing is written, and there is little to compare."),
    2: ("Reads across tables", "Nothing is written; more joins and nested data to compare."),
    3: ("Plain writes", "Few tables and no signal receivers: effects are easy to compare."),
    4: ("Writes with side effects", "Signals, transactions or many tables: verify these on PostgreSQL too."),
    0: ("Stays on Django for now", "Refused: see the reasons. Each stays served by Django meanwhile."),
}
