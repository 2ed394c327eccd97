"""What MySQL and MariaDB make of a field otherwise than the others do."""

import datetime as dt
import decimal as de
import uuid as ids

from django.db import models
from fields.models import UuidKey


class Char32UUIDField(models.UUIDField):
    # of the release notes of Django 5.0
    def db_type(self, connection):
        return "char(32)"

    def get_db_prep_value(self, value, connection, prepared=False):
        value = super().get_db_prep_value(value, connection, prepared)
        return value if value is None else value.hex


class ShortTextField(models.TextField):
    def db_type(self, connection):
        return "text"


class Older(models.Model):
    key = Char32UUIDField(primary_key=True, default=ids.uuid4)
    before = models.ForeignKey("self", models.CASCADE, null=True)
    newer = models.ForeignKey(UuidKey, models.CASCADE, db_comment="it's DEFAULT 'x'", null=True)
    words = models.TextField(db_default="it's \\ 100 %, a\nline", db_collation="utf8mb4_bin")
    short = ShortTextField(db_index=True)
    price = models.DecimalField(max_digits=9, decimal_places=3, db_default=de.Decimal("1.5"))
    asked = models.DateTimeField(db_default=dt.datetime(2024, 2, 29, tzinfo=dt.UTC))
