"""The entry point of translation: snapshot in, FastAPI program out."""

from __future__ import annotations

from collections.abc import Collection

from segue.refusal import Refusal
from segue.snapshot.model import Snapshot
from segue.target.ir import Program, RefusedOperation
from segue.translate.context import Context
from segue.translate.functions.finish import finish
from segue.translate.models import translate_models
from segue.translate.models.migrations import write_migrations
from segue.translate.rules import registry
from segue.translate.views import error_handler
from segue.translate.views.application import KNOWN, write_application
from segue.translate.views.cors import NAME as CORS
from segue.translate.views.cors import cors_problem
from segue.translate.views.resources import Facts, translate_route


def translate(
    snapshot: Snapshot, *, package: str = "app", accepted_middleware: Collection[str] = ()
) -> Program:
    """Translate every DRF operation of the project's own routes, or refuse it with its reasons.

    ``accepted_middleware`` are dotted names whose effect on answers the team has checked itself.
    The same snapshot gives the same program.
    """
    registry.discover()
    ctx = Context(snapshot, Program(package))
    blockers = (*_project_blockers(snapshot, accepted_middleware), *error_handler.prepare(ctx))
    translate_models(ctx)
    facts = Facts()
    for route in sorted(snapshot.routes, key=lambda r: r.order):
        if route.kind != "drf" or not route.own:
            continue
        if blockers:
            for operation in route.operations:
                ctx.program.refused.append(RefusedOperation(route.id, operation.method, blockers))
        else:
            translate_route(ctx, facts, route)
    for finalizer in ctx.finalizers:
        finalizer()
    finish(ctx)
    write_migrations(ctx)
    write_application(ctx)
    return ctx.program


def _project_blockers(snapshot: Snapshot, accepted: Collection[str]) -> tuple[Refusal, ...]:
    """What keeps every route on Django: middleware whose effect is not known, settings that change all answers."""
    out = []
    for name in snapshot.settings.middleware:
        problem = cors_problem(snapshot) if name == CORS and name not in accepted else ""
        if problem:
            out.append(Refusal("middleware", name, problem, snapshot.settings.module, 0))
        if name not in KNOWN and name != CORS and name not in accepted:
            known = snapshot.classes.get(name)
            where = known.where if known is not None else None
            out.append(
                Refusal(
                    "middleware",
                    name,
                    "Segue does not know what this middleware does to answers; list it under accepted_middleware in "
                    "segue.toml once you have checked.",
                    where.file if where else snapshot.settings.module,
                    where.line if where else 0,
                )
            )
    return tuple(out)
