"""What of ``library/computing.py`` is refused, with the code of the refusal."""

from __future__ import annotations

REFUSED: dict[str, str] = {
    # Django raises FieldError.
    "case_coalesce_of_decimals_and_integers": "expression",
    "case_sum_or_an_integer": "expression",
    "case_decimals_and_floats": "expression",
    "case_decimal_divided": "expression",
    "case_day_and_duration": "expression",
    "case_duration_doubled": "expression",
    "case_in_another_zone": "localtime",
    "case_dict_of_what_writes": "read-order",
    "case_then_of_a_computed_name": "expression",
}
