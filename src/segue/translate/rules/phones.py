"""Phone numbers of django-phonenumber-field in code: their texts, and what is asked of one.

Source: ``phonenumber_field.phonenumber.PhoneNumber``, which the bridge's class is (``segue_bridge.phones``). What is empty is a
text or None, of which asking fails on both sides alike.
"""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.scope import in_source
from segue.translate.interp.value import Val, quote
from segue.translate.kinds import Kind, Phone, Scalar
from segue.translate.rules.registry import attribute, method

_ATTRIBUTES: dict[str, Kind] = {
    **dict.fromkeys(("as_e164", "as_international", "as_national", "as_rfc3966"), Scalar("str")),
    "country_code": Scalar("int", True),
    "national_number": Scalar("int", True),
    "extension": Scalar("str", True),
    "raw_input": Scalar("str", True),
}


def _number(frame: Frame, owner: Val, what: str, node: ast.AST) -> ast.expr:
    """The code of the number. Raises ``Refused`` where none may be there and DRF would take that for a missing attribute."""
    assert isinstance(owner.kind, Phone)
    if owner.node is None or (in_source(frame.ctx) and not owner.kind.present):
        why = "There may be no number here, which DRF takes as a source that is missing: ask for it first."
        raise frame.refuse("phone-number", f"{owner.text}.{what}", why, node)
    return owner.node


@attribute(Phone, *_ATTRIBUTES)
def part(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val:
    """``customer.phone.as_national``, ``.country_code`` …"""
    return Val(_ATTRIBUTES[name], ast.Attribute(_number(frame, owner, name, node), name, ast.Load()))


@method(Phone, "is_valid")
def is_valid(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``customer.phone.is_valid()``."""
    call.only(at_most=0)
    return Val(Scalar("bool"), quote("{0}.is_valid()", _number(frame, owner, "is_valid()", call.node)))
