"""Whether an exception of some class may come out of a view of DRF: what ``process_exception`` is asked about."""

from __future__ import annotations

from segue.snapshot.model import Function, Snapshot, Value

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
    own = asking.rpartition(".")[0]
    for function in snapshot.functions.values():
        if function.owner == own or (of_package and function.name.startswith(of_package)):
            continue
        if _names(function, kinds, of_package) and not _elsewhere(snapshot, function.owner):
            return False
    return not any(
        _is_one(attribute.value, kinds, of_package)
        for held in snapshot.classes.values()
        if held.name != own
        and not (of_package and held.name.startswith(of_package))
        and not _elsewhere(snapshot, held.name)
        for attribute in held.attributes.values()
    )


# What Django calls for pages, the admin and the command line only; a class of DRF's that is one of these as well is not meant.
_ELSEWHERE = ("django.views.", "django.contrib.admin.", "django.core.management.")


def _elsewhere(snapshot: Snapshot, owner: str) -> bool:
    """Whether methods of the class ``owner`` run for no view of DRF."""
    mro = _mro(snapshot, owner)
    return any(one.startswith(_ELSEWHERE) for one in mro) and not any(
        one.startswith("rest_framework.") for one in mro
    )


def _mro(snapshot: Snapshot, name: str) -> tuple[str, ...]:
    known = snapshot.classes.get(name)
    return known.mro if known is not None else (name,)


def _names(function: Function, kinds: set[str], of_package: str) -> bool:
    named = [*function.wrapped_by, *(ref.name for ref in function.globals.values())]
    held = [ref.value for ref in function.globals.values() if ref.value is not None]
    return any(_is_meant(one, kinds, of_package) for one in named) or any(
        _is_one(value, kinds, of_package) for value in held
    )


def _is_meant(name: str, kinds: set[str], of_package: str) -> bool:
    return name in kinds or bool(of_package and f"{name}.".startswith(of_package))


def _is_one(value: Value, kinds: set[str], of_package: str) -> bool:
    """Whether the class is in a value: ``failure = Blocked`` of a view, ``{"closed": Blocked}`` of a module."""
    inner = [*value.items, *(one for pair in value.pairs for one in pair)]
    return _is_meant(value.name, kinds, of_package) or any(_is_one(one, kinds, of_package) for one in inner)
