"""django-money's serializer field. Source: ``djmoney.contrib.django_rest_framework.fields.MoneyField`` (3.6)."""

from __future__ import annotations

FIELD = "djmoney.contrib.django_rest_framework.fields.MoneyField"

__all__ = ["FIELD"]
