"""The entry point of translation: snapshot in, FastAPI program out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from segue.snapshot.model import Snapshot
from segue.target.ir import Program, RefusedOperation
from segue.translate import beneath, databases, patched, releases
from segue.translate.context import Context
from segue.translate.decorators import woven
from segue.translate.factories import write_factories
from segue.translate.finishing import tidy
from segue.translate.finishing.cycles import break_cycles
from segue.translate.functions.finish import finish
from segue.translate.models import translate_models
from segue.translate.models.migrations import write_migrations
from segue.translate.named_super import plain_super
from segue.translate.newer_python import readable
from segue.translate.packages import explained
from segue.translate.plain.route import translate_plain
from segue.translate.queryset_of_self import local_querysets
from segue.translate.rules import registry
from segue.translate.views import error_handler
from segue.translate.views.application import write_application
from segue.translate.views.resources import Facts, translate_route


def translate(
    snapshot: Snapshot,
    *,
    package: str = "app",
    accepted_middleware: Collection[str] = (),
    pure: Collection[str] = (),
    look_beneath: bool = False,
) -> Program:
    """Translate every operation of the project's own routes, or refuse it with its reasons: those of DRF's views, and of Django's plain
    views that answer with data.

    ``accepted_middleware`` are dotted names whose effect on answers the team has checked itself, ``pure`` modules of other packages
    that only compute (:mod:`segue.translate.rules.libraries`). ``look_beneath``: where nothing is native, translate again and again
    without what keeps everything, to tell what comes next (:mod:`segue.translate.beneath`).
    The same snapshot gives the same program.
    """
    registry.discover()
    snapshot = woven(local_querysets(plain_super(readable(snapshot))))
    ctx = Context(
        snapshot, Program(package), accepted_middleware=frozenset(accepted_middleware), pure=frozenset(pure)
    )
    whole = (*releases.check(snapshot), *databases.check(snapshot))
    blockers = (*whole, *(changed := patched.check(snapshot)), *error_handler.prepare(ctx))
    translate_models(ctx)
    facts = Facts()
    for route in sorted(snapshot.routes, key=lambda r: r.order):
        if route.kind == "django" and not whole and not changed:
            translate_plain(ctx, facts, route)
        if route.kind != "drf" or not route.own:
            continue
        if blockers:
            for operation in route.operations:
                ctx.program.refused.append(RefusedOperation(route.id, operation.method, blockers))
        else:
            translate_route(ctx, facts, route)
    if look_beneath and ctx.program.refused and not ctx.program.native and not whole:
        beneath.add(ctx)
    if not whole:
        write_factories(ctx)
    for finalizer in ctx.finalizers:
        finalizer()
    finish(ctx)
    tidy(ctx)
    write_migrations(ctx)
    write_application(ctx)
    break_cycles(ctx)
    _name_packages(ctx)
    return ctx.program


def _name_packages(ctx: Context) -> None:
    """Refusals that come from other packages say so, at the project's own line."""
    views = {route.id: ctx.snapshot.views.get(route.view) for route in ctx.snapshot.routes}
    for number, one in enumerate(ctx.program.refused):
        view = views.get(one.route_id)
        if view is None:
            continue
        reasons = tuple(explained(ctx, reason, view.where) for reason in one.reasons)
        ctx.program.refused[number] = replace(one, reasons=reasons)
