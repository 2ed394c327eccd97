"""The assessment as JSON-ready data, for ``segue assess --json``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from segue.assess.model import Assessment, Endpoint


def render(assessment: Assessment) -> dict[str, Any]:
    """A dict of plain data; keys are stable, counts are of own DRF operations."""
    return {
        "project": assessment.project,
        "versions": {
            "python": assessment.python,
            "django": assessment.django,
            "djangorestframework": assessment.drf,
        },
        "databases": list(assessment.databases),
        "translated": assessment.translated,
        "operations": len(assessment.own),
        "native": assessment.native,
        "refused": assessment.refused,
        "third_party_operations": len(assessment.endpoints) - len(assessment.own),
        "django_routes": assessment.django_routes,
        "admin_routes": assessment.admin_routes,
        "plain": {
            "operations": len(assessment.plain),
            "native": assessment.plain_native,
            "pages": assessment.pages,
            "endpoints": [_endpoint(endpoint) for endpoint in assessment.plain],
        },
        "models": {"own": assessment.models_own, "all": assessment.models_all},
        "kinds": [asdict(kind) for kind in assessment.kinds],
        "reasons": [asdict(reason) for reason in assessment.reasons],
        "blockers": [asdict(blocker) for blocker in assessment.blockers],
        "endpoints": [_endpoint(endpoint) for endpoint in assessment.endpoints],
        "apps": [asdict(app) for app in assessment.apps],
        "coupling": [asdict(edge) for edge in assessment.edges],
        "third_party": [asdict(item) for item in assessment.third_party],
        "effects": [asdict(effect) for effect in assessment.effects],
        "waves": [
            {
                "number": wave.number,
                "title": wave.title,
                "why": wave.why,
                "operations": [[e.method, e.route] for e in wave.endpoints],
            }
            for wave in assessment.waves
        ],
        "inventory": dict(assessment.inventory),
        "warnings": list(assessment.warnings),
    }


def _endpoint(endpoint: Endpoint) -> dict[str, Any]:
    data = asdict(endpoint)
    data["where"] = str(endpoint.where)
    data["reasons"] = [
        {"code": r.code, "construct": r.construct, "why": r.why, "place": r.place} for r in endpoint.reasons
    ]
    return data
