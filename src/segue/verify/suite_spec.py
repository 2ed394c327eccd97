"""What the test process needs to know: operations, what came from what, and the project's own functions."""

from __future__ import annotations

import json
from typing import Any

from segue.errors import DamagedFile
from segue.snapshot.model import Class, Snapshot, Value
from segue.verify.operations import MANIFEST, native_operations
from segue.verify.project import ProjectRef


def spec_of(project: ProjectRef) -> dict[str, Any]:
    """As JSON for ``joined/suite``. Raises :class:`DamagedFile` for a manifest that cannot be read."""
    file = project.output / MANIFEST
    operations = native_operations(project)
    try:
        manifest = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DamagedFile(f"{file} cannot be read: {error}.", hint="Run `segue generate` again.") from error
    legacy = {f"{i['method']} {i['route']}": i["legacy"] for i in manifest["operations"]}
    views = {f"{o.method} {r.id}": r.view for r in project.snapshot.routes for o in r.operations}
    for operation in operations:
        operation["legacy"] = legacy[operation["key"]]
        operation["classes"] = sorted(
            _classes(project.snapshot, views[operation["key"]], operation["serializers"])
        )
    return {
        "output": str(project.output),
        "package": project.package,
        "operations": operations,
        "twins": manifest.get("twins", []),
        "inlined": manifest.get("inlined", []),
        "settings": manifest.get("settings", []),
        "models": manifest.get("models", {}),
        "rows": manifest.get("rows", {}),
        "functions": {
            name: {
                "keys": {key: ref.name for key, ref in found.globals.items()},
                "role": found.role,
                "owner": found.owner,
                "source": found.source,
            }
            for name, found in project.snapshot.functions.items()
        },
    }  # fmt: skip


def _classes(snapshot: Snapshot, key: str, serializers: list[str]) -> set[str]:
    """Classes whose code may be worked out while an operation of the view is translated: the view's, its serializers', its policies'."""
    view = snapshot.views[key]
    found = {view.cls, view.serializer_class, *serializers}
    for value in view.policies.values():
        found |= _names(value)
    out: set[str] = set()
    for name in found:
        known: Class | None = snapshot.classes.get(name)
        out |= set(known.mro) if known is not None else {name}
    return {name for name in out if name and not name.startswith(("rest_framework.", "django."))}


def _names(value: Value) -> set[str]:
    out = {value.name} if value.name else set()
    for item in value.items or ():
        out |= _names(item)
    return out
