"""Content types, permissions and the first site: rows that Django makes by itself after ``migrate``, made by an Alembic revision.

For a database that Alembic builds, and for models that come after Django is gone. Only what is missing is added,
so that it does not matter who comes first. Source: ``django.contrib.contenttypes.management.create_contenttypes``,
``django.contrib.auth.management.create_permissions``, ``django.contrib.sites.management.create_default_site``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Connection,
    Select,
    String,
    column,
    exists,
    func,
    insert,
    inspect,
    literal,
    select,
    table,
)
from sqlalchemy.sql.dml import Insert

CONTENT_TYPE = table(
    "django_content_type", column("id"), column("app_label", String()), column("model", String())
)
PERMISSION = table(
    "auth_permission", column("id"), column("content_type_id"), column("codename"), column("name")
)
SITE = table("django_site", column("id"), column("domain"), column("name"))
ACTIONS = ("add", "change", "delete", "view")


@dataclass(frozen=True, slots=True)
class Registered:
    """A model as Django knows it: ``model`` is its name in lower case, ``name`` its ``verbose_name`` untranslated. ``actions`` are its
    ``default_permissions``, ``permissions`` its own, as (codename, name)."""

    app_label: str
    model: str
    name: str
    actions: tuple[str, ...] = ACTIONS
    permissions: tuple[tuple[str, str], ...] = ()

    def all_permissions(self) -> list[tuple[str, str]]:
        """(codename, name) in Django's order."""
        built = [(f"{action}_{self.model}", f"Can {action} {self.name}") for action in self.actions]
        return [*built, *self.permissions]


def register(connection: Connection, models: Iterable[Registered], *, site: int | None = None) -> None:
    """Add the content types and permissions of ``models`` that are not there, and the site ``example.com`` with the number ``site``
    (Django's ``SITE_ID``) where there is none at all. What has no table is left out. In a revision:
    ``register(op.get_bind(), [Registered("shop", "parcel", "parcel")])``. With Alembic's ``--sql`` statements are printed that do
    the same on a database that has these tables.
    """
    wanted = list(models)
    if not isinstance(connection, Connection):
        for statement in _statements(wanted, site):
            connection.execute(statement)
        if site is not None and connection.dialect.name == "postgresql":
            connection.execute(_following())
        return
    there = set(inspect(connection).get_table_names())
    if CONTENT_TYPE.name in there:
        _content_types(connection, wanted)
        if PERMISSION.name in there:
            _permissions(connection, wanted)
    if (
        site is not None
        and SITE.name in there
        and not connection.scalar(select(func.count()).select_from(SITE))
    ):
        connection.execute(insert(SITE).values(id=site, domain="example.com", name="example.com"))
        if connection.dialect.name == "postgresql":
            connection.execute(_following())


def _following() -> Select[Any]:
    """The number of the next site follows the first one's."""
    sequence = func.pg_get_serial_sequence(SITE.name, "id")
    return select(func.setval(sequence, select(func.max(SITE.c.id)).scalar_subquery()))


def _statements(models: list[Registered], site: int | None) -> Iterator[Insert]:
    types, permissions = CONTENT_TYPE.c, PERMISSION.c
    for label, model in dict.fromkeys((m.app_label, m.model) for m in models):
        is_there = exists().where(types.app_label == label, types.model == model)
        new = select(literal(label), literal(model)).where(~is_there)
        yield insert(CONTENT_TYPE).from_select(["app_label", "model"], new)
    for known in models:
        for codename, name in known.all_permissions():
            is_there = exists().where(
                permissions.content_type_id == types.id, permissions.codename == codename
            )
            new = select(types.id, literal(codename), literal(name)).where(
                types.app_label == known.app_label, types.model == known.model, ~is_there
            )
            yield insert(PERMISSION).from_select(["content_type_id", "codename", "name"], new)
    if site is not None:
        first = select(literal(site), literal("example.com"), literal("example.com"))
        yield insert(SITE).from_select(["id", "domain", "name"], first.where(~exists().select_from(SITE)))


def _content_types(connection: Connection, models: list[Registered]) -> None:
    known = set(_numbers(connection))
    new = dict.fromkeys((m.app_label, m.model) for m in models if (m.app_label, m.model) not in known)
    if new:
        rows = [{"app_label": label, "model": model} for label, model in new]
        connection.execute(insert(CONTENT_TYPE), rows)


def _permissions(connection: Connection, models: list[Registered]) -> None:
    numbers = _numbers(connection)
    found = connection.execute(select(PERMISSION.c.content_type_id, PERMISSION.c.codename))
    known = {(number, codename) for number, codename in found}
    rows = [
        {"content_type_id": numbers[model.app_label, model.model], "codename": codename, "name": name}
        for model in models
        for codename, name in model.all_permissions()
        if (numbers[model.app_label, model.model], codename) not in known
    ]
    if rows:
        connection.execute(insert(PERMISSION), rows)


def _numbers(connection: Connection) -> dict[tuple[str, str], int]:
    found = connection.execute(select(CONTENT_TYPE.c.app_label, CONTENT_TYPE.c.model, CONTENT_TYPE.c.id))
    return {(label, model): number for label, model, number in found}
