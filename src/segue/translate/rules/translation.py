"""``django.utils.translation``: texts in the language of the request.

Where every language says what the source says (:func:`segue.translate.language.vary`), a text is written as it is.
"""

from __future__ import annotations

import ast

from segue.translate import catalogues, language
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.join import widen
from segue.translate.interp.value import Val, quote
from segue.translate.kinds import Const, Request, Scalar
from segue.translate.rules.registry import attribute, function

_T = "django.utils.translation."


@function(f"{_T}gettext", f"{_T}gettext_lazy", f"{_T}ugettext", f"{_T}ugettext_lazy")
def gettext(frame: Frame, call: CallSite) -> Val:
    """``_("text")``."""
    call.only("message", at_most=1)
    given = call.argument(0, "message")
    if given is not None and not language.vary(frame.ctx):
        return given
    return said(frame, call, _text(frame, call, 0, "message"))


@function(f"{_T}gettext_noop")
def gettext_noop(frame: Frame, call: CallSite) -> Val:
    """The text of the source; it is only marked."""
    call.only(at_most=1)
    return call.args[0]


@function(f"{_T}pgettext", f"{_T}pgettext_lazy")
def pgettext(frame: Frame, call: CallSite) -> Val:
    """``pgettext("context", "text")``."""
    call.only("context", "message", at_most=2)
    context, text = _text(frame, call, 0, "context"), _text(frame, call, 1, "message")
    if not language.vary(frame.ctx):
        return Val(Const(text), ast.Constant(text))
    _settled(frame, call)
    language.says(frame.ctx, text, context=context)
    name = frame.imported(language.BRIDGE, "pgettext")
    return Val(Scalar("str"), quote("{0}({1}, {2})", name, ast.Constant(context), ast.Constant(text)))


@function(f"{_T}ngettext", f"{_T}ngettext_lazy", f"{_T}ungettext", f"{_T}ungettext_lazy")
def ngettext(frame: Frame, call: CallSite) -> Val:
    """``ngettext("one", "many", number)``."""
    call.only("singular", "plural", "number", at_most=3)
    singular, plural = _text(frame, call, 0, "singular"), _text(frame, call, 1, "plural")
    number = _number(frame, call, call.argument(2, "number"))
    _says_forms(frame, call, singular, plural)
    name = frame.imported(language.BRIDGE, "ngettext")
    made = quote("{0}({1}, {2}, {3})", name, ast.Constant(singular), ast.Constant(plural), number)
    return Val(Scalar("str"), made)


@function(f"{_T}npgettext", f"{_T}npgettext_lazy")
def npgettext(frame: Frame, call: CallSite) -> Val:
    """``npgettext("context", "one", "many", number)``."""
    call.only("context", "singular", "plural", "number", at_most=4)
    context = _text(frame, call, 0, "context")
    singular, plural = _text(frame, call, 1, "singular"), _text(frame, call, 2, "plural")
    number = _number(frame, call, call.argument(3, "number"))
    _says_forms(frame, call, singular, plural, context)
    _says_forms(frame, call, singular, plural)  # Django falls back to it
    name = frame.imported(language.BRIDGE, "npgettext")
    texts = (ast.Constant(context), ast.Constant(singular), ast.Constant(plural))
    return Val(Scalar("str"), quote("{0}({1}, {2}, {3}, {4})", name, *texts, number))


@function(f"{_T}get_language")
def get_language(frame: Frame, call: CallSite) -> Val:
    """The code of the request's language. Without ``LocaleMiddleware`` the thread's, which is the project's own."""
    call.only(at_most=0)
    known = frame.ctx.snapshot.settings.languages
    if language.in_activating_middleware(frame.ctx):
        return Val(Scalar("str", True), quote("{0}()", frame.imported(language.BRIDGE, "current_language")))
    if known is None or not language.chosen_by_request(frame.ctx.snapshot):
        raise frame.refuse(
            "gettext", "get_language()", "Without LocaleMiddleware it is what the thread had last.", call.node
        )
    if not language.vary(frame.ctx):
        raise frame.refuse(
            "gettext", "get_language()", "The service has the texts of one language only.", call.node
        )
    return _current(frame)


@attribute(Request, "LANGUAGE_CODE")
def language_code(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val | None:
    """``request.LANGUAGE_CODE``, which ``LocaleMiddleware`` sets."""
    if not language.chosen_by_request(frame.ctx.snapshot) or not language.vary(frame.ctx):
        return None
    return _current(frame)


def _current(frame: Frame) -> Val:
    return Val(Scalar("str"), quote("{0}()", frame.imported(language.BRIDGE, "current_language")))


def _settled(frame: Frame, call: CallSite) -> None:
    why = language.problem(frame.ctx)
    if why:
        raise frame.refuse("gettext", ast.unparse(call.node), why, call.node)


def said(frame: Frame, call: CallSite, text: str) -> Val:
    """A text of the source in the language of the request."""
    if not language.vary(frame.ctx):
        return Val(Const(text), ast.Constant(text))
    _settled(frame, call)
    language.says(frame.ctx, text)
    return Val(
        Scalar("str"), quote("{0}({1})", frame.imported(language.BRIDGE, "gettext"), ast.Constant(text))
    )


def _says_forms(frame: Frame, call: CallSite, singular: str, plural: str, context: str = "") -> None:
    known = frame.ctx.snapshot.settings.languages
    if not language.vary(frame.ctx) or known is None:
        return
    _settled(frame, call)
    if catalogues.odd(known, f"{context}\x04{singular}" if context else singular):
        why = "A language has plural forms of it that do not follow the rule of its other texts."
        raise frame.refuse("gettext", ast.unparse(call.node), why, call.node)
    language.says(frame.ctx, singular, plural, context=context)


def _text(frame: Frame, call: CallSite, position: int, keyword: str) -> str:
    given = call.argument(position, keyword)
    if given is None or not isinstance(given.kind, Const) or not isinstance(given.kind.value, str):
        why = "The text is computed, so that Segue does not know what the service may say."
        raise frame.refuse("gettext", ast.unparse(call.node), why, call.node)
    return given.kind.value


def _number(frame: Frame, call: CallSite, given: Val | None) -> ast.expr:
    kind = widen(given.kind) if given is not None else None
    if given is None or given.node is None or kind != Scalar("int"):
        raise frame.refuse("gettext", ast.unparse(call.node), "Its number may be no integer.", call.node)
    return given.node
