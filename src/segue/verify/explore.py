"""``verify explore``: derived requests, both sides, one transaction."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Collection
from pathlib import Path
from typing import Any

from segue.errors import DamagedFile, EnvironmentProblem
from segue.verify.evidence import Report, operation_from_json
from segue.verify.project import JOINED, ProjectRef, child_environment, ensure_overlay


def explore(
    project: ProjectRef,
    *,
    only: Collection[str] = (),
    cases: int = 5000,
    seconds: float = 300.0,
    seed: int = 1,
) -> Report:
    """Compare native operations (those in ``only``, or all) for at most ``cases`` or ``seconds``.

    Raises :class:`EnvironmentProblem` when the child cannot run, with the end of its error output.
    """
    overlay = ensure_overlay(project)
    operations = native_operations(project, only)
    with tempfile.TemporaryDirectory(prefix="segue-explore-") as folder:
        spec, out = Path(folder) / "spec.json", Path(folder) / "report.json"
        spec.write_text(
            json.dumps(
                {
                    "settings": project.snapshot.settings.module,
                    "path": [str(project.import_root), str(project.root)],
                    "overlay": str(overlay),
                    "output": str(project.output),
                    "package": project.package,
                    "operations": operations,
                    "models": [m.label for m in project.snapshot.models.values() if m.own and not m.abstract],
                    "seed_command": list(project.seed_command),
                    "cases": cases,
                    "seconds": seconds,
                    "seed": seed,
                }
            ),
            encoding="utf-8",
        )
        done = subprocess.run(
            [str(project.python), str(JOINED), str(spec), str(out)],
            cwd=project.import_root, env=child_environment(project), stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=seconds + 300, check=False,
        )  # fmt: skip
        if not out.is_file():
            raise EnvironmentProblem(
                "Both sides could not be run in one process.",
                hint="The lines above are the child's own; check that `manage.py check` passes and generated code imports.",
                detail="\n".join(done.stderr.strip().splitlines()[-25:]),
            )
        raw: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    places = {o["key"]: (o["function"], o["place"]) for o in operations}
    results = tuple(operation_from_json(k, v, *places[k]) for k, v in raw["operations"].items())
    notes = [f"personas: {', '.join(raw['personas'])}"]
    if raw["seeded"]:
        notes.append(f"{raw['seeded']} rows were made from the models, as their tables were empty")
    if not raw["exhausted"]:
        notes.append("the budget ended before all derived cases were sent")
    unseen = [r.key for r in results if r.cases and not any(s.startswith("2") for s in r.statuses)]
    if unseen:
        notes.append(f"never answered with 2xx: {', '.join(unseen)}")
    return Report("explore", results, float(raw["seconds"]), tuple(raw["noise"]), tuple(notes))


_QUERY = re.compile(r"""(?:query_params|GET)(?:\.get|\.getlist)?[\(\[]\s*["']([\w.-]+)["']""")
_DATA = re.compile(r"""(?:\.data|\.POST)(?:\.get|\.getlist)?[\(\[]\s*["']([\w.-]+)["']""")


def _serializers(project: ProjectRef, function: str) -> set[str]:
    """Serializer classes that a view's function names: what reads its input."""
    found = project.snapshot.functions.get(function)
    if found is None:
        return set()
    return {
        g.name for g in found.globals.values() if g.kind == "class" and g.name in project.snapshot.serializers
    }


def _keys(project: ProjectRef, key: str, pattern: re.Pattern[str]) -> set[str]:
    """Names that the view's own code looks up in the query or the body."""
    view = project.snapshot.views[key]
    cls = project.snapshot.classes.get(view.cls)
    names = {*(cls.methods.values() if cls is not None else ()), view.function}
    sources = [project.snapshot.functions[n].source for n in names if n in project.snapshot.functions]
    return {name for source in sources for name in pattern.findall(source)}


def native_operations(project: ProjectRef, only: Collection[str] = ()) -> list[dict[str, Any]]:
    """The native operations of the manifest with what the child needs of each."""
    file = project.output / "segue-manifest.json"
    try:
        manifest = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DamagedFile(f"{file} cannot be read: {error}.", hint="Run `segue generate` again.") from error
    routes = {r.id: r for r in project.snapshot.routes}
    out = []
    for item in manifest["operations"]:
        key = f"{item['method']} {item['route']}"
        if only and key not in only:
            continue
        route = routes[item["route"]]
        view = project.snapshot.views[route.view]
        serializer = project.snapshot.serializers.get(view.serializer_class)
        operation = next(o for o in route.operations if o.method == item["method"])
        out.append(
            {
                "key": key,
                "method": item["method"],
                "path": route.path,
                "regex": route.regex,
                "parameters": [{"name": p.name, "converter": p.converter} for p in route.parameters],
                "methods": [o.method for o in route.operations],
                "action": operation.action,
                "model": view.queryset_model or (serializer.model if serializer else ""),
                "lookup": view.lookup_field,
                "lookup_kwarg": view.lookup_url_kwarg or view.lookup_field,
                "serializers": sorted(_serializers(project, operation.function)),
                "query_keys": sorted(_keys(project, route.view, _QUERY)),
                "data_keys": sorted(_keys(project, route.view, _DATA)),
                "function": f"{item['module']}.{item['function']}",
                "place": item["place"],
            }
        )
    return out
