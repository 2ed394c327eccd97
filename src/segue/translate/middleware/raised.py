"""Whether an exception of some class may come out of a view of DRF: what ``process_exception`` is asked about."""

from __future__ import annotations

from segue.snapshot.model import Function, Snapshot

_FRAMEWORKS = ("builtins", "django", "rest_framework")


def never_raised(snapshot: Snapshot, name: str, asking: str) -> bool:
    """Whether no code that a view of DRF may run names the exception class ``name``, a class that extends it, or anything of
    the package that it comes from. ``asking``: the function that asks, which names it itself."""
    package = name.partition(".")[0]
    cls = snapshot.classes.get(name)
    if package in _FRAMEWORKS or cls is None:
        return False
    kinds = {other for other, known in snapshot.classes.items() if name in known.mro}
    of_package = "" if cls.origin == "own" else f"{package}."
    views = {
        base
        for view in snapshot.views.values()
        if view.flavour in _OF_DRF
        for base in _mro(snapshot, view.cls)
    }
    own = asking.rpartition(".")[0]
    for function in snapshot.functions.values():
        if function.owner == own or (of_package and function.name.startswith(of_package)):
            continue
        if _names(function, kinds, of_package) and (not function.owner or function.owner in views):
            return False
    return True


_OF_DRF = ("viewset", "generic", "apiview", "function")


def _mro(snapshot: Snapshot, name: str) -> tuple[str, ...]:
    known = snapshot.classes.get(name)
    return known.mro if known is not None else (name,)


def _names(function: Function, kinds: set[str], of_package: str) -> bool:
    named = [*function.wrapped_by, *(ref.name for ref in function.globals.values())]
    return any(one in kinds or (of_package and one.startswith(of_package)) for one in named)
