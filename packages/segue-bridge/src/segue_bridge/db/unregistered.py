"""Content types and permissions of models that are renamed or removed by an Alembic revision.

Sources: ``django.contrib.contenttypes.management.RenameContentType`` (what a ``RenameModel`` does beside the table), and the command
``remove_stale_contenttypes``.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import (
    Connection,
    ForeignKeyConstraint,
    MetaData,
    Table,
    and_,
    exists,
    func,
    inspect,
    select,
    update,
)
from sqlalchemy import delete as delete_from

from segue_bridge.db.registered import CONTENT_TYPE, PERMISSION

_ADMIN_LOG = "django_admin_log"


def rename(connection: Connection, app_label: str, old: str, new: str) -> None:
    """Let the content type of the model ``old`` be that of ``new`` (names in lower case), with all rows that refer to it. In a revision:
    ``rename(op.get_bind(), "shop", "parcel", "package")``, and then ``register`` for its permissions.

    As in Django the permissions of the old name stay: groups and users keep what they were given. Nothing is done where there is
    no such content type, or one of the new name already.
    """
    types = CONTENT_TYPE.c
    other = CONTENT_TYPE.alias("other")
    taken = exists().where(other.c.app_label == app_label, other.c.model == new)
    statement = update(CONTENT_TYPE).where(types.app_label == app_label, types.model == old, ~taken)
    connection.execute(statement.values(model=new))


def forget(connection: Connection, app_label: str, model: str) -> None:
    """Remove the content type of a model that is gone (its name in lower case), its permissions, and what gave these to groups and users;
    entries of the admin's log stay without it. In a revision, with a database: ``forget(op.get_bind(), "shop", "parcel")``.

    Raises ``ValueError``, and removes nothing, where rows of other tables refer to it: what becomes of them is not known here. Delete or
    change them before.
    """
    if not isinstance(connection, Connection):
        raise ValueError("forget() has to ask the database what refers to a content type: it prints no SQL.")
    types = CONTENT_TYPE.c
    number = connection.scalar(select(types.id).where(types.app_label == app_label, types.model == model))
    if number is None:
        return
    given = select(PERMISSION.c.id).where(PERMISSION.c.content_type_id == number)
    links = list(_referring(connection, PERMISSION.name))
    for table, column in _referring(connection, CONTENT_TYPE.name):
        if table.name in (PERMISSION.name, _ADMIN_LOG):
            continue
        if connection.scalar(select(func.count()).select_from(table).where(table.c[column] == number)):
            raise ValueError(f"Rows of {table.name} refer to the content type of {app_label}.{model}.")
    for table, column in links:
        others = [c for c in table.columns if c.name not in (column, "id")]
        if len(others) != 1 or not others[0].foreign_keys:
            among = table.c[column].in_(given)
            if connection.scalar(select(func.count()).select_from(table).where(among)):
                raise ValueError(f"Rows of {table.name} refer to permissions of {app_label}.{model}.")
    for table, column in links:
        connection.execute(delete_from(table).where(table.c[column].in_(given)))
    for table, column in _referring(connection, CONTENT_TYPE.name):
        if table.name == _ADMIN_LOG:
            connection.execute(update(table).where(table.c[column] == number).values({column: None}))
    connection.execute(delete_from(PERMISSION).where(PERMISSION.c.content_type_id == number))
    connection.execute(delete_from(CONTENT_TYPE).where(and_(types.id == number)))


def _referring(connection: Connection, target: str) -> Iterator[tuple[Table, str]]:
    """Tables with a foreign key of one column to ``target``, and its column."""
    known = MetaData()
    for name in inspect(connection).get_table_names():
        keys = inspect(connection).get_foreign_keys(name)
        if not any(key["referred_table"] == target for key in keys):
            continue
        table = Table(name, known, autoload_with=connection, resolve_fks=False)
        for constraint in table.foreign_key_constraints:
            if isinstance(constraint, ForeignKeyConstraint) and len(constraint.elements) == 1:
                element = constraint.elements[0]
                if element.target_fullname.split(".")[-2] == target:
                    yield table, constraint.column_keys[0]
