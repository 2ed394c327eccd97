"""``rest_flex_fields.is_expanded(request, field)``: requests that expand anything are left to Django."""

from __future__ import annotations

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, const
from segue.translate.rules.registry import function
from segue.translate.serializers.flex_fields import understood


@function("rest_flex_fields.utils.is_expanded")
def is_expanded(frame: Frame, call: CallSite) -> Val | None:
    """No request that comes here has the parameter (:func:`segue.translate.serializers.flex_fields.left_to_django`)."""
    return const(False) if understood(frame.ctx) else None
