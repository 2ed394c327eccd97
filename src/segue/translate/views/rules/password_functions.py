"""``django.contrib.auth.hashers``: passwords hashed and checked apart from a user."""

from __future__ import annotations

import ast

from segue.target.ir import Import
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, quote
from segue.translate.kinds import Scalar
from segue.translate.rules.registry import function
from segue.translate.views.rules.passwords import is_text

_HASHERS = "django.contrib.auth.hashers."


@function(f"{_HASHERS}make_password")
def make_password(frame: Frame, call: CallSite) -> Val:
    """``make_password(raw)``: by the preferred hasher, with a salt of its own."""
    call.only("password", at_most=1)
    raw = call.argument(0, "password")
    if raw is None or raw.node is None or not is_text(raw):
        raise frame.refuse(
            "password", ast.unparse(call.node), "Segue cannot tell what is hashed here.", call.node
        )
    _hashers(frame, call)
    return Val(Scalar("str"), quote("(await PASSWORDS.make({0}))", raw.node))


@function(f"{_HASHERS}check_password")
def check_password(frame: Frame, call: CallSite) -> Val:
    """``check_password(raw, encoded)``: without a ``setter`` nothing is stored anew."""
    call.only("password", "encoded", at_most=2)
    raw, encoded = call.argument(0, "password"), call.argument(1, "encoded")
    if (
        raw is None or raw.node is None or not is_text(raw)
        or encoded is None or encoded.node is None or encoded.kind != Scalar("str")
    ):  # fmt: skip
        why = "Segue cannot tell what is checked here, and against what."
        raise frame.refuse("password", ast.unparse(call.node), why, call.node)
    _hashers(frame, call)
    return Val(Scalar("bool"), quote("(await PASSWORDS.check({0}, {1}))[0]", raw.node, encoded.node))


def _hashers(frame: Frame, call: CallSite) -> None:
    """``PASSWORDS`` of ``access.py``. Raises ``Refused`` for hashers that the service does not know."""
    from segue.translate.views.authentication import passwords

    passwords(frame.ctx, frame.where(call.node))
    frame.use(Import(f"{frame.ctx.program.package}.access", "PASSWORDS"))
    frame.is_async = True
