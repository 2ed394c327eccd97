"""The tags of a template, one after the other, as Jinja2 has them.

Source: ``django.template.defaulttags``, ``loader_tags``, ``django.templatetags.i18n`` and ``static``.
"""

from __future__ import annotations

import ast
import html
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from segue.refusal import Refused
from segue.translate import language
from segue.translate.interp.expressions.calls import call_named
from segue.translate.interp.iterate import iterable
from segue.translate.interp.join import not_null, widen
from segue.translate.interp.value import Val
from segue.translate.kinds import (
    Const,
    DictOf,
    Instance,
    Kind,
    LibraryObject,
    ListOf,
    Maybe,
    QuerySet,
    RelatedManager,
    Scalar,
    TupleOf,
    Unknown,
)
from segue.translate.mailer import setting
from segue.translate.rules.date_formats import LETTER
from segue.translate.templates.conditions import condition
from segue.translate.templates.filters import expression
from segue.translate.templates.paths import in_terms
from segue.translate.templates.writing import TAKEN, Found, Shared, Template, plain_text, quoted

_SHOWN = frozenset(
    {"str", "int", "float", "Decimal", "bool", "date", "datetime", "time", "UUID", "timedelta", "Any"}
)
_NAME = re.compile(r"%\((\w+)\)s|%%")


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
    text = _nodes(template, one["nodes"])
    shared.open.pop()
    if shared.files.setdefault(name, text) != text:
        raise template.refuse(
            name, "It is shown with other things under the same names, which would be another template.", 1
        )


def _nodes(template: Template, nodes: list[Any]) -> str:
    return "".join(_TAGS[kind](template, line, *rest) for kind, line, *rest in nodes)


def _other(template: Template, line: int, tag: str, cls: str) -> str:
    raise template.refuse(f"{{% {tag} %}}", "Segue has no rule for this tag.", line)


def _text(template: Template, line: int, text: str) -> str:
    if "endraw" in text:
        raise template.refuse("endraw", "Jinja2 ends raw text with this word.", line)
    return plain_text(text)


def _var(template: Template, line: int, one: dict[str, Any]) -> str:
    if one.get("path") == ["block", "super"] and not one["filters"]:
        if not template.replaces or not template.escapes:
            why = "Segue knows it of a block that another template has, in the block itself, where texts are escaped."
            raise template.refuse("block.super", why, line)
        return "{{ super() }}"
    return "{{ " + _shown(template, expression(template, one, line), line) + " }}"


def _shown(template: Template, found: Found, line: int) -> str:
    """What is shown of ``found``: of objects, their ``str()``."""
    kind = widen(found.kind)
    if found.absent or kind == Const(None):
        return found.text
    if isinstance(kind, Scalar) and kind.type in _SHOWN:
        if kind.type in ("float", "Decimal", "int") and setting(
            template.frame.ctx, "USE_THOUSAND_SEPARATOR", False
        ):
            raise template.refuse(
                found.text, "USE_THOUSAND_SEPARATOR: Segue does not write groups of digits.", line
            )
        if kind.type in ("date", "datetime", "time"):
            _month_names(template)
        return found.text
    if isinstance(kind, Instance) and found.node is not None:
        return _as_text(template, found, kind, line)
    why = kind.why if isinstance(kind, Unknown) else ""
    raise template.refuse(found.text, why or "Segue does not know how this is shown.", line)


def _month_names(template: Template) -> None:
    from segue.translate.bridge_texts import DATES

    if language.vary(template.frame.ctx):
        for context, text in DATES:
            language.says(template.frame.ctx, text, context=context)


def _as_text(template: Template, found: Found, kind: Instance, line: int) -> str:
    frame = template.frame
    assert found.node is not None
    before = frame.env.get("#shown")
    frame.env["#shown"] = Val(not_null(kind), found.node)
    asked = ast.Call(ast.Name("str", ast.Load()), [ast.Name("#shown", ast.Load())], [])
    try:
        with frame.capture() as lines:
            value = call_named(frame, "builtins.str", asked)
    except Refused as refused:
        raise template.at(refused, found.text, line) from None
    finally:
        if before is None:
            frame.env.pop("#shown")
        else:
            frame.env["#shown"] = before
    text = None
    if not lines and value.node is not None:
        node = value.node
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "str":  # it is a text already
            node = node.args[0]
        short = kind.model.rpartition(".")[2].lower()
        text = in_terms(template, node, replace(found, missing=False), f"{short}_text")
    if text is None:
        raise template.refuse(
            found.text, "What is shown of the object has to be computed. Give the template a text.", line
        )
    # Without the object: nothing where the template does not know it, "None" where it is None.
    return f"({text} if {found.text} else {found.text})" if kind.nullable or found.missing else text


# Choices and loops ------------------------------------------------------------------------------


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
            made.append(_nodes(template, body))
    return "".join([*made, "{% endif %}"])


def _for(
    template: Template,
    line: int,
    names: list[str],
    sequence: dict[str, Any],
    backwards: bool,
    body: list[Any],
    empty: list[Any],
) -> str:
    for name in names:
        if name in TAKEN or not name.isidentifier():
            raise template.refuse(name, "It means something else in Jinja2. Give it another name.", line)
    text, kind = _sequence(template, expression(template, sequence, line, condition=True), line)
    items: list[Kind]
    if len(names) == 1:
        items = [kind]
    elif isinstance(kind, TupleOf) and len(kind.items) == len(names):
        items = list(kind.items)
    elif isinstance(kind, DictOf) and [key for key, _ in kind.items] == [str(n) for n in range(len(names))]:
        items = [one for _, one in kind.items]
    elif isinstance(kind, ListOf) and kind.type == "tuple":
        items = [kind.item] * len(names)
    else:
        raise template.refuse(", ".join(names), "Segue does not know the parts of the items.", line)
    known = {n: Found(n, k, ast.Name(n, ast.Load())) for n, k in zip(names, items, strict=True)}
    if backwards:
        text = f"{text}|reverse"
    template.loops += 1
    with template.maybe():
        with template.scope(known):
            inner = _nodes(template, body)
        template.loops -= 1
        rest = _nodes(template, empty)
    made = f"{{% for {', '.join(names)} in {text} %}}{inner}"
    return made + ("{% else %}" + rest if rest else "") + "{% endfor %}"


def _sequence(template: Template, found: Found, line: int) -> tuple[str, Kind]:
    """What a loop runs over, and what its items are."""
    if found.absent or found.kind == Const(None):
        return (found.text if found.absent else f"{found.text} or []"), Unknown()
    kind = found.kind
    kind, nothing = (kind.kind, True) if isinstance(kind, Maybe) else (kind, not_null(kind) != kind)
    text = f"({found.text} or [])" if nothing else found.text
    if isinstance(kind, QuerySet | RelatedManager):
        return _rows(template, found, line)
    if isinstance(kind, ListOf) and isinstance(kind.item, LibraryObject):
        raise template.refuse(found.text, "Its items are objects of a library.", line)
    if isinstance(kind, ListOf) and kind.type in ("list", "tuple"):
        return text, kind.item
    if isinstance(kind, Const) and isinstance(kind.value, tuple) and kind.value:
        return text, widen(Const(kind.value[0])) if len({type(v) for v in kind.value}) == 1 else Scalar("Any")
    if isinstance(kind, Scalar) and kind.type == "list[Any]":
        return text, Scalar("Any", True)
    raise template.refuse(found.text, "Segue does not know what it runs over.", line)


def _rows(template: Template, found: Found, line: int) -> tuple[str, Kind]:
    """``for item in order.items.all``: the rows that the object brings, or asked for before where that is the same."""
    frame = template.frame
    if found.node is None or found.missing:
        raise template.refuse(found.text, "It may be missing.", line)
    try:
        with frame.capture() as lines:
            node, item = iterable(frame, Val(found.kind, found.node), template.shared.call)
    except Refused as refused:
        raise template.at(refused, found.text, line) from None
    owner = found.text.split(".")[0]
    text = _prefetched(template, node, owner) if not lines else None
    if text is not None:
        return text, item
    name = "_".join(part for part in found.text.split(".") if part != "all")
    if not name.isidentifier():
        raise template.refuse(found.text, "Ask for its rows before, and give the template a list.", line)
    shadowed = any(owner in scope for scope in template.scopes)
    if template.inside or template.loops or lines or shadowed:
        why = "Its rows are asked for where the template decides so. Ask for them before, and give the template a list."
        raise template.refuse(found.text, why, line)
    if name in template.shared.names or name in template.shared.more or name in TAKEN:
        raise template.refuse(found.text, f"There is a {name} already.", line)
    template.shared.more[name] = node
    return name, item


def _prefetched(template: Template, node: ast.expr, root: str) -> str | None:
    """``order.items``, where the rows are there already."""
    parts: list[str] = []
    inner = node
    while isinstance(inner, ast.Attribute):
        parts.append(inner.attr)
        inner = inner.value
    for scope in reversed(template.scopes):
        if root in scope:
            known = scope[root]
            break
    else:
        value = template.shared.names.get(root)
        known = Found(root, Unknown()) if value is None else Found(root, value.kind, value.node)
    return in_terms(template, node, known) if parts and known.node is not None else None


def _with(template: Template, line: int, named: list[Any], body: list[Any]) -> str:
    texts, known = _named(template, named, line)
    with template.scope(known):
        return f"{{% with {texts} %}}{_nodes(template, body)}{{% endwith %}}"


def _named(template: Template, named: list[Any], line: int) -> tuple[str, dict[str, Found]]:
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


# Templates in templates -------------------------------------------------------------------------


def _include(template: Template, line: int, name: str | None, named: list[Any], only: bool) -> str:
    if name is None:
        raise template.refuse("{% include %}", "Which template it takes in is computed.", line)
    if not template.escapes:
        raise template.refuse("{% include %}", "It stands inside of {% autoescape off %}.", line)
    texts, known = _named(template, named, line)
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


def _block(template: Template, line: int, name: str, body: list[Any]) -> str:
    if template.scopes or template.loops or not template.escapes:
        why = "A block inside of for, with, autoescape or an included template."
        raise template.refuse(f"{{% block {name} %}}", why, line)
    _check_block(template, name, line)
    # Another template may have this block in its place.
    with template.maybe(), template.replacing(name):
        return f"{{% block {name} %}}{_nodes(template, body)}{{% endblock %}}"


def _check_block(template: Template, name: str, line: int) -> None:
    if not name.isidentifier():
        why = "Blocks of Jinja2 are named with letters, digits and underscores. Give it another name."
        raise template.refuse(f"{{% block {name} %}}", why, line)


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
                    made.append(f"\n{{% block {block} %}}{_nodes(template, inner)}{{% endblock %}}\n")
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


# Texts, addresses, time -------------------------------------------------------------------------


def _trans(template: Template, line: int, text: str, noop: bool, problem: str) -> str:
    if problem:
        raise template.refuse("{% translate %}", f"Segue has no rule for {problem} in it.", line)
    if noop or not language.vary(template.frame.ctx):
        return _text(template, line, text)
    _settled(template, line)
    if "%" in text:
        raise template.refuse("{% translate %}", "It has a percent sign, which Django doubles.", line)
    return f"{{{{ gettext({quoted(language.says(template.frame.ctx, text))}) }}}}"


def _settled(template: Template, line: int) -> None:
    why = language.problem(template.frame.ctx)
    if why:
        raise template.refuse("{% translate %}", why, line)


def _blocktrans(
    template: Template, line: int, named: list[Any], texts: list[str], more: list[Any], problem: str
) -> str:
    if problem:
        raise template.refuse("{% blocktranslate %}", f"Segue has no rule for {problem} in it.", line)
    names, counter = more
    extra = [*named, counter] if counter else named
    given, known = _named(template, extra, line)
    with template.scope(known):
        shown = {
            name: _shown(template, _variable(template, name, line), line) for name in dict.fromkeys(names)
        }
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
        pieces.append(_text(template, line, text[last : match.start()]))
        pieces.append("{{ " + shown[match[1]] + " }}" if match[1] else "%")
        last = match.end()
    return "".join([*pieces, _text(template, line, text[last:])])


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


def _now(template: Template, line: int, pattern: str, asvar: str) -> str:
    letters = set(LETTER.findall(pattern))
    if asvar or re.fullmatch(r"[A-Z_]{4,}", pattern) or letters & set("eTOZr"):
        raise template.refuse("{% now %}", "A format by its name, with a zone, or kept in a variable.", line)
    _month_names(template)
    return f"{{{{ now({quoted(pattern)})|safe }}}}"


def _autoescape(template: Template, line: int, on: bool, body: list[Any]) -> str:
    before, template.escapes = template.escapes, on
    inner = _nodes(template, body)
    template.escapes = before
    return f"{{% autoescape {str(on).lower()} %}}{inner}{{% endautoescape %}}"


_TAGS: dict[str, Callable[..., str]] = {
    "other": _other, "text": _text, "verbatim": _text, "templatetag": _text, "var": _var, "if": _if, "for": _for,
    "with": _with, "include": _include, "block": _block, "extends": _extends, "trans": _trans, "blocktrans": _blocktrans,
    "url": _url, "autoescape": _autoescape, "now": _now, "static": _static,
}  # fmt: skip


__all__ = ["translate"]
