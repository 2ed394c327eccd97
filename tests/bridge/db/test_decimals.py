"""Values that meet a decimal column, as Django's own field reads them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db.models import DecimalField

from segue_bridge.db.coerce import LookupValueError, as_decimal

VALUES = (
    "1", " 1.50 ", "-0", "1e3", "1_0", "nan", "NaN", "inf", "-Infinity", "x", "", 3, True, None,
    Decimal("2.5"), Decimal("NaN"), Decimal("Infinity"), [1],
)  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_as_the_field(value: object) -> None:
    try:
        wanted = DecimalField(max_digits=6, decimal_places=2).to_python(value)
    except ValidationError:
        with pytest.raises(LookupValueError):
            as_decimal(value)
    else:
        assert as_decimal(value) == wanted
