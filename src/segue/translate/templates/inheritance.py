"""Templates in templates, and templates that extend others.

Source: ``django.template.loader_tags``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from segue.refusal import Refused
from segue.translate.templates.control import named_parts
from segue.translate.templates.tags import tag, translate, written
from segue.translate.templates.writing import Shared, Template, quoted


@tag("include")
def _include(template: Template, line: int, name: str | None, named: list[Any], only: bool) -> str:
    if name is None:
        raise template.refuse("{% include %}", "Which template it takes in is computed.", line)
    if not template.escapes:
        raise template.refuse("{% include %}", "It stands inside of {% autoescape off %}.", line)
    texts, known = named_parts(template, named, line)
    inner = Template(template.shared, template.name, template.file, [*template.scopes, known], template.loops)
    inner.inside, inner.looped = template.inside, template.looped
    if only:
        raise template.refuse("{% include … only %}", "Segue has no rule for it.", line)
    translate(
        template.shared,
        name,
        lambda: template.refuse(name, "Segue does not find this template.", line),
        inner,
    )
    taken = f"{{% include {quoted(name)} %}}"
    return f"{{% with {texts} %}}{taken}{{% endwith %}}" if texts else taken


@tag("block")
def _block(template: Template, line: int, name: str, body: list[Any]) -> str:
    if template.scopes or template.loops or not template.escapes:
        why = "A block inside of for, with, autoescape or an included template."
        raise template.refuse(f"{{% block {name} %}}", why, line)
    _check_block(template, name, line)
    # Another template may have this block in its place.
    with template.maybe(), template.replacing(name):
        return f"{{% block {name} %}}{written(template, body)}{{% endblock %}}"


def _check_block(template: Template, name: str, line: int) -> None:
    if not name.isidentifier():
        why = "Blocks of Jinja2 are named with letters, digits and underscores. Give it another name."
        raise template.refuse(f"{{% block {name} %}}", why, line)


@tag("extends")
def _extends(template: Template, line: int, name: str | None, body: list[Any]) -> str:
    if name is None:
        raise template.refuse("{% extends %}", "Which template it extends is computed.", line)
    if template.scopes or template.looped or (len(template.shared.open) > 1 and template.inside):
        raise template.refuse("{% extends %}", "It is included by another template.", line)

    def unknown() -> Refused:
        return template.refuse(name, "Segue does not find this template, or it extends itself.", line)

    leaf = len(template.shared.open) == 1
    shown_once = _always(template.shared, name) if leaf else frozenset[str]()
    translate(template.shared, name, unknown)
    template.inherited = _blocks(template.shared, name)
    made = [f"{{% extends {quoted(name)} %}}\n"]
    for kind, at, *rest in body:
        if kind == "block":
            block, inner = rest
            if block in shown_once:
                _check_block(template, block, at)
                with template.replacing(block):
                    made.append(f"\n{{% block {block} %}}{written(template, inner)}{{% endblock %}}\n")
            else:
                made.append(f"\n{_block(template, at, block, inner)}\n")
        elif kind != "text" and _has_block(rest):
            raise template.refuse(
                "{% block %}", "It stands inside of another tag, in a template that extends another.", at
            )
    return "".join(made)


def _has_block(parts: Any) -> bool:
    return next(_blocks_of(parts), None) is not None


def _blocks_of(parts: Any) -> Iterator[str]:
    if isinstance(parts, list | tuple):
        if len(parts) > 2 and parts[0] == "block":
            yield str(parts[2])
        for part in parts:
            yield from _blocks_of(part)


def _blocks(shared: Shared, name: str) -> frozenset[str]:
    """The blocks that a template and those that it extends have."""
    found: set[str] = set()
    names = [name]
    for one in names:
        nodes = (shared.templates.get(one) or {}).get("nodes") or []
        found.update(_blocks_of(nodes))
        names += [rest[0] for kind, _, *rest in nodes if kind == "extends" and rest[0] not in names]
    return frozenset(found)


def _always(shared: Shared, name: str) -> frozenset[str]:
    """The blocks that are shown exactly once, whatever the template is given."""
    seen: set[str] = set()
    while name not in seen:
        seen.add(name)
        nodes = (shared.templates.get(name) or {}).get("nodes") or []
        further = next((rest[0] for kind, _, *rest in nodes if kind == "extends"), None)
        if further is None:
            return frozenset(rest[0] for kind, _, *rest in nodes if kind == "block")
        name = further
    return frozenset()
