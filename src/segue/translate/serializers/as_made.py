"""What a column of an object holds that was made in this request: its default as it stands, until the row is read again.

``FloatField(default=0)`` is an int then, and DRF's field makes the float. Source: ``Field.get_default``, ``Model.save_base``
(which writes what ``get_db_prep_save`` gives and leaves the object alone).
"""

from __future__ import annotations

from segue.snapshot.model import ModelField
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import Instance, Scalar
from segue.translate.load.models import concrete, field_of

_PLAIN = frozenset({"str", "int", "bool", "float"})


def as_made(frame: Frame, start: Val, attributes: list[str], value: Val) -> Val:
    """``value``, of which less is known where the source is a column whose default is of another type than the column."""
    kind, start_kind = value.kind, start.kind
    # One function shows rows and objects that were just made.
    if not isinstance(start_kind, Instance) or len(attributes) != 1:
        return value
    item = field_of(concrete(frame.ctx, start_kind.model), attributes[0])
    if (
        item is None
        or not isinstance(kind, Scalar)
        or kind.type not in _PLAIN
        or not _otherwise(item, kind.type)
    ):
        return value
    return Val(Scalar("Any", kind.nullable), value.node)


def _otherwise(item: ModelField, kind: str) -> bool:
    """Whether an object that got its default may hold another type (what code assigns is of the column's, see ``fits``)."""
    default = item.default
    if default.kind == "empty" or default.kind == "lazy":
        return False
    return default.kind != "const" or (default.data is not None and type(default.data).__name__ != kind)
