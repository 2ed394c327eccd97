"""What a serializer shows of an object that holds members of an enumeration (``note.letter = Letter.A``, a default of the model).

Django keeps the member itself until the row is read again, and DRF's fields of texts show ``str()`` of it (``CharField.to_representation``),
which is not the column's text. The generated object has the column's.
"""

from __future__ import annotations

import ast
import re

from segue.snapshot.model import Serializer
from segue.translate.interp.frame import Frame
from segue.translate.kinds import Instance
from segue.translate.load.models import concrete, field_of
from segue.translate.rules.instance import members_held
from segue.translate.serializers.facts import base_name, serializer_of
from segue.translate.serializers.represent import TEXTS


def check_members(frame: Frame, serializer: str, shown: Instance, at: ast.AST | None) -> None:
    """Raises ``Refused`` where the serializer may show the text of a member that the object holds."""
    held = members_held(frame.ctx, shown)
    if not held:
        return
    known = serializer_of(frame.ctx, serializer)
    model = concrete(frame.ctx, shown.model)
    for item in known.fields:
        column = field_of(model, item.source)
        if column is not None and column.attname in held and base_name(item) in TEXTS:
            raise _refused(frame, serializer, column.attname, at)
    for column_name in sorted(held):
        if _reads(frame, known, column_name):
            raise _refused(frame, serializer, column_name, at)


def _reads(frame: Frame, known: Serializer, column: str) -> bool:
    """Whether code of the project that shows the object names the column: methods of the serializer, properties of the model."""
    cls = frame.ctx.snapshot.classes.get(known.name)
    owners = set(cls.mro if cls is not None else ())
    sources = {item.source for item in known.fields}
    for function in frame.ctx.snapshot.functions.values():
        shows = function.owner in owners and re.search(r"\.(get_\w+|to_representation)\Z", function.name)
        of_model = function.name.rpartition(".")[2] in sources
        if (shows or of_model) and re.search(rf"\b{column}\b", function.source):
            return True
    return False


def _refused(frame: Frame, serializer: str, column: str, at: ast.AST | None) -> Exception:
    why = f"The object holds the member of an enumeration as its {column}, whose text is not its value; give the column .value of it."
    return frame.refuse("text-of", serializer, why, at)


__all__ = ["check_members"]
