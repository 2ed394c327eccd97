"""What a view gives a serializer by ``context=``: DRF's context of the view, one of its own, or none.

The entries of one of its own that have code are evaluated where the serializer is made, and handed to whatever looks them up.
"""

from __future__ import annotations

import ast
import textwrap
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from segue.translate.interp.annotations import annotation
from segue.translate.interp.entries import in_a_local
from segue.translate.interp.frame import Frame
from segue.translate.interp.since import aged
from segue.translate.interp.value import Val, is_pure, name, quote
from segue.translate.kinds import (
    Const,
    ContextDict,
    DictOf,
    Instance,
    Kind,
    ListOf,
    Request,
    Scalar,
    Serializer,
    SerializerContext,
    Unknown,
    User,
    ViewSelf,
)
from segue.translate.rules.serializer_context import OF_DRF
from segue.translate.serializers.by_view import BARE, OwnContext, in_context, state_of


def view_context() -> Val:
    """``self.get_serializer_context()``."""
    return Val(ContextDict((), "view"))


@dataclass(frozen=True, slots=True)
class Given:
    """``own`` is None for the view's context; ``passed`` names the locals that hold its entries, by parameter."""

    own: OwnContext | None = None
    passed: dict[str, str] = field(default_factory=dict)

    @property
    def has_request(self) -> bool:
        """Whether the request is in it."""
        return self.own is None or self.own.has_request


OF_VIEW = Given()
NONE = Given(BARE)


@contextmanager
def within(frame: Frame, given: Given) -> Iterator[None]:
    """What is translated and called inside belongs to a serializer with that context."""
    before = dict(frame.given)
    frame.given |= given.passed
    try:
        with in_context(frame.ctx, _by_now(frame, given)):
            yield
    finally:
        frame.given = before


def _by_now(frame: Frame, given: Given) -> OwnContext | None:
    """The context with what may have been written since its objects were read."""
    if given.own is None:
        return None
    entries = []
    for key, kind in given.own.entries:
        local = given.passed.get(state_of(key))
        if local is not None:
            kind = aged(frame, name(local), Val(kind, name(local))).kind
        if isinstance(kind, Instance) and kind.aged:
            kind.site.written = True  # told at once: what is translated with it is told apart by that
        entries.append((key, kind))
    return replace(given.own, entries=tuple(entries))


def given_context(frame: Frame, node: ast.expr, value: Val) -> Given:
    """What ``context=node`` comes to. Raises ``Refused``."""
    kind = value.kind
    if isinstance(kind, ContextDict) and kind.beneath == "view" and not kind.entries:
        return OF_VIEW
    if isinstance(kind, SerializerContext):  # what the serializer was given itself
        return _passed_on(frame, kind, node)
    entries = _entries(frame, node, value)
    if entries is None:
        raise frame.refuse(
            "serializer-context", ast.unparse(node), "Segue does not see what is in this context.", node
        )
    found, beneath = entries
    kinds: list[tuple[str, Kind]] = []
    passed: dict[str, str] = {}
    for key, entry in found.items():
        kept = _kept(frame, key, entry, node)
        kinds.append((key, kept.kind))
        if kept.node is not None and not isinstance(kept.kind, Const | Unknown):
            passed[state_of(key)] = kept.text
    frame.context_locals |= set(passed.values())
    return Given(OwnContext(tuple(kinds), beneath), passed)


def without_unasked(frame: Frame) -> list[str]:
    """The lines of an operation where entries of its contexts that nothing looks up have no name; what they ask is asked as in Django."""
    if not frame.context_locals:
        return frame.lines
    tree = ast.parse("\n".join(["async def _():", *(f" {line}" for line in frame.lines)]))
    named = Counter(n.id for n in ast.walk(tree) if isinstance(n, ast.Name))
    out: list[str | None] = [*frame.lines]
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assign) or len(node.targets) != 1:
            continue
        (target,), first = node.targets, node.lineno - 2
        if not isinstance(target, ast.Name) or target.id not in frame.context_locals or named[target.id] > 1:
            continue
        line = frame.lines[first]
        begin, told = line[: len(line) - len(line.lstrip())], f"{target.id} = "
        if not line[len(begin) :].startswith(told):
            continue
        if is_pure(node.value):  # a block is not left empty
            rest = (node.end_lineno or node.lineno) - node.lineno
            out[first : first + rest + 1] = [f"{begin}pass" if begin else None, *[None] * rest]
        else:
            out[first] = begin + line[len(begin) + len(told) :]
    return [line for line in out if line is not None]


def _passed_on(frame: Frame, kind: SerializerContext, node: ast.expr) -> Given:
    """``context=self.context`` and ``context=serializer.context``."""
    if isinstance(kind.owner, Serializer):
        held = getattr(kind.owner.held, "given_context", None)
        if isinstance(held, Given):
            return held
        raise frame.refuse("serializer-context", ast.unparse(node), "Segue does not know this context.", node)
    own = getattr(getattr(kind.owner, "use", None), "own", None)
    if not isinstance(own, OwnContext):
        return OF_VIEW
    passed: dict[str, str] = {}
    for key, entry in own.entries:
        if isinstance(entry, Const | Request | ViewSelf | Unknown):
            continue
        text, imports = annotation(frame.ctx, entry)
        frame.use(*imports)
        passed[state_of(key)] = frame.extra_state(state_of(key), lambda said=text: said, entry).text  # type: ignore[misc]
    return Given(own, passed)


def _entries(frame: Frame, node: ast.expr, value: Val) -> tuple[dict[str, Val], str] | None:
    """Entries by key, and which context of the view lies beneath; None for what is no such dict."""
    kind = value.kind
    if isinstance(kind, ContextDict):
        return dict(kind.entries), kind.beneath
    if not isinstance(kind, DictOf) or kind.value is not None:
        return None
    if isinstance(value.node, ast.Dict) and len(value.node.values) == len(kind.items):
        return {key: Val(of, code) for (key, of), code in zip(kind.items, value.node.values, strict=True)}, ""
    if isinstance(value.node, ast.Name) and isinstance(node, ast.Name) and _only_given(frame, node.id):
        return {key: Val(of, quote(f"{{0}}[{key!r}]", value.node)) for key, of in kind.items}, ""
    return None


def _kept(frame: Frame, key: str, entry: Val, node: ast.expr) -> Val:
    """The entry in a local that nothing changes, or what is known of it."""
    kind = entry.kind
    if isinstance(kind, Request) and not kind.raw:
        return Val(kind)
    if key in OF_DRF and not isinstance(kind, ViewSelf) and not (key == "format" and isinstance(kind, Const)):
        raise frame.refuse(
            "serializer-context",
            ast.unparse(node),
            f"Segue does not know how DRF's fields take this as the {key}.",
            node,
        )
    if isinstance(kind, ViewSelf) or (
        isinstance(kind, Const) and isinstance(kind.value, str | int | float | bool | None)
    ):
        return Val(kind)
    if entry.node is None or not _plain(kind):
        return Val(Unknown(f"Segue does not hand on what is under {key!r}."))
    return in_a_local(frame, key, entry, node)


def _plain(kind: Kind) -> bool:
    if isinstance(kind, ListOf):
        return _plain(kind.item) and kind.type in ("list", "set", "tuple")
    return isinstance(kind, Instance | User | Scalar)


def _tree(frame: Frame) -> ast.AST:
    return ast.parse(textwrap.dedent(frame.function.source))


def _only_given(frame: Frame, local: str) -> bool:
    """Whether the dict is bound once and used as ``context=`` alone, so that it holds what it held then."""
    tree = _tree(frame)
    given = {
        id(k.value)
        for n in ast.walk(tree)
        if isinstance(n, ast.Call)
        for k in n.keywords
        if k.arg == "context"
    }
    uses = [n for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id == local]
    stored = [n for n in uses if not isinstance(n.ctx, ast.Load)]
    return len(stored) == 1 and all(id(n) in given for n in uses if isinstance(n.ctx, ast.Load))


__all__ = ["NONE", "OF_VIEW", "Given", "given_context", "view_context", "within", "without_unasked"]
