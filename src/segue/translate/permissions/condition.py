"""What a permission becomes: an expression that grants or denies."""

from __future__ import annotations

from dataclasses import dataclass, field

from segue.target.ir import Import

TRUE, FALSE = "True", "False"


@dataclass(slots=True)
class Condition:
    """An expression in a function whose parameter is ``call``; ``text`` is ``"True"`` when always granted."""

    text: str
    message: str = ""
    code: str = ""
    imports: set[Import] = field(default_factory=set)

    @property
    def statement(self) -> str:
        """``call.require(...)``, '' when nothing is required."""
        if self.text == TRUE:
            return ""
        extra = f", {self.message}" if self.message else ""
        if self.code:
            extra += f"{'' if self.message else ', None'}, {self.code}"
        return f"call.require({self.text}{extra})"
