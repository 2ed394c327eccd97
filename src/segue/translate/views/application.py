"""``main.py``, ``settings.py`` and the files around the package."""

from __future__ import annotations

import json
from typing import Any

from segue.snapshot.model import Snapshot, Value, own_place
from segue.target.ir import Decl, Import
from segue.translate import isolation, language, mailer, routing
from segue.translate.context import Context
from segue.translate.load.models import concrete
from segue.translate.load.plan import plans
from segue.translate.middleware.known import COMMON, CSRF, FRAMES, SECURITY
from segue.translate.specialise.fold import plain
from segue.translate.templates import program as templates
from segue.translate.views import error_handler, finishers, texts
from segue.translate.views.cors import PREFLIGHTS, cors_lines
from segue.translate.views.http_options import http_options
from segue.translate.views.middleware import leaves_sessions, uses_sessions


def write_application(ctx: Context) -> None:
    """Add everything that is not tied to one route."""
    program = ctx.program
    _settings(ctx)
    _main(ctx)
    name = ctx.snapshot.settings.module.partition(".")[0] or "service"
    templates.write(ctx)
    program.files.update(texts.files(program, ctx.snapshot, name))
    program.files["segue-manifest.json"] = manifest(ctx)


def value(snapshot: Snapshot, name: str, default: Any = None) -> Any:
    """A setting as plain data."""
    found = snapshot.settings.values.get(name)
    return default if found is None else plain(found)


def _settings(ctx: Context) -> None:
    _snapshot, program = ctx.snapshot, ctx.program
    module = program.module(
        f"{program.package}/settings.py",
        "Settings: from the environment, with the Django project's values as defaults.",
    )
    used = ctx.memo.get(("kernel", "settings"), {})
    assert isinstance(used, dict)
    lines = [
        "class Settings(BaseSettings):",
        '    """Read from the environment and from ``.env`` (``DATABASE_URL``, ``SECRET_KEY``, …)."""',
        "",
        '    model_config = SettingsConfigDict(env_file=".env", extra="ignore", hide_input_in_errors=True)',
        "",
        "    database_url: str = Field(repr=False)",
        "    pool_size: int = 10",
        "    pool_wait: float = 10.0  # seconds that a request waits for a connection before it is turned away with 503",
        "    statement_timeout: float | None = None  # seconds; None: as the PostgreSQL server is set",
        "    web_concurrency: int = 1  # processes of this service",
        "    stall_after: float | None = 0.2  # seconds that the event loop may stand still before the log says where; None: no watch",
        "    forbid_blocking: bool = False  # for development: a blocking call in the event loop is an error (needs blockbuster)",
        "    secret_key: str = Field(repr=False)  # the SECRET_KEY of the Django side: sessions and signatures need the same",
        "    secret_key_fallbacks: list[str] = Field(default=[], repr=False)",
    ]
    if ctx.memo.get(("settings", "jwt-key")):
        lines.append(
            "    jwt_key: str = Field(repr=False)  # SIMPLE_JWT's SIGNING_KEY, or its VERIFYING_KEY where the algorithm has two keys"
        )
    if ctx.memo.get(("settings", "celery-broker")):
        lines.append(
            "    celery_broker_url: str = Field(repr=False)  # the broker that the Django side's Celery sends tasks to"
        )
    if ctx.memo.get(("settings", "celery-results")):
        lines.append(
            "    celery_result_backend: str = Field(repr=False)  # where the Django side's Celery keeps results"
        )
    if alias := routing.replica(ctx.snapshot):
        lines.append(
            f'    replica_url: str = Field(default="", repr=False)  # DATABASES[{alias!r}], which is asked for what is only read; without it the first one is'
        )
    for name, given in sorted(used.items()):
        text, annotation = _literal(given)
        annotation = mailer.TYPES.get(name, annotation)
        lines.append(f"    {name}: {annotation} = {text}")
    imports = {
        Import("pydantic", "Field"),
        Import("pydantic_settings", "BaseSettings"),
        Import("pydantic_settings", "SettingsConfigDict"),
        Import("typing", "Any"),
    }
    module.add(Decl("Settings", "\n".join(lines), frozenset(imports), 10))
    module.add(Decl("settings", "settings = Settings()  # type: ignore[call-arg]", frozenset(), 20))


def _literal(given: Any) -> tuple[str, str]:
    data = plain(given) if isinstance(given, Value) else given
    if isinstance(data, bool):
        return repr(data), "bool"
    if isinstance(data, int | float | str):
        return repr(data), type(data).__name__
    if data is None:
        return "None", "Any"
    return repr(data), "Any"


def _main(ctx: Context) -> None:
    snapshot, program = ctx.snapshot, ctx.program
    package = program.package
    module = program.module(f"{package}/main.py", "The FastAPI application.")
    routers = _routers(ctx)
    middleware = snapshot.settings.middleware
    headers: dict[str, str] = {}
    if FRAMES in middleware:
        headers["x-frame-options"] = str(value(snapshot, "X_FRAME_OPTIONS", "DENY")).upper()
    if SECURITY in middleware:
        if value(snapshot, "SECURE_CONTENT_TYPE_NOSNIFF", True):
            headers["x-content-type-options"] = "nosniff"
        referrer = value(snapshot, "SECURE_REFERRER_POLICY", "same-origin")
        if referrer:
            headers["referrer-policy"] = referrer if isinstance(referrer, str) else ",".join(referrer)
        opener = value(snapshot, "SECURE_CROSS_ORIGIN_OPENER_POLICY", "same-origin")
        if opener:
            headers["cross-origin-opener-policy"] = opener
    slash = COMMON in middleware and bool(value(snapshot, "APPEND_SLASH", True))
    zone, use_tz = value(snapshot, "TIME_ZONE", "UTC"), bool(value(snapshot, "USE_TZ", True))
    framework = value(snapshot, "REST_FRAMEWORK", {}) or {}
    renderer = {
        k: framework.get(s)
        for k, s in (("unicode", "UNICODE_JSON"), ("compact", "COMPACT_JSON"), ("strict", "STRICT_JSON"))
        if framework.get(s) is False
    }
    imports = {
        Import("fastapi", "FastAPI"), Import("contextlib", "asynccontextmanager"), Import("collections.abc", "AsyncIterator"),
        Import("segue_bridge", "zone"), Import("segue_bridge.db.database", "Database"), Import("segue_bridge.db.pool", "check_capacity"),
        Import("segue_bridge.http", "handlers"), Import("segue_bridge.watch", "watching"),
        Import(f"{package}.settings", "settings"), Import(f"{package}.models", "MODULES"),
        *(Import(f"{package}.{folder}.routes", "router", alias) for folder, alias in routers),
    }  # fmt: skip
    cors, needed = cors_lines(snapshot, headers, left=bool(ctx.memo.get(PREFLIGHTS)))
    imports |= needed
    extra = ""
    if renderer:
        imports.add(Import("segue_bridge.http.render", "Renderer"))
        extra = f", renderer=Renderer({', '.join(f'{k}=False' for k in renderer)})"
    extra += "".join(f", {option}" for option in http_options(snapshot))
    if uses_sessions(ctx):
        extra += ", sessions=SESSIONS"
        imports.add(Import(f"{package}.access", "SESSIONS"))
    access = ctx.program.modules.get(f"{package}/access.py")
    if CSRF in middleware and access is not None and "CSRF" in access.decls:
        extra += ", csrf=CSRF"
        imports.add(Import(f"{package}.access", "CSRF"))
    languages, needed = language.option(ctx)
    extra += languages
    imports |= needed
    finishing, needed = finishers.option(ctx)
    extra += finishing
    imports |= needed
    handler, needed = error_handler.option(ctx, module)
    extra += handler
    imports |= needed
    old = snapshot.settings.vendor == "sqlite" and int(snapshot.versions.django.partition(".")[0]) < 5
    if old:
        imports.add(Import("segue_bridge.db.types.numbers", "leave_large_numbers_to_the_driver"))
    level = isolation.level(snapshot)
    if headers:
        module.add(Decl("HEADERS", f"HEADERS = {headers!r}", frozenset(), 0))
    lines = [
        "def create_app(database: Database | None = None) -> FastAPI:",
        '    """The application. ``database`` is for tests; without it the one of the settings is opened."""',
        f"    zone.configure({zone!r}, use_tz={use_tz})",
        *(["    leave_large_numbers_to_the_driver()"] if old else []),
        "    own = database or Database(",
        "        settings.database_url,",
        "        pool_size=settings.pool_size,",
        "        pool_wait=settings.pool_wait,",
        "        statement_timeout=settings.statement_timeout,",
        *([f"        isolation={level!r},"] if level else []),
        *(_REPLICA if routing.replica(snapshot) else []),
        "    )",
        "",
        "    @asynccontextmanager",
        "    async def lifespan(app: FastAPI) -> AsyncIterator[None]:",
        "        await check_capacity(own, settings.web_concurrency)",
        "        async with watching(stall_after=settings.stall_after, forbid_blocking=settings.forbid_blocking):",
        "            yield",
        "        if database is None:",
        "            await own.close()",
        "",
        f"    app = FastAPI(title={_title(snapshot)!r}, lifespan=lifespan, telemetry=handlers.TELEMETRY_OFF)",
        "    app.state.database = own",
        "    app.state.models = MODULES  # imported as a whole: relations name classes of other modules",
        *(f"    app.include_router({alias})" for _, alias in routers),
        f"    handlers.install(app, headers={'HEADERS' if headers else '{}'}, append_slash={slash}{extra})",
        *cors,
        "    return app",
    ]
    module.add(Decl("create_app", "\n".join(lines), frozenset(imports), 30))


_REPLICA = [
    "        replica=Database(",
    "            settings.replica_url,",
    "            pool_size=settings.pool_size,",
    "            pool_wait=settings.pool_wait,",
    "            statement_timeout=settings.statement_timeout,",
    "        )",
    "        if settings.replica_url",
    "        else None,",
]


def _title(snapshot: Snapshot) -> str:
    return snapshot.settings.module.partition(".")[0].replace("_", " ").title() or "Service"


def _routers(ctx: Context) -> list[tuple[str, str]]:
    """(folder, alias) of the routes modules in the order of their first route."""
    found = []
    prefix = f"{ctx.program.package}/"
    for path, module in ctx.program.modules.items():
        if path.startswith(prefix) and path.endswith("/routes.py") and len(module.decls) > 1:
            folder = path.removeprefix(prefix).removesuffix("/routes.py")
            found.append((folder, f"{folder}_routes"))
    return found


def manifest(ctx: Context) -> str:
    """Route → generated function → legacy place, and legacy name → generated name, for tools.

    ``sessions`` is ``django`` where requests of logged-in sessions are left to it.

    ``twins`` are the functions that came from one legacy function each; ``parameters`` has the legacy name of every
    generated parameter (empty for what became a parameter by lifting), ``folded`` the legacy arguments that are
    constants in it. ``inlined`` are legacy functions written into their callers, ``settings`` what
    generated code reads of the settings, ``models`` the mapped class of each model class, ``rows`` the model class of each row class.
    """
    program, snapshot = ctx.program, ctx.snapshot
    routes = {r.id: r for r in snapshot.routes}
    out = []
    for item in program.native:
        route = routes[item.route_id]
        operation = next(o for o in route.operations if o.method == item.method)
        out.append(
            {
                "route": item.route_id,
                "method": item.method,
                "module": item.module,
                "function": item.function,
                "legacy": operation.function or route.view,
                "place": str(own_place(operation.where, snapshot.views[route.view])),
                **({"sessions": "django"} if leaves_sessions(ctx, item.route_id) else {}),
            }
        )
    twins: list[dict[str, Any]] = []
    models: dict[str, str] = {}
    classes = {model.cls for model in snapshot.models.values()}
    for path, module in program.modules.items():
        for decl in module.decls.values():
            if decl.origin is None:
                continue
            generated = f"{path.removesuffix('.py').replace('/', '.')}.{decl.name}"
            if decl.origin.parameters or (decl.origin.name in snapshot.functions and decl.rank == 30):
                twin: dict[str, Any] = {"legacy": decl.origin.name, "generated": generated}
                twin["parameters"] = list(decl.origin.parameters)
                if decl.origin.folded:
                    twin["folded"] = {
                        k: v for k, v in decl.origin.folded if isinstance(v, str | int | float | None)
                    }
                twins.append(twin)
            elif decl.origin.name in classes and path.endswith("/models.py"):
                models[decl.origin.name] = generated
    rows: dict[str, str] = {}
    for plan in plans(ctx).by_key.values():
        model = concrete(ctx, plan.model)
        place = ctx.module(model.app, "rows")
        if not plan.written and plan.name in place.decls:
            rows[f"{place.path.removesuffix('.py').replace('/', '.')}.{plan.name}"] = model.cls
    inlined = ctx.memo.get(("kernel", "inlined-functions"), set())
    used = ctx.memo.get(("kernel", "settings"), {})
    assert isinstance(inlined, set)
    assert isinstance(used, dict)
    document = {
        "version": 1, "package": program.package, "operations": out, "twins": twins,
        "inlined": sorted(inlined), "settings": sorted(used), "models": models,
        "rows": dict(sorted(rows.items())),
    }  # fmt: skip
    return json.dumps(document, indent=1) + "\n"
