"""``obj.count = F("count") + 1``: the database computes the column when the object is saved.

Source: ``Model._save_table``, which writes what has ``resolve_expression`` as it is. The object holds the expression until it is
read again (Django before 6.0), so reading the column is refused until ``refresh_from_db()``.
"""

from __future__ import annotations

import ast

from segue.translate.interp.frame import Frame
from segue.translate.kinds import Expr, Instance
from segue.translate.load.models import concrete, field_of
from segue.translate.models.kinds import has_column
from segue.translate.query.build import model_queryset, query_of, root_of
from segue.translate.rules.own_save import own_save
from segue.translate.rules.receivers import saved_by
from segue.translate.versions import since


def assigned(frame: Frame, owner: Instance, key: str, value: Expr, at: ast.AST) -> tuple[str, ast.expr]:
    """``(column attribute, SQLAlchemy expression)``. Raises ``Refused``."""
    label = concrete(frame.ctx, owner.model).label
    item = field_of(concrete(frame.ctx, label), key)
    if item is None or not has_column(item) or item.primary_key:
        raise frame.refuse("model-field", f"{label}.{key}", "This is no column of the model.", at)
    problems = (
        (owner.site.keyless, "Django refuses it for an object that is inserted."),
        (
            since(frame.ctx.snapshot.versions.django, 6, 0),
            "This release of Django reads the column again with the row.",
        ),
        (
            own_save(frame.ctx, label) is not None or bool(saved_by(frame.ctx, label)),
            "Code that runs when it is saved may look at the expression.",
        ),
        (value.build.aggregate or bool(value.build.outer), "Django refuses such an expression in save()."),
        ("__" in value.build.column, "Django refuses columns of relations in save()."),
    )
    for wrong, why in problems:
        if wrong:
            raise frame.refuse("model-field", f"{label}.{key}", why, at)
    query = query_of(model_queryset(frame, label, at)).with_(for_save=True)
    node, _ = value.build.render(frame, query, root_of(frame, label))
    if any(
        isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr == "scalar_subquery"
        for n in ast.walk(node)
    ):
        raise frame.refuse(
            "model-field", f"{label}.{key}", "Django refuses columns of relations in save().", at
        )
    owner.site.expressions[item.attname] = frame.where(at)
    return item.attname, node
