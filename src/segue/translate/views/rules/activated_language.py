"""Middleware that chooses the language itself: ``translation.activate`` and what it asks before."""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, quote
from segue.translate.kinds import Const, ListOf, Scalar, TupleOf
from segue.translate.language import ACTIVATED
from segue.translate.rules.registry import function
from segue.translate.views.rules.around import KEPT

_LANGUAGE = "segue_bridge.http.language"


def _text(frame: Frame, call: CallSite, *, nullable: bool = False) -> ast.expr:
    """The only argument, a text. Raises ``Refused``."""
    value = call.argument(0)
    if len(call.args) != 1 or call.kwargs or value is None or value.node is None:
        raise frame.refuse(
            "language", ast.unparse(call.node), "Segue knows this with one argument.", call.node
        )
    text = (
        value.kind.type == "str" and (nullable or not value.kind.nullable)
        if isinstance(value.kind, Scalar)
        else (isinstance(value.kind, Const) and isinstance(value.kind.value, str))
    )
    if not text:
        raise frame.refuse("language", ast.unparse(call.node), "Its argument may be no text.", call.node)
    return value.node


@function("django.utils.translation.activate", "django.utils.translation.trans_real.activate")
def activate(frame: Frame, call: CallSite) -> Val | None:
    """``translation.activate(code)``: texts of the answer are in that language."""
    if KEPT not in frame.ctx.memo:
        return None
    value = _text(frame, call)
    frame.ctx.memo[ACTIVATED] = True
    made = frame.imported(_LANGUAGE, "activate_language")
    return Val(Const(None), quote("{0}({1}, {2})", made, frame.state("call"), value))


@function(
    "django.utils.translation.get_supported_language_variant",
    "django.utils.translation.trans_real.get_supported_language_variant",
)
def supported(frame: Frame, call: CallSite) -> Val | None:
    """``get_supported_language_variant(code)``: raises ``LookupError``."""
    if KEPT not in frame.ctx.memo:
        return None
    value = _text(frame, call, nullable=True)
    frame.ctx.memo[ACTIVATED] = True
    made = frame.imported(_LANGUAGE, "supported_language")
    return Val(Scalar("str"), quote("{0}({1}, {2})", made, frame.state("call"), value))


@function("django.utils.translation.trans_real.parse_accept_lang_header")
def accepted(frame: Frame, call: CallSite) -> Val | None:
    """``parse_accept_lang_header(header)``: codes and their weights, the heaviest first."""
    if KEPT not in frame.ctx.memo:
        return None
    value = _text(frame, call)
    made = quote("{0}({1})", frame.imported(_LANGUAGE, "accepted_languages"), value)
    return Val(ListOf(TupleOf((Scalar("str"), Scalar("float"))), "tuple"), made)
