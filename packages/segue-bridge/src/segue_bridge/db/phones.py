"""The column of a phone number: ``PhoneNumberField`` of django-phonenumber-field (7.2 to 9), a ``varchar``."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import Dialect

from segue_bridge.db.types import Varchar
from segue_bridge.phones import Phones


class Phone(Varchar):
    """A phone number; ``region`` is where numbers without a country are from that code assigns or looks for.

    Read is a :class:`~segue_bridge.phones.PhoneNumber` (``from_db_value``), which an object has as soon as one is assigned
    (``PhoneNumberDescriptor``); what is empty stays so. Written, and looked for, is the text of ``get_prep_value``.
    """

    converts_assigned: ClassVar[bool] = True

    def __init__(
        self, length: int | None, phones: Phones, region: str | None = None, *, collation: str = ""
    ) -> None:
        super().__init__(length, collation=collation)
        self.phones = phones
        self.region = region

    def assigned(self, value: Any) -> Any:
        """What an object has of a value that it is given."""
        return self.phones.read(value, self.region)

    def unbounded(self) -> Phone:
        return Phone(None, self.phones, self.region)

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return self.phones.written(value, self.region)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return self.phones.read(value)


__all__ = ["Phone"]
