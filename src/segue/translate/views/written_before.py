"""What a request may have written before it is left to Django, which does all of it again from its start.

Generated code does not leave a branch to Django then (``interp/leaving.py``), and what the bridge itself leaves fails (``segue_bridge.leaving``).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from segue.refusal import Refusal, refuse
from segue.snapshot.model import Operation
from segue.translate.context import Context
from segue.translate.functions.record import records
from segue.translate.functions.writing import may_write
from segue.translate.interp.leaving import WRITTEN
from segue.translate.middleware.stack import RouteMiddleware
from segue.translate.specialise.endpoint import Endpoint
from segue.translate.views import access
from segue.translate.views.operation import PathOperation


def by_layers(ctx: Context, kept: RouteMiddleware) -> bool:
    """Whether translated middleware writes; what it awaits of the view is none of that."""
    names = {layer.name for layer in kept.layers}
    lines = [
        line.replace("await get_response(", "get_response(")
        for r in records(ctx)
        if r.token in names
        for line in r.lines
    ]
    return may_write(ctx, lines)


def by_limits(ctx: Context, limits: Collection[str]) -> bool:
    """Whether one of these throttles writes into the database: what they count in a cache is taken back."""
    declared = access.module(ctx).decls if limits else {}
    return any(may_write(ctx, [declared[name].code]) for name in limits if name in declared)


def check_parsers(base: Endpoint, arguments: Sequence[str]) -> None:
    """A body that only a parser of Django's side reads is read after that. Raises ``Refused``."""
    if base.ctx.memo.get(WRITTEN) and any("only_django" in argument for argument in arguments):
        why = "Bodies that only Django parses are left to it, when something may have been written."
        raise base.refuse("parser", "parser_classes", why)


def done_again(
    ctx: Context, kept: RouteMiddleware, operation: Operation, made: PathOperation
) -> Refusal | None:
    """Middleware that acts on answers of some status has Django do a GET after the view: not one that may have written."""
    if operation.method not in ("GET", "HEAD", "OPTIONS"):
        return None
    for facts, names in kept.left.items():
        status = next((f.key for f in facts if f.kind == "status"), "")
        meant = all(f.key == operation.method for f in facts if f.kind == "method")
        if status and meant and (ctx.memo.get(WRITTEN) or may_write(ctx, made.lines)):
            why = f"It may have written something when its status is known, and with {status} Django does it again: {names[0]}."
            return refuse("middleware", made.legacy, why, operation.where).refusal
    return None


__all__ = ["by_layers", "by_limits", "check_parsers", "done_again"]
