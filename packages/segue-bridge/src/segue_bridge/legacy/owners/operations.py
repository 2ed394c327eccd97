"""What an operation of a Django migration does to its table, as far as it says so: before anything runs."""

from __future__ import annotations

from typing import Any

from django.db import connections, models
from django.db.backends.utils import truncate_name
from django.db.migrations import operations
from django.db.models.fields import NOT_PROVIDED

from segue_bridge.owners import risks
from segue_bridge.owners.statements import changes

_STATE_ONLY = ("AlterModelOptions", "AlterModelManagers")


def parts(operation: Any) -> list[Any]:
    """What it does to the database: the parts of ``SeparateDatabaseAndState``, or itself."""
    if isinstance(operation, operations.SeparateDatabaseAndState):
        return [part for inner in operation.database_operations for part in parts(inner)]
    return [operation]


def tables(operation: Any, app_label: str, state: Any, using: str, backwards: bool = False) -> list[str]:
    """Tables that the operation changes, as it names them; [] for ``RunPython``, which does not say."""
    if isinstance(operation, operations.RunPython):
        return []
    if isinstance(operation, operations.RunSQL):
        found = [change for text in _texts(operation, backwards) for change in changes(text)]
        return [change.table for change in found if change.table] + [n for c in found for n in c.names]
    if type(operation).__name__ in _STATE_ONLY or not operation.reduces_to_sql:
        return []
    if isinstance(operation, operations.AlterField) and _same_column(operation, app_label, state):
        return []
    renames = hasattr(operation, "new_name_lower")
    names = [
        str(getattr(operation, key))
        for key in ("model_name", "old_name" if renames else "name")
        if hasattr(operation, key)
    ]
    if not names:
        return []
    own = _table(app_label, names[0], getattr(operation, "options", {}), state, using)
    return [table for table in (own, getattr(operation, "table", None)) if table]


def risk(operation: Any, app_label: str, state: Any, using: str, backwards: bool = False) -> str | None:
    """Why it is not safe on a table that both sides use (:mod:`segue_bridge.owners.risks`); None when it is, as far as it says so.
    What only PostgreSQL's locks make unsafe is judged by the statements."""
    if isinstance(operation, operations.RunSQL):
        vendor = connections[using].vendor
        found = (
            risks.risk(change, vendor, _unknown)
            for text in _texts(operation, backwards)
            for change in changes(text)
        )
        return next((why for why in found if why), None)
    if backwards:
        return _undone(operation)
    if isinstance(operation, operations.DeleteModel):
        return risks.GONE
    if isinstance(operation, operations.RemoveField):
        return risks.GONE if _column(_field(operation, app_label, state)) else None
    if isinstance(operation, operations.RenameModel | operations.AlterModelTable):
        model = state.models.get(
            (app_label, getattr(operation, "old_name", getattr(operation, "name", "")).lower())
        )
        fixed = (
            isinstance(operation, operations.RenameModel)
            and model is not None
            and model.options.get("db_table")
        )
        return None if fixed else risks.RENAMED
    if isinstance(operation, operations.RenameField):
        old = state.models[app_label, operation.model_name_lower].fields.get(operation.old_name)
        return risks.RENAMED if old is None or (_column(old) and not old.db_column) else None
    if isinstance(operation, operations.AddField):
        return risks.REQUIRED if _column(operation.field) and _required(operation.field) else None
    if isinstance(operation, operations.AlterField):
        return _altered(_field(operation, app_label, state), operation.field, using)
    return None


def _undone(operation: Any) -> str | None:
    if isinstance(operation, operations.CreateModel):
        return risks.GONE
    if isinstance(operation, operations.AddField):
        return risks.GONE if _column(operation.field) else None
    renames = operations.RenameModel | operations.RenameField | operations.AlterModelTable
    return risks.RENAMED if isinstance(operation, renames) else None


def _altered(old: Any, new: Any, using: str) -> str | None:
    if old is None or not (_column(old) and _column(new)):
        return risks.RENAMED
    if old.db_column != new.db_column:
        return risks.RENAMED
    if old.null and not new.null:
        return risks.NULLS
    if new.null and not old.null:
        return risks.NULLABLE
    kinds = [_kind(field, connections[using]) for field in (old, new)]
    if kinds[0] is None or kinds[1] is None:  # of a reference: the type is that of what it names
        return None if type(old) is type(new) else risks.TYPE
    return None if risks.widens(kinds[0], kinds[1]) else risks.TYPE


def _kind(field: Any, connection: Any) -> str | None:
    return None if field.remote_field is not None else field.db_type(connection)


def _required(field: Any) -> bool:
    filled = getattr(field, "db_default", NOT_PROVIDED) is not NOT_PROVIDED
    return not (
        field.null or filled or getattr(field, "generated", False) or isinstance(field, models.AutoField)
    )


def _column(field: Any) -> bool:
    return field is not None and not field.many_to_many


def _field(operation: Any, app_label: str, state: Any) -> Any:
    model = state.models.get((app_label, operation.model_name_lower))
    return None if model is None else model.fields.get(operation.name)


def _same_column(operation: Any, app_label: str, state: Any) -> bool:
    """Whether only what Django knows of the field changes: choices, help texts, validators."""
    old = _field(operation, app_label, state)
    if old is None:
        return False
    left = [field.deconstruct()[1:] for field in (old, operation.field)]
    one, other = (
        (path, args, {k: v for k, v in options.items() if k not in old.non_db_attrs})
        for path, args, options in left
    )
    return bool(one == other)


def _texts(operation: Any, backwards: bool) -> list[str]:
    sql = (operation.reverse_sql or "") if backwards else operation.sql
    given = sql if isinstance(sql, list | tuple) else [sql]
    return [str(item[0] if isinstance(item, list | tuple) else item) for item in given]


def _table(app_label: str, name: str, options: dict[str, Any], state: Any, using: str) -> str:
    model = state.models.get((app_label, name.lower()))
    given = (model.options if model is not None else options).get("db_table")
    if given:
        return str(given)
    longest = connections[using].ops.max_name_length()
    return str(truncate_name(f"{app_label}_{name.lower()}", longest))


def _unknown(_table: str, _column: str) -> str | None:
    return None
