"""``{{ … }}``: what is shown of a value.

Source: ``django.template.base.render_value_in_context``.
"""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import Any

from segue.refusal import Refused
from segue.translate import language
from segue.translate.interp.expressions.calls import call_named
from segue.translate.interp.join import not_null, widen
from segue.translate.interp.value import Val
from segue.translate.kinds import (
    Const,
    Instance,
    Scalar,
    Unknown,
)
from segue.translate.mailer import setting
from segue.translate.templates.filters import expression
from segue.translate.templates.paths import in_terms
from segue.translate.templates.tags import tag
from segue.translate.templates.writing import Found, Template

_SHOWN = frozenset(
    {"str", "int", "float", "Decimal", "bool", "date", "datetime", "time", "UUID", "timedelta", "Any"}
)


@tag("var")
def _var(template: Template, line: int, one: dict[str, Any]) -> str:
    if one.get("path") == ["block", "super"] and not one["filters"]:
        if not template.replaces or not template.escapes:
            why = "Segue knows it of a block that another template has, in the block itself, where texts are escaped."
            raise template.refuse("block.super", why, line)
        return "{{ super() }}"
    return "{{ " + show(template, expression(template, one, line), line) + " }}"


def show(template: Template, found: Found, line: int) -> str:
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
            month_names(template)
        return found.text
    if isinstance(kind, Instance) and found.node is not None:
        return _as_text(template, found, kind, line)
    why = kind.why if isinstance(kind, Unknown) else ""
    raise template.refuse(found.text, why or "Segue does not know how this is shown.", line)


def month_names(template: Template) -> None:
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
