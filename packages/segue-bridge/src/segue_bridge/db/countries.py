"""The column of a country: ``CountryField`` of django-countries (7.6 to 9), a ``varchar``."""

from __future__ import annotations

from collections.abc import Set
from typing import Any, ClassVar

from sqlalchemy import Dialect

from segue_bridge.countries import code_of
from segue_bridge.db.types import Varchar


class Country(Varchar):
    """The code of one of ``countries``. An object has it as ``Country.code`` gives it, and is saved with that (``CountryField.pre_save``);
    look-ups take the text as it is (``get_prep_value``)."""

    converts_assigned: ClassVar[bool] = True

    def __init__(self, length: int | None, countries: Set[str], *, collation: str = "") -> None:
        super().__init__(length, collation=collation)
        self.countries = countries

    def unbounded(self) -> Country:
        return Country(None, self.countries)

    def assigned(self, value: Any) -> Any:
        """The code of what an object is given."""
        return code_of(value, self.countries)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return code_of(value, self.countries)


__all__ = ["Country"]
