"""Whether generated functions may raise what Django answers with a page: its ``Http404`` and its ``PermissionDenied``.

In the generated service both are ``APIException``. One that a function makes so that DRF answers it
(``return super().handle_exception(Http404())``) is not raised.
"""

from __future__ import annotations

import ast
import re
import textwrap
from dataclasses import dataclass, field

from segue.translate.context import Context
from segue.translate.functions.record import CALLED, FunctionRecord, reached
from segue.translate.interp.frame import Parameter

_MADE = frozenset({"Http404", "Forbidden", "object_not_found"})
# Functions of the bridge that raise them.
_LOOKUPS = "segue_bridge.http.lookup"
_ASKS_OBJECTS = re.compile(r"\bobject_permissions\(")


def raises_djangos(ctx: Context, token: str, *, again: bool) -> bool:
    """The function ``token`` and all that it calls. ``again``: it is given such errors, so that a bare ``raise`` is one."""
    records = reached(ctx, [token])
    texts = {r.token: _Text(r) for r in records if r is not None}
    return len(texts) < len(records) or any(text.raises(texts, again=again) for text in texts.values())


@dataclass(slots=True)
class _Text:
    """A function's text, parsed."""

    record: FunctionRecord
    tree: ast.AST = field(init=False)
    parents: dict[ast.AST, ast.AST] = field(init=False)

    def __post_init__(self) -> None:
        body = textwrap.indent("\n".join(self.record.lines), "    ")
        self.tree = ast.parse(f"async def made():\n{body}")
        self.parents = {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}

    def raises(self, texts: dict[str, _Text], *, again: bool) -> bool:
        """Whether it raises one by itself."""
        if any(i.module == _LOOKUPS for i in self.record.imports):
            return True
        if _ASKS_OBJECTS.search("\n".join(self.record.lines)):
            return True
        nodes = list(ast.walk(self.tree))
        if again and any(self._again(node) for node in nodes if isinstance(node, ast.Raise)):
            return True
        made = [
            n
            for n in nodes
            if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id in _MADE
        ]
        return any(self._goes_on(node, texts, frozenset()) for node in made)

    def _again(self, node: ast.AST) -> bool:
        """Whether a ``raise`` is that of what is being handled outside of it."""
        if isinstance(node, ast.Raise) and node.exc is not None:
            return False
        while node in self.parents and not isinstance(node, ast.ExceptHandler):
            node = self.parents[node]
        return not isinstance(node, ast.ExceptHandler)

    def _goes_on(self, made: ast.AST, texts: dict[str, _Text], seen: frozenset[tuple[str, str]]) -> bool:
        """Whether the error ``made`` may be raised: not what is only asked for, or handed to the bridge to be answered."""
        match self.parents[made]:
            case ast.Call(ast.Name(called), arguments) if CALLED.fullmatch(called):
                other = texts.get(called)
                if (
                    other is None
                    or made not in arguments
                    or any(isinstance(a, ast.Starred) for a in arguments)
                ):
                    return True
                taken: Parameter = other.record.parameters[arguments.index(made)]
                return other.uses_go_on(taken.name, texts, seen)
            case ast.Call(ast.Name()) | ast.Attribute() | ast.Compare() | ast.FormattedValue():
                return False
            case ast.Assign([ast.Name(local)]) as statement:
                return self.uses_go_on(local, texts, seen, self._reach(statement))
        return True

    def _reach(self, statement: ast.stmt) -> list[ast.AST]:
        """Where what it sets may be read: the rest of its block where that ends the function, else the whole text."""
        owner = self.parents[statement]
        blocks = [getattr(owner, name, []) for name in ("body", "orelse")]
        block = next((b for b in blocks if isinstance(b, list) and statement in b), None)
        guarded = any(isinstance(n, ast.Try) for n in ast.walk(self.tree))
        if block is None or guarded or not isinstance(block[-1], ast.Return | ast.Raise):
            return [self.tree]
        return block[block.index(statement) + 1 :]

    def uses_go_on(
        self,
        local: str,
        texts: dict[str, _Text],
        seen: frozenset[tuple[str, str]],
        places: list[ast.AST] | None = None,
    ) -> bool:
        """Whether what a variable holds may be raised, where it is read in ``places`` (anywhere)."""
        if (self.record.token, local) in seen:
            return True  # handed round: nobody follows it
        seen |= {(self.record.token, local)}
        walked = (n for place in places or [self.tree] for n in ast.walk(place))
        uses = [n for n in walked if isinstance(n, ast.Name) and n.id == local]
        return any(self._goes_on(n, texts, seen) for n in uses if isinstance(n.ctx, ast.Load))


__all__ = ["raises_djangos"]
