"""Refusals carry a stable code and the place of the construct in the project."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from segue.refusal import Refused
from segue.snapshot.model import Snapshot
from segue.translate.context import Context
from segue.translate.kinds import Instance
from segue.translate.needs import Needs
from segue.translate.serializers import creator, presenter, updater, writer

SOURCE = (Path(__file__).with_name("project") / "shop/refused.py").read_text().split("\n")


def read(ctx: Context, name: str) -> Any:
    model = ctx.snapshot.serializers[name].model
    return presenter(ctx, name, Instance(model, Needs(model)))


CASES: list[tuple[str, Callable[[Context, str], Any], str, str]] = [
    ("DynamicSerializer", read, "context", "self.context.get"),
    ("DynamicSerializer", writer, "context", "self.context.get"),
    ("OwnInputSerializer", writer, "serializer-to-internal-value", "def to_internal_value"),
    ("OwnFieldSerializer", writer, "field-input", "def run_validation"),
    ("ClockSerializer", writer, "field-input", "def __init__"),
    ("NowSerializer", writer, "field-input", "def __init__"),
    ("StampSerializer", writer, "field-input", "def __init__"),
    ("LinkedSerializer", read, "hyperlink", "publisher = "),
    ("LinkedSerializer", writer, "hyperlink", "publisher = "),
    ("FilteredSerializer", writer, "relation-queryset", "author = "),
    ("LimitedSerializer", writer, "relation-queryset", "class Meta"),
    ("OwnStorageSerializer", read, "file-storage", "class Meta"),
    ("DottedWriteSerializer", updater, "source-write", "city = "),
    ("DottedWriteSerializer", read, "source-missing", "city = "),
    ("PlainSerializer", creator, "serializer-create", "class PlainSerializer"),
    ("MoneySerializer", writer, "decimal-localize", "amount = "),
    ("RomanSerializer", writer, "field-input", "def get_queryset"),
    ("VisibleSerializer", writer, "field-input", "def get_queryset"),
    ("CatchingOwnSerializer", writer, "except", "try:"),
    ("CatchingOtherSerializer", writer, "except", "try:"),
    ("CatchingCleanSerializer", writer, "except", "try:"),
    ("ForgetfulSerializer", writer, "validate-result", "def validate_label"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}-{case[2]}")
def test_refusal(shop: Snapshot, case: tuple[str, Callable[[Context, str], Any], str, str]) -> None:
    name, call, code, construct = case
    with pytest.raises(Refused) as caught:
        call(Context(shop), f"shop.refused.{name}")
    refusal = caught.value.refusal
    assert refusal.code == code
    assert refusal.file == "shop/refused.py"
    assert construct in SOURCE[refusal.line - 1]
    assert refusal.why.endswith(".")


def test_other_uses_of_a_refused_serializer_still_translate(shop: Snapshot) -> None:
    """Only what needs the construct is refused."""
    ctx = Context(shop)
    assert read(ctx, "shop.refused.FilteredSerializer").lifted


MODELS = (Path(__file__).with_name("project") / "shop/models.py").read_text().split("\n")


@pytest.mark.parametrize(
    ("name", "code", "construct"),
    [
        ("SealedSerializer", "exception-class", "raise rest_framework"),
        ("OddSerializer", "full-clean", "class Odd"),
    ],
)
def test_what_saving_validates_is_refused_at_the_model(
    shop: Snapshot, name: str, code: str, construct: str
) -> None:
    with pytest.raises(Refused) as caught:
        creator(Context(shop), f"shop.refused.{name}")
    refusal = caught.value.refusal
    assert (refusal.code, refusal.file) == (code, "shop/models.py")
    assert construct in MODELS[refusal.line - 1]
