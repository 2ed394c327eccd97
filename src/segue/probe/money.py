"""``MoneyField`` of django-money: the column beside it, and the currencies that Django knows.

Sources: ``djmoney.models.fields.MoneyField``, ``moneyed.classes.get_currency`` (every code of ``CURRENCIES``, a project's own among them).
"""


def columns_of(field):
    """``MoneyColumns`` of the very class of the package; None for other fields."""
    cls = type(field)
    if (cls.__module__, cls.__name__) != ("djmoney.models.fields", "MoneyField"):
        return None
    from djmoney.models.fields import MoneyFieldProxy
    from moneyed import CURRENCIES

    if field.money_descriptor_class is not MoneyFieldProxy:
        return None
    return {"currency": field._currency_field.name, "codes": sorted(CURRENCIES)}
