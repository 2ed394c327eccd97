"""A rule's method and URL pattern for nginx, whose regular expressions are PCRE's."""

from __future__ import annotations

import re

from segue.errors import UsageError
from segue.gateway.table import Rule

LONGEST = 4000
"""Characters that nginx takes in one parameter (``NGX_CONF_BUFFER`` is 4096)."""


_ELSEWHERE = (
    ("(?P=", "it refers to a group by name"),
    ("(?(", "it refers to a group by number"),
    *((f"\\{number}", "it refers to a group by number") for number in range(1, 10)),
    *(
        (sign, "it looks back to the path's beginning, before which the method stands here")
        for sign in ("^", "\\A", "(?<=", "(?<!")
    ),
    ("{,", "{,n} is plain text there"),
)
"""What means something else in PCRE, in the text that nginx has it match, or after the names of groups are gone."""
_PLAIN = re.compile(r"\\[^1-9A]|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
"""Escaped signs and classes, in which nothing of that is."""


def regex(rule: Rule) -> str:
    """The key of nginx's ``map`` over "METHOD PATH". Raises :class:`UsageError` for a pattern that nginx cannot hold."""
    bare = _PLAIN.sub("", rule.regex)
    for sign, what in _ELSEWHERE:
        if sign in bare:
            raise UsageError(
                f"nginx cannot match the URL pattern of {rule.key} ({what}).",
                hint="Use `--to in-process`, which matches as Django does.",
            )
    methods = "|".join(rule.methods) or r"\S+"
    pattern = re.sub(r"\(\?P<\w+>", "(?:", rule.regex)  # a named group would set a variable
    whole = f"~^(?:{methods}) (?:{pattern})$"
    if len(quoted(whole)) > LONGEST:
        raise UsageError(
            f"The URL pattern of {rule.key} is longer than nginx takes in one parameter.",
            hint="Use another gateway, or `--to in-process`.",
        )
    return whole


def quoted(text: str) -> str:
    """As one parameter of nginx's file."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
