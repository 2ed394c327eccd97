"""Snapshot (and the translated program, if there is one) → :class:`Assessment`. Pure."""

from __future__ import annotations

from collections import Counter
from pathlib import PurePath
from typing import TYPE_CHECKING

from segue.assess.advice import advice
from segue.assess.blockers import blockers
from segue.assess.coupling import app_edges, app_nodes
from segue.assess.effects import effects
from segue.assess.endpoints import endpoints, plain_endpoints
from segue.assess.model import Assessment, Endpoint, KindCount, ReasonGroup, ThirdParty
from segue.assess.waves import waves
from segue.snapshot.model import Snapshot
from segue.snapshot.plain import pages

if TYPE_CHECKING:
    from segue.target.ir import Program

_FRAMEWORK = ("own", "django", "drf", "stdlib")
_KIND_ORDER = {"viewset": 0, "generic": 1, "apiview": 2, "function": 3}


def analyse(snapshot: Snapshot, program: Program | None = None) -> Assessment:
    """Assess a project. Without ``program`` every verdict is ``unknown``."""
    found = endpoints(snapshot, program)
    planned = waves(snapshot, found, translated=program is not None)
    placed = {(e.route, e.method): e for wave in planned for e in wave.endpoints}
    found = tuple(placed.get((e.route, e.method), e) for e in found)
    own = [e for e in found if e.own]
    return Assessment(
        project=PurePath(snapshot.root).name,
        django=snapshot.versions.django,
        drf=snapshot.versions.drf,
        python=snapshot.versions.python,
        databases=tuple(f"{d.alias}: {d.vendor}" for d in snapshot.settings.databases),
        translated=program is not None,
        endpoints=found,
        kinds=_kinds(own),
        reasons=_reasons(own),
        apps=app_nodes(snapshot, own),
        edges=app_edges(snapshot),
        third_party=_third_party(snapshot, found),
        effects=effects(snapshot),
        waves=planned,
        models_own=sum(m.own and not m.auto_created for m in snapshot.models.values()),
        models_all=sum(not m.auto_created for m in snapshot.models.values()),
        django_routes=sum(r.kind == "django" and r.own for r in snapshot.routes),
        admin_routes=sum(r.kind == "admin" for r in snapshot.routes),
        inventory=tuple((name, len(places)) for name, places in sorted(snapshot.inventory.items.items())),
        warnings=snapshot.warnings,
        blockers=blockers(own),
        plain=plain_endpoints(snapshot, program),
        pages=pages(snapshot),
    )


def _kinds(own: list[Endpoint]) -> tuple[KindCount, ...]:
    kinds = sorted({e.kind for e in own}, key=lambda k: (_KIND_ORDER.get(k, 9), k))
    return tuple(
        KindCount(
            kind,
            sum(e.kind == kind for e in own),
            sum(e.kind == kind and e.verdict == "native" for e in own),
            sum(e.kind == kind and e.verdict == "refused" for e in own),
        )
        for kind in kinds
    )


def _reasons(own: list[Endpoint]) -> tuple[ReasonGroup, ...]:
    operations: Counter[str] = Counter()
    main: Counter[str] = Counter()
    alone: Counter[str] = Counter()
    places: dict[str, set[tuple[str, int]]] = {}
    constructs: dict[str, Counter[str]] = {}
    why: dict[str, str] = {}
    for endpoint in own:
        codes = {reason.code for reason in endpoint.reasons}
        operations.update(codes)
        if endpoint.reasons:
            main[endpoint.reasons[0].code] += 1
        if len(codes) == 1:
            alone.update(codes)
        for reason in endpoint.reasons:
            places.setdefault(reason.code, set()).add((reason.file, reason.line))
            constructs.setdefault(reason.code, Counter())[reason.construct] += 1
            why.setdefault(reason.code, reason.why)
    groups = [
        ReasonGroup(
            code=code,
            why=why[code],
            operations=count,
            main=main[code],
            unblocks=alone[code],
            places=tuple(f"{file}:{line}" if line else file for file, line in sorted(places[code])),
            constructs=tuple(
                text for text, _count in sorted(constructs[code].items(), key=lambda i: (-i[1], i[0]))[:5]
            ),
            advice=advice(code),
        )
        for code, count in operations.items()
    ]
    return tuple(sorted(groups, key=lambda g: (-g.unblocks, -g.operations, g.code)))


def _third_party(snapshot: Snapshot, found: tuple[Endpoint, ...]) -> tuple[ThirdParty, ...]:
    labels: dict[str, list[str]] = {}
    for app in snapshot.apps:
        if app.origin not in _FRAMEWORK:
            labels.setdefault(app.origin, []).append(app.label)
    views: Counter[str] = Counter()
    for endpoint in found:
        view = snapshot.views.get(endpoint.view)
        cls = snapshot.classes.get(view.cls) if view is not None else None
        if cls is not None and cls.origin not in _FRAMEWORK:
            views[cls.origin] += 1
            labels.setdefault(cls.origin, [])
    versions = {name.lower(): version for name, version in snapshot.versions.packages.items()}
    return tuple(
        ThirdParty(
            distribution=name,
            version=versions.get(name.lower(), ""),
            apps=tuple(apps),
            models=sum(m.app in apps and not m.auto_created for m in snapshot.models.values()),
            operations=views[name],
        )
        for name, apps in sorted(labels.items(), key=lambda i: i[0].lower())
    )
