"""What a class of the project or of a package defines in the place of Django's or DRF's own.

The frameworks call these names themselves, so an override that no rule knows makes a translation wrong without a trace.
Each part of the translator says which names it accounts for; every other one is a refusal.
"""

from __future__ import annotations

import types
from collections.abc import Collection, Iterator

from segue.snapshot.model import Where
from segue.translate.context import Context

_WITH_HOOKS = (types.FunctionType, types.GeneratorType, types.CoroutineType, types.AsyncGeneratorType)
_FRAMEWORKS = ("rest_framework.", "django.")
# Names that Python looks up by itself: those of its own types, and those that only classes of others have. What else stands between
# double underscores is a name like any other.
_PYTHONS = frozenset(
    name
    for kind in (object, type, int, float, complex, str, bytes, list, dict, set, memoryview, property, *_WITH_HOOKS)
    for name in dir(kind)
    if name.startswith("__") and name.endswith("__")
) | {
    "__getattr__", "__missing__", "__fspath__", "__bytes__", "__complex__", "__copy__", "__deepcopy__", "__getnewargs_ex__",
    "__getnewargs__", "__setstate__", "__post_init__", "__html__", "__length_hint__", "__mro_entries__", "__reversed__",
    "__set_name__", "__enter__", "__exit__", "__aenter__", "__aexit__", "__round__", "__trunc__", "__floor__", "__ceil__",
    "__ipow__", "__itruediv__",
    "__ifloordiv__", "__imod__", "__ilshift__", "__irshift__", "__matmul__", "__rmatmul__", "__imatmul__", "__contains__", "__buffer__", "__release_buffer__", "__replace__",
}  # fmt: skip
# Python's own hooks that only say how an object is shown or how classes are made.
_SHOWN = frozenset(
    {"__str__", "__repr__", "__init_subclass__", "__class_getitem__", "__set_name__", "__reduce__"}
)


def redefined(
    ctx: Context, cls: str, known: Collection[str], *, of: str = "", special_only: bool = False
) -> Iterator[tuple[str, str]]:
    """(name, dotted function) of what ``cls`` redefines beside ``known``: methods and properties that a class of Django or
    DRF behind it has (just the class ``of``, where that is given), and special methods of Python, which take part in
    nearly everything."""
    found = ctx.snapshot.classes.get(cls)
    if found is None:
        return
    theirs: set[str] = set()
    for base in found.mro:
        asked = base == of if of else base.startswith(_FRAMEWORKS)
        behind = ctx.snapshot.classes.get(base) if asked and not special_only else None
        theirs.update(behind.methods if behind is not None else ())
    for name, dotted in sorted(found.methods.items()):
        if dotted.startswith(_FRAMEWORKS) or name in known or name.endswith(".setter"):
            continue
        special = name in _PYTHONS - _SHOWN
        if special or name in theirs:
            yield name, dotted


def place(ctx: Context, dotted: str, otherwise: Where) -> Where:
    """Where a function is defined, as far as the snapshot knows."""
    function = ctx.snapshot.functions.get(dotted)
    return function.where if function is not None else otherwise
