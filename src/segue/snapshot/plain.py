"""Which plain views of Django's answer with data, and which are pages: what is shown by a template, or is a package's."""

from __future__ import annotations

from collections.abc import Iterator

from segue.snapshot.model import Function, Operation, Route, Snapshot, View

_TEMPLATES = frozenset(
    {
        "django.shortcuts.render", "django.shortcuts.render_to_response", "django.template.response.TemplateResponse",
        "django.template.response.SimpleTemplateResponse",
    }
)  # fmt: skip
_GENERIC = "django.views.generic."
_VIEW = "django.views.generic.base.View"
_ACCESS = "django.contrib.auth.mixins."


def operations(snapshot: Snapshot, route: Route) -> tuple[Operation, ...]:
    """The operations of a plain route of the project's own that answer with data, redirects included; none for pages."""
    view = snapshot.views.get(route.view)
    if route.kind != "django" or not route.own or view is None or _of_frameworks(snapshot, view):
        return ()
    asked = [o for o in route.operations if o.method not in ("HEAD", "OPTIONS")]  # these come with the others
    return tuple(o for o in asked if not _renders(snapshot, view, o))


def pages(snapshot: Snapshot) -> int:
    """How many plain routes of the project's own are pages, wholly or in part."""
    plain = [r for r in snapshot.routes if r.kind == "django" and r.own]
    return sum(
        len(operations(snapshot, r)) < sum(o.method not in ("HEAD", "OPTIONS") for o in r.operations)
        or not r.operations
        for r in plain
    )


def _of_frameworks(snapshot: Snapshot, view: View) -> bool:
    """Whether the class is one of Django's generic views (``ListView``, ``FormView``, ``RedirectView`` …) or goes back to a package's view."""
    if not view.cls:
        return view.function not in snapshot.functions
    known = snapshot.classes.get(view.cls)
    if known is None:
        return True
    for base in known.mro:
        if base.startswith(_GENERIC) and base != _VIEW:
            return True
        if base.startswith("django.contrib.") and not base.startswith(_ACCESS):
            return True
    return _VIEW not in known.mro


def _renders(snapshot: Snapshot, view: View, operation: Operation) -> bool:
    """Whether the code of the operation, with the functions and methods that it calls, shows a template."""
    found = (ref.name for f in reached(snapshot, view, operation) for ref in f.globals.values())
    return not _TEMPLATES.isdisjoint(found)


def reached(snapshot: Snapshot, view: View, operation: Operation) -> Iterator[Function]:
    """The functions of the snapshot behind an operation: its own, and those that it calls by name or as methods of the view."""
    seen: set[str] = set()
    todo = [operation.function or view.function]
    while todo:
        name = todo.pop()
        function = snapshot.functions.get(name)
        if name in seen or function is None:
            continue
        seen.add(name)
        yield function
        todo += [ref.name for ref in function.globals.values()]
        todo += _own_methods(snapshot, view, function)


def _own_methods(snapshot: Snapshot, view: View, function: Function) -> Iterator[str]:
    known = snapshot.classes.get(view.cls)
    for name, dotted in known.methods.items() if known is not None else ():
        if f"self.{name}(" in function.source:
            yield dotted


__all__ = ["operations", "pages", "reached"]
