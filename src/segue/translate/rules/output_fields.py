"""Fields made for ``output_field=`` and ``Cast``: ``IntegerField()``."""

from __future__ import annotations

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import OutputField
from segue.translate.rules.registry import function

_FIELDS = {
    "IntegerField": "int",
    "BigIntegerField": "int",
    "PositiveIntegerField": "int",
    "FloatField": "float",
    "CharField": "str",
    "TextField": "str",
    "BooleanField": "bool",
    "DateField": "date",
    "DateTimeField": "datetime",
    "DecimalField": "Decimal",
    "DurationField": "timedelta",
}


def _output_field(frame: Frame, call: CallSite) -> Val:
    return Val(OutputField(call.name.rpartition(".")[2], bool(call.node.args or call.node.keywords)))


for _cls in _FIELDS:
    function(f"django.db.models.fields.{_cls}", f"django.db.models.{_cls}")(_output_field)


def python_of(given: Val) -> str:
    """The Python type of its values, or nothing."""
    return _FIELDS.get(given.kind.cls, "") if isinstance(given.kind, OutputField) else ""
