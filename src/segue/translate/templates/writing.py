"""What the translation of one template knows: where it is shown, what its names stand for, what it needs to be given."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from segue.refusal import Refusal, Refused
from segue.snapshot.model import Where
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import Kind

#: Names that mean something to Jinja2, or to the bridge's templates.
TAKEN = frozenset(
    {
        "and", "autoescape", "block", "call", "caller", "cycler", "dict", "do", "elif", "else", "extends", "filter",
        "for", "from", "gettext", "if", "import", "in", "include", "is", "joiner", "kwargs", "lipsum", "loop", "macro",
        "namespace", "ngettext", "none", "None", "none_if_missing", "not", "now", "or", "quote", "range", "recursive",
        "self", "set", "super", "true", "True", "false", "False", "varargs", "with",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """An expression of a template: its text in Jinja2, what it is, whether the template may not know it at all.

    ``node`` is its code in Python, in terms of the caller and of the loops' variables; ``absent``: it is never known.
    """

    text: str
    kind: Kind
    node: ast.expr | None = None
    missing: bool = False
    absent: bool = False


@dataclass(slots=True)
class Shared:
    """What all templates of one call of ``render_to_string`` share. ``more`` is what they need beside the context, by name;
    ``files`` their texts; ``used`` the names of the context that they look at; ``unknown`` those that it does not have, with
    the template that asks."""

    frame: Frame
    call: ast.expr
    templates: dict[str, Any]
    names: dict[str, Val]
    more: dict[str, ast.expr] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    unknown: dict[str, str] = field(default_factory=dict)
    open: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Template:
    """One template as it is translated. ``scopes`` are what ``with`` and ``for`` name, innermost last; ``loops`` how many
    loops there are around; ``inside`` whether this may run never or more than once; ``looped`` whether it is included in a loop;
    ``inherited`` the blocks of what it extends, ``replaces`` whether this is in one of them."""

    shared: Shared
    name: str
    file: str
    scopes: list[dict[str, Found]] = field(default_factory=list)
    loops: int = 0
    looped: bool = False
    inside: int = 0
    escapes: bool = True
    inherited: frozenset[str] = frozenset()
    replaces: bool = False

    @property
    def frame(self) -> Frame:
        return self.shared.frame

    def refuse(self, what: str, why: str, line: int) -> Refused:
        """A refusal to raise, at the template's line."""
        return Refused(Refusal("template", what, why, self.file, line))

    def at(self, refused: Refused, what: str, line: int) -> Refused:
        """A refusal of what the template asks for, with the place in the template."""
        reason = refused.refusal
        return Refused(replace(reason, construct=f"{what}: {reason.construct}", file=self.file, line=line))

    @contextmanager
    def scope(self, names: dict[str, Found]) -> Iterator[None]:
        """Names that are known inside."""
        self.scopes.append(names)
        try:
            yield
        finally:
            self.scopes.pop()

    @contextmanager
    def maybe(self) -> Iterator[None]:
        """What is inside may run never, or several times."""
        self.inside += 1
        try:
            yield
        finally:
            self.inside -= 1

    @contextmanager
    def replacing(self, block: str) -> Iterator[None]:
        """What is inside is the block of this name."""
        before, self.replaces = self.replaces, block in self.inherited
        try:
            yield
        finally:
            self.replaces = before

    def where(self, line: int) -> Where:
        """A line of the template."""
        return Where(self.file, line)


def quoted(text: str) -> str:
    """A text as Jinja2 writes one."""
    return json.dumps(text, ensure_ascii=False)


def literal(value: object, *, safe: bool) -> str:
    """A constant of a template. Texts there are HTML already."""
    if isinstance(value, str):
        plain = quoted(value)
        return f"({plain}|safe)" if safe and any(c in value for c in "<>&\"'") else plain
    return repr(value)


def plain_text(text: str) -> str:
    """Text between tags: what looks like a tag of Jinja2 is marked as none."""
    if any(mark in text for mark in ("{{", "{%", "{#")) or text.endswith("{"):
        return "{% raw %}" + text + "{% endraw %}"
    return text


__all__ = ["TAKEN", "Found", "Shared", "Template", "literal", "plain_text", "quoted"]
