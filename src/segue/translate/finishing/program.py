"""Looking things up in a program whose names are final."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from segue.target.ir import Decl, Import, Module
from segue.translate.context import Context
from segue.translate.trees import parsed

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


def dotted(path: str) -> str:
    """``app/catalog/routes.py`` → ``app.catalog.routes``."""
    return path.removesuffix(".py").replace("/", ".")


def function_of(code: str) -> FunctionNode | None:
    """The function that ``code`` defines, not to be changed; None for a class or an assignment."""
    body = parsed(code).body
    found = body[0] if body else None
    return found if isinstance(found, FunctionNode) else None


@dataclass(frozen=True, slots=True)
class Place:
    """A declaration and the module that has it."""

    module: Module
    decl: Decl

    @property
    def imported(self) -> Import:
        """How another module gets it."""
        return Import(dotted(self.module.path), self.decl.name)


def resolve(ctx: Context, at: Place, name: str) -> Place | None:
    """What ``name`` means in the text of ``at``, where that is generated too."""
    for item in at.decl.imports:
        if item.name and (item.alias or item.name) == name:
            module = ctx.program.modules.get(f"{item.module.replace('.', '/')}.py")
            if module is not None and item.name in module.decls:
                return Place(module, module.decls[item.name])
    own = at.module.decls.get(name)
    return Place(at.module, own) if own is not None else None
