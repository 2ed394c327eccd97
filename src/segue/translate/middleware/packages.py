"""Middleware of packages whose effect depends on the project's settings, or that stays on Django for a reason that has a name."""

from __future__ import annotations

from segue.snapshot.model import Snapshot, Value
from segue.translate.beginnings import apart, beginning
from segue.translate.middleware.known import USERS
from segue.translate.specialise.fold import plain

LOG_REQUEST_ID = "log_request_id.middleware.RequestIDMiddleware"
PERMISSIONS_POLICY = "django_permissions_policy.PermissionsPolicyMiddleware"
AUDITLOG = "auditlog.middleware.AuditlogMiddleware"
CRUM = "crum.CurrentRequestUserMiddleware"
DOCKERFLOW = "dockerflow.django.middleware.DockerflowMiddleware"
STRUCTLOG = frozenset(
    {
        "django_structlog.middlewares.RequestMiddleware",
        "django_structlog.middlewares.request.RequestMiddleware",
    }
)
_REFUSED = {
    "django_guid.middleware.guid_middleware": (
        "django-guid writes an id of its own on every answer (RETURN_HEADER) and reads it from requests: let the gateway or an ASGI middleware "
        "(asgi-correlation-id) do this for both sides"
    ),
    "maintenance_mode.middleware.MaintenanceModeMiddleware": (
        "django-maintenance-mode asks a file, the cache or the database at every request whether to answer: close the gateway instead"
    ),
}
_DOCKERFLOWS = ("/__version__", "/__heartbeat__", "/__lbheartbeat__", "/__error__")
_POLICIES = {
    "PERMISSIONS_POLICY": "permissions-policy",
    "PERMISSIONS_POLICY_REPORT_ONLY": "permissions-policy-report-only",
}
KNOWN = frozenset({LOG_REQUEST_ID, PERMISSIONS_POLICY, AUDITLOG, CRUM, DOCKERFLOW, *STRUCTLOG, *_REFUSED})


def problem(snapshot: Snapshot, name: str) -> str:
    """Why requests of all routes stay on Django where the middleware ``name`` is used; '' if they need not."""
    if name in _REFUSED:
        return _REFUSED[name]
    if name == LOG_REQUEST_ID:
        for setting in ("REQUEST_ID_RESPONSE_HEADER", "LOG_REQUESTS"):
            if _setting(snapshot, setting):
                what = (
                    "writes the id on every answer"
                    if setting.endswith("HEADER")
                    else "reads the user of every request"
                )
                return f"With {setting} django-log-request-id {what}"
    if name == CRUM and any(
        "current_user_setter" in r.signal and not r.function.startswith("crum.") for r in snapshot.receivers
    ):
        return "A receiver of django-crum's signal current_user_setter runs at every request"
    if name in STRUCTLOG:
        if any(r.signal.startswith("django_structlog.signals.") for r in snapshot.receivers):
            return "A receiver of django-structlog's signals is given requests and answers"
        if _setting(snapshot, "DJANGO_STRUCTLOG_USER_ID_FIELD") not in (None, "pk", "id"):
            return "DJANGO_STRUCTLOG_USER_ID_FIELD names something of the user that may do anything"
    if name == DOCKERFLOW and any(
        not apart(beginning(r.regex), path)
        for r in snapshot.routes
        if r.kind == "drf"
        for path in _DOCKERFLOWS
    ):
        return "Dockerflow answers such paths itself"
    if name == PERMISSIONS_POLICY and not snapshot.versions.packages.get("django-permissions-policy", "").startswith("4."):  # fmt: skip
        return "Only django-permissions-policy 4 is known"
    if name == PERMISSIONS_POLICY:
        for setting in _POLICIES:
            value = snapshot.settings.values.get(setting)
            if value is not None and not _readable(value):
                return f"Segue cannot read {setting}"
    return ""


def headers(snapshot: Snapshot, name: str) -> dict[str, str]:
    """What the middleware ``name`` sets on every answer (``PermissionsPolicyMiddleware.compute_header_value``)."""
    if name != PERMISSIONS_POLICY:
        return {}
    out = {}
    for setting, header in _POLICIES.items():
        policy = _setting(snapshot, setting) or {}
        assert isinstance(policy, dict)
        parts = [f"{feature}=({' '.join(_sources(policy[feature]))})" for feature in sorted(policy)]
        if parts:
            out[header] = ", ".join(parts)
    return out


def _readable(policy: Value) -> bool:
    """Whether its sources are a text or a list of texts."""
    return policy.kind == "dict" and all(
        feature.kind == "const"
        and (isinstance(given.data, str) or given.kind in ("list", "tuple"))
        and all(isinstance(source.data, str) and source.kind == "const" for source in given.items)
        for feature, given in policy.pairs
    )


def _sources(values: object) -> list[str]:
    given = [values] if isinstance(values, str) else list(values) if isinstance(values, list | tuple) else []
    return [v if v in ("self", "*") else f'"{v}"' for v in given if v != "none"]


def reads_user(snapshot: Snapshot, name: str) -> bool:
    """Whether it asks who is logged in at every request: the user has to be known before it."""
    stack = snapshot.settings.middleware
    return name == AUDITLOG and USERS in stack[: stack.index(name)]


def reads_user_late(snapshot: Snapshot, name: str) -> bool:
    """Whether it asks who it was, after the view (Dockerflow, for its log)."""
    stack = snapshot.settings.middleware
    return name == DOCKERFLOW and USERS in stack[: stack.index(name)]


def reads_user_unseen(snapshot: Snapshot, name: str) -> bool:
    """Whether it does so and then has the session say that nobody has looked: django-structlog (no ``Vary: Cookie``)."""
    stack = snapshot.settings.middleware
    return name in STRUCTLOG and USERS in stack[: stack.index(name)]


def _setting(snapshot: Snapshot, name: str) -> object:
    found = snapshot.settings.values.get(name)
    return None if found is None else plain(found)
