"""Several functions that one legacy function has become say in their names what tells them apart."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import cast

from segue.snapshot.model import Where
from segue.translate.context import Context
from segue.translate.functions.final_names import apart, free
from segue.translate.functions.record import FunctionRecord
from segue.translate.interp.frame import Parameter
from segue.translate.kinds import Const


def record(
    base: str, about: str = "Event", *, folded: str = "", user: str = "", asks: bool = False
) -> FunctionRecord:
    """``base(user, obj)`` for an ``about``, with a constant permission."""
    return FunctionRecord(
        token="", base_name=base, app="lab", module_kind="services",
        parameters=[Parameter("user", lambda: "User"), Parameter("obj", lambda: about)],
        lines=[], imports=frozenset(), is_async=asks, returns=Const(None), doc="", legacy=f"lab.Owner.{base}",
        where=Where(str(Path("lab.py")), 1), folded=(("perm", folded),) if folded else (), user=user,
    )  # fmt: skip


def names(*given: FunctionRecord) -> list[str]:
    """What they are called, in this order."""
    ctx = cast(Context, SimpleNamespace(memo={}))
    groups = [[one] for one in given]
    told, used = apart(groups), set[str]()
    for group in groups:
        used.add(free(ctx, group, used, told))
        group[0].final = (used - {one.final for one in given}).pop()
    return [one.final for one in given]


def test_constants_that_tell_them_apart_are_in_all_of_their_names() -> None:
    found = names(record("has_perm", folded="tag.view_tag"), record("has_perm", folded="tag.edit_tag"))
    assert found == ["has_perm_view_tag", "has_perm_edit_tag"]


def test_one_alone_or_with_equal_constants_keeps_its_name() -> None:
    assert names(record("has_perm", folded="tag.view_tag")) == ["has_perm"]
    found = names(record("has_perm", folded="a.b c!"), record("has_perm", "Tag", folded="a.b c!"))
    assert found == ["has_perm", "has_perm_b_c"]


def test_what_it_is_about_and_what_it_asks_for() -> None:
    given = [
        record("is_open"), record("is_open", "TagRow", asks=True), record("is_open", "TagRow | None"),
        record("is_open", "TagRow", asks=True), record("is_open", "TagRow"), record("is_open", "TagRow"),
    ]  # fmt: skip
    assert names(*given) == [
        "is_open", "is_open_loading", "is_open_tag", "is_open_tag_loading", "is_open_tag_2", "is_open_tag_3",
    ]  # fmt: skip


def test_the_class_it_was_specialised_for() -> None:
    found = names(
        record("owner_may", user="tags"), record("owner_may", user="notes"), record("owner_may", user="notes")
    )
    assert found == ["owner_may", "notes_may", "notes_may_event"]
