"""One Markdown page with what somebody needs to port a refused operation by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from segue.assess import examples, neighbour
from segue.assess.advice import advice
from segue.assess.closure import of_operation, serializers_of
from segue.refusal import Refusal
from segue.snapshot.model import Class, Function, Operation, Route, Serializer, Snapshot, Value, View

_POLICIES = (
    ("authentication_classes", "authentication"), ("permission_classes", "permissions"), ("throttle_classes", "throttles"),
    ("parser_classes", "parsers"), ("renderer_classes", "renderers"), ("filter_backends", "filter backends"),
    ("pagination_class", "pagination"), ("versioning_class", "versioning"),
)  # fmt: skip


def brief(
    snapshot: Snapshot,
    route: Route,
    operation: Operation,
    reasons: Sequence[Refusal],
    manifest: Mapping[str, Any],
    *,
    output: Path | None = None,
    recorded: Sequence[Mapping[str, Any]] | str = (),
) -> str:
    """The page. ``manifest`` is that of the generated project in ``output``, ``{}`` before there is one; ``recorded``
    are answers of Django, or why there are none."""
    view = snapshot.views[route.view]
    functions, classes = of_operation(snapshot, route, operation)
    key = f"{operation.method} {route.id}"
    lines = [
        f"# {key}",
        "",
        f"`{view.function or view.cls}`" + (f", action `{operation.action}`" if operation.action else "")
        + f" ({view.where}). It stays on Django until it is ported.",
        "",
        "## Why Segue refuses it",
        "",
        *(f"- `{r.construct}` ({r.place}): {r.why} [{r.code}] {advice(r.code)}" for r in reasons),
    ]  # fmt: skip
    if not reasons:
        lines.append("It is translated already; this page is for reading.")
    lines += ["", "## The contract", "", *_contract(snapshot, route, view, classes)]
    lines += [
        "",
        "## What is generated already, to call",
        "",
        *_neighbours(snapshot, key, functions, classes, manifest),
    ]
    near = neighbour.nearest(manifest, operation.method, route.id)
    if near is not None and output is not None and (text := neighbour.source(output, near)):
        lines += [
            "",
            f"The nearest of them, {near['method']} {near['route']}, in `{neighbour.file_of(near['module'])}`:",
            "",
            "```python",
            text,
            "```",
        ]
    lines += ["", "## What Django answers", "", *_recorded(recorded)]
    lines += ["", "## The legacy code", "", *_code(functions, classes)]
    lines += [
        "",
        "## Where it goes, and how it is checked",
        "",
        *_check(route, operation, view, manifest, near),
    ]
    return "\n".join([*lines, ""])


def _contract(snapshot: Snapshot, route: Route, view: View, classes: Sequence[Class]) -> list[str]:
    out = [f"- path `{route.path}`, methods here: {', '.join(o.method for o in route.operations)}"]
    out += [f"  - `{p.name}`: {p.converter or 'text'}, `{p.regex}`" for p in route.parameters]
    for name, shown in _POLICIES:
        value = view.policies.get(name)
        text = _classes(value) if value is not None else ""
        if text:
            out.append(f"- {shown}: {text}")
    if view.atomic_requests:
        out.append("- one transaction per request (`ATOMIC_REQUESTS`)")
    for serializer in serializers_of(snapshot, classes):
        out += ["", *_serializer(serializer)]
    return out


def _classes(value: Value) -> str:
    if value.kind == "ref":
        return f"`{value.name}`"
    if value.kind == "call":
        inner = ", ".join(_classes(v) for v in value.items)
        return f"`{value.name}`({inner})" if inner else f"`{value.name}`"
    return ", ".join(text for v in value.items if (text := _classes(v)))


def _serializer(serializer: Serializer) -> list[str]:
    out = [
        f"`{serializer.name}` ({serializer.where})",
        "",
        "| field | class | source | input | output |",
        "|---|---|---|---|---|",
    ]
    for item in serializer.fields:
        given = "no" if item.read_only else "required" if item.required else "optional"
        null = ", may be null" if item.allow_null else ""
        out.append(
            f"| {item.name} | {item.serializer or item.base.rpartition('.')[2]} | {item.source} | "
            f"{given}{null} | {'no' if item.write_only else 'yes'} |"
        )
    return out


def _neighbours(
    snapshot: Snapshot,
    key: str,
    functions: Sequence[Function],
    classes: Sequence[Class],
    manifest: Mapping[str, Any],
) -> list[str]:
    names = {f.name for f in functions}
    models = {m.cls for m in snapshot.models.values()} & {c.name for c in classes}
    out = [
        f"- `{t['generated']}` is `{t['legacy']}`" for t in manifest.get("twins", []) if t["legacy"] in names
    ]
    found = manifest.get("models", {})
    out += [f"- `{found[cls]}` is the model `{cls}`" for cls in sorted(models) if cls in found]
    route = key.partition(" ")[2]
    out += [
        f"- `{o['module']}.{o['function']}` serves {o['method']} of this path"
        for o in manifest.get("operations", [])
        if o["route"] == route and f"{o['method']} {o['route']}" != key
    ]
    return out or ["Nothing of it. `PORTING.md` lists what there is."]


def _recorded(recorded: Sequence[Mapping[str, Any]] | str) -> list[str]:
    if isinstance(recorded, str):
        return [recorded]
    found = examples.render(recorded)
    note = "Asked on a copy of the database, with rows made from the models; one answer of each sort."
    return [note, "", *found] if found else ["Not recorded."]


def _code(functions: Sequence[Function], classes: Sequence[Class]) -> list[str]:
    """The project's code; of other packages only the names."""
    theirs = [f for f in functions if _is_elsewhere(f.where.file)]
    functions = [f for f in functions if not _is_elsewhere(f.where.file)]
    out: list[str] = []
    for known in (c for c in classes if not _is_elsewhere(c.where.file)):
        stated = [
            (name, a.source)
            for name, a in known.attributes.items()
            if a.source and a.defined_in == known.name
        ]
        if stated:
            out += [f"`{known.name}` ({known.where})", "", "```python"]
            out += [
                _outdented(text if "=" in text.split("(")[0] else f"{name} = {text}") for name, text in stated
            ]
            out += ["```", ""]
    for function in functions:
        out += [f"`{function.name}` ({function.where})", "", "```python", function.source.rstrip(), "```", ""]
    if theirs:
        count = Counter(f.name.partition(".")[0] for f in theirs)
        names = ", ".join(f"`{name}` ({number} functions)" for name, number in sorted(count.items()))
        out += [f"It runs code of other packages as well, which is not shown: {names}."]
    return out or ["The framework's alone."]


def _is_elsewhere(file: str) -> bool:
    """Files of the project are shown relative to its root."""
    return PurePosixPath(file).is_absolute()


def _outdented(text: str) -> str:
    """A statement as it would stand at the left margin: its other lines were indented by its class."""
    first, newline, rest = text.partition("\n")
    last = rest.rpartition("\n")[2]
    margin = len(last) - len(last.lstrip())
    if not newline or any(line[:margin].strip() for line in rest.splitlines()):
        return text
    return "\n".join([first, *(line[margin:] for line in rest.splitlines())])


def _check(
    route: Route,
    operation: Operation,
    view: View,
    manifest: Mapping[str, Any],
    near: Mapping[str, Any] | None,
) -> list[str]:
    module = near["module"] if near is not None else f"{manifest.get('package', 'app')}.<app>.routes"
    entry = (
        f'{{"route": "{route.id}", "method": "{operation.method}", "module": "{module}", '
        f'"function": "<name>", "legacy": "{view.function or view.cls}", "place": "{view.where}"}}'
    )
    return [
        f"1. Write the path operation function into `{neighbour.file_of(module)}` of the output folder, with a `Resource` of this "
        f"path ({_resource_hint(route, operation, manifest)}). Regeneration keeps what you write.",
        f"2. Add it to `operations` in `segue-manifest.json`: `{entry}`.",
        "3. `segue generate` notes it in the ledger as ported.",
        f'4. `segue verify explore --route "{operation.method} {route.id}"` asks both sides: each kind of person, '
        "wrong and missing keys, each field valid, at its bounds, missing, null and of the wrong type, as JSON and as forms, "
        "filters, orders and pages, other methods and media types, and sequences of writes; it compares answers, rows and effects.",
        "5. `segue verify suite -- <your tests>` runs the project's own tests against it.",
    ]


def _resource_hint(route: Route, operation: Operation, manifest: Mapping[str, Any]) -> str:
    others = sorted(o["method"] for o in manifest.get("operations", []) if o["route"] == route.id)
    if others:
        return f"there is one already, for {', '.join(others)}: use that"
    return f"its regex is `{route.regex}`"
