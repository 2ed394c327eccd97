"""The first line that a view's docstring says of one of its operations."""

from __future__ import annotations

import re

_HEADER = re.compile(r"[a-zA-Z][0-9A-Za-z_]*:")


def said(description: str, method: str, action: str) -> str:
    """Of a docstring with sections (``get:``, ``update:`` at the beginning of lines) that of ``method`` or ``action``.

    ``rest_framework.schemas.inspectors.ViewInspector._get_description_section``, which looks for the action in the class's
    docstring; views without actions have methods for them. Any other docstring: its first line.
    """
    sections = {"": ""}
    current = ""
    for line in description.strip().splitlines():
        if _HEADER.match(line):
            current, _, lead = line.partition(":")
            sections[current] = lead.strip()
        else:
            sections[current] += "\n" + line
    wanted = next((name for name in (action, method.lower()) if name in sections), None)
    if wanted is None:
        return description.strip().partition("\n")[0]
    return sections[wanted].strip().partition("\n")[0]
