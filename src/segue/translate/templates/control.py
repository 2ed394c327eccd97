"""Text, choices, names for a part of a template, and whether texts are escaped.

Source: ``django.template.defaulttags``.
"""

from __future__ import annotations

import ast
from typing import Any

from segue.translate.kinds import (
    QuerySet,
    RelatedManager,
)
from segue.translate.templates.conditions import condition
from segue.translate.templates.filters import expression
from segue.translate.templates.tags import tag, written
from segue.translate.templates.writing import TAKEN, Found, Template, plain_text


@tag("other")
def _other(template: Template, line: int, tag: str, cls: str) -> str:
    raise template.refuse(f"{{% {tag} %}}", "Segue has no rule for this tag.", line)


@tag("text", "verbatim", "templatetag")
def plain(template: Template, line: int, text: str) -> str:
    if "endraw" in text:
        raise template.refuse("endraw", "Jinja2 ends raw text with this word.", line)
    return plain_text(text)


@tag("if")
def _if(template: Template, line: int, *branches: list[Any]) -> str:
    made: list[str] = []
    for at, (asked, body) in enumerate(branches):
        if asked is None:
            made.append("{% else %}")
        else:
            template.inside += at > 0
            made.append("{% " + ("elif" if at else "if") + f" {condition(template, asked, line)} %}}")
            template.inside -= at > 0
        with template.maybe():
            made.append(written(template, body))
    return "".join([*made, "{% endif %}"])


@tag("with")
def _with(template: Template, line: int, named: list[Any], body: list[Any]) -> str:
    texts, known = named_parts(template, named, line)
    with template.scope(known):
        return f"{{% with {texts} %}}{written(template, body)}{{% endwith %}}"


def named_parts(template: Template, named: list[Any], line: int) -> tuple[str, dict[str, Found]]:
    known: dict[str, Found] = {}
    texts: list[str] = []
    for name, one in named:
        if name in TAKEN or not name.isidentifier():
            raise template.refuse(name, "It means something else in Jinja2. Give it another name.", line)
        found = expression(template, one, line)
        if found.missing or found.absent:
            raise template.refuse(name, "It may be missing, and is an empty text then.", line)
        if isinstance(found.kind, QuerySet | RelatedManager):
            raise template.refuse(
                name, "Its rows are asked for once, and kept. Give the template a list.", line
            )
        texts.append(f"{name} = {found.text}")
        # Its code in Python would have to be that of the object itself.
        known[name] = Found(name, found.kind, ast.Name(name, ast.Load()) if found.node is not None else None)
    return ", ".join(texts), known


@tag("autoescape")
def _autoescape(template: Template, line: int, on: bool, body: list[Any]) -> str:
    before, template.escapes = template.escapes, on
    inner = written(template, body)
    template.escapes = before
    return f"{{% autoescape {str(on).lower()} %}}{inner}{{% endautoescape %}}"
