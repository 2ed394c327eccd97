"""Files that no row names any more, deleted after the commit: what django-cleanup does to models with columns of files.

Source: ``django_cleanup.handlers.delete_file``, ``delete_old_post_save`` and ``delete_all_post_delete``.
"""

from __future__ import annotations

import logging

from sqlalchemy.orm.attributes import get_history, instance_dict, set_committed_value

from segue_bridge.db.base import Base
from segue_bridge.db.session import Session
from segue_bridge.storage import FileStorage

# The package's own: what a project says of its level and where it goes stays true.
LOG = logging.getLogger("django_cleanup.handlers")


async def delete_after_commit(
    db: Session, storage: FileStorage, name: str | None, *, column: str, default: str = ""
) -> None:
    """Delete the file ``name`` once the transaction is committed, at once outside of one.

    Nothing happens without a name, or where it is the column's ``default``: others have that as well. An error is
    logged with the ``column`` (``app.model.field``), and goes no further.
    """
    if not name or name == default:
        return

    async def delete() -> None:
        try:
            await storage.delete(name)
        except Exception:
            LOG.exception("There was an exception deleting the file `%s` on field `%s`", name, column)

    await db.on_commit(delete)


async def delete_replaced(
    db: Session, storage: FileStorage, entity: Base, attribute: str, *, column: str, default: str = ""
) -> None:
    """After ``entity`` was saved: delete the file that ``attribute`` had when it was loaded or last saved, if it has
    another one now."""
    before = get_history(entity, attribute).deleted
    now = instance_dict(entity).get(attribute)
    set_committed_value(entity, attribute, now)
    if before and before[0] != now:
        await delete_after_commit(db, storage, before[0], column=column, default=default)
