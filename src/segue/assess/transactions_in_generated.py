"""Transactions in what is generated for one operation."""

from __future__ import annotations

import ast

from segue.assess.transaction_places import MOST, Found, Places, attribute, calls, options
from segue.target.ir import NativeOperation, Program

_GENERATED_WRITES = frozenset(
    {
        "insert",
        "insert_all",
        "update",
        "update_all",
        "save",
        "delete",
        "delete_all",
        "delete_matching",
        "get_or_create",
        "update_or_create",
        "execute",
    }
)
_RELATION_WRITES = frozenset({"add", "remove", "clear", "set_"})


class Generated:
    """Reads the program."""

    def __init__(self, program: Program) -> None:
        self._modules = {
            path.removesuffix(".py").replace("/", "."): module for path, module in program.modules.items()
        }

    def found(self, native: NativeOperation, whole: bool) -> Found:
        """What the path operation function and those that it calls by name do; ``whole`` as given."""
        places = Places()
        self._walk(native.module, native.function, False, places, set())
        return places.found(whole)

    def _walk(
        self, module: str, name: str, inside: bool, places: Places, seen: set[tuple[str, str, bool]]
    ) -> None:
        known = self._modules.get(module)
        decl = known.decls.get(name) if known is not None else None
        if known is None or decl is None or (module, name, inside) in seen or len(seen) > MOST:
            return
        seen.add((module, name, inside))
        place = f"{module}.{name}"
        bound = {i.alias or i.name: (i.module, i.name) for i in decl.imports}
        for node, within in calls(ast.parse(decl.code), lambda call: attribute(call) == "atomic"):
            method = attribute(node)
            on = ast.unparse(node.func.value) if isinstance(node.func, ast.Attribute) else ""
            if method == "atomic" and _is_session(on):
                places.blocks[f"{place}{options(node)}"] = None
            elif method == "on_commit" and _is_session(on):
                places.hooks[f"{place}{options(node)}"] = None
            elif method == "set_rollback" and _is_session(on):
                places.marks[f"{place} (set_rollback)"] = None
            elif method == "with_for_update" or any(k.arg == "for_update" for k in node.keywords):
                places.locks[f"{place}{options(node) if method == 'with_for_update' else ''}"] = None
            elif (method in _RELATION_WRITES and on == "relations" and not (inside or within)) or (
                method in _GENERATED_WRITES and _is_session(on) and not (inside or within)
            ):
                places.alone[place] = None
            if isinstance(node.func, ast.Name) and node.func.id == "Listeners":
                for listener in [n for n in ast.walk(node) if isinstance(n, ast.Name) and n is not node.func]:
                    # A deletion and what listens to it is one transaction.
                    self._walk(*bound.get(listener.id, (module, listener.id)), True, places, seen)
            elif isinstance(node.func, ast.Name):
                there = bound.get(node.func.id, (module, node.func.id))
                self._walk(*there, inside or within, places, seen)


def _is_session(text: str) -> bool:
    return text == "db" or text.endswith(".db")
