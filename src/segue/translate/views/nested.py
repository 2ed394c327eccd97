"""``NestedViewSetMixin`` of drf-nested-routers: the parents' keys go from the URL into what was sent.

Source: ``rest_framework_nested.viewsets`` (0.94, 0.95). Its ``get_queryset`` is translated as any other code.
"""

from __future__ import annotations

from segue.translate.kinds import Scalar
from segue.translate.specialise.endpoint import EMPTY, Endpoint
from segue.translate.specialise.fold import Ref, plain

INITIAL = "rest_framework_nested.viewsets.NestedViewSetMixin.initial"
_NAME = "parent_lookup_kwargs"


def parents(endpoint: Endpoint) -> dict[str, str]:
    """URL argument → name under which it is put, for views with the mixin's ``initial``. Raises ``Refused``."""
    return {argument: lookup.partition("__")[0] for argument, lookup in lookups(endpoint).items()}


def lookups(endpoint: Endpoint) -> dict[str, str]:
    """URL argument → look-up of the parent (``parent_lookup_kwargs``), empty without the mixin. Raises ``Refused``."""
    if endpoint.overridden("initial") != INITIAL:
        return {}
    known = endpoint.klass()
    if known is not None and not known.methods.get("_get_parent_lookup_kwargs", "").startswith(
        "rest_framework_nested."
    ):
        raise endpoint.refuse_method("_get_parent_lookup_kwargs", "It names the parents by code of its own.")
    given = endpoint.fixed(_NAME)
    if not plain(given) and not endpoint.overridden("get_serializer_class"):
        serializer = plain(endpoint.attribute("serializer_class"))
        cls = endpoint.ctx.snapshot.classes.get(serializer.name) if isinstance(serializer, Ref) else None
        held = cls.attributes.get(_NAME) if cls is not None else None
        given = held.value if held is not None else EMPTY
    found = plain(given)
    if (
        not isinstance(found, dict)
        or not found
        or not all(isinstance(x, str) for p in found.items() for x in p)
    ):
        raise endpoint.refuse("nested", _NAME, "Segue does not see which parents it names.")
    if any(argument not in {p.name for p in endpoint.route.parameters} for argument in found):
        raise endpoint.refuse("nested", _NAME, "It names an argument that this URL does not have.")
    if any(endpoint.url_arguments[argument] != Scalar("str") for argument in found):
        why = "The URL makes a number or a UUID of it; Segue puts texts among what was sent."
        raise endpoint.refuse("nested", _NAME, why)
    return found


__all__ = ["INITIAL", "lookups", "parents"]
