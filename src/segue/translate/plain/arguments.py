"""The arguments of a plain view's ``PlainResource``."""

from __future__ import annotations

from collections.abc import Sequence

from segue.snapshot.model import Operation
from segue.target.ir import Decl, Import
from segue.translate.context import Context
from segue.translate.functions.lift import Body
from segue.translate.middleware.known import CSRF
from segue.translate.middleware.stack import RouteMiddleware
from segue.translate.plain.late_user import ASKED, KNOWN
from segue.translate.plain.layers import Around
from segue.translate.specialise.endpoint import Endpoint
from segue.translate.specialise.fold import plain as plain_value
from segue.translate.views import access, authentication, csrf, middleware, otp, sessions, versioning
from segue.translate.views.operation import PathOperation

ERROR_PAGES = "SEGUE_ERROR_PAGES"  # as the probe names it
_OF_SESSIONS = (ASKED, KNOWN, "log_in(", "log_out(", "stay_logged_in(")


def resource_arguments(
    base: Endpoint,
    layers: Around,
    kept: RouteMiddleware,
    guard: Body | None,
    built: Sequence[tuple[Operation, PathOperation]],
) -> tuple[list[str], set[Import]]:
    """Of the ``PlainResource``. Raises ``Refused``."""
    ctx, route, view = base.ctx, base.route, base.view
    methods = tuple(o.method for o in route.operations if o.method not in ("HEAD", "OPTIONS"))
    arguments, imports = [repr(route.path), f"methods={methods!r}"], set(layers.imports)
    text = "\n".join(
        [*(guard.lines if guard is not None else ()), *(line for _, m in built for line in m.lines)]
    )
    if any(word in text for word in _OF_SESSIONS):
        arguments.append("authentication=VISITORS")
        imports.add(_visitors(base))
    checked = CSRF in ctx.snapshot.settings.middleware and not view.csrf_exempt and not kept.unchecked
    unsafe = any(m not in ("GET", "HEAD", "OPTIONS", "TRACE") for m in methods)
    if checked and (unsafe or base.cls or layers.allowed):  # a 405 comes behind it, too
        csrf.declare(ctx)
        if access.setting(ctx, "CSRF_USE_SESSIONS", False):
            raise base.refuse("csrf", "CSRF_USE_SESSIONS", "Plain views look for the token in a cookie here.")
        arguments.append("csrf=CSRF")
        imports.add(Import(f"{ctx.program.package}.access", "CSRF"))
    if layers.allowed:
        arguments.append(f"allowed={layers.allowed!r}")
        if layers.first:
            arguments.append("allowed_first=True")
        if "HEAD" not in layers.allowed:
            arguments.append("head=False")
    if base.cls:
        arguments.append("class_based=True")
        listed = tuple(n.upper() for n in view.method_names if n == n.lower())
        if view.method_names:
            for argument, method in (("head", "HEAD"), ("allows_options", "OPTIONS")):
                if method not in listed and f"{argument}=False" not in arguments:
                    arguments.append(f"{argument}=False")
            arguments.append(f"listed={listed!r}")
    if layers.finish:
        arguments.append(f"finish=({', '.join(layers.finish)},)")
    own = own_pages(ctx)
    if own:
        arguments.append(f"own_pages={own!r}")
    regex = versioning.whole_regex(base)
    regexes = {p.name: p.regex for p in route.parameters if p.regex != "[^/.]+" and not regex}
    if regexes:
        arguments.append(f"parameters={regexes!r}")
    if regex:
        arguments.append(f"regex={versioning.raw_text(regex)}")
    if view.atomic_requests:
        arguments.append("atomic=True")
    more, needed = middleware.arguments(base, kept, {}, asks=layers.asks)
    return [*arguments, *more], imports | needed


def own_pages(ctx: Context) -> tuple[int, ...]:
    """Statuses of Django's pages for which the project has a page of its own."""
    known = ctx.snapshot.settings.values.get(ERROR_PAGES)
    found = dict(plain_value(known)) if known is not None else {}
    return tuple(int(status) for status in ("403", "404") if found.get(status))


def _visitors(base: Endpoint) -> Import:
    """``VISITORS`` of ``access.py``. Raises ``Refused`` where the project has no sessions as Django's."""
    ctx = base.ctx
    sessions.declare(ctx, base.where, only_read=True)
    authentication.base(ctx, base.where)
    devices = otp.argument(ctx, base.where)
    needed = frozenset({Import("segue_bridge.auth.backend", "Visitors")})
    access.module(ctx).add(Decl("VISITORS", f"VISITORS = Visitors(SESSIONS, IDENTITY{devices})", needed, 30))
    return Import(f"{ctx.program.package}.access", "VISITORS")


__all__ = ["own_pages", "resource_arguments"]
