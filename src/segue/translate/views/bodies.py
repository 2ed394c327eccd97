"""The write models of an operation: what OpenAPI says of its body."""

from __future__ import annotations

import re

from segue.target.ir import Import
from segue.translate.context import Context
from segue.translate.serializers.interface import Writer
from segue.translate.views.operation import PathOperation


def write_models(ctx: Context, made: PathOperation) -> list[Import]:
    """Those that the function's validation uses, in its order.

    Several where the serializer depends on the request: a body is then any of them, since a document that names one
    asks for what the others do not have. Of two models of one name
    the first is named.
    """
    names: dict[str, Import] = {}
    for key, value in ctx.memo.items():
        if key[0] == "writer" and isinstance(value, Writer) and value.imports <= made.imports:
            names.setdefault(value.lifted.name, next(iter(value.model_imports)))
    found: dict[str, Import] = {}
    for word in re.findall(r"\w+", "\n".join(made.lines)):
        if word in names:
            found.setdefault(names[word].name, names[word])
    return list(found.values())
