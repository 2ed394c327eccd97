"""The operations to compare, as the child process needs them."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from typing import Any

from segue.errors import DamagedFile
from segue.snapshot import plain
from segue.snapshot.model import Operation, Route, own_place
from segue.verify import plain_operations
from segue.verify.project import ProjectRef

MANIFEST = "segue-manifest.json"
_QUERY = re.compile(r"""(?:query_params|GET)(?:\.get|\.getlist)?[\(\[]\s*["']([\w.-]+)["']""")
_DATA = re.compile(r"""(?:\.data|\.POST)(?:\.get|\.getlist|\.pop)?[\(\[]\s*["']([\w.-]+)["']""")


def native_operations(project: ProjectRef, only: Collection[str] = ()) -> list[dict[str, Any]]:
    """The native operations of the manifest (those in ``only``, or all).

    Raises :class:`DamagedFile` for a manifest that cannot be read or names what the snapshot lacks.
    """
    file = project.output / MANIFEST
    try:
        manifest = json.loads(file.read_text(encoding="utf-8"))["operations"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DamagedFile(f"{file} cannot be read: {error}.", hint="Run `segue generate` again.") from error
    routes = {route.id: route for route in project.snapshot.routes}
    out = []
    for item in manifest:
        key = f"{item['method']} {item['route']}"
        if only and key not in only:
            continue
        route = routes.get(item["route"])
        operation = next((o for o in route.operations if o.method == item["method"]), None) if route else None
        if route is None or operation is None:
            raise DamagedFile(
                f"{file} has {key}, which the snapshot has not.", hint="Run `segue generate` again."
            )
        described = _described(
            project, route, operation, f"{item['module']}.{item['function']}", item["place"]
        )
        out.append({**described, "sessions_left": item.get("sessions") == "django"})
    return out


def all_operations(project: ProjectRef, only: Collection[str] = ()) -> list[dict[str, Any]]:
    """Every operation of the project's own routes that answers with data, for comparing Django with itself."""
    return [
        _described(
            project, route, operation, "", str(own_place(operation.where, project.snapshot.views[route.view]))
        )
        for route in project.snapshot.routes
        for operation in (
            plain.operations(project.snapshot, route) if route.kind == "django" else route.operations
        )
        if route.kind in ("drf", "django") and route.own
        if not only or f"{operation.method} {route.id}" in only
    ]


def _described(
    project: ProjectRef, route: Route, operation: Operation, function: str, place: str
) -> dict[str, Any]:
    view = project.snapshot.views[route.view]
    serializer = project.snapshot.serializers.get(view.serializer_class)
    told = plain_operations.told(project.snapshot, route, operation) if route.kind == "django" else {}
    return {
        "key": f"{operation.method} {route.id}",
        "method": operation.method,
        "path": route.path,
        "regex": route.regex,
        "parameters": [{"name": p.name, "converter": p.converter} for p in route.parameters],
        "methods": [o.method for o in route.operations],
        "action": operation.action,
        "model": view.queryset_model or (serializer.model if serializer else ""),
        "lookup": view.lookup_field,
        "lookup_kwarg": view.lookup_url_kwarg or view.lookup_field,
        "serializers": sorted(_serializers(project, operation.function, view.cls)),
        "query_keys": sorted(
            _keys(project, route.view, _QUERY) | _read_as_form(project, operation.function, view.cls)
        ),
        "data_keys": sorted(_keys(project, route.view, _DATA)),
        "envelope": _envelope(project, route.view),
        "function": function,
        "place": place,
        **told,
    }


_WHOLE = re.compile(
    r"""\bdata\s*=\s*(?:self\.)?request\.data(?:\.get\(|\[)\s*(?:self\.(\w+)|["'](\w+)["'])"""
)


_OWN = re.compile(r"\b(?:self|cls)\.(\w+)\(")
_FORM = re.compile(r"\b([\w.]+)\(\s*data\s*=\s*(?:self\.)?request\.(?:query_params|GET)\b(?!\.|\[)")
_PAGES = ("limit", "offset", "page", "page_size")


def _serializers(project: ProjectRef, function: str, view: str) -> set[str]:
    """Serializer classes that a view's function names, those inside of the view's class among them: what reads its input."""
    found = project.snapshot.functions.get(function)
    if found is None:
        return set()
    known = project.snapshot.serializers
    own = {f"{view}.{name}" for name in _OWN.findall(found.source)} & known.keys()
    return own | {g.name for g in found.globals.values() if g.kind == "class" and g.name in known}


def _read_as_form(project: ProjectRef, function: str, view: str) -> set[str]:
    """Query parameters that a serializer reads (``self.FilterSerializer(data=request.query_params)``), and those of a page that a
    helper takes."""
    found = project.snapshot.functions.get(function)
    if found is None:
        return set()
    wanted = {text.rpartition(".")[2] for text in _FORM.findall(found.source)}
    keys = set(_PAGES) if wanted and "paginat" in found.source else set()
    for name in _serializers(project, function, view):
        if name.rpartition(".")[2] in wanted:
            keys |= {f.name for f in project.snapshot.serializers[name].fields if not f.read_only}
    return keys


def _envelope(project: ProjectRef, key: str) -> str:
    """The one name under which the view's code looks for the whole input: ``data = request.data.get("book", {})``."""
    view = project.snapshot.views[key]
    cls = project.snapshot.classes.get(view.cls)
    found: set[str] = set()
    for name in {*(cls.methods.values() if cls is not None else ()), view.function}:
        function = project.snapshot.functions.get(name)
        for attribute, literal in _WHOLE.findall(function.source) if function is not None else ():
            given = cls.attributes.get(attribute) if cls is not None and attribute else None
            value = given.value.data if given is not None else literal
            found.add(value if isinstance(value, str) else "")
    return found.pop() if len(found) == 1 else ""


def _keys(project: ProjectRef, key: str, pattern: re.Pattern[str]) -> set[str]:
    """Names that the view's own code looks up in the query or the body."""
    view = project.snapshot.views[key]
    cls = project.snapshot.classes.get(view.cls)
    names = {*(cls.methods.values() if cls is not None else ()), view.function}
    sources = [project.snapshot.functions[n].source for n in names if n in project.snapshot.functions]
    return {name for source in sources for name in pattern.findall(source)}
