"""``django.utils.dateparse``: texts to dates, times and durations, None where the shape is wrong."""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, quote
from segue.translate.kinds import Const, Scalar
from segue.translate.rules.registry import function

_RESULTS = {
    "parse_date": "date",
    "parse_time": "time",
    "parse_datetime": "datetime",
    "parse_duration": "timedelta",
}


@function(*(f"django.utils.dateparse.{short}" for short in _RESULTS))
def parsed(frame: Frame, call: CallSite) -> Val:
    """``parse_date(text)``. What is no text raises ``TypeError`` on both sides, as what has the shape but is no date ``ValueError``."""
    call.only("value", at_most=1)
    value = call.argument(0, "value")
    short = call.name.rpartition(".")[2]
    text = value is not None and (
        (isinstance(value.kind, Const) and isinstance(value.kind.value, str))
        or (isinstance(value.kind, Scalar) and value.kind.type in ("str", "Any"))
    )
    if value is None or value.node is None or not text:
        raise frame.refuse(
            "argument", ast.unparse(call.node), "Segue does not see that it is a text.", call.node
        )
    made = quote("{0}({1})", frame.imported("segue_bridge.schema.moments", short), value.node)
    return Val(Scalar(_RESULTS[short], True), made)
