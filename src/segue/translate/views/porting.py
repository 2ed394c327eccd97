"""PORTING.md: what became of what, and what stays on Django with the reason."""

from __future__ import annotations

from collections.abc import Mapping

from segue.refusal import Refusal
from segue.snapshot.model import Snapshot, own_place
from segue.target.ir import Program
from segue.translate.middleware.known import INERT, PROFILERS


def porting(program: Program, snapshot: Snapshot) -> str:
    """Old → new, and what stays on Django with the reason."""
    routes = {r.id: r for r in snapshot.routes}
    lines = ["# What became of what", "", "| operation | FastAPI | Django |", "|---|---|---|"]
    for item in program.native:
        operation = next(o for o in routes[item.route_id].operations if o.method == item.method)
        view = routes[item.route_id].view
        legacy = operation.function or view
        place = own_place(operation.where, snapshot.views[view])
        lines.append(
            f"| `{item.method} {item.route_id}` | `{item.module}.{item.function}` | `{legacy}` ({place}) |"
        )
    names = _names(program)
    if names:
        lines += ["", "## Names", "", "| Django | where | FastAPI |", "|---|---|---|", *names]
    left = dict.fromkeys((item.route_id, note) for item in program.native for note in item.notes)
    if left:
        lines += ["", "## Requests that are left to Django", "", "| route | requests with |", "|---|---|"]
        lines += [f"| `{route}` | `{note.replace(': ', '`: ', 1)} |" for route, note in left]
    unneeded = _not_carried_over(snapshot)
    if unneeded:
        lines += [
            "",
            "## Not carried over",
            "",
            "| middleware | what it does on Django |",
            "|---|---|",
            *unneeded,
        ]
    if program.refused:
        lines += ["", "## Stays on Django", "", "| operation | why | where |", "|---|---|---|"]
        for refused in program.refused:
            reason = refused.reasons[0]
            lines.append(f"| `{refused.method} {refused.route_id}` | {_told(reason)} | {reason.place} |")
    for title, found in (
        ("Factories that write the row alone", program.factories_alone),
        ("Factories that tests of the service do not have", program.factories_refused),
    ):
        lines += _factories(title, found)
    return "\n".join(lines) + "\n"


def _factories(title: str, found: Mapping[str, Refusal]) -> list[str]:
    if not found:
        return []
    rows = [f"| `{name}` | {_told(refusal)} | {refusal.place} |" for name, refusal in sorted(found.items())]
    return ["", f"## {title}", "", "| factory | why | where |", "|---|---|---|", *rows]


def _told(refusal: Refusal) -> str:
    construct = refusal.construct.replace("|", "\\|").replace("\n", " ")
    return f"`{construct}`: {refusal.why}"


def _not_carried_over(snapshot: Snapshot) -> list[str]:
    """Middleware of other packages that changes no answer, so that nothing in the service stands for it."""
    known = INERT | PROFILERS
    return [f"| `{name}` | {known[name]} |" for name in snapshot.settings.middleware if name in known]


def _names(program: Program) -> list[str]:
    """One line for each legacy class or function, with everything that was made of it; routes are told above."""
    found: dict[tuple[str, int, str, str], list[str]] = {}
    for path, module in program.modules.items():
        if path.endswith("/routes.py"):
            continue
        dotted = path.removesuffix(".py").replace("/", ".")
        for decl in module.decls.values():
            if decl.origin is not None and decl.origin.where.file:
                where = decl.origin.where
                found.setdefault((where.file, where.line, decl.origin.name, str(where)), []).append(
                    f"`{dotted}.{decl.name}`"
                )
    return [
        f"| `{name}` | {place} | {', '.join(made)} |" for (_, _, name, place), made in sorted(found.items())
    ]
