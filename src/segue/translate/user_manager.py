"""The manager by which Django finds users: generated code looks in the whole table, so the manager has to as well.

``ModelBackend.get_user`` asks the user model's ``_default_manager`` (users of sessions), ``ModelBackend.authenticate`` its
``get_by_natural_key`` (passwords), simplejwt the manager ``objects``. A manager that leaves deleted users out keeps
them from logging in.
"""

from __future__ import annotations

from segue.refusal import refuse
from segue.snapshot.model import Where
from segue.translate.context import Context
from segue.translate.load.models import concrete

# What ``manager.get(...)`` runs, as far as a project can replace it.
_QUERY = ("get_queryset", "get", "filter", "all", "using")


def check_user_manager(ctx: Context, where: Where, *, name: str = "", natural_key: bool = False) -> None:
    """Raise ``Refused`` unless the manager (``name``, else the default one) sees every user as Django's own does."""
    label = ctx.snapshot.settings.user_model
    model = concrete(ctx, label)
    name = name or model.default_manager or "objects"
    dotted = model.managers.get(name, "")
    manager = ctx.snapshot.classes.get(dotted)
    if manager is None:
        if dotted and not dotted.startswith("django."):
            raise refuse("user-manager", f"{label}.{name}", "The snapshot does not know this manager.", where)
        return
    for method in (*_QUERY, "get_by_natural_key") if natural_key else _QUERY:
        found = manager.methods.get(method, "")
        if found and not found.startswith("django."):
            function = ctx.snapshot.functions.get(found)
            why = "The manager of the users finds them in a way of its own."
            raise refuse(
                "user-manager", f"{label}.{name}.{method}", why, function.where if function else manager.where
            )
