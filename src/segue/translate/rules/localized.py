"""Columns of django-i18nfield: texts in several languages, as the bridge's ``LocalizedText``.

Source: ``i18nfield.fields.I18nFieldMixin`` (``from_db_value`` makes a ``LazyI18nString`` of every value, NULL too),
``i18nfield.rest_framework.I18nField``.
"""

from __future__ import annotations

import ast

from segue.translate import language
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.join import widen
from segue.translate.interp.value import Val, is_pure, literal, quote
from segue.translate.kinds import Const, DictOf, Localized, Payload, Scalar
from segue.translate.rules.registry import attribute, context, framework, function, method

MODULE = "segue_bridge.localized"
_OVERRIDE = ("language", "override")
"""Memo: the code of the language of ``translation.override`` around the statement in hand."""
_SHOWS = "i18nfield.rest_framework.I18nField.to_representation"


def as_text(frame: Frame, value: Val, node: ast.AST) -> Val:
    """``str(value)``: in the language of the request. Raises ``Refused`` where that is not sure to be known."""
    ctx = frame.ctx
    why = language.problem(ctx)
    chosen = language.chosen_by_request(ctx.snapshot) and language.vary(ctx)
    if why or not (chosen or ctx.memo.get(language.ACTIVATED)):
        raise frame.refuse(
            "localized-text",
            ast.unparse(node)[:80],
            why or "Segue does not see the language of the request.",
            node,
        )
    assert value.node is not None
    code = ctx.memo.get(_OVERRIDE)
    if isinstance(code, ast.expr):
        shows = frame.imported(MODULE, "text_in")
        made = quote("{0}({1}, {2}, {3})", shows, value.node, code, default_language(frame, node))
    else:
        shows = frame.imported(MODULE, "as_text")
        made = quote("{0}({1}, {2})", shows, value.node, default_language(frame, node))
    return Val(Scalar("str"), made)


@context("django.utils.translation.override")
def override(frame: Frame, call: ast.Call, name: str, node: ast.With) -> bool:
    """``with override(event.locale): text = "\\n".join(f"- {option}" for option in options)``: nothing but texts are made of values."""
    if len(call.args) != 1 or call.keywords:
        return False
    activated = language.chosen_by_request(frame.ctx.snapshot) or frame.ctx.memo.get(language.ACTIVATED)
    if not all(map(_makes_text, node.body)) or not activated:
        why = "More is done in another language than to make texts of values."
        raise frame.refuse("language", ast.unparse(call), why, node)
    given = frame.eval(call.args[0])
    if given.node is None or widen(given.kind) != Scalar("str"):
        raise frame.refuse("language", ast.unparse(call), "Its argument may be no text.", node)
    code = given.node if is_pure(given.node) else frame.hoist("language", given.node, node)
    before = frame.ctx.memo.get(_OVERRIDE)
    frame.ctx.memo[_OVERRIDE] = code
    try:
        frame.run(node.body)
    finally:
        frame.ctx.memo[_OVERRIDE] = before
    return True


def _makes_text(statement: ast.stmt) -> bool:
    """``name = …`` or ``name["key"] = …`` of locals, ``str()``, ``"…".join()`` and f-strings: nothing of it is called later or elsewhere."""
    match statement:
        case ast.Assign([ast.Name() | ast.Subscript(ast.Name(), ast.Constant())], value):
            return not isinstance(value, ast.GeneratorExp) and all(map(_shows_only, ast.walk(value)))
    return False


def _shows_only(node: ast.AST) -> bool:
    match node:
        case ast.Call(ast.Name("str"), [_], []) | ast.Call(
            ast.Attribute(ast.Constant(str()), "join"), [_], []
        ):
            return True
        case ast.Attribute(ast.Constant(str()), "join"):
            return True
        case ast.comprehension():
            return not node.is_async
    return isinstance(
        node,
        ast.Name
        | ast.Constant
        | ast.JoinedStr
        | ast.FormattedValue
        | ast.GeneratorExp
        | ast.ListComp
        | ast.expr_context,
    )


def default_language(frame: Frame, node: ast.AST) -> ast.expr:
    """``LANGUAGE_CODE``."""
    code = frame.ctx.snapshot.settings.values.get("LANGUAGE_CODE")
    if code is None or not isinstance(code.data, str):
        raise frame.refuse(
            "localized-text", "LANGUAGE_CODE", "Segue does not know the project's language.", node
        )
    return literal(code.data)


@method(Localized, "__str__")
def text_of(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``str(event.name)``."""
    return as_text(frame, owner, call.node)


@function("i18nfield.strings.LazyI18nString")
def made(frame: Frame, call: CallSite) -> Val | None:
    """``LazyI18nString("text")``, ``LazyI18nString({"en": "text"})``."""
    call.only("data", at_most=1)
    data = call.argument(0, "data")
    if data is None or data.node is None or not isinstance(data.kind, Const | Scalar | DictOf | Payload):
        return None
    return Val(Localized(), quote("{0}({1})", frame.imported(MODULE, "entered"), data.node))


def is_localized(frame: Frame, value: Val) -> Val:
    """``isinstance(value, LazyI18nString)``: not what code has put into a column before it is saved."""
    assert isinstance(value.kind, Localized)
    assert value.node is not None
    return Val(
        Scalar("bool"), quote("isinstance({0}, {1})", value.node, frame.imported(MODULE, "LocalizedText"))
    )


@attribute(Localized, "data")
def data(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val | None:
    """``value.data``: a text or the texts by language, as the column has it."""
    assert isinstance(owner.kind, Localized)
    if not owner.kind.present or owner.node is None:
        return None
    return Val(Scalar("Any"), ast.Attribute(owner.node, "data", ast.Load()))


@framework(_SHOWS)
def shown(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``I18nField.to_representation(value)``: the texts by language."""
    value = call.argument(0, "value")
    if value is None or not isinstance(value.kind, Localized) or value.node is None:
        return None
    made = quote(
        "{0}({1}, {2})", frame.imported(MODULE, "by_language"), value.node, default_language(frame, call.node)
    )
    return Val(Scalar("dict[str, Any]", True), made)


__all__ = ["MODULE", "as_text", "is_localized"]
