"""What an answer may hold: plain data. DRF's encoder iterates over other objects, so that a file is read line by line."""

from __future__ import annotations

import ast

from segue.translate.kinds import (
    Country,
    Currency,
    DictOf,
    Instance,
    Kind,
    ListOf,
    Maybe,
    Money,
    OpenFile,
    Phone,
    Record,
    StoredFile,
    TupleOf,
    Uploaded,
    User,
)


def object_in(kind: Kind, node: ast.expr | None) -> str:
    """What is in a value that is no plain data, as a sentence; '' where nothing of the sort is seen.

    Of dicts only those that stand in the code are looked into (``node``): what a serializer shows is known by what it shows."""
    match kind:
        case StoredFile() | Uploaded() | OpenFile():
            return "A file is not JSON."
        case Instance() | User():
            return "A model instance is not JSON."
        case Country():
            return "A country is not JSON: show its code."
        case Money() | Currency():
            return "Money is not JSON: show its amount (.amount) and its currency (.currency.code)."
        case Phone():
            return "A phone number is not JSON: show its text (str(…), .as_e164 …)."
        case Record(form="class" | "dataclass"):
            return "An object is not JSON: show what it holds."
        case Maybe(kind=inner) | ListOf(item=inner):
            return object_in(inner, None)
        case TupleOf(items=items):
            return next(filter(None, (object_in(one, None) for one in items)), "")
        case DictOf(items=items) if isinstance(node, ast.Dict) and len(items) == len(node.values):
            held = zip(items, node.values, strict=True)
            return next(filter(None, (object_in(one, shown) for (_, one), shown in held)), "")
    return ""


__all__ = ["object_in"]
