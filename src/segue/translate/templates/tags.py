"""Templates tag by tag: each kind of tag has one function that writes it for Jinja2."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from segue.refusal import Refused
from segue.translate.templates.writing import Shared, Template

_Writer = Callable[..., str]
_TAGS: dict[str, _Writer] = {}


def tag(*kinds: str) -> Callable[[_Writer], _Writer]:
    """Register what writes the tags of these kinds (:mod:`segue.probe.templates`)."""

    def register(write: _Writer) -> _Writer:
        _TAGS.update(dict.fromkeys(kinds, write))
        return write

    return register


def translate(
    shared: Shared, name: str, line_of: Callable[[], Refused], parent: Template | None = None
) -> None:
    """Translate the template ``name`` and those it takes in. ``line_of`` makes the refusal of one that is not known."""
    one = shared.templates.get(name)
    if one is None:
        raise line_of()
    if name in shared.open:
        raise line_of()
    template = Template(shared, name, str(one["file"]))
    if parent is not None:
        template.scopes = list(parent.scopes)
        template.inside = parent.inside
        template.looped = parent.looped or bool(parent.loops)
    if one["problem"]:
        raise template.refuse(name, f"Django cannot read it: {one['problem']}", 1)
    shared.open.append(name)
    text = written(template, one["nodes"])
    shared.open.pop()
    if shared.files.setdefault(name, text) != text:
        raise template.refuse(
            name, "It is shown with other things under the same names, which would be another template.", 1
        )


def written(template: Template, nodes: list[Any]) -> str:
    """The text of Jinja2 for ``nodes`` (kind, line, and what the probe says of the tag), one after the other."""
    return "".join(_TAGS[kind](template, line, *rest) for kind, line, *rest in nodes)
