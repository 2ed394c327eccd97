"""Addresses of views and static files, and the time.

Source: ``django.template.defaulttags``, ``django.templatetags.static``.
"""

from __future__ import annotations

import ast
import html
import re
from typing import Any
from urllib.parse import quote

from segue.refusal import Refused
from segue.translate.interp.expressions.calls import call_named
from segue.translate.interp.value import Val
from segue.translate.kinds import (
    Const,
    Scalar,
)
from segue.translate.mailer import setting
from segue.translate.rules.date_formats import LETTER
from segue.translate.templates.filters import expression
from segue.translate.templates.showing import month_names
from segue.translate.templates.tags import tag
from segue.translate.templates.writing import Template, plain_text, quoted


@tag("url")
def _url(
    template: Template, line: int, view: dict[str, Any], args: list[Any], kwargs: list[Any], asvar: str
) -> str:
    what = f"{{% url {view.get('literal')!r} %}}"
    if asvar or not isinstance(view.get("literal"), str) or view["filters"]:
        raise template.refuse("{% url %}", "Its name is computed, or it is kept in a variable.", line)
    if template.loops or template.looped:
        raise template.refuse(what, "It stands in a loop. Give the template the addresses.", line)
    frame = template.frame
    parts = [_value(template, one, what, line) for one in args]
    named = {key: _value(template, one, what, line) for key, one in kwargs}
    temporary = {f"#url{n}": value for n, value in enumerate([*parts, *named.values()])}
    names = iter([ast.Name(key, ast.Load()) for key in temporary])
    keywords: list[ast.keyword] = []
    if parts:
        keywords.append(ast.keyword("args", ast.List([next(names) for _ in parts], ast.Load())))
    if named:
        pairs: list[ast.expr | None] = [ast.Constant(key) for key in named]
        keywords.append(ast.keyword("kwargs", ast.Dict(pairs, [next(names) for _ in named])))
    asked = ast.Call(ast.Name("reverse", ast.Load()), [ast.Constant(view["literal"])], keywords)
    frame.env.update(temporary)
    try:
        with frame.capture() as lines:
            value = call_named(frame, "django.urls.reverse", asked)
    except Refused as refused:
        raise template.at(refused, what, line) from None
    finally:
        for key in temporary:
            frame.env.pop(key)
    if isinstance(value.kind, Const) and isinstance(value.kind.value, str):
        return plain_text(html.escape(value.kind.value) if template.escapes else value.kind.value)
    if lines or value.node is None or any(isinstance(n, ast.Await) for n in ast.walk(value.node)):
        raise template.refuse(what, "It has to be computed. Give the template the address.", line)
    if template.inside and any(found.kind != Scalar("int") for found in temporary.values()):
        why = "The template decides whether it is computed, which may fail. Give the template the address."
        raise template.refuse(what, why, line)
    name = re.sub(r"\W+|^(?=\d)", "_", view["literal"]) + "_url"
    while name in template.shared.names or (
        name in template.shared.more and ast.unparse(template.shared.more[name]) != ast.unparse(value.node)
    ):
        name += "_2"
    template.shared.more[name] = value.node
    return f"{{{{ {name} }}}}"


def _value(template: Template, one: dict[str, Any], what: str, line: int) -> Val:
    found = expression(template, one, line)
    if isinstance(found.kind, Const):
        return Val(found.kind, ast.Constant(found.kind.value))
    root = found.text.split(".")[0]
    shadowed = any(root in scope for scope in template.scopes)
    if found.node is None or found.missing or root not in template.shared.names or shadowed:
        raise template.refuse(what, "An argument of it may be missing, or is computed.", line)
    return Val(found.kind, found.node)


@tag("static")
def _static(template: Template, line: int, one: dict[str, Any], asvar: str) -> str:
    ctx = template.frame.ctx
    if asvar or not isinstance(one.get("literal"), str) or one["filters"]:
        raise template.refuse("{% static %}", "Its path is computed, or it is kept in a variable.", line)
    base = setting(ctx, "STATIC_URL", None)
    storages = setting(ctx, "STORAGES", {})
    found = storages.get("staticfiles") if isinstance(storages, dict) else None
    backend = found.get("BACKEND") if isinstance(found, dict) else None
    usual = "django.contrib.staticfiles.storage.StaticFilesStorage"
    own = setting(ctx, "STATICFILES_STORAGE", usual)
    if not isinstance(base, str) or not base.startswith(("/", "http")) or (backend or own) != usual:
        raise template.refuse(
            "{% static %}", "Segue knows only StaticFilesStorage and a STATIC_URL that begins with “/”.", line
        )
    if not re.fullmatch(r"(?![./])[\w ./~-]+", one["literal"]) or ".." in one["literal"]:
        raise template.refuse("{% static %}", "Its path has other characters than those of names.", line)
    return plain_text(base.rstrip("/") + "/" + quote(one["literal"]))


@tag("now")
def _now(template: Template, line: int, pattern: str, asvar: str) -> str:
    letters = set(LETTER.findall(pattern))
    if asvar or re.fullmatch(r"[A-Z_]{4,}", pattern) or letters & set("eTOZr"):
        raise template.refuse("{% now %}", "A format by its name, with a zone, or kept in a variable.", line)
    month_names(template)
    return f"{{{{ now({quoted(pattern)})|safe }}}}"
