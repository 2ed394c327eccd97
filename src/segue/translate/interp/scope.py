"""Where the free state of a legacy function comes from at a place of the generated code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segue.target.ir import Import

if TYPE_CHECKING:
    from segue.translate.context import Context


@dataclass(frozen=True, slots=True)
class StateName:
    """A parameter that stands for free state: its annotation and what that needs imported."""

    annotation: str
    imports: frozenset[Import] = frozenset()


def _of(module: str, name: str, annotation: str = "") -> StateName:
    return StateName(annotation or name, frozenset({Import(module, name)}))


# Order is the order of parameters in generated functions.
STATE: Mapping[str, StateName] = {
    "call": _of("segue_bridge.http.call", "Call"),
    "db": _of("segue_bridge.db.session", "Session"),
    "user": StateName("CurrentUser", frozenset({Import("{package}.access", "CurrentUser")})),
    "auth": StateName("object"),
    "request": _of("starlette.requests", "Request"),
    "query": _of("segue_bridge.http.query", "QueryParams"),
    "body": StateName(
        "Callable[[], Awaitable[Any]]",
        frozenset(
            {
                Import("collections.abc", "Awaitable"),
                Import("collections.abc", "Callable"),
                Import("typing", "Any"),
            }
        ),
    ),
    "action": StateName("str | None"),
    "method": StateName("str"),
    "version": StateName("str | None"),
}


@dataclass(frozen=True, slots=True)
class Scope:
    """State name → expression (source text) at the place of a call.

    A name that is missing from ``names`` is asked of ``parent_state``: in a lifted function it
    becomes one more parameter of that function.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    paths: str = ""

    def get(self, name: str) -> str | None:
        """Expression for state ``name``, or for a URL argument when ``paths`` is a mapping's text."""
        if name in self.names:
            return self.names[name]
        return None

    def url_argument(self, name: str) -> str | None:
        """Expression of the URL keyword argument ``name``."""
        return f'{self.paths}["{name}"]' if self.paths else None


def in_source(ctx: Context) -> bool:
    """Whether what is translated now runs inside DRF's ``Field.get_attribute``, which takes an ``AttributeError`` for a
    missing value."""
    return bool(ctx.memo.get(("kernel", "in-source")))


@contextmanager
def field_source(ctx: Context) -> Iterator[None]:
    """What is translated inside is a field's source."""
    before = ctx.memo.get(("kernel", "in-source"))
    ctx.memo[("kernel", "in-source")] = True
    try:
        yield
    finally:
        ctx.memo[("kernel", "in-source")] = before


CALL = Scope(
    names={
        "call": "call",
        "db": "call.db",
        "user": "call.user",
        "request_user": "call.user",
        "auth": "call.auth",
        "request": "call.request",
        "query": "call.query",
        "body": "call.data",
        "action": "call.action",
        "method": "call.method",
        "version": "call.version",
    },
    paths="call.path",
)
"""The scope of a path operation function, whose only parameter is ``call: Call``."""
