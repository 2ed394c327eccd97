"""What to do about a refusal: one sentence for each code, shown by ``segue assess`` and ``segue brief``."""

from __future__ import annotations

from segue.assess import advice_data, advice_views
from segue.translate.packages.known import PREFIX, advice_for

# Codes that are made of a fixed beginning and the name of a method.
_BEGINNINGS = (
    ("override-", "Do what the method does in a hook that Segue follows (get_queryset, perform_create, permissions), or port the route by hand with `segue brief`."),
    ("dynamic-", "Make the choice depend on the action, the method or constants only, so that it is known before a request comes."),
    ("queryset-", "Write the query with the methods of docs/translate-internals.md (filter, annotate, order_by, plain writes), or leave the route on Django."),
    ("serializer-", "Let the serializer's method return what DRF documents, built from validated_data and the instance alone."),
)  # fmt: skip

ADVICE: dict[str, str] = {
    code: sentence
    for table in (advice_views.GROUPS, advice_data.GROUPS)
    for sentence, codes in table.items()
    for code in codes.split()
}


def advice(code: str) -> str:
    """The sentence for ``code``; every code that a rule can emit has one (tests/assess/test_advice.py)."""
    if code.startswith(PREFIX):
        return advice_for(code.removeprefix(PREFIX))
    found = ADVICE.get(code)
    if found is not None:
        return found
    return next((sentence for beginning, sentence in _BEGINNINGS if code.startswith(beginning)), "")
