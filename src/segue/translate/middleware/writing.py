"""What generated code of a middleware may write: before the view rows that can be taken back, after it anything.

Middleware runs outside of ``ATOMIC_REQUESTS``, so that each write is permanent at once. A request that is left to Django comes to
Django's middleware from its start: what was inserted before the view is deleted again then (``segue_bridge.db.early``). After the view
nothing is left to Django any more.
"""

from __future__ import annotations

import ast
import re

from segue.refusal import Refused, refuse
from segue.snapshot.model import Where
from segue.target.ir import Import
from segue.translate.context import Context
from segue.translate.functions.lift import Lifted
from segue.translate.functions.record import FunctionRecord, reached, record_of, records
from segue.translate.functions.writing import may_write

# Modules of the bridge that only read or compute.
_QUIET = frozenset(
    {
        "segue_bridge", "segue_bridge.auth.jwt", "segue_bridge.auth.users", "segue_bridge.db.coerce", "segue_bridge.db.errors", "segue_bridge.db.following", "segue_bridge.db.functions",
        "segue_bridge.db.query", "segue_bridge.db.reads", "segue_bridge.db.session", "segue_bridge.db.totals", "segue_bridge.errors",
        "segue_bridge.http.call", "segue_bridge.http.handover", "segue_bridge.http.language", "segue_bridge.http.lookup", "segue_bridge.http.query",
        "segue_bridge.http.replies", "segue_bridge.http.resource", "segue_bridge.http.responses", "segue_bridge.http.urls", "segue_bridge.leaving", "segue_bridge.text", "segue_bridge.translation", "segue_bridge.zone",
    }
)  # fmt: skip
_READS = frozenset({"all", "first", "scalar", "get", "entities"})
_OF_SESSION = re.compile(r"\bdb\.(\w+)\(")
_NEXT = "get_response("
_INSERT = re.compile(r"await (?:call\.)?db\.(?:insert|save)\((\w+)\)")
_LEAVES = re.compile(r"\bleft_to_django\(|\bUnserved\(")
_BEFORE = "It may write before the view, in a way that cannot be taken back: a request that is left to Django later on would write twice."
_AFTER = "It may be left to Django after it has written."
_BLOCKS = (ast.For, ast.AsyncFor, ast.While)


def check_writes(ctx: Context, lifted: Lifted, where: Where) -> bool:
    """Whether the generated code writes. Raises ``Refused`` where it does so in a way that Django may have to repeat."""
    own = record_of(ctx, lifted)
    if None in reached(ctx, own.lines):
        raise refuse("middleware", lifted.name, "It calls itself.", where)
    flow = _Flow(ctx, own)
    flow.block(_tree(own).body, gone=False)
    return flow.written


def lines_of(ctx: Context, lifted: Lifted) -> list[str]:
    """The code of ``lifted`` and of all that it calls."""
    own = record_of(ctx, lifted).lines
    return [*own, *(line for r in reached(ctx, own) if r is not None for line in r.lines)]


def _tree(record: FunctionRecord) -> ast.AsyncFunctionDef:
    text = "\n".join(f"    {line}" for line in record.lines or ["pass"])
    tree = ast.parse(f"async def body():\n{text}").body[0]
    assert isinstance(tree, ast.AsyncFunctionDef)
    return tree


class _Flow:
    """The statements of a function in their order. ``written``: whether one of those so far may write."""

    def __init__(self, ctx: Context, record: FunctionRecord) -> None:
        self._ctx, self._record = ctx, record
        self.written = self._late = False
        self._made: dict[str, str] = {}

    def block(self, body: list[ast.stmt], *, gone: bool) -> tuple[bool, bool]:
        """Whether the view has run at the end of ``body``, and whether nothing comes after it."""
        for statement in body:
            gone, ends = self._statement(statement, gone)
            if ends:
                return gone, True
        return gone, False

    def _statement(self, node: ast.stmt, gone: bool) -> tuple[bool, bool]:
        match node:
            case ast.If(test, then, otherwise):
                self._look(test, gone)
                ways = [self.block(then, gone=gone), self.block(otherwise, gone=gone)]
                return self._joined(ways)
            case ast.Try(body, handlers, otherwise, final):
                inside = self.block([*body, *otherwise], gone=gone)
                ways = [inside, *(self.block(h.body, gone=gone) for h in handlers)]
                self.block(final, gone=gone)
                return self._joined(ways)
            case ast.With(_, body) | ast.AsyncWith(_, body):
                for item in node.items:
                    self._look(item, gone)
                if isinstance(node, ast.AsyncWith) and not gone:
                    raise self._refused(node, _BEFORE)
                return self.block(body, gone=gone)
            case ast.For() | ast.AsyncFor() | ast.While() | ast.Match():
                if _NEXT in ast.unparse(node):
                    raise self._refused(node, "It goes on to the view in a loop or a match statement.")
                self._look(node, gone)
                return gone, False
        self._look(node, gone)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and len(node.targets) == 1:
            self._made[ast.unparse(node.targets[0])] = ast.unparse(node.value.func)
        return gone or _NEXT in ast.unparse(node), isinstance(node, ast.Return | ast.Raise)

    @staticmethod
    def _joined(ways: list[tuple[bool, bool]]) -> tuple[bool, bool]:
        going = [gone for gone, ends in ways if not ends]
        return (all(going), False) if going else (all(gone for gone, _ in ways), True)

    def _look(self, node: ast.AST, gone: bool) -> None:
        text = ast.unparse(node).replace(f"await {_NEXT}", _NEXT)
        called = [r for r in reached(self._ctx, [text]) if r is not None]
        if not gone:
            self._check_modules(node)
        lines = [text, *(line for r in called for line in r.lines)]
        writes = may_write(self._ctx, [text]) if gone else _changes(lines)
        if gone and (self._late or writes) and any(map(_LEAVES.search, lines)):
            raise self._refused(node, _AFTER)
        if writes and not gone and not self._can_be_taken_back(node):
            raise self._refused(node, _BEFORE)
        self.written = self.written or writes
        self._late = self._late or (writes and gone)

    def _can_be_taken_back(self, node: ast.AST) -> bool:
        """Whether all that it writes is a row that is new, by one statement."""
        text = ast.unparse(node)
        found = _INSERT.fullmatch(text)
        if found is not None:
            return self._made.get(found[1], "") in _entities(self._ctx)
        awaited = [n.value for n in ast.walk(node) if isinstance(n, ast.Await)]
        if isinstance(node, _BLOCKS) or any(not isinstance(call, ast.Call) for call in awaited):
            return False
        known = {r.token: r for r in records(self._ctx)}
        for call in awaited:
            text = ast.unparse(call)
            if not _changes([text, *(line for r in reached(self._ctx, [text]) if r for line in r.lines)]):
                continue
            record = known.get(ast.unparse(call.func)) if isinstance(call, ast.Call) else None
            if record is None:
                return False
            _Flow(self._ctx, record).block(_tree(record).body, gone=False)
        return True

    def _check_modules(self, node: ast.AST) -> None:
        """Mails, tasks, files and caches: what they do is done."""
        names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
        called = [r for r in reached(self._ctx, [ast.unparse(node)]) if r is not None]
        items = [(i, self._record) for i in self._record.imports if (i.alias or i.name or i.module) in names]
        items += [(i, r) for r in called for i in r.imports]
        for item, record in items:
            module = _module(item)
            if module.startswith("segue_bridge") and module not in _QUIET and not item.type_only:
                raise refuse("middleware", f"{record.legacy}: {item.module}", _BEFORE, record.where)

    def _refused(self, node: ast.AST, why: str) -> Refused:
        text = ast.unparse(node).partition("\n")[0]
        return refuse("middleware", f"{self._record.legacy}: {text[:80]}", why, self._record.where)


def _changes(lines: list[str]) -> bool:
    """Whether the session is asked for more than rows."""
    return any(name not in _READS for name in _OF_SESSION.findall("\n".join(lines)))


def _module(item: Import) -> str:
    return f"{item.module}.{item.name}" if item.module == "segue_bridge.http" else item.module


def _entities(ctx: Context) -> set[str]:
    """The names of models with one table."""
    return {m.cls.rpartition(".")[2] for m in ctx.snapshot.models.values() if not (m.parents or m.proxy)}


__all__ = ["check_writes", "lines_of"]
