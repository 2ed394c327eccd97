"""What generated models and their attributes are called.

Class names are Django's. Proxies have no class of their own: they name the class whose table
they use. A field keeps its ``attname``, except for names SQLAlchemy or the base class keep.
"""

from __future__ import annotations

from segue.refusal import Refused, refuse
from segue.snapshot.model import Model, ModelField
from segue.target.ir import Import
from segue.translate.context import Context
from segue.translate.models.kinds import has_column
from segue.translate.models.problems import unusable, value_problem


def concrete(ctx: Context, label: str) -> Model:
    """The model whose table is used: proxies resolved. Raises ``KeyError``."""
    model = ctx.model(label)
    while model.proxy and model.proxy_for:
        model = ctx.model(model.proxy_for)
    return model


def class_name(ctx: Context, label: str) -> str:
    """Name of the mapped class for a model label."""
    return concrete(ctx, label).label.rpartition(".")[2]


def model_class(ctx: Context, label: str) -> tuple[str, str]:
    """Dotted module and name of the mapped class. Raises :class:`Refused` when there is none."""
    model = concrete(ctx, label)
    problem = unusable(ctx.snapshot, model)
    if problem is not None:
        raise Refused(problem)
    return ctx.import_path(model.app, "models"), model.label.rpartition(".")[2]


def class_import(ctx: Context, label: str, *, type_only: bool = False) -> Import:
    """:func:`model_class` as an import."""
    module, name = model_class(ctx, label)
    return Import(module, name, type_only=type_only)


def attribute(field: ModelField) -> str:
    """Attribute of a field's column on the mapped class (see :mod:`segue.translate.free_names`)."""
    return field.attname


def column_attr(ctx: Context, label: str, field: str) -> str:
    """Attribute of the column of ``field`` (by name, attname or ``pk``), values checked.

    Raises :class:`Refused` for a field whose class converts values in its own way, and
    ``KeyError`` for a field that does not exist.
    """
    model = concrete(ctx, label)
    name = model.pk if field == "pk" else field
    for item in model.fields:
        if name in (item.name, item.attname):
            problem = value_problem(ctx, item)
            if problem is not None:
                raise Refused(problem)
            if not has_column(item):
                raise refuse("field-without-column", item.name, "It has no column.", item.where)
            return attribute(item)
    raise KeyError(f"{label}.{field}")
