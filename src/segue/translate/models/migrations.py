"""Alembic for the generated project: ``alembic.ini``, ``migrations/env.py`` and the baseline revision.

The baseline holds the tables as they stand on the day of generation (it imports no model). What FastAPI owns or later
revisions change stays there as it was: :mod:`segue.schema.frozen`. A database that Django built
is marked with ``segue schema baseline --stamp``; a new one is built with ``alembic upgrade head``.
"""

from __future__ import annotations

import re

from segue.ledger import owners
from segue.snapshot.model import Model, Snapshot
from segue.target.ir import Import
from segue.translate.context import Context
from segue.translate.models.baseline import PATH, Baseline, render
from segue.translate.models.classes import raw_statements, table_options, translated
from segue.translate.models.columns import Text, inherited_model, table_column
from segue.translate.models.kinds import has_column
from segue.translate.models.tables import table_args

INI = """\
[alembic]
script_location = %(here)s/migrations
prepend_sys_path = %(here)s
path_separator = os
file_template = %%(rev)s_%%(slug)s

[loggers]
keys = root,alembic

[handlers]
keys = console

[formatters]
keys = plain

[logger_root]
level = WARNING
handlers = console

[logger_alembic]
level = INFO
handlers =
qualname = alembic

[handler_console]
class = StreamHandler
args = (sys.stderr,)
formatter = plain

[formatter_plain]
format = %(levelname)s %(message)s
"""

ENV = '''\
"""Alembic's environment: the application's database, its own models."""

from __future__ import annotations

import asyncio
from pathlib import Path

from alembic import context
from sqlalchemy import Connection

import {package}.models  # noqa: F401  (makes every table known)
from {package}.settings import settings
from segue_bridge.db.base import Base
from segue_bridge.db.database import Database
from segue_bridge.db.migrations import compare_type, without_renames
from segue_bridge.owners.alembic import Guard

URL = context.config.attributes.get("url") or settings.database_url
# While Django runs, tables are its own until `segue schema own TABLE --by fastapi`.
GUARD = Guard(Path(__file__).with_name("owners.toml"), context)


def migrate(connection: Connection) -> None:
    """Run the revisions in one transaction."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_type=compare_type,
        include_object=GUARD.include_object,
        process_revision_directives=without_renames,
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with GUARD.watching(connection), context.begin_transaction():
        context.run_migrations()


async def online() -> None:
    """Connect as the application does."""
    database = Database(URL)
    async with GUARD.alone(database), database.engine.begin() as connection:
        await connection.run_sync(migrate)
    await database.close()


if context.is_offline_mode():
    context.configure(
        url=URL, target_metadata=Base.metadata, literal_binds=True, include_object=GUARD.include_object
    )
    with GUARD.watching(), context.begin_transaction():
        context.run_migrations()
else:
    asyncio.run(online())
'''

MAKO = '''\
"""${message}

Revision: ${up_revision}
Follows: ${down_revision | comma,n}
"""

from __future__ import annotations

from alembic import op
import sqlalchemy as sa
import segue_bridge.db.types
${imports if imports else ""}

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
'''


def write_migrations(ctx: Context) -> None:
    """Add the Alembic files to ``ctx.program.files``."""
    files = ctx.program.files
    files["alembic.ini"] = INI
    files["migrations/env.py"] = ENV.format(package=ctx.program.package)
    files["migrations/script.py.mako"] = MAKO
    files[PATH] = baseline(ctx)
    files[owners.FILE] = owners.text(owned_tables(ctx.snapshot), ())


def owned(model: Model) -> bool:
    """Whether Django's migrations make a table for it."""
    return model.managed and not (model.proxy or model.abstract or model.swapped)


def owned_tables(snapshot: Snapshot) -> list[str]:
    """The tables of Django's models, in order."""
    return sorted({model.table for model in snapshot.models.values() if owned(model)})


def baseline(ctx: Context) -> str:
    """Text of the baseline revision: every managed table."""
    tables: dict[str, str] = {}
    completed: list[tuple[str, str]] = []
    imports: set[Import] = set()
    for model in translated(ctx):
        if model.managed:
            out = Text()
            tables[model.table] = _table(ctx, model, out)
            completed += ((model.table, statement) for statement in raw_statements(model))
            imports |= out.imports
    models = [registered(model) for model in _known(ctx)]
    known = {item.name: item.module for item in imports}
    return render(Baseline(known, tables, completed, models, _site(ctx)))


def _known(ctx: Context) -> list[Model]:
    """Models that Django gives a content type and permissions."""
    return [
        model
        for model in ctx.snapshot.models.values()
        if not (model.abstract or model.auto_created or model.swapped)
    ]


def _site(ctx: Context) -> str:
    if "sites.Site" not in ctx.snapshot.models:
        return ""
    given = ctx.snapshot.settings.values.get("SITE_ID")
    return str(given.data if given is not None and isinstance(given.data, int) else 1)


def registered(model: Model) -> str:
    """The call of ``Registered`` for a model. Django keeps the text of the source, whatever language it runs in."""
    name = model.raw_name or model.verbose_name  # none in a snapshot of an earlier Segue
    app, _, own = model.label.partition(".")
    parts = [repr(app), repr(own.lower()), repr(name)]
    if model.default_permissions != ("add", "change", "delete", "view"):
        parts.append(f"actions={tuple(model.default_permissions)!r}")
    if model.permissions:
        parts.append(f"permissions={tuple(tuple(item) for item in model.permissions)!r}")
    return f"Registered({', '.join(parts)})"


def _table(ctx: Context, model: Model, out: Text) -> str:
    own = [f for f in model.fields if has_column(f) and inherited_model(ctx, model, f) is None]
    parts = [repr(model.table), "metadata", *(table_column(ctx, model, item, out) for item in own)]
    parts += table_args(ctx, model, out)
    parts += table_options(ctx, model)
    text = f"Table({', '.join(parts)})"
    # `info` of a foreign key is for the running application
    return re.sub(r", info=\{[^{}]*\}", "", text)
