"""XML bodies as lists and objects, so that what is known of JSON holds for them: whose order means nothing, what moves."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

Answer = dict[str, Any]


def structured(answer: Answer) -> Answer:
    """``answer`` with its XML body as ``{tag: [children]}`` and ``{tag: text}``; any other as it is."""
    body = answer["body"]
    if not isinstance(body, str) or not body.lstrip().startswith("<?xml"):
        return answer
    try:
        root = ElementTree.fromstring(body.encode())
    except ElementTree.ParseError:
        return answer
    return {**answer, "body": {"@prolog": body.partition("?>")[0], **_element(root)}}


def _element(element: ElementTree.Element) -> dict[str, Any]:
    children = [_element(child) for child in element]
    out: dict[str, Any] = {element.tag: children or (element.text or "")}
    out |= {f"@{name}": value for name, value in sorted(element.attrib.items())}
    mixed = [element.text if children else "", element.tail]
    if any(text and text.strip() for text in mixed):
        out["@text"] = mixed
    return out
