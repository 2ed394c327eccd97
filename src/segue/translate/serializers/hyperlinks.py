"""``HyperlinkedIdentityField`` and ``HyperlinkedRelatedField``: ``get_url`` of ``rest_framework.relations``."""

from __future__ import annotations

import ast

from segue.snapshot.model import SerializerField
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, name
from segue.translate.kinds import Instance, Scalar
from segue.translate.load.models import column_kind, field_of, pk_field
from segue.translate.load.needs import column
from segue.translate.serializers.facts import field_refusal, option
from segue.translate.views.links import link


def hyperlink(frame: Frame, item: SerializerField, val: Val) -> str:
    """The expression of the address of ``val``, a saved instance that is not ``None``."""
    kind = val.kind
    if not isinstance(kind, Instance):
        raise field_refusal(item, "hyperlink", "The link's target is no model instance.")
    if option(item, "format") is not None:
        raise field_refusal(item, "hyperlink", "A link with a format is not translated.")
    lookup = str(option(item, "lookup_field", "pk"))
    model = frame.ctx.model(kind.model)
    found = pk_field(frame.ctx, kind.model) if lookup == "pk" else field_of(model, lookup)
    known = column_kind(frame.ctx, found) if found is not None and found.column else None
    if found is None or not isinstance(known, Scalar) or known.type not in ("int", "UUID") or known.nullable:
        raise field_refusal(item, "hyperlink", "Only links by numbers and UUIDs are translated.")
    column(frame.ctx, kind.site, found.attname)
    argument = str(option(item, "lookup_url_kwarg", lookup) or lookup)
    imported = link(frame.ctx, str(option(item, "view_name")), frozenset({argument}), item.where)
    frame.use(imported)
    call = ast.unparse(frame.state("call"))
    target = name(f"{val.text}.{found.attname}")
    return f"{imported.name}.url({call}, {argument}={ast.unparse(target)})"
