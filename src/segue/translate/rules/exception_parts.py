"""What exceptions have beside what Python's do: names, and the classes that may have them."""

from __future__ import annotations

from collections.abc import Iterator

from segue.translate.context import Context

_API = "rest_framework.exceptions.APIException"
OF_DJANGO = frozenset({"message", "messages", "message_dict", "error_dict", "error_list"})
"""Of ``django.core.exceptions.ValidationError``, which any code of Django's may raise."""
NOT_PYTHONS = OF_DJANGO | {"detail", "get_codes", "get_full_details"}
"""What no exception of Python's own has."""
ANY = frozenset({"Exception", "BaseException"})


def may_have(ctx: Context, attr: str, behind: str = "builtins.BaseException") -> Iterator[str]:
    """The classes that the snapshot knows below ``behind``, but for DRF's, of which an object may have ``attr``."""
    for dotted, cls in ctx.snapshot.classes.items():
        if behind not in cls.mro or _API in cls.mro:
            continue
        sources = [
            ctx.snapshot.functions[m].source for m in cls.methods.values() if m in ctx.snapshot.functions
        ]
        if attr in cls.attributes or attr in cls.methods or any(attr in s or "setattr" in s for s in sources):
            yield dotted


__all__ = ["ANY", "NOT_PYTHONS", "OF_DJANGO", "may_have"]
