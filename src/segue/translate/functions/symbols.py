"""Names decided at the end.

Row classes, loaders and lifted functions get their final name after everything has been
translated, when it is known which of them are equal. Until then generated text carries
tokens (``segue__fn_12__``), valid identifiers that :func:`resolve` replaces everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from segue.translate.context import Context

TOKEN = re.compile(r"segue__[a-z]+_\d+__")


@dataclass(slots=True)
class Symbols:
    """Token → function that gives its final name."""

    resolvers: dict[str, Callable[[], str]] = field(default_factory=dict)
    counter: int = 0

    def new(self, sort: str, resolver: Callable[[], str]) -> str:
        """A new token whose name ``resolver`` will tell."""
        self.counter += 1
        token = f"segue__{sort}_{self.counter}__"
        self.resolvers[token] = resolver
        return token

    def text(self, text: str) -> str:
        """``text`` with every token replaced."""
        while TOKEN.search(text):
            text = TOKEN.sub(lambda m: self.resolvers[m.group()](), text)
        return text


def symbols(ctx: Context) -> Symbols:
    """The run's one table of tokens."""
    found = ctx.memo.setdefault(("kernel", "symbols"), Symbols())
    assert isinstance(found, Symbols)
    return found
