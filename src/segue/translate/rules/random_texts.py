"""``django.utils.crypto.get_random_string``."""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.join import widen
from segue.translate.interp.value import Val
from segue.translate.kinds import Scalar
from segue.translate.rules.registry import function


@function("django.utils.crypto.get_random_string")
def random_text(frame: Frame, call: CallSite) -> Val | None:
    """``get_random_string(12)``, also of letters that are given. Before Django 4 the length may be left out: refused."""
    call.only("length", "allowed_chars", at_most=2)
    length, letters = call.argument(0, "length"), call.argument(1, "allowed_chars")
    if length is None or length.node is None or widen(length.kind) != Scalar("int"):
        return None
    given = [length.node]
    if letters is not None:
        if letters.node is None or widen(letters.kind) != Scalar("str"):
            return None
        given.append(letters.node)
    made = frame.imported("segue_bridge.auth.crypto", "random_string")
    return Val(Scalar("str"), ast.Call(made, given, []))


__all__ = ["random_text"]
