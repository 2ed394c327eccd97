"""Texts in the language of the request.

Source: ``django.templatetags.i18n``.
"""

from __future__ import annotations

import re
from typing import Any

from segue.translate import language
from segue.translate.interp.join import widen
from segue.translate.kinds import (
    Kind,
    Scalar,
)
from segue.translate.templates.control import named_parts, plain
from segue.translate.templates.filters import expression
from segue.translate.templates.showing import show
from segue.translate.templates.tags import tag
from segue.translate.templates.writing import Found, Template, quoted

_NAME = re.compile(r"%\((\w+)\)s|%%")


@tag("trans")
def _trans(template: Template, line: int, text: str, noop: bool, problem: str) -> str:
    if problem:
        raise template.refuse("{% translate %}", f"Segue has no rule for {problem} in it.", line)
    if noop or not language.vary(template.frame.ctx):
        return plain(template, line, text)
    _settled(template, line)
    if "%" in text:
        raise template.refuse("{% translate %}", "It has a percent sign, which Django doubles.", line)
    return f"{{{{ gettext({quoted(language.says(template.frame.ctx, text))}) }}}}"


def _settled(template: Template, line: int) -> None:
    why = language.problem(template.frame.ctx)
    if why:
        raise template.refuse("{% translate %}", why, line)


@tag("blocktrans")
def _blocktrans(
    template: Template, line: int, named: list[Any], texts: list[str], more: list[Any], problem: str
) -> str:
    if problem:
        raise template.refuse("{% blocktranslate %}", f"Segue has no rule for {problem} in it.", line)
    names, counter = more
    extra = [*named, counter] if counter else named
    given, known = named_parts(template, extra, line)
    with template.scope(known):
        shown = {name: show(template, _variable(template, name, line), line) for name in dict.fromkeys(names)}
        if counter and not _is_number(known[counter[0]].kind):
            raise template.refuse("{% blocktranslate count %}", "What it counts may be no number.", line)
    count = counter[0] if counter else ""
    if language.vary(template.frame.ctx):
        made = _said(template, texts, shown, count, line)
    elif counter:
        one, many = (_filled(template, text, shown, line) for text in texts)
        made = f"{{% if {count} == 1 %}}{one}{{% else %}}{many}{{% endif %}}"
    else:
        made = _filled(template, texts[0], shown, line)
    return f"{{% with {given} %}}{made}{{% endwith %}}" if given else made


def _is_number(kind: Kind) -> bool:
    found = widen(kind)
    return isinstance(found, Scalar) and found.type == "int" and not found.nullable


def _variable(template: Template, name: str, line: int) -> Found:
    if not name.isidentifier():
        raise template.refuse(
            name, "In {% blocktranslate %} Django shows nothing for it. Name it with “with”.", line
        )
    return expression(template, {"path": [name], "filters": []}, line)


def _filled(template: Template, text: str, shown: dict[str, str], line: int) -> str:
    pieces: list[str] = []
    last = 0
    for match in _NAME.finditer(text):
        pieces.append(plain(template, line, text[last : match.start()]))
        pieces.append("{{ " + shown[match[1]] + " }}" if match[1] else "%")
        last = match.end()
    return "".join([*pieces, plain(template, line, text[last:])])


def _said(template: Template, texts: list[str], shown: dict[str, str], count: str, line: int) -> str:
    _settled(template, line)
    ctx = template.frame.ctx
    known = ctx.snapshot.settings.languages
    from segue.translate import catalogues

    if known is not None and catalogues.odd(known, texts[0]):
        raise template.refuse(
            "{% blocktranslate %}", "A language has plural forms of it by a rule of its own.", line
        )
    language.says(ctx, *texts)
    named = [f"{name}={text}" for name, text in shown.items()]
    parts = [quoted(text) for text in texts] + ([count] if count else []) + named
    return f"{{{{ {'ngettext' if count else 'gettext'}({', '.join(parts)}) }}}}"
