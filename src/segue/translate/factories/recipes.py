"""Recipes of model_bakery: each is refused by its name.

What ``baker.make_recipe("shop.book")`` makes is given in part by the recipe and at random for the rest, and ``Recipe``, ``seq``, ``foreign_key``,
``related`` and ``extend`` (``model_bakery.recipe``) are of a library that works on Django's models only.
"""

from __future__ import annotations

import ast

from segue.refusal import Refusal
from segue.translate.factories.found import Factories, Module

RECIPES = ("model_bakery.recipe.Recipe", "model_mommy.recipe.Recipe")
_WHY = "Recipes of model_bakery are not translated: they work on Django's models only."


def refused_recipes(factories: Factories) -> dict[str, Refusal]:
    """A refusal for each recipe of the project's, by its dotted name: the calls of ``Recipe``, and what they are extended to."""
    found: dict[str, Refusal] = {}
    for name, module in factories.modules.items():
        for local in module.defined:
            recipe = _recipe(factories, f"{name}.{local}", ())
            if recipe is not None:
                where = module.where(module.defined[local])
                found[f"{name}.{local}"] = Refusal("factory", recipe, _WHY, where.file, where.line)
    return found


def _recipe(factories: Factories, dotted: str, seen: tuple[str, ...]) -> str | None:
    """How the thing at a dotted path makes a recipe, through whatever hands it on; None for what is none."""
    package, _, name = dotted.rpartition(".")
    module = factories.modules.get(package)
    if module is None or dotted in seen:
        return None
    if name not in module.defined:
        return _recipe(factories, module.imports.get(name, ""), (*seen, dotted))
    match module.defined[name]:
        case ast.Call(func, args) if module.dotted(func) in RECIPES:
            return f"{ast.unparse(func)}({', '.join(ast.unparse(a) for a in args)})"
        case ast.Call(ast.Attribute(base, "extend")):
            if _recipe(factories, _meant(module, base), (*seen, dotted)) is not None:
                return f"{ast.unparse(base)}.extend"
    return None


def _meant(module: Module, node: ast.expr) -> str:
    """The dotted path of a name or chain, whether it is imported or defined here."""
    if isinstance(node, ast.Name) and node.id in module.defined:
        return f"{module.known.name}.{node.id}"
    return module.dotted(node)
