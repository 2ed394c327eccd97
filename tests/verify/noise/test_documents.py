"""XML answers of DRF-XML's form, and others."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest

from segue.verify.joined.compare import differences
from segue.verify.joined.noise.documents import structured
from segue.verify.joined.noise.orders import moved

HEAD = '<?xml version="1.0" encoding="utf-8"?>\n'


def _xml(*names: str, tag: str = "list-item") -> Any:
    root = ElementTree.Element("root")
    for name in names:
        ElementTree.SubElement(ElementTree.SubElement(root, tag), "name").text = name
    return structured({"body": HEAD + ElementTree.tostring(root, encoding="unicode")})["body"]


def test_rows_in_another_order_are_lists_that_moved() -> None:
    assert moved(_xml("a", "b"), _xml("b", "a"), lambda path: False) == {"body.root"}
    assert moved(_xml("a", "b"), _xml("b", "a", "c"), lambda path: False) == set()


@pytest.mark.parametrize("other", [_xml("a", "c"), _xml("a"), _xml("a", "b", tag="item")])
def test_other_content_stays_a_difference(other: Any) -> None:
    assert differences(_xml("a", "b"), other)


@pytest.mark.parametrize(
    "changed",
    [HEAD + "<a><b x='1'/></a>", HEAD + "<a>text<b/></a>", HEAD + "<a><b/>text</a>", HEAD.replace("1.0", "1.1") + "<a><b/></a>"],
)  # fmt: skip
def test_nothing_of_the_text_is_lost(changed: str) -> None:
    first = structured({"body": HEAD + "<a><b/></a>"})
    assert differences(first, structured({"body": changed}))


@pytest.mark.parametrize("body", [None, {"a": 1}, "", "text", "<html>", HEAD + "<broken", "\x00"])
def test_other_bodies_stay_as_they_are(body: Any) -> None:
    assert structured({"body": body}) == {"body": body}
