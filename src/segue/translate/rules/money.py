"""``Money`` of django-money in code: its amount and the code of its currency. Arithmetic, order and texts have no rule.

Source: ``moneyed.classes.Money``, ``moneyed.classes.Currency``.
"""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.scope import in_source
from segue.translate.interp.value import Val, quote
from segue.translate.kinds import Currency, Money, Scalar
from segue.translate.rules.registry import attribute, method


def _sure(frame: Frame, owner: Val, what: str, node: ast.AST) -> ast.expr:
    """The object; None fails as in Python, which DRF would take for a missing attribute of a source."""
    assert isinstance(owner.kind, Money)
    if owner.node is None or in_source(frame.ctx):
        raise frame.refuse("money", f"{owner.text}.{what}", "There may be no amount here.", node)
    if not owner.kind.nullable:
        return owner.node
    return quote("{0}({1})", frame.imported("segue_bridge.db.reads", "not_none"), owner.node)


@attribute(Money, "amount")
def amount(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val:
    """``item.price.amount``."""
    return Val(Scalar("Decimal"), ast.Attribute(_sure(frame, owner, name, node), "amount", ast.Load()))


@attribute(Money, "currency")
def currency(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val:
    """``item.price.currency``."""
    return Val(Currency(), ast.Attribute(_sure(frame, owner, name, node), "code", ast.Load()))


@attribute(Currency, "code")
def code(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val:
    """``item.price.currency.code``."""
    return Val(Scalar("str"), owner.node)


@method(Currency, "__str__")
def code_as_text(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``str(item.price.currency)``: ``Currency.__repr__``."""
    return Val(Scalar("str"), owner.node)
