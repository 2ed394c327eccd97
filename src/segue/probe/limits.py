"""``limit_choices_to`` of a model field as the condition on a relation field's queryset."""

from .values import plain_lookups


def choices_limit(field):
    """The ``limit_choices_to`` (a dict) that is all by which ``field.queryset`` differs from every row; None for others.

    ``rest_framework.utils.field_mapping.get_relation_kwargs`` filters the default manager by it.
    """
    from django.db.models import Q

    holder = field.parent if getattr(field.parent, "child_relation", None) is field else field
    model = getattr(getattr(holder.parent, "Meta", None), "model", None)
    try:
        relation = model._meta.get_field(holder.source)
        limit = relation.remote_field.limit_choices_to
        manager = relation.related_model._default_manager
        if not isinstance(limit, dict) or not limit or not plain_lookups(manager):
            return None
        wanted, given = manager.filter(Q(**limit)), field.queryset.all()
        same = (
            type(wanted) is type(given)
            and wanted.query.sql_with_params() == given.query.sql_with_params()
            and not given._prefetch_related_lookups
            and getattr(given, "_fields", None) is None
        )
        return limit if same else None
    except Exception:
        return None
