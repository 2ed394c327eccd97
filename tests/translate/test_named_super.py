"""``super(Class, x)`` is ``super()`` only where it is asked of this class, and of the method's own object."""

from __future__ import annotations

import pytest

from segue.snapshot.model import Function, GlobalRef, Where
from segue.translate.named_super import BEHIND, _rewritten


@pytest.mark.parametrize(
    ("call", "plain"),
    [
        ("super(Child, self).told()", True),
        ("super(Child, other).told()", False),
        ("super(Child, type(self)).told()", False),
        ("super(Child).told()", False),
        ("super(Grandchild, self).told()", False),
        ("(self := other) and super(Child, self).told()", False),
    ],
)
def test_only_of_the_methods_own_object(call: str, plain: bool) -> None:
    source = f"def told_of(self, other):\n    return {call}\n"
    named = {name: GlobalRef("class", name) for name in ("Child", "Grandchild")}
    found = _rewritten(Function("Child.told_of", Where("x.py", 1), source, "method", named, owner="Child"))
    assert found is not None
    assert ("super().told()" in found.source) is plain
    assert (BEHIND in found.source) is not plain
