"""``self._get_parent_lookup_kwargs()`` of drf-nested-routers: a dict that is known."""

from __future__ import annotations

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import Introspected, ViewSelf
from segue.translate.rules.registry import method
from segue.translate.specialise.endpoint import Endpoint
from segue.translate.views import nested


@method(ViewSelf, "_get_parent_lookup_kwargs")
def parent_lookup_kwargs(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """Which argument of the URL is which look-up of the parent."""
    assert isinstance(owner.kind, ViewSelf)
    endpoint = owner.kind.endpoint
    if not isinstance(endpoint, Endpoint):
        return None
    found = nested.lookups(endpoint)
    if not found:
        return None
    return Val(Introspected("parent_lookup_kwargs", by_key=tuple(found.items())))
