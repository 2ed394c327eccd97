"""Numbers and booleans: DRF's IntegerField, BigIntegerField, FloatField, DecimalField, BooleanField."""

from __future__ import annotations

import contextlib
import decimal
import math
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

from segue_bridge.schema.base import Field
from segue_bridge.schema.validators import MaxValue, MinValue
from segue_bridge.translation import Text
from segue_bridge.translation import gettext_lazy as _

# DRF guards against numbers that are expensive to convert.
_LONGEST = 1000
_ZERO_FRACTION = re.compile(r"\.0*\s*$")


class _Bounded(Field):
    """``min_value`` / ``max_value`` with DRF's texts."""

    messages: ClassVar[Mapping[str, Text]] = {
        "max_value": _("Ensure this value is less than or equal to {max_value}."),
        "min_value": _("Ensure this value is greater than or equal to {min_value}."),
        "max_string_length": _("String value too large."),
    }

    def __init__(self, *, max_value: Any = None, min_value: Any = None, **options: Any) -> None:
        super().__init__(**options)
        self.max_value = max_value
        self.min_value = min_value
        if max_value is not None:
            text = self.texts["max_value"].format(max_value=max_value)
            self.built_in += (MaxValue(max_value, text),)
        if min_value is not None:
            text = self.texts["min_value"].format(min_value=min_value)
            self.built_in += (MinValue(min_value, text),)

    def bounds(self) -> dict[str, Any]:
        """JSON schema of the bounds."""
        schema: dict[str, Any] = {}
        if self.max_value is not None:
            schema["maximum"] = _number(self.max_value)
        if self.min_value is not None:
            schema["minimum"] = _number(self.min_value)
        return schema


def _number(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value


class Integer(_Bounded):
    """``IntegerField``: ``"1"``, ``"1.0"``, ``1.0``; ``true`` and ``1.5`` are refused."""

    messages: ClassVar[Mapping[str, Text]] = {"invalid": _("A valid integer is required.")}

    def parse(self, raw: Any) -> Any:
        if isinstance(raw, str) and len(raw) > _LONGEST:
            self.fail("max_string_length")
        try:
            return int(_ZERO_FRACTION.sub("", str(raw)))
        except (ValueError, TypeError):
            self.fail("invalid")

    def json_schema(self) -> dict[str, Any]:
        return {"type": "integer", **self.bounds()}


class BigInteger(Integer):
    """``BigIntegerField``: as :class:`Integer` with its own text."""

    messages: ClassVar[Mapping[str, Text]] = {"invalid": _("A valid biginteger is required.")}


class Float(_Bounded):
    """``FloatField``: finite numbers; ``true`` is 1.0. Until DRF 3.17 "nan" and "inf" were numbers, too."""

    messages: ClassVar[Mapping[str, Text]] = {
        "invalid": _("A valid number is required."),
        "overflow": _("Integer value too large to convert to float"),
    }

    def __init__(self, *, finite: bool = True, **options: Any) -> None:
        super().__init__(**options)
        self.finite = finite

    def parse(self, raw: Any) -> Any:
        if isinstance(raw, str) and len(raw) > _LONGEST:
            self.fail("max_string_length")
        try:
            value = float(raw)
        except (TypeError, ValueError):
            self.fail("invalid")
        except OverflowError:
            self.fail("overflow")
        if self.finite and not math.isfinite(value):
            self.fail("invalid")
        return value

    def json_schema(self) -> dict[str, Any]:
        return {"type": "number", **self.bounds()}


class DecimalField(_Bounded):
    """``DecimalField``: digits are counted first (first failure only), then quantized."""

    messages: ClassVar[Mapping[str, Text]] = {
        "invalid": _("A valid number is required."),
        "max_digits": _("Ensure that there are no more than {max_digits} digits in total."),
        "max_decimal_places": _("Ensure that there are no more than {max_decimal_places} decimal places."),
        "max_whole_digits": _(
            "Ensure that there are no more than {max_whole_digits} digits before the decimal point."
        ),
    }

    def __init__(
        self,
        max_digits: int | None,
        decimal_places: int | None,
        *,
        rounding: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.max_digits = max_digits
        self.decimal_places = decimal_places
        self.rounding = rounding

    def start(self, raw: Any, *, required: bool, default: Any, partial: bool) -> tuple[bool, Any]:
        """Blank text is ``None`` when that is allowed, in JSON too."""
        if self.null and isinstance(raw, str) and raw.strip() == "":
            return True, None
        return super().start(raw, required=required, default=default, partial=partial)

    def parse(self, raw: Any) -> Any:
        text = (raw.decode() if isinstance(raw, bytes) else str(raw)).strip()
        if len(text) > _LONGEST:
            self.fail("max_string_length")
        try:
            value = Decimal(text)
        except decimal.DecimalException:
            self.fail("invalid")
        if not value.is_finite():
            self.fail("invalid")
        self._count(value)
        return quantized(value, self.max_digits, self.decimal_places, self.rounding)

    def _count(self, value: Decimal) -> None:
        _, numbers, exponent = value.as_tuple()
        assert isinstance(exponent, int)
        if exponent >= 0:
            total = whole = len(numbers) + exponent
            places = 0
        elif len(numbers) > -exponent:
            total, places = len(numbers), -exponent
            whole = total - places
        else:
            total = places = -exponent
            whole = 0
        if self.max_digits is not None and total > self.max_digits:
            self.fail("max_digits", max_digits=self.max_digits)
        if self.decimal_places is not None and places > self.decimal_places:
            self.fail("max_decimal_places", max_decimal_places=self.decimal_places)
        if self.max_digits is not None and self.decimal_places is not None:
            most = self.max_digits - self.decimal_places
            if whole > most:
                self.fail("max_whole_digits", max_whole_digits=most)

    def json_schema(self) -> dict[str, Any]:
        return {"anyOf": [{"type": "number", **self.bounds()}, {"type": "string", "format": "decimal"}]}


def quantized(
    value: Decimal, max_digits: int | None, decimal_places: int | None, rounding: str | None = None
) -> Decimal:
    """``DecimalField.quantize``: to ``decimal_places``, within ``max_digits`` of precision."""
    if decimal_places is None:
        return value
    context = decimal.getcontext().copy()
    if max_digits is not None:
        context.prec = max_digits
    return value.quantize(Decimal(".1") ** decimal_places, rounding=rounding, context=context)


_TRUE = frozenset({"t", "y", "yes", "true", "on", "1", 1})
_FALSE = frozenset({"f", "n", "no", "false", "off", "0", 0})


class Boolean(Field):
    """``BooleanField``: an absent form key is ``False``, or ``None`` where null is allowed."""

    messages: ClassVar[Mapping[str, Text]] = {"invalid": _("Must be a valid boolean.")}

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.form_default = None if self.null else False  # type: ignore[misc]

    def parse(self, raw: Any) -> Any:
        word = raw.lower() if isinstance(raw, str) else raw
        with contextlib.suppress(TypeError):  # lists and objects cannot be members of a set
            if word in _TRUE:
                return True
            if word in _FALSE:
                return False
            if self.null and word in ("null", ""):
                return None
        return self.fail("invalid", input=raw)

    def json_schema(self) -> dict[str, Any]:
        return {"type": "boolean"}
