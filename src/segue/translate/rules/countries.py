"""Countries of django-countries in code: their codes and texts. Names depend on the language, and have no rule."""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.scope import in_source
from segue.translate.interp.value import Val
from segue.translate.kinds import Country, Scalar
from segue.translate.rules.registry import attribute, method


def sure_code(frame: Frame, owner: Val, node: ast.AST) -> ast.expr:
    """The text of a country. Raises ``Refused`` where there may be none."""
    assert isinstance(owner.kind, Country)
    if owner.kind.nullable and not owner.kind.present:
        raise frame.refuse("country", owner.text, "There may be no country here: ask for it first.", node)
    assert owner.node is not None
    return owner.node


@attribute(Country, "code")
def code(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val:
    """``address.country.code``. Raises ``Refused`` where there may be none."""
    assert isinstance(owner.kind, Country)
    if owner.node is None or (owner.kind.nullable and not owner.kind.present) or in_source(frame.ctx):
        why = "There may be no country here: ask for it first."
        raise frame.refuse("country", f"{owner.text}.code", why, node)
    return Val(Scalar("str"), owner.node)


@method(Country, "__str__")
def text(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``str(address.country)``."""
    assert isinstance(owner.kind, Country)
    return None if owner.node is None else Val(Scalar("str"), sure_code(frame, owner, call.node))
