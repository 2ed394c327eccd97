"""``mptt.managers.TreeManager``: the rows of a tree, in its order.

Reads only: ``MPTTModel.save`` and ``delete`` move other rows, and writes of such models stay on Django for that.
"""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, const
from segue.translate.kinds import Manager, Super
from segue.translate.load.models import concrete, field_of
from segue.translate.query.build import model_queryset
from segue.translate.rules.managers import on_queryset
from segue.translate.rules.registry import framework

# ``MPTTOptions``: what the fields are called unless the model's ``MPTTMeta`` names them.
_ORDER = ("tree_id", "lft")


@framework("mptt.managers.TreeManager.get_queryset")
def get_queryset(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """All rows by ``tree_id`` and ``lft``. A model whose tree fields have other names is passed over."""
    kind = owner.kind.receiver if isinstance(owner.kind, Super) else owner.kind
    if not isinstance(kind, Manager):
        return None
    model = concrete(frame.ctx, kind.model)
    fields = [field_of(model, name) for name in _ORDER]
    if any(field is None or field.editable for field in fields):
        return None
    made = ast.copy_location(
        ast.Call(ast.Name("order_by", ast.Load()), [ast.Constant(name) for name in _ORDER], []), call.node
    )
    site = CallSite(frame, made, "order_by", [const(name) for name in _ORDER], {})
    return on_queryset(frame, model_queryset(frame, kind.model, call.node), site)
